from __future__ import annotations

from array import array
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.loops import message_segments

BOTH = [
    pytest.param(message_segments, id="as imported"),
    pytest.param(interpreted("message_segments"), id="interpreted"),
]


@pytest.mark.parametrize("loop", BOTH)
@given(
    st.lists(st.sampled_from([0, 1, 10, 10, 10, 30, 200]), max_size=30),
    st.integers(0, 30),
    st.integers(1, 5),
    st.sampled_from([5, 30, 500]),
    st.sampled_from([30, 1000]),
)
def test_a_message_is_what_the_kernel_cuts_into_its_packets(
    loop: ModuleType, lengths: list[int], first: int, most: int, largest_segment: int, largest_message: int
) -> None:
    vectors = array("q", [number for length in lengths for number in (5000, 8, 7000, length)])
    controls, messages = array("q", bytes(24 * len(lengths))), array("q", bytes(64 * len(lengths)))
    ends = array("q", bytes(8 * len(lengths)))
    sizes = [8 + length for length in lengths]
    limits = most, largest_segment, largest_message
    count = loop.group(vectors, first, len(lengths), *limits, 100_000, 200_000, controls, messages, ends)
    at = first
    for number in range(count):
        end = ends[number]
        assert at < end <= len(lengths)
        name, _, place, pieces, control, control_length, _, _ = messages[8 * number : 8 * number + 8]
        assert (name, place, pieces) == (0, 100_000 + 32 * at, 2 * (end - at))
        if end - at == 1:
            assert (control, control_length) == (0, 0)
        else:
            assert (control, control_length) == (200_000 + 24 * number, 24)
            words = controls[3 * number : 3 * number + 3].tobytes()
            assert words[:18] == bytes.fromhex("1200000000000000 11000000 67000000") + sizes[at].to_bytes(
                2, "little"
            )
            # Cut at every `size` octets, it gives the packets again.
            assert set(sizes[at : end - 1]) == {sizes[at]}
            assert 0 < sizes[end - 1] <= sizes[at] <= largest_segment
            assert end - at <= most
            assert sum(sizes[at:end]) <= largest_message
        at = end
    assert at == max(first, len(lengths)) if count else first >= len(lengths)
