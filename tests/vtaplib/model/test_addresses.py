"""Prefixes and addresses, against the standard library and against counting on one's fingers."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtaplib.model.addresses import (
    bits,
    claim_name,
    contains,
    from_bits,
    lowest_free,
    maybe_address,
    maybe_network,
    reserved,
)

V4 = st.builds(
    lambda number, length: IPv4Network((number, length), strict=False),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)
V6 = st.builds(
    lambda number, length: IPv6Network((number, length), strict=False),
    st.integers(0, 2**128 - 1),
    st.integers(0, 128),
)
NETWORKS = V4 | V6


@pytest.mark.parametrize(
    ("prefix", "leading"),
    [("0.0.0.0/0", "4:"), ("128.0.0.0/1", "4:1"), ("10.1.0.0/16", "4:0000101000000001"), ("::/0", "6:")],
)
def test_a_prefix_is_written_as_its_leading_bits(prefix: str, leading: str) -> None:
    assert bits(ip_network(prefix)) == leading
    assert from_bits(leading) == ip_network(prefix)


@given(NETWORKS)
def test_leading_bits_say_all_about_a_prefix(network: IPv4Network | IPv6Network) -> None:
    assert from_bits(bits(network)) == network


@given(NETWORKS, NETWORKS)
def test_one_prefix_contains_another_where_its_bits_begin_the_others(
    one: IPv4Network | IPv6Network, other: IPv4Network | IPv6Network
) -> None:
    within = one.version == other.version and other[0] in one and other[-1] in one
    assert bits(other).startswith(bits(one)) == within == contains(one, other)


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0.0/33", "10.0.0/8", "", "x", "::1/64", "10.0.0.0/-1"])
def test_what_is_no_prefix_is_none(text: str) -> None:
    assert maybe_network(text) is None


@pytest.mark.parametrize("text", ["10.0.0.256", "10.0.0", "", "10.0.0.1/32", "10.0.0.01", "::g", " 10.0.0.1"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert maybe_address(text) is None


def test_five_addresses_of_a_subnet_are_azures() -> None:
    # Azure: x.x.x.0 network, .1 gateway, .2 and .3 DNS, .255 broadcast, in a /24.
    subnet = IPv4Network("192.168.1.0/24")
    kept = [str(address) for address in subnet if reserved(subnet, address)]
    assert kept == [f"192.168.1.{last}" for last in (0, 1, 2, 3, 255)]


@given(V4, V4)
def test_claims_order_as_addresses_do(one: IPv4Network, other: IPv4Network) -> None:
    assert (claim_name(one[0]) < claim_name(other[0])) == (one[0] < other[0])


@given(
    st.lists(
        st.sampled_from(["10.0.0.0/29", "10.0.1.0/28", "10.0.2.0/29"]), min_size=1, max_size=2, unique=True
    ),
    st.data(),
)
def test_the_lowest_free_address_is_what_a_search_from_the_bottom_finds(
    prefixes: list[str], data: st.DataObject
) -> None:
    networks = [IPv4Network(prefix) for prefix in prefixes]
    usable = [address for network in networks for address in list(network)[4:-1]]
    taken = data.draw(st.sets(st.sampled_from(usable)))
    granted = data.draw(st.sets(st.sampled_from(usable)))
    names = sorted(map(claim_name, taken))

    def count(first: str, last: str) -> int:
        return sum(first <= name <= last for name in names)

    free = next((str(one) for one in usable if one not in taken | granted), None)
    assert lowest_free(networks, 4, count, {claim_name(one) for one in granted}) == free


def test_a_subnet_without_prefixes_of_a_family_has_no_address_of_it() -> None:
    assert lowest_free([IPv4Network("10.0.0.0/24")], 6, lambda first, last: 0) is None
    assert lowest_free([IPv6Network("fd00::/64")], 6, lambda first, last: 0) == "fd00::4"
    assert ip_address("fd00::4") in IPv6Network("fd00::/64")
    assert IPv4Address("10.0.0.4") not in IPv6Network("fd00::/64")
