from __future__ import annotations

from array import array
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.loops import selection

BOTH = [pytest.param(selection, id="as imported"), pytest.param(interpreted("selection"), id="interpreted")]


@pytest.mark.parametrize("loop", BOTH)
@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1)), st.integers(-(1 << 63), (1 << 63) - 1))
def test_mark_at_most_marks_what_is_not_more_and_counts_the_rest(
    loop: ModuleType, values: list[int], most: int
) -> None:
    kept = bytearray(b"\x07" * (len(values) + 1))
    more = loop.mark_at_most(array("q", values), len(values), most, kept)
    assert list(kept) == [*(value <= most for value in values), 7]
    assert more == sum(value > most for value in values)


@pytest.mark.parametrize("loop", BOTH)
@given(
    st.lists(st.tuples(st.integers(-(1 << 63), (1 << 63) - 1), st.integers(0, 255))),
    st.lists(st.integers(0, 9), max_size=3),
)
def test_retain_moves_what_is_kept_to_the_front_in_order(
    loop: ModuleType, values: list[tuple[int, int]], behind: list[int]
) -> None:
    column = array("q", [value for value, _ in values] + behind)
    count = loop.retain(bytes(kept for _, kept in values), column, len(values))
    assert list(column[:count]) == [value for value, kept in values if kept]
    assert list(column[len(values) :]) == behind
