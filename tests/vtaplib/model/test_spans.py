"""Spans answer as the sets of numbers do that they stand for."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from vtaplib.model.spans import Spans, address_number, address_range

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


def test_of_nothing_nothing_is_said() -> None:
    assert Spans.one(1).holds(Spans(())) is None


def test_the_families_of_addresses_do_not_meet() -> None:
    everything = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    four, six = (Spans.of([address_range(network)]) for network in everything)
    assert four.holds(six) is six.holds(four) is False
    assert six.holds(Spans.one(address_number(ip_address("::")))) is True
    assert four.holds(Spans.one(address_number(ip_address("255.255.255.255")))) is True
