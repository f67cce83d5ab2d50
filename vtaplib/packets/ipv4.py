"""IPv4, RFC 791: addresses, fragmentation, a checksum over the header.

`parse` wants a header that is right, its checksum included, and takes as payload what the total length
covers: an Ethernet frame may end in padding (RFC 894). `emit` computes lengths and checksum.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

from vtaplib.errors import PacketError
from vtaplib.packets.checksum import internet_checksum
from vtaplib.packets.fields import require_length, require_options, require_space, require_unsigned

# version and IHL, TOS, total length, identification, flags and offset, TTL, protocol, checksum, source,
# destination
LAYOUT = struct.Struct(">BBHHHBBH4s4s")
HEADER_LENGTH = LAYOUT.size
CHECKSUM = slice(10, 12)

RESERVED_FLAG = 0x8000
DONT_FRAGMENT = 0x4000
MORE_FRAGMENTS = 0x2000
OFFSET_MASK = 0x1FFF

# Protocol numbers, from IANA's "Protocol Numbers".
ICMP = 1
TCP = 6
UDP = 17


@dataclass(frozen=True, slots=True)
class Ipv4Packet:
    """A packet or fragment; `fragment_offset` is in bytes, a multiple of 8."""

    source: IPv4Address
    destination: IPv4Address
    protocol: int
    payload: bytes = b""
    ttl: int = 64
    tos: int = 0
    identification: int = 0
    dont_fragment: bool = False
    more_fragments: bool = False
    fragment_offset: int = 0
    options: bytes = b""

    def __post_init__(self) -> None:
        require_unsigned("IPv4", "protocol", self.protocol, 8)
        require_unsigned("IPv4", "TTL", self.ttl, 8)
        require_unsigned("IPv4", "TOS", self.tos, 8)
        require_unsigned("IPv4", "identification", self.identification, 16)
        require_unsigned("IPv4", "fragment offset", self.fragment_offset, 16)
        if self.fragment_offset % 8:
            raise PacketError(f"IPv4: fragment offset is {self.fragment_offset}, must be a multiple of 8")
        require_options("IPv4", self.options)
        require_unsigned("IPv4", "total length", len(self), 16)

    @property
    def header_length(self) -> int:
        """The header's length in bytes, options included."""
        return HEADER_LENGTH + len(self.options)

    def __len__(self) -> int:
        return self.header_length + len(self.payload)


def parse(octets: bytes) -> Ipv4Packet:
    """Read a packet. Raises `PacketError` if it is cut short or its header is wrong."""
    require_length("IPv4", len(octets), HEADER_LENGTH)
    version_ihl, tos, total, identification, flags, ttl, protocol, _, source, destination = (
        LAYOUT.unpack_from(octets)
    )
    header_length = (version_ihl & 0x0F) * 4
    if version_ihl >> 4 != 4:
        raise PacketError(f"IPv4: version is {version_ihl >> 4}, must be 4")
    if header_length < HEADER_LENGTH:
        raise PacketError(f"IPv4: header length is {header_length}, must be at least {HEADER_LENGTH}")
    if total < header_length:
        raise PacketError(f"IPv4: total length {total} is less than the header's {header_length}")
    if flags & RESERVED_FLAG:
        raise PacketError("IPv4: the reserved flag is set, must be zero")
    require_length("IPv4", len(octets), total, "its total length")
    if internet_checksum(octets[:header_length]):
        raise PacketError(f"IPv4: header checksum {octets[CHECKSUM].hex()} is wrong")
    return Ipv4Packet(
        source=IPv4Address(source),
        destination=IPv4Address(destination),
        protocol=protocol,
        payload=bytes(octets[header_length:total]),
        ttl=ttl,
        tos=tos,
        identification=identification,
        dont_fragment=bool(flags & DONT_FRAGMENT),
        more_fragments=bool(flags & MORE_FRAGMENTS),
        fragment_offset=(flags & OFFSET_MASK) * 8,
        options=bytes(octets[HEADER_LENGTH:header_length]),
    )


def emit(packet: Ipv4Packet) -> bytes:
    """The bytes of a packet."""
    buffer = bytearray(len(packet))
    emit_into(packet, buffer)
    return bytes(buffer)


def emit_into(packet: Ipv4Packet, buffer: bytearray) -> None:
    """Write a packet over the first `len(packet)` bytes of `buffer`. Raises `PacketError` if it is
    shorter.
    """
    require_space("IPv4", buffer, len(packet))
    LAYOUT.pack_into(
        buffer,
        0,
        0x40 | packet.header_length // 4,
        packet.tos,
        len(packet),
        packet.identification,
        (DONT_FRAGMENT if packet.dont_fragment else 0)
        | (MORE_FRAGMENTS if packet.more_fragments else 0)
        | packet.fragment_offset // 8,
        packet.ttl,
        packet.protocol,
        0,
        packet.source.packed,
        packet.destination.packed,
    )
    buffer[HEADER_LENGTH : packet.header_length] = packet.options
    buffer[CHECKSUM] = internet_checksum(bytes(buffer[: packet.header_length])).to_bytes(2, "big")
    buffer[packet.header_length : len(packet)] = packet.payload
