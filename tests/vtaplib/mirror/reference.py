"""A second opinion on copies: built by the packet modules, value by value, without templates or caches."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import NamedTuple

from vtaplib.packets import ethernet, ipv4, udp, vxlan


class Copy(NamedTuple):
    """What a copy says, layer by layer."""

    ethernet: ethernet.EthernetFrame
    ipv4: ipv4.Ipv4Packet
    udp: udp.UdpDatagram
    vxlan: vxlan.VxlanPacket


def dissect(copy: bytes) -> Copy:
    """The layers of a copy in one piece. Raises `PacketError` where one is wrong, the IP checksum
    included.
    """
    link = ethernet.parse(copy)
    packet = ipv4.parse(link.payload)
    datagram = udp.parse(packet.payload)
    return Copy(link, packet, datagram, vxlan.parse(datagram.payload))


def build(
    macs: tuple[bytes, bytes],
    addresses: tuple[IPv4Address, IPv4Address],
    ports: tuple[int, int],
    vni: int,
    frame: bytes,
) -> bytes:
    """A copy as the wire format says: source and destination, in this order, for MACs, addresses and
    ports.
    """
    datagram = udp.emit(udp.UdpDatagram(*ports, vxlan.emit(vxlan.VxlanPacket(vni, frame))))
    packet = ipv4.emit(ipv4.Ipv4Packet(*addresses, 17, datagram, ttl=64))
    return ethernet.emit(ethernet.EthernetFrame(macs[1], macs[0], 0x0800, packet))


def reassemble(copies: tuple[bytes, ...]) -> bytes:
    """The UDP datagram that IPv4 fragments make up (RFC 791, section 3.2), which must be whole and in
    order.
    """
    fragments = [ipv4.parse(ethernet.parse(copy).payload) for copy in copies]
    datagram = b""
    for fragment in fragments:
        assert fragment.fragment_offset == len(datagram)
        assert fragment.identification == fragments[0].identification
        assert (fragment.source, fragment.destination) == (fragments[0].source, fragments[0].destination)
        datagram += fragment.payload
    assert [fragment.more_fragments for fragment in fragments] == [True] * (len(fragments) - 1) + [False]
    return datagram
