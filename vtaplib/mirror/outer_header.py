"""The 50 bytes around a mirrored frame: Ethernet, IPv4, UDP and VXLAN, from a template.

On one path only three things differ from copy to copy: the lengths, the IP checksum over one of them, and the
UDP ports. So a header is three pieces: one that goes with the length and ends where the ports stand, the
ports, and one that goes with the length and starts behind them. The outer values are those seen in a capture
of the real service: TTL 64; TOS and identification 0, DF clear, UDP checksum 0 (RFC 7348, section 4.1, wants
it so).
"""

from __future__ import annotations

import struct
from dataclasses import InitVar, dataclass, field
from ipaddress import IPv4Address
from typing import NamedTuple
from zlib import crc32

from vtaplib.packets import ethernet, ipv4, udp, vxlan
from vtaplib.packets.checksum import sum_of_words
from vtaplib.packets.translation import Rewriting

TTL = 64

# As the words of the header that they are.
VERSION_AND_TOS = 0x4500
TTL_AND_PROTOCOL = TTL << 8 | ipv4.UDP

# What the outer headers add to an inner frame, in the outer IP length and on the wire.
IP_OVERHEAD = ipv4.HEADER_LENGTH + udp.HEADER_LENGTH + vxlan.HEADER_LENGTH
WIRE_OVERHEAD = ethernet.HEADER_LENGTH + IP_OVERHEAD
# And what a fragment of a copy, which is not the first, has around its part.
FRAGMENT_OVERHEAD = ethernet.HEADER_LENGTH + ipv4.HEADER_LENGTH

# Of an inner frame whose copy still fits an IPv4 total length.
LARGEST_INNER = 0xFFFF - IP_OVERHEAD


# Pieces of all paths of an engine that are kept before all are thrown away: some 20 MiB.
PIECES_KEPT = 1 << 16

# MAC addresses and EtherType; version and header length with TOS, total length, identification, flags and
# offset, TTL and protocol, checksum; addresses.
LINK_AND_NETWORK = struct.Struct(">14s6H8s")


class HeaderCache:
    """Room for the pieces of many paths together: ten thousand paths do not get ten thousand times as much as
    one. When it is full it is cleared.
    """

    def __init__(self) -> None:
        self._left = PIECES_KEPT
        self._filled: list[HeaderTemplate] = []

    def make_room(self, template: HeaderTemplate) -> None:
        """Make room for one more in these."""
        if not self._left:
            for one in self._filled:
                one.clear()
            self._filled.clear()
            self._left = PIECES_KEPT
        if not template:
            self._filled.append(template)
        self._left -= 1


class HeaderTemplate(dict[int, tuple[bytes, bytes]]):
    """The two pieces around the ports, by the length of an inner frame that is carried whole; made when asked
    for.
    """

    __slots__ = ("_addresses", "_header_cache", "_macs", "_sum", "_vxlan")

    def __init__(
        self,
        source_mac: bytes,
        destination_mac: bytes,
        source: IPv4Address,
        destination: IPv4Address,
        vni: int,
        header_cache: HeaderCache,
    ) -> None:
        super().__init__()
        self._macs = destination_mac + source_mac + ethernet.IPV4.to_bytes(2, "big")
        self._addresses = source.packed + destination.packed
        self._sum = sum_of_words(self._addresses) + VERSION_AND_TOS + TTL_AND_PROTOCOL
        self._vxlan = vxlan.emit(vxlan.VxlanPacket(vni))
        self._header_cache = header_cache

    def __missing__(self, inner_length: int) -> tuple[bytes, bytes]:
        udp_length = udp.HEADER_LENGTH + vxlan.HEADER_LENGTH + inner_length
        template = self.link_and_network(udp_length), self.behind_ports(udp_length)
        self._header_cache.make_room(self)
        self[inner_length] = template
        return template

    @property
    def sum_without_length(self) -> int:
        """The sum of the words of an IPv4 header whose total length is not in it yet."""
        return self._sum

    def behind_ports(self, udp_length: int) -> bytes:
        """The rest of the UDP header and the VXLAN header."""
        return udp_length.to_bytes(2, "big") + b"\0\0" + self._vxlan

    def link_and_network(self, payload_length: int, identification: int = 0, fragmentation: int = 0) -> bytes:
        """The Ethernet and IPv4 headers before a payload of this many bytes."""
        total = ipv4.HEADER_LENGTH + payload_length
        # The sum of the header's words; it is not zero, for the version is not (RFC 1071).
        words = self._sum + total + identification + fragmentation
        return LINK_AND_NETWORK.pack(
            self._macs,
            VERSION_AND_TOS,
            total,
            identification,
            fragmentation,
            TTL_AND_PROTOCOL,
            0xFFFF - (words % 0xFFFF or 0xFFFF),
            self._addresses,
        )


@dataclass(frozen=True, slots=True)
class OuterHeader:
    """The headers on one path: from one interface to one collector, for one TAP."""

    source_mac: bytes
    destination_mac: bytes
    source: IPv4Address
    destination: IPv4Address
    destination_port: int
    vni: int
    header_cache: InitVar[HeaderCache | None] = None
    """What gives room to the pieces, if the path is one of many."""
    template: HeaderTemplate = field(init=False, repr=False, compare=False)

    def __post_init__(self, header_cache: HeaderCache | None) -> None:
        macs, addresses = (self.source_mac, self.destination_mac), (self.source, self.destination)
        template = HeaderTemplate(*macs, *addresses, self.vni, header_cache or HeaderCache())
        object.__setattr__(self, "template", template)

    def ports(self, source_port: int) -> bytes:
        """The piece in the middle."""
        return (source_port << 16 | self.destination_port).to_bytes(4, "big")

    def wrap(self, ports: bytes, frame: bytes) -> bytes:
        """The copy of a frame of at most 65499 bytes, in one packet."""
        front, back = self.template[len(frame)]
        return b"".join((front, ports, back, frame))

    def wrap_in_fragments(self, ports: bytes, frame: bytes, limit: int, at: int) -> tuple[bytes, ...]:
        """The copy of a frame as IPv4 fragments whose outer IP length is at most `limit` (RFC 791, section
        3.2).

        Fragments of one packet need an identification that packets around it do not have (RFC 6864, section
        4.3). It is derived from the time and the frame: nothing is remembered, and every run repeats.
        """
        udp_length = udp.HEADER_LENGTH + vxlan.HEADER_LENGTH + len(frame)
        datagram = b"".join((ports, self.template.behind_ports(udp_length), frame))
        identification = crc32(at.to_bytes(16, "big", signed=True), crc32(frame)) % 0xFFFF + 1
        step = (limit - ipv4.HEADER_LENGTH) // 8 * 8
        return tuple(
            self.template.link_and_network(
                len(datagram[start : start + step]),
                identification,
                start // 8 | (ipv4.MORE_FRAGMENTS if start + step < len(datagram) else 0),
            )
            + datagram[start : start + step]
            for start in range(0, len(datagram), step)
        )


class Encapsulation(NamedTuple):
    """A way to a collector, with the outer source port of one flow. `ports` are both as they are sent;
    `rewriting` puts a public address into the inner frame.
    """

    collector_id: str
    header: OuterHeader
    source_port: int
    ports: bytes
    rewriting: Rewriting | None = None
