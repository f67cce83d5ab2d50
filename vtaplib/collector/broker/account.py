"""Accounts of a broker's stages: every packet that enters a stage leaves it or is dropped for a reason."""

from __future__ import annotations

from dataclasses import dataclass, field

from vtaplib.mirror.count import Count


@dataclass(slots=True)
class StageAccount:
    """What a stage did so far. Frames: entered = left + dropped. Octets: the same, and what it `removed`."""

    name: str
    """The stage, as `--stage` names it."""

    entered: Count = field(default_factory=Count)
    left: Count = field(default_factory=Count)

    dropped: dict[str, Count] = field(default_factory=dict)
    """Packets that went no further, by the reason in words."""

    removed: Count = field(default_factory=Count)
    """Packets that were shortened, and by how many octets altogether."""

    noted: dict[str, Count] = field(default_factory=dict)
    """What else there is to know of packets, in words; the octets are 0 where only packets were counted."""

    def drop(self, reason: str, frames: int, octets: int) -> None:
        """Count packets that go no further; a reason that nothing was dropped for is not there."""
        if frames:
            self.dropped.setdefault(reason, Count()).add(frames, octets)

    def note(self, what: str, frames: int, octets: int = 0) -> None:
        """Count what else there is to know; nothing is noted of no packets."""
        if frames:
            self.noted.setdefault(what, Count()).add(frames, octets)

    @property
    def is_balanced(self) -> bool:
        """Whether every packet and every octet that entered is accounted for."""
        frames = self.left.frames + sum(one.frames for one in self.dropped.values())
        octets = self.left.octets + sum(one.octets for one in self.dropped.values()) + self.removed.octets
        return (frames, octets) == (self.entered.frames, self.entered.octets)
