"""Series: frames and bytes by second of packet time, and the rates that they come to.

A second takes 24 bytes while it is kept, and only seconds in which something came are; an hour is 86 KB. Past
`SECONDS_KEPT` the older half is given up: totals, span and peak survive, percentiles are those of what is
left. Seconds are those of the clock, so that series of one capture can be added up.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from vtaplib.packets.nanoseconds import NS_PER_SECOND

# Seconds that a series keeps: a day and a bit.
SECONDS_KEPT = 100_000

# Of the seconds, how many hundredths are no busier than the percentile that reports show.
PERCENTILE = 95


class Rates(NamedTuple):
    """Average, 95th percentile and peak of one quantity, per second."""

    average: float
    percentile_95: float
    peak: float

    def scaled(self, factor: float) -> Rates:
        """The same, so many times as much."""
        return Rates(*(one * factor for one in self))


class Second(NamedTuple):
    """What came in one second of the clock: seconds since 1970, frames and their bytes."""

    second: int
    frames: int
    octets: int


class ActiveSeconds(NamedTuple):
    """What came from one second to another: the seconds in which something did, in order."""

    first: int
    last: int
    seconds: list[Second]


def evenly(start_ns: int, stop_ns: int, frames: int, octets: int) -> ActiveSeconds:
    """What came evenly between two times, in nanoseconds, the second not before the first.

    Every second gets whole frames and bytes, and together they get all.
    """
    first, last = start_ns // NS_PER_SECOND, max(start_ns, stop_ns - 1) // NS_PER_SECOND
    length = stop_ns - start_ns
    seconds: list[Second] = []
    given_frames = given_octets = 0
    second = first
    while second < last and given_frames < frames:
        share = (second + 1) * NS_PER_SECOND - start_ns
        until_frames = frames * share // length
        if until_frames == given_frames:
            # Bytes do not come without a frame: they wait for the next, which is whole so much later.
            due = start_ns - (-(given_frames + 1) * length // frames)
            second = (due - 1) // NS_PER_SECOND
            continue
        until_octets = octets * share // length
        seconds.append(Second(second, until_frames - given_frames, until_octets - given_octets))
        given_frames, given_octets = until_frames, until_octets
        second += 1
    if given_frames < frames:
        seconds.append(Second(last, frames - given_frames, octets - given_octets))
    return ActiveSeconds(first, last, seconds)


class Series:
    """Frames and bytes by second. `frames` and `octets` are the totals, `first_second` and `last_second` the
    first and last in which something came, or may have come.
    """

    __slots__ = (
        "_frames",
        "_octets",
        "_peak_frames",
        "_peak_octets",
        "_seconds",
        "first_second",
        "frames",
        "last_second",
        "octets",
    )

    def __init__(self) -> None:
        self.frames = 0
        self.octets = 0
        self.first_second: int | None = None
        self.last_second: int | None = None
        self._seconds = array("q")
        self._frames = array("q")
        self._octets = array("q")
        # The busiest of the seconds that were given up.
        self._peak_frames = 0
        self._peak_octets = 0

    def add(self, second: int, frames: int, octets: int) -> None:
        """Count what came in a second; seconds may come in any order."""
        if not frames:
            return
        self.frames += frames
        self.octets += octets
        seconds = self._seconds
        if not seconds or second > seconds[-1]:
            at = len(seconds)
        else:
            at = bisect_left(seconds, second)
            if seconds[at] == second:
                self._frames[at] += frames
                self._octets[at] += octets
                return
        seconds.insert(at, second)
        self._frames.insert(at, frames)
        self._octets.insert(at, octets)
        self._cover(second)
        if len(seconds) > SECONDS_KEPT:
            self._give_up(SECONDS_KEPT // 2)

    def spread(self, spread: ActiveSeconds) -> None:
        """Count what came evenly over some time."""
        if not spread.seconds:
            return
        self._cover(spread.first)
        self._cover(spread.last)
        seconds, count = spread.seconds, len(spread.seconds)
        at = bisect_left(self._seconds, seconds[0].second)
        last = at + count - 1
        if not (
            last < len(self._seconds)
            and self._seconds[last] == seconds[-1].second == seconds[0].second + count - 1
        ):
            for second in seconds:
                self.add(*second)
            return
        # All of them are there, one after the other.
        kept_frames, kept_octets = self._frames, self._octets
        for place, (_, frames, octets) in enumerate(seconds, start=at):
            kept_frames[place] += frames
            kept_octets[place] += octets
        self.frames += sum(one.frames for one in seconds)
        self.octets += sum(one.octets for one in seconds)

    def include(self, other: Series) -> None:
        """Count all that another series has kept."""
        for second in other:
            self.add(*second)

    def scaled(self, factor: float) -> Series:
        """What it has kept, so many times as much, in whole frames and bytes; a frame at least where one
        was.
        """
        made = Series()
        for second, frames, octets in self:
            made.add(second, max(1, round(frames * factor)), round(octets * factor))
        return made

    def __iter__(self) -> Iterator[Second]:
        """The seconds in which something came, in order."""
        return map(Second, self._seconds, self._frames, self._octets)

    def __len__(self) -> int:
        return len(self._seconds)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Series) and all(
            getattr(self, name) == getattr(other, name) for name in Series.__slots__
        )

    __hash__ = None  # type: ignore[assignment] # it changes

    def __repr__(self) -> str:
        return f"{type(self).__name__}({[tuple(second) for second in self]})"

    @property
    def span(self) -> int:
        """How many seconds of the clock lie from the first to the last, both included."""
        if self.first_second is None or self.last_second is None:
            return 0
        return self.last_second - self.first_second + 1

    @property
    def peak_octets(self) -> int:
        """The bytes of the second that has most."""
        return max(self._peak_octets, max(self._octets, default=0))

    @property
    def peak_frames(self) -> int:
        """The frames of the second that has most."""
        return max(self._peak_frames, max(self._frames, default=0))

    def bits(self, span: int) -> Rates:
        """Bits per second over `span` seconds of the clock, the silent ones too. A report has one span, that
        of all its traffic, so that its rates can be compared and added up.
        """
        return _rates(self._octets, self.octets, self.peak_octets, span).scaled(8)

    def packets(self, span: int) -> Rates:
        """Frames per second over as many seconds."""
        return _rates(self._frames, self.frames, self.peak_frames, span)

    def _cover(self, second: int) -> None:
        """Let the span reach to a second."""
        self.first_second = second if self.first_second is None else min(second, self.first_second)
        self.last_second = second if self.last_second is None else max(second, self.last_second)

    def _give_up(self, count: int) -> None:
        """Give up the oldest seconds; what comes for one of them later starts it anew."""
        self._peak_frames = max(self._peak_frames, *self._frames[:count])
        self._peak_octets = max(self._peak_octets, *self._octets[:count])
        for kept in (self._seconds, self._frames, self._octets):
            del kept[:count]


def total(series: Iterable[Series]) -> Series:
    """Series added up."""
    found = Series()
    for one in series:
        found.include(one)
    return found


def _rates(kept: array[int], amount: int, busiest: int, span: int) -> Rates:
    if not span:
        return Rates(0.0, 0.0, 0.0)
    # The nearest rank; the silent seconds are the first in order.
    rank = -(-PERCENTILE * span // 100)
    place = rank - 1 - (span - len(kept))
    return Rates(amount / span, float(sorted(kept)[place]) if place >= 0 else 0.0, float(busiest))
