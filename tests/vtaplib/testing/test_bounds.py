"""The bounds that strategies take hold in every draw: one property for each strategy, over all its bounds."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

import vtaplib.testing
from vtaplib import (
    NetworkInterface,
    NetworkInterfaceTapConfiguration,
    Policy,
    VirtualNetwork,
    VirtualNetworkTap,
)
from vtaplib.model.resource import Resource
from vtaplib.testing import captures, clouds, frames, networks, prefixes
from vtaplib.testing.addresses import capacity

POLICIES = [
    Policy(multiple_taps_per_nic=multiple, remirror=remirror, limits_mode="off")
    for multiple in ("warn", "error")
    for remirror in ("skip_vxlan", "error")
]


def ordered(least: int, most: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(least, most), st.integers(least, most)).map(
        lambda pair: (min(pair), max(pair))
    )


def check_clouds(data: st.DataObject) -> None:
    policy = data.draw(st.sampled_from(POLICIES))
    bounds: dict[type[Resource], tuple[int, int]] = {
        VirtualNetwork: data.draw(ordered(1, 4)),
        NetworkInterface: data.draw(ordered(2, 7)),
        VirtualNetworkTap: (1, 1),
    }
    most_taps = bounds[NetworkInterface][0] - 1 if policy.multiple_taps_per_nic == "error" else 5
    least = data.draw(st.integers(1, most_taps))
    bounds[VirtualNetworkTap] = least, data.draw(st.integers(least, 6))
    cloud = data.draw(
        clouds(
            min_networks=bounds[VirtualNetwork][0],
            max_networks=bounds[VirtualNetwork][1],
            min_interfaces=bounds[NetworkInterface][0],
            max_interfaces=bounds[NetworkInterface][1],
            min_taps=bounds[VirtualNetworkTap][0],
            max_taps=bounds[VirtualNetworkTap][1],
            load_balanced=data.draw(st.none() | st.booleans()),
            peered=data.draw(st.none() | st.booleans()),
            dual_stack=data.draw(st.booleans()),
            overlapping=data.draw(st.booleans()),
            tenants=data.draw(st.integers(1, 3)),
            policy=policy,
        )
    )
    for kind, (low, high) in bounds.items():
        assert low <= len(cloud.list(kind)) <= high, kind.__name__
    tapped = {one.virtual_network_tap_id for one in cloud.list(NetworkInterfaceTapConfiguration)}
    assert tapped == {one.id for one in cloud.list(VirtualNetworkTap)}


def check_deletions(data: st.DataObject) -> None:
    """Interfaces and TAPs go with nothing else, so those that are missing were deleted one by one."""
    most = data.draw(st.integers(0, 4))
    cloud = data.draw(clouds(min_interfaces=5, max_interfaces=5, min_taps=2, max_taps=2, max_deletions=most))
    assert 7 - most <= len(cloud.list(NetworkInterface)) + len(cloud.list(VirtualNetworkTap)) <= 7


def check_networks(data: st.DataObject) -> None:
    least, most = data.draw(ordered(0, 5))
    room = data.draw(st.integers(1, 600))
    # The smallest space that has room for it, and wider ones.
    needed = max(8, 1 << (room + 4).bit_length()) + 8 * max(0, least - 1)
    length = data.draw(st.integers(16, 32 - (needed - 1).bit_length()))
    network = data.draw(
        networks(
            spaces=prefixes(min_length=length, max_length=length),
            min_subnets=least,
            max_subnets=most,
            min_addresses=room,
        )
    )
    subnets = [IPv4Network((one.address_prefixes or ())[0]) for one in network.subnet or ()]
    (space,) = network.address_space or ()
    assert least <= len(subnets) <= most
    assert all(one.subnet_of(IPv4Network(space)) for one in subnets)
    assert all(int(one.broadcast_address) < int(other.network_address) for one, other in pairwise(subnets))
    assert all(capacity(one) >= room for one in subnets[:1])


def check_prefixes(data: st.DataObject) -> None:
    least, most = data.draw(ordered(0, 29))
    outer = data.draw(prefixes(st.just(IPv4Network("0.0.0.0/0")), min_length=0, max_length=most))
    prefix = data.draw(prefixes(st.just(outer), min_length=least, max_length=most))
    assert least <= prefix.prefixlen <= most
    assert prefix.subnet_of(outer)


def check_frames(data: st.DataObject) -> None:
    most = data.draw(st.sampled_from([0, 1, 29, 30, 1322, 9000, 65_000]) | st.integers(0, 65_000))
    frame = data.draw(frames(max_payload=most, tunnels=False, non_ip=False, malformed=False))
    # Ethernet with two tags, IPv6, and TCP's header, the longest of those that are drawn.
    assert len(frame) <= 14 + 2 * 4 + 40 + 20 + most


def check_captures(data: st.DataObject) -> None:
    least, most = data.draw(ordered(0, 6))
    gap = data.draw(st.integers(0, 10**10))
    disordered = data.draw(st.booleans())
    start = data.draw(st.integers(0, 2**62))
    packets = data.draw(
        captures(
            st.binary(max_size=3),
            min_size=least,
            max_size=most,
            start_ns=start,
            max_gap_ns=gap,
            disordered=disordered,
        )
    )
    times = [at for at, _, _ in packets]
    assert least <= len(packets) <= most
    assert times[:1] in ([], [start])
    assert all(-gap * disordered <= after - before <= gap for before, after in pairwise(times))


BOUNDS: Mapping[Callable[[st.DataObject], None], tuple[Callable[..., Any], tuple[str, ...]]] = {
    check_clouds: (
        clouds,
        (
            "min_networks",
            "max_networks",
            "min_interfaces",
            "max_interfaces",
            "min_taps",
            "max_taps",
            "tenants",
        ),
    ),
    check_deletions: (clouds, ("max_deletions",)),
    check_networks: (networks, ("min_subnets", "max_subnets", "min_addresses")),
    check_prefixes: (prefixes, ("min_length", "max_length")),
    check_frames: (frames, ("max_payload",)),
    check_captures: (captures, ("min_size", "max_size", "max_gap_ns")),
}
"""By property, whose bounds it holds to account, and which."""


@pytest.mark.parametrize("check", BOUNDS, ids=lambda check: check.__name__)
@given(st.data())
def test_bounds_hold_in_every_draw(check: Callable[[st.DataObject], None], data: st.DataObject) -> None:
    check(data)


def test_every_bound_of_every_strategy_is_held_to_account() -> None:
    bounds = {
        (name, option)
        for name in vtaplib.testing.__all__
        if inspect.isfunction(strategy := getattr(vtaplib.testing, name))
        for option, parameter in inspect.signature(strategy).parameters.items()
        if isinstance(parameter.default, int) and not isinstance(parameter.default, bool)
    }
    tested = {(strategy.__name__, option) for strategy, options in BOUNDS.values() for option in options}
    assert bounds - {("captures", "start_ns")} == tested


def test_a_network_without_room_for_its_subnets_is_refused() -> None:
    with pytest.raises(ValueError, match=r"networks: 10\.0\.0\.0/28 has no room for 3 subnets"):
        find(networks(spaces=st.just(IPv4Network("10.0.0.0/28")), min_subnets=3), bool)


def test_a_prefix_wider_than_what_it_is_to_lie_in_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a length up to 20 lies in 10\.0\.0\.0/24"):
        find(prefixes(st.just(IPv4Network("10.0.0.0/24")), max_length=20), bool)


def test_taps_that_find_no_source_of_their_own_are_refused() -> None:
    with pytest.raises(ValueError, match="3 TAPs at least, 3 interfaces at least"):
        find(clouds(min_interfaces=3, min_taps=3, max_taps=3, policy=POLICIES[-1]), bool)
