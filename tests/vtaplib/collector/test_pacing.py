"""When packets go, by a clock that is only a number: nothing here waits, and nothing is measured."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtaplib.collector.pacing import (
    CATCH_UP_NS,
    TICK_NS,
    AsRecorded,
    AtOnce,
    AtRate,
    Pace,
    Pacer,
)
from vtaplib.errors import CollectorError
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.nanoseconds import NS_PER_SECOND

# How much too long the drawn clock sleeps, and how long a burst takes, at most.
OVERSLEEP_NS = 1_000_000


@dataclass
class DrawnClock:
    """A clock that oversleeps, as systems do, by what was drawn."""

    oversleeps: list[int]
    now: int = 10**15
    calls: int = 0
    naps: list[int] = field(default_factory=list)

    def now_ns(self) -> int:
        return self.now

    def sleep_ns(self, duration: int) -> None:
        assert duration > 0
        self.naps.append(duration)
        self.now += duration + self.oversleeps[self.calls % len(self.oversleeps)]
        self.calls += 1


CLOCKS = st.builds(DrawnClock, st.lists(st.integers(0, OVERSLEEP_NS), min_size=1, max_size=5))


def block_of(times: list[int], length: int = 100) -> PacketBlock:
    return PacketBlock.of((at, bytes(length), length) for at in times)


def sent_at(pacer: Pacer, blocks: list[PacketBlock], clock: DrawnClock, largest: int = 512) -> list[int]:
    """When each packet goes, after the start."""
    start, gone = clock.now, []
    for block in blocks:
        place = 0
        for first, stop in pacer.bursts(block, largest):
            assert first == place
            assert 0 < stop - first <= largest
            gone += [clock.now - start] * (stop - first)
            place = stop
    return gone


@given(
    st.lists(st.integers(0, 3 * NS_PER_SECOND), max_size=30).map(sorted),
    st.sampled_from([0.5, 1.0, 2.0, 1000.0]),
    CLOCKS,
    st.integers(1, 40),
    st.integers(0, 30),
)
def test_as_recorded_no_packet_goes_early_and_none_later_than_the_system_sleeps(
    times: list[int], speed: float, clock: DrawnClock, largest: int, cut: int
) -> None:
    pacer = Pacer(AsRecorded(speed), clock)
    blocks = [block_of(times[:cut]), block_of(times[cut:])]
    gone = sent_at(pacer, blocks, clock, largest)
    assert len(gone) == len(times)
    for at, went in zip(times, gone, strict=True):
        due = (at - times[0]) / speed
        # A float's rounding of a nanosecond.
        assert due - 1 <= went <= due + TICK_NS + OVERSLEEP_NS + 1
    assert pacer.put_off_ns == 0
    assert pacer.latest_ns <= TICK_NS + OVERSLEEP_NS


@given(st.integers(100, 3000), CLOCKS)
def test_at_a_rate_any_second_has_the_packets_of_a_second_within_those_of_a_burst(
    rate: int, clock: DrawnClock
) -> None:
    pace = AtRate(packets=rate)
    pacer = Pacer(pace, clock)
    blocks = [block_of([0] * 1000, 1) for _ in range(1 + 2 * rate // 1000)]
    gone = sent_at(pacer, blocks, clock)
    most = rate + rate * (TICK_NS + OVERSLEEP_NS) / NS_PER_SECOND + 1
    behind = 0
    for place, at in enumerate(gone):
        # A float's rounding of a nanosecond.
        assert at + 1 >= place * NS_PER_SECOND // rate
        while gone[behind] <= at - NS_PER_SECOND:
            behind += 1
        assert place + 1 - behind <= most


def test_bits_are_those_of_the_frame_with_what_is_around_it() -> None:
    clock = DrawnClock([0])
    pacer = Pacer(AtRate(bits=1_000_000, overhead=50), clock)
    gone = sent_at(pacer, [block_of([0] * 4, 75)], clock)
    # 125 octets are 1000 bits, a millisecond.
    assert gone == [0, 1_000_000, 2_000_000, 3_000_000]


@pytest.mark.parametrize("pace", [AtOnce(), AtRate(packets=1e12), AsRecorded(1e9)])
def test_what_is_due_at_once_goes_at_once_in_pieces(pace: Pace) -> None:
    clock = DrawnClock([0])
    pacer = Pacer(pace, clock)
    assert list(pacer.bursts(block_of([5] * 10), 4)) in (
        [(0, 4), (4, 8), (8, 10)],
        [(0, 1), (1, 5), (5, 9), (9, 10)],
    )


def test_at_top_speed_nobody_sleeps() -> None:
    clock = DrawnClock([0])
    assert sent_at(Pacer(AtOnce(), clock), [block_of([0, 10**18])], clock) == [0, 0]
    assert clock.naps == []


def test_after_a_pause_of_the_system_little_is_caught_up_on_and_the_rest_put_off() -> None:
    clock = DrawnClock([0])
    pacer = Pacer(AtRate(packets=1000), clock)
    block = block_of([0] * 3000)
    bursts = pacer.bursts(block, 512)
    next(bursts)
    clock.now += NS_PER_SECOND
    first, stop = next(bursts)
    assert stop - first <= 1 + CATCH_UP_NS // 1_000_000
    assert pacer.latest_ns >= NS_PER_SECOND - 1_000_000
    assert pacer.put_off_ns == pacer.latest_ns - CATCH_UP_NS


def test_the_time_ends_before_what_is_due_after_it() -> None:
    clock = DrawnClock([0])
    pacer = Pacer(AsRecorded(), clock, stop_after_ns=NS_PER_SECOND)
    gone = sent_at(pacer, [block_of([0, NS_PER_SECOND - 1, NS_PER_SECOND])], clock)
    assert gone == [0, NS_PER_SECOND - 1]
    assert pacer.has_ended


def test_the_time_ends_at_top_speed_too() -> None:
    clock = DrawnClock([0])
    pacer = Pacer(AtOnce(), clock, stop_after_ns=5)
    bursts = pacer.bursts(block_of([0] * 10), 2)
    assert next(bursts) == (0, 2)
    clock.now += 5
    assert next(bursts, None) is None
    assert pacer.has_ended


def test_one_who_says_stop_is_heard_while_nothing_is_due() -> None:
    clock = DrawnClock([0])
    pacer = Pacer(AsRecorded(), clock, is_stopped=lambda: clock.calls >= 3)
    assert sent_at(pacer, [block_of([0, 3600 * NS_PER_SECOND])], clock) == [0]
    assert sum(clock.naps) < NS_PER_SECOND


def test_another_round_begins_at_once_whatever_was_recorded() -> None:
    clock = DrawnClock([0])
    pace = AsRecorded()
    pacer = Pacer(pace, clock)
    times = [10 * NS_PER_SECOND, 10 * NS_PER_SECOND + 500_000_000]
    gone = sent_at(pacer, [block_of(times)], clock)
    pace.start_anew()
    start = clock.now
    assert [stop - first for first, stop in pacer.bursts(block_of(times), 9)] == [1, 1]
    assert clock.now - start == 500_000_000
    assert gone == [0, 500_000_000]


def test_columns_longer_than_the_block_are_no_packets() -> None:
    block = PacketBlock(bytearray(10), 50)
    block.count = 1
    block.times_ns = array("q", [0] * 50)
    clock = DrawnClock([0])
    assert sent_at(Pacer(AsRecorded(), clock), [block], clock) == [0]


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("200kpps", 5_000),
        ("1Mpps", 1_000),
        ("0.5pps", 2_000_000_000),
        # 125 octets with what is around them are 1000 bits.
        ("1000bps", 1_000_000_000),
        ("1Mbps", 1_000_000),
        ("1.25 Gbps", 800),
    ],
)
def test_rates_say_when_the_second_packet_is_due(text: str, nanoseconds: int) -> None:
    due = array("q", [0, 0])
    AtRate.of(text, overhead=50).due(PacketBlock.of([(9, bytes(75), 75)] * 2), due)
    assert list(due) == [0, nanoseconds]


@pytest.mark.parametrize(
    "text", ["", "200", "k", "pps", "-1pps", "1e3pps", "1Kpps", "1kbit", "٣pps", "1Gpps1"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(CollectorError, match="is not a rate"):
        AtRate.of(text, overhead=50)
