"""A packet made to order: from one end to the other, of the protocol and length wanted, checksums right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from vtaplib.errors import VtapError
from vtaplib.model.addresses import Address
from vtaplib.packets import ethernet, ipv4, ipv6, tcp, udp
from vtaplib.packets.checksum import internet_checksum, transport_checksum
from vtaplib.packets.flow import SCTP, TCP, UDP

ICMP: Final = 1
ICMPV6: Final = 58
PROTOCOLS: Final = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "sctp": SCTP, "gre": 47, "esp": 50, "ah": 51}
"""Numbers by name, from IANA's "Protocol Numbers"."""

EPHEMERAL_PORT: Final = 49152
"""The source port where none is given: the first of those that are nobody's (RFC 6335, section 6)."""

ECHO_REPLIES: Final = {8: 0, 128: 129}
"""The type of an echo reply by that of its request, of ICMP and of ICMPv6 (RFC 792; RFC 4443, section 4)."""
ECHO_REQUESTS: Final = {ICMP: 8, ICMPV6: 128}

MOST_DATA: Final = 0xFFFF - ipv4.HEADER_LENGTH - tcp.HEADER_LENGTH
"""Bytes after the innermost header that fit a packet of any of the protocols."""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a packet is to be. Ports are those of the protocols that have them, `icmp_type` is ICMP's.

    `length` counts the bytes of the Ethernet frame without FCS; None makes it as short as it can be. A TCP
    segment opens a connection, or as an answer accepts one.
    """

    source_mac: bytes
    destination_mac: bytes
    source: Address
    destination: Address
    protocol: int
    source_port: int = EPHEMERAL_PORT
    destination_port: int = 0
    icmp_type: int = ECHO_REQUESTS[ICMP]
    vlan: int | None = None
    length: int | None = None
    is_answer: bool = False

    def answer(self) -> Blueprint:
        """The packet that comes back."""
        return replace(
            self,
            source_mac=self.destination_mac,
            destination_mac=self.source_mac,
            source=self.destination,
            destination=self.source,
            source_port=self.destination_port,
            destination_port=self.source_port,
            icmp_type=ECHO_REPLIES.get(self.icmp_type, self.icmp_type),
            is_answer=True,
        )


def build(wanted: Blueprint) -> bytes:
    """The Ethernet frame without FCS. Raises `VtapError` for a length that the headers, or IP, do not allow,
    and `PacketError` for a number that a field cannot hold.
    """
    room = 0 if wanted.length is None else wanted.length - len(_frame(wanted, b""))
    if room < 0:
        raise VtapError(f"a frame of {wanted.length} bytes has no room for its headers: {-room} are missing")
    if room > MOST_DATA:
        raise VtapError(f"a frame of {wanted.length} bytes is longer than IP carries, by {room - MOST_DATA}")
    return _frame(wanted, bytes(room))


def _frame(wanted: Blueprint, data: bytes) -> bytes:
    source, destination = wanted.source, wanted.destination
    segment = _segment(wanted, data)
    if isinstance(source, IPv4Address) and isinstance(destination, IPv4Address):
        ethertype = ethernet.IPV4
        packet = ipv4.emit(ipv4.Ipv4Packet(source, destination, wanted.protocol, segment))
    else:
        assert isinstance(source, IPv6Address), "both ends have the same IP version"
        assert isinstance(destination, IPv6Address), "both ends have the same IP version"
        ethertype = ethernet.IPV6
        packet = ipv6.emit(ipv6.Ipv6Packet(source, destination, wanted.protocol, segment))
    if wanted.vlan is not None:
        packet = wanted.vlan.to_bytes(2, "big") + ethertype.to_bytes(2, "big") + packet
        ethertype = ethernet.VLAN
    return ethernet.emit(ethernet.EthernetFrame(wanted.destination_mac, wanted.source_mac, ethertype, packet))


def _segment(wanted: Blueprint, data: bytes) -> bytes:
    """What the IP packet carries."""
    ports = wanted.source_port, wanted.destination_port
    if wanted.protocol == TCP:
        flags = tcp.SYN | tcp.ACK if wanted.is_answer else tcp.SYN
        segment = tcp.TcpSegment(*ports, flags=flags, window=0xFFFF, payload=data)
        return tcp.emit(replace(segment, checksum=_checksum(wanted, tcp.emit(segment))))
    if wanted.protocol == UDP:
        datagram = udp.UdpDatagram(*ports, data)
        return udp.emit(replace(datagram, checksum=_checksum(wanted, udp.emit(datagram))))
    if wanted.protocol == SCTP:
        # The common header without chunks (RFC 9260, section 3.1); nothing here looks at its checksum.
        return b"".join(port.to_bytes(2, "big") for port in ports) + bytes(8) + data
    if wanted.protocol in ECHO_REQUESTS:
        message = bytes([wanted.icmp_type]) + bytes(7) + data
        checksum = internet_checksum(message) if wanted.protocol == ICMP else _checksum(wanted, message)
        return message[:2] + checksum.to_bytes(2, "big") + message[4:]
    return data


def _checksum(wanted: Blueprint, segment: bytes) -> int:
    return transport_checksum(wanted.source, wanted.destination, wanted.protocol, segment)
