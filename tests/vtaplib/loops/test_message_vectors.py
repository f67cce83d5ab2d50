from __future__ import annotations

from array import array
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.loops import message_vectors

BOTH = [
    pytest.param(message_vectors, id="as imported"),
    pytest.param(interpreted("message_vectors"), id="interpreted"),
]

PACKETS = st.lists(st.tuples(st.integers(0, 3), st.integers(-(1 << 63), (1 << 63) - 1)), max_size=20)


def column(numbers: list[int]) -> array[int]:
    return array("q", numbers)


@pytest.mark.parametrize("loop", BOTH)
@given(PACKETS, st.integers(0, 20), st.integers(-1, 3), st.integers(1, 5), st.booleans())
def test_arrange_chooses_an_output_and_keeps_streams_in_order(
    loop: ModuleType, packets: list[tuple[int, int]], first: int, output: int, sockets: int, by_socket: bool
) -> None:
    order, chosen = column([0] * len(packets)), column([0] * len(packets))
    count = loop.arrange(
        column([one for one, _ in packets]),
        column([stream for _, stream in packets]),
        first,
        len(packets),
        output,
        sockets,
        by_socket,
        column([0] * (sockets + 1)),
        order,
        chosen,
    )
    expected = [
        (index, stream % (1 << 32) % sockets)
        for index, (one, stream) in enumerate(packets)
        if index >= first and output in (-1, one)
    ]
    if by_socket:
        expected.sort(key=lambda pair: pair[1])
    assert list(zip(order[:count], chosen[:count], strict=True)) == expected


@pytest.mark.parametrize("loop", BOTH)
@given(
    st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60), st.integers(-2, 3)), max_size=9), st.data()
)
def test_fill_stops_before_what_lies_outside(
    loop: ModuleType, packets: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(packets))))
    vectors = column([0] * 4 * len(packets))
    filled = loop.fill(
        column([start for start, _, _ in packets]),
        column([length for _, length, _ in packets]),
        column(order),
        len(packets),
        1000,
        50,
        column([header for _, _, header in packets]),
        2000,
        8,
        2,
        vectors,
    )
    expected: list[int] = []
    for index in order:
        start, length, header = packets[index]
        if not (0 <= start <= start + length <= 50 and length >= 0 and 0 <= header < 2):
            break
        expected += [2000 + 8 * header, 8, 1000 + start, length]
    assert filled == len(expected) // 4
    assert list(vectors[: len(expected)]) == expected


@pytest.mark.parametrize("loop", BOTH)
@given(st.lists(st.integers(0, 1), min_size=1, max_size=9), st.data())
def test_a_run_ends_where_another_socket_begins(
    loop: ModuleType, chosen: list[int], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(chosen) - 1))
    end = loop.end_of_run(column(chosen), at, len(chosen))
    assert set(chosen[at:end]) == {chosen[at]}
    assert end == len(chosen) or chosen[end] != chosen[at]


@pytest.mark.parametrize("loop", BOTH)
@given(st.lists(st.integers(0, 1 << 40), max_size=9), st.data())
def test_octets_are_those_of_the_packets_in_the_order(
    loop: ModuleType, lengths: list[int], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(lengths))))
    first = data.draw(st.integers(0, len(lengths)))
    stop = data.draw(st.integers(first, len(lengths)))
    expected = sum(lengths[index] for index in order[first:stop])
    assert loop.octets(column(lengths), column(order), first, stop) == expected
