from __future__ import annotations

from array import array
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.loops import bounds

BOTH = [
    pytest.param(bounds, id="as imported"),
    pytest.param(interpreted("bounds"), id="interpreted"),
]
NUMBERS = st.integers(-3, 12) | st.sampled_from([-1 << 63, (1 << 63) - 1, 1 << 62])


@pytest.mark.parametrize("loop", BOTH)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=6), st.integers(0, 9))
def test_the_first_packet_that_is_not_all_in_the_buffer_is_found(
    loop: ModuleType, packets: list[tuple[int, int]], size: int
) -> None:
    inside = [length == 0 or (start >= 0 and 0 < length <= size - start) for start, length in packets]
    expected = inside.index(False) if False in inside else len(packets)
    starts, lengths = (array("q", column) for column in zip(*packets, strict=True)) if packets else ((), ())
    told = loop.first_outside(array("q", starts), array("q", lengths), len(packets), size)
    assert told == expected
