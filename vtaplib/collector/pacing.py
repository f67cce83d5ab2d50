"""Pacing: when which packet is due, and bursts of what is.

A pace says of each packet how long after the first it is due: pure arithmetic. A `Pacer` asks a clock, sleeps
until something is due, and gives out what is due by then together, at most every `TICK_NS`: no packet goes
before its time, and none is late by more than a tick and what the system sleeps too long.
"""

from __future__ import annotations

import re
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Final, Protocol, Self

from vtaplib.errors import CollectorError
from vtaplib.loops.due_times import as_recorded, at_rate
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.nanoseconds import NS_PER_SECOND

TICK_NS: Final = 250_000
"""Bursts are this far apart at least: closer ones would cost more system calls than they are worth."""

CATCH_UP_NS: Final = 50_000_000
"""What is later than this is not caught up on: the rest of the run is put off, and a burst stays bounded."""

STEP_BACK_NS: Final = NS_PER_SECOND
"""A recorded time that goes back by more than this is a new beginning, not disorder among packets."""

_ANY_GAP: Final = (1 << 62) - 1

_RATE: Final = re.compile(r"(?P<number>\d+(?:\.\d+)?) ?(?P<prefix>[kMG]?)(?P<unit>pps|bps)", re.ASCII)
_PREFIXES: Final = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}

# Longest time asleep at once, so that one who calls `stop` from elsewhere is heard.
_NAP_NS: Final = 100_000_000


class Clock(Protocol):
    """A time that only goes forward, and a way to wait."""

    def now_ns(self) -> int:
        """Nanoseconds since some moment."""
        ...

    def sleep_ns(self, duration: int) -> None:
        """Wait for that many nanoseconds, or a little longer."""
        ...


class SystemClock:
    """The system's monotonic clock."""

    def now_ns(self) -> int:
        """Nanoseconds since some moment."""
        return time.monotonic_ns()

    def sleep_ns(self, duration: int) -> None:
        """Wait for that many nanoseconds; Linux wakes sleepers some 50 µs late."""
        time.sleep(duration / NS_PER_SECOND)


class Pace(Protocol):
    """What says when packets are due."""

    def due(self, block: PacketBlock, due: array[int]) -> None:
        """Write for each packet of a block, which follows those of the one before, when it is due, in
        nanoseconds after the first of all; never less than for the packet before.
        """
        ...

    def start_anew(self) -> None:
        """The next packet is the first of another round of the same capture."""
        ...


class AsRecorded:
    """`speed` times as fast as recorded. Gaps longer than `largest_gap_ns` on the record take only that.

    A packet with a time before that of one before it is due with that one; if it is more than a second
    before, as where captures were joined, time starts anew there.
    """

    def __init__(self, speed: float = 1.0, largest_gap_ns: int | None = None) -> None:
        self._per_recorded = 1 / speed
        self._largest_gap = _ANY_GAP if largest_gap_ns is None else largest_gap_ns
        self._state = array("q", bytes(24))

    def due(self, block: PacketBlock, due: array[int]) -> None:
        """Write when packets are due."""
        as_recorded(
            block.times_ns, block.count, self._per_recorded, self._largest_gap, STEP_BACK_NS, self._state, due
        )

    def start_anew(self) -> None:
        """Take the next packet for one that is due at once, whatever its time."""
        self._state[0] = 0


class AtRate:
    """So many packets or bits a second, evenly, whatever was recorded. Bits are those of the frames on the
    wire: `overhead` octets, the headers around it, are counted to each packet.
    """

    def __init__(self, *, packets: float | None = None, bits: float | None = None, overhead: int = 0) -> None:
        self._ns_per_packet = NS_PER_SECOND / packets if packets else 0.0
        self._ns_per_octet = 8 * NS_PER_SECOND / bits if bits else 0.0
        self._overhead = overhead
        self._state = array("q", bytes(16))

    @classmethod
    def of(cls, text: str, option: str = "rate", *, overhead: int = 0) -> Self:
        """The rate that a text gives, such as 200kpps or 1.5Gbps; `option` is what an error names. Raises
        `CollectorError`.
        """
        match = _RATE.fullmatch(text)
        number = float(match["number"]) * _PREFIXES[match["prefix"]] if match is not None else 0.0
        # From a packet in a quarter of an hour to more than any system sends.
        if match is None or not 1e-3 <= number <= 1e15:
            raise CollectorError(
                f"{option} {text}: is not a rate; write packets a second such as 200kpps, or bits a second "
                "such as 800Mbps or 1.5Gbps"
            )
        if match["unit"] == "pps":
            return cls(packets=number)
        return cls(bits=number, overhead=overhead)

    def due(self, block: PacketBlock, due: array[int]) -> None:
        """Write when packets are due."""
        at_rate(
            block.lengths,
            block.count,
            self._overhead,
            self._ns_per_packet,
            self._ns_per_octet,
            self._state,
            due,
        )

    def start_anew(self) -> None:
        """Go on at the rate."""


class AtOnce:
    """As fast as it goes: everything is due."""

    def due(self, block: PacketBlock, due: array[int]) -> None:
        """Leave the zeros that stand there."""

    def start_anew(self) -> None:
        """Go on."""


class Pacer:
    """Gives out packets when they are due. The first is due when the first block comes.

    `stop_after_ns` ends the run that long after its start.
    """

    def __init__(
        self,
        pace: Pace,
        clock: Clock | None = None,
        *,
        stop_after_ns: int | None = None,
        is_stopped: Callable[[], bool] = bool,
    ) -> None:
        self._pace = pace
        self._clock = clock or SystemClock()
        self._stop_after = stop_after_ns
        self._is_stopped = is_stopped
        self._start: int | None = None
        self._due = array("q")
        self._last = 0
        self.has_ended = False
        """Whether the time is over."""
        self.put_off_ns = 0
        """How long the run was put off, for it could not keep up."""
        self.latest_ns = 0
        """How late a packet was at most."""

    @property
    def elapsed_ns(self) -> int:
        """Nanoseconds since the first block came."""
        return 0 if self._start is None else self._clock.now_ns() - self._start

    def bursts(self, block: PacketBlock, largest: int) -> Iterator[tuple[int, int]]:
        """Yield, when they are due, pieces of a block as the first packet and the one after the last; at most
        `largest` packets each. Ends early when the time is over or someone said stop.
        """
        if self._start is None:
            self._start = self._clock.now_ns()
            self._last = self._start - TICK_NS
        if len(self._due) < block.room:
            self._due = array("q", bytes(8 * block.room))
        due = self._due
        self._pace.due(block, due)
        first = 0
        while first < block.count:
            now = self._clock.now_ns()
            base = self._start + self.put_off_ns
            end = None if self._stop_after is None else self._start + self._stop_after
            if end is not None and (now >= end or base + due[first] >= end):
                self.has_ended = True
                return
            if self._is_stopped():
                return
            wait = base + due[first] - now
            if wait > 0:
                self._clock.sleep_ns(min(max(wait, self._last + TICK_NS - now), _NAP_NS))
                continue
            late = -wait if due[first] else 0
            self.latest_ns = max(self.latest_ns, late)
            if late > CATCH_UP_NS:
                self.put_off_ns += late - CATCH_UP_NS
                base = self._start + self.put_off_ns
            stop = bisect_right(due, now - base, first, min(block.count, first + largest))
            # What is due at this moment is due to the last: `first` is.
            yield first, stop
            self._last = now
            first = stop
