"""Packets made to order, as scapy reads them: nothing of ours says what a right packet is."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import Dot1Q, Ether

from vtaplib.analysis.packet_explanation.building import Blueprint, build
from vtaplib.errors import PacketError, VtapError

HERE, THERE = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")


def blueprint(protocol: int = 6, version: int = 4, **changes: Any) -> Blueprint:
    ends = ("10.0.0.4", "10.0.0.5") if version == 4 else ("fd00::4", "fd00::5")
    given = {"source_port": 40000, "destination_port": 443} | changes
    here, there = map(ip_address, ends)
    return Blueprint(HERE, THERE, here, there, protocol, **given)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(("protocol", "layer"), [(6, TCP), (17, UDP)])
@pytest.mark.parametrize("length", [None, 400, 1514])
def test_ends_ports_lengths_and_checksums_are_right(
    version: int, protocol: int, layer: Any, length: int | None
) -> None:
    octets = build(blueprint(protocol, version, length=length))
    packet = Ether(octets)
    network = packet[IP if version == 4 else IPv6]
    assert (packet.src, packet.dst) == ("02:00:00:00:00:01", "02:00:00:00:00:02")
    assert (network.src, network.dst) in {("10.0.0.4", "10.0.0.5"), ("fd00::4", "fd00::5")}
    assert (packet[layer].sport, packet[layer].dport) == (40000, 443)
    assert length is None or len(octets) == length
    assert sent_anew(packet, IP, IPv6, layer) == octets


def sent_anew(packet: Any, *layers: Any) -> bytes:
    """A packet whose lengths and checksums scapy works out."""
    for layer in layers:
        if packet.haslayer(layer):
            for name in ("len", "plen", "chksum", "cksum"):
                if name in {field.name for field in packet[layer].fields_desc}:
                    packet[layer].delfieldval(name)
    return bytes(packet)


def test_a_connection_is_opened_and_accepted() -> None:
    asked = blueprint()
    assert Ether(build(asked))[TCP].flags == "S"
    answer = Ether(build(asked.answer()))
    assert answer[TCP].flags == "SA"
    assert (answer.src, answer[IP].src, answer[TCP].sport) == ("02:00:00:00:00:02", "10.0.0.5", 443)
    assert (answer.dst, answer[IP].dst, answer[TCP].dport) == ("02:00:00:00:00:01", "10.0.0.4", 40000)


def test_an_echo_is_answered_by_its_reply() -> None:
    asked = blueprint(1)
    answer = Ether(build(asked.answer()))
    assert (Ether(build(asked))[ICMP].type, answer[ICMP].type) == (8, 0)
    assert sent_anew(answer, IP, ICMP) == build(asked.answer())
    over_ipv6 = blueprint(58, 6, icmp_type=128)
    assert Ether(build(over_ipv6)).haslayer(ICMPv6EchoRequest)
    assert Ether(build(over_ipv6.answer())).haslayer(ICMPv6EchoReply)
    assert sent_anew(Ether(build(over_ipv6)), IPv6, ICMPv6EchoRequest) == build(over_ipv6)


def test_a_tag_stands_before_the_packet() -> None:
    packet = Ether(build(blueprint(vlan=7)))
    assert packet[Dot1Q].vlan == 7
    assert packet[Dot1Q].payload.name == "IP"


def test_a_length_without_room_for_the_headers_is_refused_with_what_is_missing() -> None:
    with pytest.raises(VtapError, match="a frame of 40 bytes has no room for its headers: 14 are missing"):
        build(blueprint(length=40))


def test_a_length_beyond_ip_and_a_port_beyond_16_bits_are_refused() -> None:
    with pytest.raises(VtapError, match="longer than IP carries"):
        build(blueprint(length=70_000))
    with pytest.raises(PacketError, match="source port is 65536"):
        build(blueprint(source_port=65_536))
