"""A count of frames and their bytes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Count:
    """Frames and their bytes, without FCS, as the capture holds them."""

    frames: int = 0
    octets: int = 0

    def add(self, frames: int, octets: int) -> None:
        """Count more."""
        self.frames += frames
        self.octets += octets
