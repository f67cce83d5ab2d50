"""Accounts: where every frame went. Frames in = mirrored + not mirrored, at every tap point.

Integers throughout: counts, bytes, nanoseconds. Rates are made of them when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from vtaplib.fabric.routing import Unrouted
from vtaplib.mirror.verdict import Mirrored, Reason, TapPoint, Verdict

NANOSECONDS = 1_000_000_000

# Seconds of which a collector's load is kept: a day and a bit. Older ones survive in the peak.
SECONDS_KEPT = 100_000

# Frames whose numbers are kept for a reason that a frame belongs nowhere.
POSITIONS_KEPT = 10


@dataclass(slots=True)
class Count:
    """Frames and their bytes, without FCS, as the capture holds them."""

    frames: int = 0
    octets: int = 0

    def add(self, frames: int, octets: int) -> None:
        """Count more."""
        self.frames += frames
        self.octets += octets


@dataclass(slots=True)
class TapPointAccount:
    """What entered a tap point, and what became of it.

    `truncated` are frames of which the capture holds less than there was; they are carried as they are.
    `over_mtu` are frames whose whole copy is longer than the guest's MTU of 1500, whatever policy then does,
    and `clamped` those that are too, but TCP, which the policy's `mss_clamp` takes for smaller than captured.
    `cut` are those that policy shortened and `fragmented` those that it split.
    """

    entered: Count = field(default_factory=Count)
    mirrored: Count = field(default_factory=Count)
    not_mirrored: dict[Reason, Count] = field(default_factory=dict)
    truncated: int = 0
    over_mtu: int = 0
    clamped: int = 0
    cut: int = 0
    fragmented: int = 0

    def refuse(self, reason: Reason, frames: int, octets: int) -> None:
        """Count frames that were not mirrored."""
        self.not_mirrored.setdefault(reason, Count()).add(frames, octets)

    def note_over_mtu(self, frames: int, is_clamped: bool) -> None:
        """Count frames whose copy is longer than the MTU."""
        if is_clamped:
            self.clamped += frames
        else:
            self.over_mtu += frames

    @property
    def is_balanced(self) -> bool:
        """Whether all that entered is accounted for."""
        out = [self.mirrored, *self.not_mirrored.values()]
        return self.entered == Count(sum(count.frames for count in out), sum(count.octets for count in out))


@dataclass(slots=True)
class CollectorAccount:
    """What a collector's interface gets: outer Ethernet frames, and their bytes by second of packet time."""

    frames: int = 0
    octets: int = 0
    by_second: dict[int, int] = field(default_factory=dict)
    first_second: int | None = None
    last_second: int | None = None
    _settled_peak: int = 0

    def receive(self, timestamps: list[int], copies: list[bytes]) -> None:
        """Count copies, with their times in nanoseconds; times may go backwards."""
        if not copies:
            return
        first, last = min(timestamps) // NANOSECONDS, max(timestamps) // NANOSECONDS
        if first == last:
            size = sum(map(len, copies))
            self.by_second[first] = self.by_second.get(first, 0) + size
            self.octets += size
        else:
            for at, copy in zip(timestamps, copies, strict=True):
                second, size = at // NANOSECONDS, len(copy)
                self.by_second[second] = self.by_second.get(second, 0) + size
                self.octets += size
        self.frames += len(copies)
        self.first_second = first if self.first_second is None else min(first, self.first_second)
        self.last_second = last if self.last_second is None else max(last, self.last_second)
        if len(self.by_second) > SECONDS_KEPT:
            self._settle()

    def _settle(self) -> None:
        """Give up the older half of the seconds; a copy that arrives for one of them later starts it anew."""
        for second in sorted(self.by_second)[: SECONDS_KEPT // 2]:
            self._settled_peak = max(self._settled_peak, self.by_second.pop(second))

    @property
    def peak_bytes_per_second(self) -> int:
        """The bytes of the busiest second; seconds are those of the clock."""
        return max(self._settled_peak, max(self.by_second.values(), default=0))

    @property
    def seconds(self) -> int:
        """How many seconds of the clock lie from the first copy to the last, both included."""
        if self.first_second is None or self.last_second is None:
            return 0
        return self.last_second - self.first_second + 1

    @property
    def peak_mbit_per_second(self) -> float:
        """The load of the busiest second, in 10^6 bits per second of outer Ethernet frames."""
        return self.peak_bytes_per_second * 8 / 1e6

    @property
    def average_mbit_per_second(self) -> float:
        """The load over `seconds`; never above the peak, for both are over whole seconds."""
        return self.octets * 8 / 1e6 / self.seconds if self.seconds else 0.0


@dataclass(slots=True)
class UnroutedAccount:
    """Frames that belong to no interface, and the numbers of the first of them, counted from 1."""

    count: Count = field(default_factory=Count)
    first_positions: list[int] = field(default_factory=list)

    def note(self, position: int) -> None:
        """Remember a frame's number, if it is among the first."""
        if len(self.first_positions) < POSITIONS_KEPT:
            self.first_positions.append(position)


@dataclass(slots=True)
class Accounts:
    """The accounts of a replay.

    `read` is every frame; `untapped` are frames between interfaces that pass no tap point. Tap points are
    listed before the first frame, so that one that sees nothing shows.
    """

    read: Count = field(default_factory=Count)
    untapped: Count = field(default_factory=Count)
    truncated: int = 0
    unrouted: dict[Unrouted, UnroutedAccount] = field(default_factory=dict)
    tap_points: dict[TapPoint, TapPointAccount] = field(default_factory=dict)
    collectors: dict[str, CollectorAccount] = field(default_factory=dict)

    def list_points(self, points: Iterable[TapPoint]) -> None:
        """Open an account for each of these tap points."""
        for point in points:
            self.tap_points.setdefault(point, TapPointAccount())

    def enter(
        self,
        verdict: Verdict,
        frame_length: int,
        is_truncated: bool,
        is_over_mtu: bool,
        is_clamped: bool = False,
    ) -> None:
        """Count one frame at a tap point and what became of it; not what its collector gets."""
        account = self.tap_points[verdict.point]
        account.entered.add(1, frame_length)
        account.truncated += is_truncated
        account.note_over_mtu(is_over_mtu, is_clamped)
        if isinstance(verdict, Mirrored):
            account.mirrored.add(1, frame_length)
            account.cut += verdict.is_cut
            account.fragmented += len(verdict.copies) > 1
        else:
            account.refuse(verdict.reason, 1, frame_length)

    @property
    def is_balanced(self) -> bool:
        """Whether every frame is accounted for at every tap point."""
        return all(account.is_balanced for account in self.tap_points.values())
