"""Packets made of names, addresses and numbers, and what answers a packet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

from tests.vtaplib.fabric.worlds import frontend, interface, mac_of, network, quickstart, udp_frame
from vtaplib.analysis.packet_explanation.made_packet import MadePacket, PacketOrder, answer_to, make
from vtaplib.analysis.packet_explanation.packet import Packet, packet_entry
from vtaplib.errors import VtapError
from vtaplib.fabric.topology import Topology

WORLD = quickstart("web")


def made(source: str, destination: str, topology: Topology = WORLD, **options: Any) -> MadePacket:
    return make(topology, PacketOrder(source, destination, **({"destination_port": 443} | options)))


@pytest.mark.parametrize(
    "web", ["web", "WEB", "10.0.0.4", WORLD.interfaces[0].id, WORLD.interfaces[0].machine_id]
)
def test_an_end_is_an_address_or_the_name_or_id_of_an_interface_or_its_machine(web: str) -> None:
    found = made(web, "database")
    packet = Ether(found.packet.frame)
    assert (packet[IP].src, packet[IP].dst) == ("10.0.0.4", "10.0.0.5")
    assert bytes.fromhex(packet.src.replace(":", "")) == mac_of("web")
    assert found.source.interface is WORLD.interfaces[0]


def test_a_load_balancer_is_an_end_by_its_frontend_s_address() -> None:
    world = Topology(
        networks=(network("n"),),
        interfaces=(interface("web", "n", "10.0.0.4"), interface("back", "n", "10.0.0.5")),
        frontends=(frontend("balancer", "n", "10.0.0.9", "back"),),
    )
    for name in ("balancer", "front"):
        assert Ether(made("web", name, world).packet.frame)[IP].dst == "10.0.0.9"


def test_an_address_that_is_nobodys_is_sent_to_through_the_gateway() -> None:
    found = made("web", "192.0.2.1")
    assert found.destination.interface is None
    assert Ether(found.packet.frame).dst == "12:34:56:78:9a:bc"


def test_a_name_that_nothing_has_is_told_with_those_that_there_are() -> None:
    with pytest.raises(
        VtapError, match=r"destination databse: is not an address, and no interface.*it has web, database"
    ):
        made("web", "databse")


def test_a_machine_with_two_interfaces_does_not_say_which() -> None:
    one, other = interface("one", "n", "10.0.0.4"), interface("other", "n", "10.0.0.5")
    machine = one.machine_id or ""
    world = Topology(
        networks=(network("n"),), interfaces=tuple(replace(it, machine_id=machine) for it in (one, other))
    )
    with pytest.raises(VtapError, match=r"source .*: means networkInterfaces/one, networkInterfaces/other"):
        made(machine, "10.0.0.9", world)


def test_ports_are_those_given_or_the_first_that_is_nobodys() -> None:
    assert Ether(made("web", "database").packet.frame)[TCP].sport == 49152
    given = Ether(made("web", "database", source_port=5432, destination_port=50000).packet.frame)
    assert (given[TCP].sport, given[TCP].dport) == (5432, 50000)


def test_ipv6_is_taken_where_it_is_asked_for_or_the_only_one_given() -> None:
    world = Topology(
        networks=(network("n"),),
        interfaces=(
            interface("web", "n", "10.0.0.4", "fd00::4"),
            interface("database", "n", "10.0.0.5", "fd00::5"),
        ),
    )
    for found in (made("web", "database", world, ipv6=True), made("web", "fd00::5", world)):
        entry = packet_entry(found.packet)
        assert (entry.ethertype, entry.source, entry.destination) == ("IPv6", "fd00::4", "fd00::5")
    assert packet_entry(made("web", "database", world).packet).ethertype == "IPv4"
    with pytest.raises(VtapError, match="source web: has no IPv6 address"):
        made("web", "database", ipv6=True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"destination_port": None}, "destination_port is missing: TCP goes to a port"),
        ({"protocol": "icmp"}, "destination_port 443: ICMP has no ports"),
        ({"protocol": "tpc"}, "protocol tpc: is neither of tcp, udp"),
        ({"protocol": "256"}, "protocol 256: is neither"),
        ({"icmp_type": 3}, "icmp_type 3: TCP has no such type"),
        ({"length": 20}, "has no room for its headers"),
    ],
)
def test_options_that_do_not_make_a_packet_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(VtapError, match=said):
        made("web", "database", **options)


def test_an_answer_swaps_the_ends() -> None:
    asked = Packet(frame := udp_frame("10.0.0.4", "10.0.0.5"), len(frame))
    answer = answer_to(asked)
    assert answer is not None
    assert answer.flow == asked.flow.reversed()
    assert (answer.frame[:6], answer.frame[6:12]) == (frame[6:12], frame[:6])


def test_nobody_answers_what_is_not_ip_or_is_a_fragment() -> None:
    arp = bytes(12) + bytes.fromhex("0806") + bytes(28)
    fragment = bytearray(udp_frame("10.0.0.4", "10.0.0.5"))
    fragment[20] |= 0x20
    for frame in (b"", arp, bytes(fragment)):
        assert answer_to(Packet(frame, len(frame))) is None
