from __future__ import annotations

from array import array
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.loops import interface_numbers

BOTH = [
    pytest.param(interface_numbers, id="as imported"),
    pytest.param(interpreted("interface_numbers"), id="interpreted"),
]


@pytest.mark.parametrize("loop", BOTH)
@given(
    st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 1))),
    st.lists(st.integers(-1, 9), max_size=4),
    st.sampled_from([-1, 0, 1]),
    st.data(),
)
def test_numbers_are_those_of_the_table_up_to_the_first_that_has_none(
    loop: ModuleType, packets: list[tuple[int, int]], table: list[int], output: int, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(packets)))
    interfaces = array("q", [interface for interface, _ in packets])
    outputs = array("q", [chosen for _, chosen in packets])
    into = array("q", [-7]) * len(packets)
    stop = loop.translate(interfaces, outputs, first, len(packets), output, array("q", table), into)

    numbers = {interface: number for interface, number in enumerate(table) if number >= 0}
    chosen = [index for index in range(first, len(packets)) if output in (-1, packets[index][1])]
    unknown = [index for index in chosen if packets[index][0] not in numbers]
    assert stop == (unknown[0] if unknown else len(packets))
    assert [into[index] for index in chosen if index < stop] == [
        numbers[packets[index][0]] for index in chosen if index < stop
    ]
    assert {into[index] for index in range(len(packets)) if index not in chosen} <= {-7}
