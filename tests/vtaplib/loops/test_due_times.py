from __future__ import annotations

from array import array
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.loops import due_times

LOOPS = [due_times, interpreted("due_times")]
BOTH = [pytest.param(LOOPS[0], id="as imported"), pytest.param(LOOPS[1], id="interpreted")]

ANY_TIME = st.integers(-(1 << 63), (1 << 63) - 1)
TIMES = st.lists(st.integers(0, 5_000) | ANY_TIME, max_size=9)
LARGEST = (1 << 62) - 1


def recorded(loop: ModuleType, pieces: list[list[int]], per: float, largest_gap: int, back: int) -> list[int]:
    state, times = array("q", bytes(24)), []
    for piece in pieces:
        due = array("q", bytes(8 * len(piece)))
        loop.as_recorded(array("q", piece), len(piece), per, largest_gap, back, state, due)
        times += list(due)
    return times


@given(TIMES, st.floats(1e-9, 1e9), st.integers(0, LARGEST), st.integers(0, LARGEST), st.integers(0, 9))
def test_recorded_times_never_go_back_and_are_the_same_in_pieces_and_in_both(
    times: list[int], per: float, largest_gap: int, back: int, cut: int
) -> None:
    due = recorded(LOOPS[0], [times], per, largest_gap, back)
    assert due == sorted(due)
    assert all(0 <= one <= 4 * 10**18 for one in due)
    for loop in LOOPS:
        assert recorded(loop, [times[:cut], times[cut:]], per, largest_gap, back) == due


@pytest.mark.parametrize("loop", BOTH)
@pytest.mark.parametrize(
    ("times", "per", "largest_gap", "due"),
    [
        ([], 1.0, LARGEST, []),
        ([100, 100, 130, 190], 1.0, LARGEST, [0, 0, 30, 90]),
        ([100, 130, 190], 0.5, LARGEST, [0, 15, 45]),
        ([100, 130, 190], 1.0, 40, [0, 30, 70]),
        # A packet out of order is due with the latest before it, and delays nothing.
        ([100, 130, 120, 140], 1.0, LARGEST, [0, 30, 30, 40]),
        # Back by more than a step of 50: a new beginning.
        ([100, 130, 10, 20, 131], 1.0, LARGEST, [0, 30, 30, 40, 151]),
    ],
)
def test_recorded_times(
    loop: ModuleType, times: list[int], per: float, largest_gap: int, due: list[int]
) -> None:
    assert recorded(loop, [times], per, largest_gap, 50) == due


@pytest.mark.parametrize("loop", BOTH)
@given(
    st.lists(st.integers(0, 2000), max_size=9),
    st.integers(0, 100),
    st.integers(0, 10**6),
    st.integers(0, 10**4),
    st.integers(0, 9),
)
def test_at_a_rate_a_packet_is_due_when_those_before_it_took_their_time(
    loop: ModuleType, lengths: list[int], overhead: int, per_packet: int, per_octet: int, cut: int
) -> None:
    state, due = array("q", bytes(16)), []
    for piece in (lengths[:cut], lengths[cut:]):
        one = array("q", bytes(8 * len(piece)))
        loop.at_rate(array("q", piece), len(piece), overhead, float(per_packet), float(per_octet), state, one)
        due += list(one)
    expected = 0
    for length, at in zip(lengths, due, strict=True):
        assert at == expected
        expected += per_packet + per_octet * (length + overhead)
