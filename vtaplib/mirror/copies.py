"""Copies: what one collector gets of a batch."""

from __future__ import annotations

from typing import NamedTuple


class Copies(NamedTuple):
    """The copies for one collector, in order: outer Ethernet frames and their times in nanoseconds."""

    timestamps: list[int]
    frames: list[bytes]
