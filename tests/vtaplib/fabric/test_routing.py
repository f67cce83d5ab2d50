from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.fabric.worlds import frames, interface, network, quickstart, topologies, udp_frame
from vtaplib.errors import VtapError
from vtaplib.fabric.address_index import AddressIndex
from vtaplib.fabric.routing import Route, Router, Unrouted
from vtaplib.fabric.topology import Topology, derive_vni
from vtaplib.packets.flow import Flow, read_flow


def ends(topology: Topology, frame: bytes) -> tuple[str | None, str | None] | Unrouted:
    """The names of the interfaces at the ends of a frame."""
    route = Router(AddressIndex(topology)).route(read_flow(frame))
    if isinstance(route, Unrouted):
        return route
    source, destination = (None if end is None else end.id.rsplit("/", 1)[1] for end in route)
    return source, destination


@pytest.mark.parametrize(
    ("source", "destination", "expected"),
    [
        ("10.0.0.4", "10.0.0.5", ("web", "database")),
        ("10.0.0.5", "10.1.0.4", ("database", "collector")),
        ("10.0.0.4", "192.0.2.1", ("web", None)),
        ("192.0.2.1", "10.0.0.5", (None, "database")),
        ("192.0.2.1", "192.0.2.2", Unrouted.NO_INTERFACE),
        ("2001:db8::1", "2001:db8::2", Unrouted.NO_INTERFACE),
    ],
)
def test_the_ends_of_a_frame_are_found_by_address(
    source: str, destination: str, expected: tuple[str | None, str | None] | Unrouted
) -> None:
    assert ends(quickstart(), udp_frame(source, destination)) == expected


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", Unrouted.MALFORMED),
        (bytes(13), Unrouted.MALFORMED),
        (bytes(12) + b"\x08\x00" + bytes(19), Unrouted.MALFORMED),
        (bytes(12) + b"\x81\x00", Unrouted.MALFORMED),
        (bytes(12) + b"\x08\x06" + bytes(28), Unrouted.NOT_IP),
        (bytes(12) + b"\x88\xcc" + bytes(28), Unrouted.NOT_IP),
    ],
)
def test_what_has_no_ip_addresses_belongs_nowhere(octets: bytes, reason: Unrouted) -> None:
    assert ends(quickstart(), octets) is reason


def twins(*extra_peers: tuple[str, str]) -> Topology:
    """Two networks with the same addresses in them, and a third."""
    peers = {
        name: {b for a, b in extra_peers if a == name} | {a for a, b in extra_peers if b == name}
        for name in "ABC"
    }
    return Topology(
        networks=tuple(network(name, *peers[name]) for name in "ABC"),
        interfaces=(
            interface("a4", "A", "10.0.0.4"),
            interface("a5", "A", "10.0.0.5"),
            interface("b4", "B", "10.0.0.4"),
            interface("b6", "B", "10.0.0.6"),
            interface("c9", "C", "10.9.0.9"),
        ),
    )


def test_an_address_of_two_networks_is_told_apart_by_the_other_end() -> None:
    assert ends(twins(), udp_frame("10.0.0.4", "10.0.0.5")) == ("a4", "a5")
    assert ends(twins(), udp_frame("10.0.0.6", "10.0.0.4")) == ("b6", "b4")


def test_an_address_of_two_networks_alone_is_ambiguous() -> None:
    assert ends(twins(), udp_frame("10.0.0.4", "192.0.2.1")) is Unrouted.AMBIGUOUS
    assert ends(twins(), udp_frame("192.0.2.1", "10.0.0.4")) is Unrouted.AMBIGUOUS


def test_two_pairs_that_fit_are_ambiguous() -> None:
    world = twins(("A", "C"), ("B", "C"))
    assert ends(world, udp_frame("10.0.0.4", "10.9.0.9")) is Unrouted.AMBIGUOUS
    assert ends(world, udp_frame("10.0.0.5", "10.9.0.9")) == ("a5", "c9")


def test_a_destination_in_a_network_out_of_reach_is_not_reached() -> None:
    assert ends(twins(), udp_frame("10.0.0.5", "10.0.0.6")) == ("a5", None)


def test_peerings_are_not_transitive() -> None:
    world = twins(("A", "B"), ("B", "C"))
    assert ends(world, udp_frame("10.0.0.6", "10.9.0.9")) == ("b6", "c9")
    assert ends(world, udp_frame("10.0.0.5", "10.9.0.9")) == ("a5", None)


def test_of_a_peer_that_is_known_in_part_only_that_part_is_reached() -> None:
    world = twins(("A", "C"))
    (here, other, there) = world.networks
    known = replace(here, peer_prefixes={there.id.lower(): (ip_network("10.8.0.0/16"),)})
    assert ends(world, udp_frame("10.0.0.5", "10.9.0.9")) == ("a5", "c9")
    world = replace(world, networks=(known, other, there))
    assert ends(world, udp_frame("10.0.0.5", "10.9.0.9")) == ("a5", None)
    # The peer knows all of this network, and so reaches it.
    assert ends(world, udp_frame("10.9.0.9", "10.0.0.5")) == ("c9", "a5")


def test_ids_are_compared_without_case() -> None:
    world = quickstart()
    (web, *_) = world.interfaces
    assert world.interface(web.id.upper()) is web
    assert world.owner_of(web.ip_configurations[0].id.lower()) == (web, web.ip_configurations[0])
    assert world.is_reachable(web.network_id.upper(), world.interfaces[2].network_id.lower())


def test_two_things_with_one_id_are_refused() -> None:
    with pytest.raises(VtapError, match="two things have the ID"):
        Topology(interfaces=(interface("web", "A", "10.0.0.4"), interface("WEB", "A", "10.0.0.5")))


@pytest.mark.parametrize(
    ("addresses", "primary", "expected"),
    [
        (("10.0.0.4", "10.0.0.5"), 1, "10.0.0.5"),
        (("2001:db8::4", "10.0.0.5"), 0, "10.0.0.5"),
        ((None, "10.0.0.5"), 0, "10.0.0.5"),
        (("2001:db8::4",), 0, None),
        ((), 0, None),
    ],
)
def test_copies_come_from_the_primary_ipv4_address(
    addresses: tuple[str | None, ...], primary: int, expected: str | None
) -> None:
    found = interface("web", "A", *addresses, primary=primary).primary_ipv4
    assert found == (None if expected is None else ip_address(expected))


@given(topologies, frames)
def test_a_route_is_between_owners_of_the_addresses_that_reach_each_other(
    world: Topology, frame: bytes
) -> None:
    flow: Flow = read_flow(frame)
    route = Router(AddressIndex(world)).route(flow)
    if isinstance(route, Route):
        source, destination = route
        assert source or destination
        for end, address in ((source, flow.source), (destination, flow.destination)):
            if end is not None:
                assert address in [one.address.packed for one in end.ip_configurations if one.address]
        if source and destination:
            assert world.is_reachable(source.network_id, destination.network_id)


@given(st.text(min_size=1))
def test_a_vni_is_of_24_bits_and_not_zero(resource_id: str) -> None:
    assert 0 < derive_vni(resource_id) < 1 << 24


def test_vnis_ignore_case_and_differ_between_taps() -> None:
    assert derive_vni("/Subscriptions/A") == derive_vni("/subscriptions/a")
    assert len({derive_vni(f"/taps/{n}") for n in range(100)}) == 100
