"""What several reports have: amounts of frames, reasons, warnings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from vtaplib.mirror.count import Count
from vtaplib.mirror.verdict import Reason


@dataclass(frozen=True, slots=True)
class Amount:
    """Frames and their bytes."""

    frames: int
    bytes: int

    @classmethod
    def of(cls, count: Count, scale: float = 1) -> Self:
        """A count, so many times as much."""
        return cls(round(count.frames * scale), round(count.octets * scale))

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.frames + other.frames, self.bytes + other.bytes)


NOTHING = Amount(0, 0)


@dataclass(frozen=True, slots=True)
class NotMirroredEntry:
    """Frames that were not mirrored for one reason; `explanation` is the reason in words."""

    reason: str
    explanation: str
    frames: int
    bytes: int

    @classmethod
    def of(cls, reason: Reason, count: Count, scale: float = 1) -> Self:
        """The frames of a reason, so many times as many."""
        amount = Amount.of(count, scale)
        return cls(reason.name.lower(), reason.value, amount.frames, amount.bytes)


@dataclass(frozen=True, slots=True)
class WarningEntry:
    """Something to look at: `subject_id` is what it is about."""

    code: str
    subject_id: str
    text: str
