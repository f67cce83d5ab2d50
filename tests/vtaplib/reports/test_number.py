from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtaplib.reports.number import clock_marks, counted, duration, marks, moment, octets, share, three_digits


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (1_148_067, "1.15 MB"),
        (12 * 10**12, "12.0 TB"),
        (10**20, "100,000 PB"),
    ],
)
def test_bytes_have_three_digits_that_tell(number: int, text: str) -> None:
    assert octets(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0"), (0.0123456, "0.0123"), (4.5, "4.50"), (45.678, "45.7"), (456.7, "457"), (1234.5, "1,234")],
)
def test_a_rate_has_three_digits_that_tell(number: float, text: str) -> None:
    assert three_digits(number) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "–"),
        (0, 7, "0 %"),
        (7, 7, "100 %"),
        (1, 10_000, "< 0.1 %"),
        (9_999, 10_000, "> 99.9 %"),
        (1, 3, "33.3 %"),
        (1, 2, "50 %"),
    ],
)
def test_only_all_is_a_hundred_per_cent_and_only_nothing_none(part: int, whole: int, text: str) -> None:
    assert share(part, whole) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (45, "45 s"), (90, "1 min 30 s"), (3600, "1 h"), (5400, "1 h 30 min")]
)
def test_a_duration_has_the_units_of_a_clock(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def test_a_count_agrees_with_its_noun() -> None:
    assert [counted(number, "frame") for number in (0, 1, 1450)] == ["0 frames", "1 frame", "1,450 frames"]


def test_a_moment_beyond_the_calendar_is_a_number() -> None:
    assert moment(0) == "1970-01-01 00:00:00 UTC"
    assert moment(10**15) == "second 1,000,000,000,000,000"


@given(st.floats(1e-9, 1e15))
def test_an_axis_begins_at_nothing_and_reaches_the_largest_value_with_few_marks(largest: float) -> None:
    found = marks(largest)
    assert found[0] == 0
    assert found[-2] < largest * 1.000_01
    assert found[-1] >= largest * 0.999_99
    assert 3 <= len(found) <= 6


@given(st.integers(1, 10**9))
def test_an_axis_of_time_has_few_marks_and_none_beyond_its_end(seconds: int) -> None:
    found = clock_marks(seconds)
    assert found[0] == 0
    assert found[-1] <= seconds
    assert len(found) <= 7
