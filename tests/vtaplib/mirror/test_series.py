from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtaplib.mirror import series
from vtaplib.mirror.series import Rates, Second, Series, evenly, total
from vtaplib.packets.nanoseconds import NS_PER_SECOND

amounts = st.lists(st.tuples(st.integers(-5, 40), st.integers(1, 9), st.integers(0, 900)), max_size=40)


def series_of(*octets: int, start: int = 0) -> Series:
    """One frame a second, of these many bytes; none where there are none."""
    made = Series()
    for second, count in enumerate(octets, start):
        made.add(second, int(count > 0), count)
    return made


@given(amounts)
def test_a_second_is_the_sum_of_what_came_in_it_in_whatever_order(came: list[tuple[int, int, int]]) -> None:
    made = Series()
    frames: Counter[int] = Counter()
    octets: Counter[int] = Counter()
    for second, count, size in came:
        made.add(second, count, size)
        frames[second] += count
        octets[second] += size
    assert list(made) == [Second(second, frames[second], octets[second]) for second in sorted(frames)]
    assert (made.frames, made.octets) == (sum(frames.values()), sum(octets.values()))
    assert made.span == (max(frames) - min(frames) + 1 if frames else 0)
    assert made.peak_octets == max(octets.values(), default=0)


def test_average_and_percentile_count_the_silent_seconds() -> None:
    # Twenty seconds, of which one is silent and the last has 190 bytes: of the values in order, the 19th is
    # 180.
    made = series_of(10, 0, *range(20, 200, 10))
    assert made.span == 20
    assert made.bits(20) == Rates(
        average=(10 + sum(range(20, 200, 10))) * 8 / 20, percentile_95=1440, peak=1520
    )
    assert made.packets(20) == Rates(average=19 / 20, percentile_95=1, peak=1)


def test_the_percentile_is_the_nearest_rank() -> None:
    assert series_of(*range(1, 101)).bits(100).percentile_95 == 95 * 8
    assert series_of(7).bits(1).percentile_95 == 56
    # Of 21 values the 20th, for 95 % of 21 is 19.95.
    assert series_of(*range(1, 22)).bits(21).percentile_95 == 20 * 8


def test_rates_over_a_longer_span_count_what_is_silent_around() -> None:
    made = series_of(100, 200)
    assert made.bits(40) == Rates(average=60, percentile_95=0, peak=1600)
    assert made.bits(2) == Rates(average=1200, percentile_95=1600, peak=1600)


def test_a_series_of_nothing_has_no_rates() -> None:
    assert Series().bits(0) == Series().packets(10) == Rates(0, 0, 0)
    assert Series().span == 0
    made = Series()
    made.add(5, 0, 0)
    assert made == Series()


@given(
    st.integers(-(10**10), 10**10), st.integers(0, 2 * 10**10), st.integers(0, 500), st.integers(0, 90_000)
)
def test_what_is_spread_is_all_there_and_inside_its_time(
    start: int, length: int, frames: int, octets: int
) -> None:
    made = Series()
    made.spread(evenly(start, start + length, frames, octets if frames else 0))
    assert (made.frames, made.octets) == (frames, octets if frames else 0)
    # At the end of each second all has come that is due by then, but for a part of a frame.
    for moment in made:
        until = sum(one.frames for one in made if one.second <= moment.second)
        due = frames * min(length, (moment.second + 1) * NS_PER_SECOND - start) / length if length else frames
        assert until == pytest.approx(due, abs=1)
    twice = Series()
    for _ in range(2):
        twice.spread(evenly(start, start + length, frames, octets if frames else 0))
    assert [tuple(one) for one in twice] == [(one, 2 * count, 2 * size) for one, count, size in made]
    assert (twice.frames, twice.octets) == (2 * made.frames, 2 * made.octets)
    if frames:
        assert made.first_second == start // NS_PER_SECOND
        assert made.last_second == max(start, start + length - 1) // NS_PER_SECOND
    for second, count, _size in made:
        assert count > 0
        assert start // NS_PER_SECOND <= second <= (start + length) // NS_PER_SECOND


def test_what_is_spread_comes_evenly() -> None:
    made = Series()
    made.spread(evenly(NS_PER_SECOND // 2, 5 * NS_PER_SECOND // 2, 4, 4000))
    assert list(made) == [(0, 1, 1000), (1, 2, 2000), (2, 1, 1000)]


def test_series_add_up() -> None:
    assert total([series_of(10, 20), series_of(5, start=1), Series()]) == total(
        [series_of(10, 0), series_of(0, 20), series_of(0, 5)]
    )
    assert [tuple(one) for one in total([series_of(10, 20), series_of(5, start=1)])] == [
        (0, 1, 10),
        (1, 2, 25),
    ]


def test_memory_is_bounded_and_totals_and_peak_survive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "SECONDS_KEPT", 10)
    made = Series()
    made.add(0, 50, 1000)
    for second in range(1, 100):
        made.add(second, 1, 10)
        assert len(made) <= 10
    assert (made.frames, made.octets, made.span) == (149, 1990, 100)
    assert made.bits(100).peak == 8000
    assert made.packets(100) == Rates(average=1.49, percentile_95=1, peak=50)


def test_an_hour_is_small() -> None:
    made = Series()
    for second in range(3600):
        made.add(second, 100_000, 64_000_000)
    assert sum(kept.itemsize * len(kept) for kept in (made._seconds, made._frames, made._octets)) == 3600 * 24


def test_a_series_scaled_has_so_many_times_as_much_in_every_second() -> None:
    made = Series()
    made.add(3, 10, 1000)
    made.add(7, 1, 60)
    assert [tuple(one) for one in made.scaled(2.5)] == [(3, 25, 2500), (7, 2, 150)]
    assert [tuple(one) for one in made.scaled(0.1)] == [(3, 1, 100), (7, 1, 6)]
    assert made.scaled(1) == made
