from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, ip_network

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from vtaplib.testing import addresses, prefixes
from vtaplib.testing.addresses import capacity


@given(prefixes())
def test_prefixes_are_private_and_of_a_size_that_a_subnet_may_have(prefix: IPv4Network) -> None:
    assert prefix.is_private
    assert 16 <= prefix.prefixlen <= 29


@given(st.integers(0, 29).flatmap(lambda low: st.tuples(st.just(low), st.integers(low, 29))), st.data())
def test_lengths_are_bounds(bounds: tuple[int, int], data: st.DataObject) -> None:
    prefix = data.draw(
        prefixes(st.just(IPv4Network("0.0.0.0/0")), min_length=bounds[0], max_length=bounds[1])
    )
    assert bounds[0] <= prefix.prefixlen <= bounds[1]


@given(prefixes(), st.data())
def test_a_prefix_within_another_lies_in_it(outer: IPv4Network, data: st.DataObject) -> None:
    assert data.draw(prefixes(st.just(outer))).subnet_of(outer)


@pytest.mark.parametrize(("low", "high"), [(-1, 20), (24, 23), (20, 30)])
def test_lengths_that_no_subnet_has_are_refused(low: int, high: int) -> None:
    with pytest.raises(ValueError, match=f"lengths from {low} to {high}"):
        prefixes(min_length=low, max_length=high)


@given(prefixes(min_length=28), st.data())
def test_addresses_are_what_azure_leaves_of_a_subnet(prefix: IPv4Network, data: st.DataObject) -> None:
    # Azure: "the first four and last IP address of each subnet are reserved".
    usable = list(prefix)[4:-1]
    assert data.draw(addresses(st.just(prefix))) in usable
    assert capacity(prefix) == len(usable)


@pytest.mark.parametrize("wanted", ["10.0.0.4", "10.0.0.5", "10.0.0.6"])
def test_every_address_of_the_smallest_subnet_is_drawn(wanted: str) -> None:
    within = st.just(IPv4Network("10.0.0.0/29"))
    assert find(addresses(within), lambda address: str(address) == wanted) == IPv4Address(wanted)


def test_the_simplest_prefix_is_the_widest_and_lowest() -> None:
    assert find(prefixes(), lambda prefix: True) == ip_network("10.0.0.0/16")
