"""What several reports have: amounts of frames, reasons, warnings."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

from vtaplib.mirror.accounting import CollectorAccount
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
class Received:
    """What a collector gets: `copies` of packets, of which policy `cut` and `fragmented` some, in outer
    `frames`, of which some are `fragments` and some `over_mtu`, longer than the guest's MTU of 1500, and
    their `bytes`.
    """

    copies: int = 0
    cut: int = 0
    fragmented: int = 0
    frames: int = 0
    fragments: int = 0
    bytes: int = 0
    over_mtu: int = 0

    @classmethod
    def of(cls, account: CollectorAccount) -> Self:
        """What is in a collector's account."""
        return cls(
            copies=account.mirrored,
            cut=account.cut,
            fragmented=account.fragmented,
            frames=account.frames,
            fragments=account.frames - account.mirrored + account.fragmented,
            bytes=account.octets,
            over_mtu=account.over_mtu,
        )

    def __add__(self, other: Received) -> Received:
        return Received(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Received)))


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
    """Something to look at: `subject_id` is what it is about, "" for all of the traffic."""

    code: str
    subject_id: str
    text: str
