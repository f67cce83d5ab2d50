"""Packets as values and as bytes; none of the bytes come from our own code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol

import pytest

from vtaplib.packets import ethernet, ipv4, ipv6, tcp, udp, vxlan

WEB_MAC = bytes.fromhex("000d3a123456")
DATABASE_MAC = bytes.fromhex("000d3a654321")
BROADCAST = b"\xff" * 6


class Packet(Protocol):
    """What every packet value has."""

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class Case:
    """A value, its bytes, and how many of them a packet cannot do without (shorter prefixes are errors)."""

    name: str
    value: Packet
    octets: bytes
    indispensable: int
    parse: Callable[[bytes], Packet]
    emit: Callable[[], bytes]
    emit_into: Callable[[bytearray], None]
    takes_all: bool
    """Whether all bytes that follow belong to the packet, because no field says how long it is."""


def ethernet_case(name: str, value: ethernet.EthernetFrame, octets: str) -> Case:
    return Case(
        f"Ethernet: {name}",
        value,
        bytes.fromhex(octets),
        14,
        ethernet.parse,
        lambda: ethernet.emit(value),
        lambda buffer: ethernet.emit_into(value, buffer),
        takes_all=True,
    )


def ipv4_case(name: str, value: ipv4.Ipv4Packet, octets: str) -> Case:
    return Case(
        f"IPv4: {name}",
        value,
        bytes.fromhex(octets),
        len(bytes.fromhex(octets)),
        ipv4.parse,
        lambda: ipv4.emit(value),
        lambda buffer: ipv4.emit_into(value, buffer),
        takes_all=False,
    )


def ipv6_case(name: str, value: ipv6.Ipv6Packet, octets: str) -> Case:
    return Case(
        f"IPv6: {name}",
        value,
        bytes.fromhex(octets),
        len(bytes.fromhex(octets)),
        ipv6.parse,
        lambda: ipv6.emit(value),
        lambda buffer: ipv6.emit_into(value, buffer),
        takes_all=False,
    )


def udp_case(name: str, value: udp.UdpDatagram, octets: str) -> Case:
    return Case(
        f"UDP: {name}",
        value,
        bytes.fromhex(octets),
        len(bytes.fromhex(octets)),
        udp.parse,
        lambda: udp.emit(value),
        lambda buffer: udp.emit_into(value, buffer),
        takes_all=False,
    )


def tcp_case(name: str, value: tcp.TcpSegment, octets: str, header_length: int) -> Case:
    return Case(
        f"TCP: {name}",
        value,
        bytes.fromhex(octets),
        header_length,
        tcp.parse,
        lambda: tcp.emit(value),
        lambda buffer: tcp.emit_into(value, buffer),
        takes_all=True,
    )


def vxlan_case(name: str, value: vxlan.VxlanPacket, octets: str) -> Case:
    return Case(
        f"VXLAN: {name}",
        value,
        bytes.fromhex(octets),
        8,
        vxlan.parse,
        lambda: vxlan.emit(value),
        lambda buffer: vxlan.emit_into(value, buffer),
        takes_all=True,
    )


# Unless a comment says otherwise, the bytes are what scapy 2.8.0 builds for these fields, checksums included.
CASES = [
    ethernet_case(
        "with a payload",
        ethernet.EthernetFrame(WEB_MAC, DATABASE_MAC, 0x0800, b"payload"),
        "000d3a123456 000d3a654321 0800 7061796c6f6164",
    ),
    ethernet_case(
        "a VLAN tag is payload",
        ethernet.EthernetFrame(BROADCAST, DATABASE_MAC, 0x8100, bytes.fromhex("6007 0806 78")),
        "ffffffffffff 000d3a654321 8100 6007 0806 78",
    ),
    ethernet_case(
        "without a payload", ethernet.EthernetFrame(BROADCAST, bytes(6), 0xFFFF), "ff" * 6 + "00" * 6 + "ffff"
    ),
    ipv4_case(
        "expedited forwarding, DF",
        ipv4.Ipv4Packet(
            IPv4Address("10.0.0.4"),
            IPv4Address("10.0.0.5"),
            17,
            b"abc",
            ttl=63,
            tos=0xB8,
            identification=0x1234,
            dont_fragment=True,
        ),
        "45b80017 12344000 3f1114e2 0a000004 0a000005 616263",
    ),
    ipv4_case(
        "record route option, padded",
        ipv4.Ipv4Packet(
            IPv4Address("192.0.2.1"),
            IPv4Address("198.51.100.2"),
            1,
            b"hello",
            ttl=1,
            identification=1,
            options=bytes.fromhex("0707040000000000"),
        ),
        "47000021 00010000 0101c09d c0000201 c6336402 07070400 00000000 68656c6c6f",
    ),
    ipv4_case(
        "a middle fragment",
        ipv4.Ipv4Packet(
            IPv4Address("10.1.0.4"),
            IPv4Address("10.1.0.5"),
            17,
            b"\xaa" * 8,
            identification=99,
            more_fragments=True,
            fragment_offset=172 * 8,
        ),
        "4500001c 006320ac 401145b8 0a010004 0a010005 aaaaaaaaaaaaaaaa",
    ),
    ipv6_case(
        "traffic class and flow label",
        ipv6.Ipv6Packet(
            IPv6Address("2001:db8::1"),
            IPv6Address("2001:db8::2"),
            17,
            b"datagram",
            hop_limit=7,
            traffic_class=0x12,
            flow_label=0xABCDE,
        ),
        "612abcde 0008 11 07 20010db8000000000000000000000001 20010db8000000000000000000000002"
        "646174616772616d",
    ),
    udp_case(
        "a DNS-like answer over IPv4",
        udp.UdpDatagram(53, 40000, b"answer", checksum=0x14FC),
        "0035 9c40 000e 14fc 616e73776572",
    ),
    # RFC 768: a checksum of zero means that the sender generated none; the shortest length is 8.
    udp_case("empty, no checksum", udp.UdpDatagram(65535, 4789), "ffff 12b5 0008 0000"),
    tcp_case(
        "SYN-ACK with options",
        tcp.TcpSegment(
            49152,
            443,
            sequence=0x01020304,
            acknowledgment=0x05060708,
            flags=tcp.SYN | tcp.ACK,
            window=64240,
            checksum=0xA3A3,
            options=bytes.fromhex("02040550 01 030307"),
        ),
        "c000 01bb 01020304 05060708 70 12 faf0 a3a3 0000 02040550 01030307",
        28,
    ),
    tcp_case(
        "urgent data",
        tcp.TcpSegment(
            1,
            2,
            sequence=3,
            acknowledgment=4,
            flags=tcp.FIN | tcp.PSH | tcp.URG | tcp.ECE,
            window=5,
            checksum=0xC297,
            urgent_pointer=6,
            payload=b"data",
        ),
        "0001 0002 00000003 00000004 50 69 0005 c297 0006 64617461",
        20,
    ),
    vxlan_case(
        "VNI 27",
        vxlan.VxlanPacket(27, bytes.fromhex("000d3a123456000d3a6543210800696e")),
        "08 000000 00001b 00 000d3a123456000d3a6543210800696e",
    ),
    # RFC 7348, section 5: I flag, then 24 bits of VNI.
    vxlan_case("the largest VNI", vxlan.VxlanPacket((1 << 24) - 1), "08 000000 ffffff 00"),
]

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
