"""Spans answer as the sets of numbers do that they stand for."""

from __future__ import annotations

from bisect import bisect_right
from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from vtaplib.model.addresses import Address
from vtaplib.model.spans import (
    Spans,
    address_number,
    address_range,
    edges,
    numbered_address,
    packed_number,
)

ranges = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 5)).map(lambda pair: (pair[0], sum(pair))), max_size=5
)


def numbers(spans: Spans) -> set[int]:
    return {number for first, last in spans.ranges for number in range(first, last + 1)}


@given(ranges)
def test_merged_ranges_hold_the_same_numbers_in_order_and_apart(given_ranges: list[tuple[int, int]]) -> None:
    spans = Spans.of(given_ranges)
    assert numbers(spans) == {n for first, last in given_ranges for n in range(first, last + 1)}
    for (_, last), (first, _) in zip(spans.ranges, spans.ranges[1:], strict=False):
        assert last + 1 < first


@given(ranges, ranges.filter(bool))
def test_numbers_are_held_all_or_some_or_none(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    mine, theirs = Spans.of(one), Spans.of(other)
    inside = numbers(theirs) <= numbers(mine)
    apart = not numbers(theirs) & numbers(mine)
    assert mine.holds(theirs) is (True if inside else False if apart else None)


@given(st.lists(ranges), st.integers(0, 40), st.integers(0, 40))
def test_numbers_without_an_edge_between_them_are_in_the_same_sets(
    several: list[list[tuple[int, int]]], one: int, other: int
) -> None:
    sets = [Spans.of(given_ranges) for given_ranges in several]
    found = edges(sets)
    assert all((number in spans) == (number in numbers(spans)) for spans in sets for number in (one, other))
    between = [edge for edge in found if min(one, other) < edge <= max(one, other)]
    assert (bisect_right(found, one) == bisect_right(found, other)) == (not between)
    if not between:
        assert all((one in spans) == (other in spans) for spans in sets)
    assert all(any((edge in spans) != (edge - 1 in spans) for spans in sets) for edge in found)


@given(st.ip_addresses())
def test_an_address_is_read_back_from_its_place(address: Address) -> None:
    assert packed_number(address.packed) == address_number(address)
    assert numbered_address(address_number(address)) == address


def test_of_nothing_nothing_is_said() -> None:
    assert Spans.one(1).holds(Spans(())) is None


def test_the_families_of_addresses_do_not_meet() -> None:
    everything = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    four, six = (Spans.of([address_range(network)]) for network in everything)
    assert four.holds(six) is six.holds(four) is False
    assert six.holds(Spans.one(address_number(ip_address("::")))) is True
    assert four.holds(Spans.one(address_number(ip_address("255.255.255.255")))) is True
