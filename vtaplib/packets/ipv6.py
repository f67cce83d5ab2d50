"""IPv6, RFC 8200: the fixed header; extension headers are left in the payload."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv6Address

from vtaplib.errors import PacketError
from vtaplib.packets.fields import require_length, require_space, require_unsigned

# version, traffic class and flow label; payload length, next header, hop limit, source, destination
LAYOUT = struct.Struct(">IHBB16s16s")
HEADER_LENGTH = LAYOUT.size

# Extension headers that hold a next header and a length in 8-byte units beyond the first (RFC 8200, section
# 4).
HOP_BY_HOP = 0
ROUTING = 43
FRAGMENT = 44
DESTINATION_OPTIONS = 60


@dataclass(frozen=True, slots=True)
class Ipv6Packet:
    """A packet."""

    source: IPv6Address
    destination: IPv6Address
    next_header: int
    payload: bytes = b""
    hop_limit: int = 64
    traffic_class: int = 0
    flow_label: int = 0

    def __post_init__(self) -> None:
        require_unsigned("IPv6", "next header", self.next_header, 8)
        require_unsigned("IPv6", "hop limit", self.hop_limit, 8)
        require_unsigned("IPv6", "traffic class", self.traffic_class, 8)
        require_unsigned("IPv6", "flow label", self.flow_label, 20)
        require_unsigned("IPv6", "payload length", len(self.payload), 16)

    def __len__(self) -> int:
        return HEADER_LENGTH + len(self.payload)


def parse(octets: bytes) -> Ipv6Packet:
    """Read a packet; bytes past the payload length are padding. Raises `PacketError`."""
    require_length("IPv6", len(octets), HEADER_LENGTH)
    first, length, next_header, hop_limit, source, destination = LAYOUT.unpack_from(octets)
    if first >> 28 != 6:
        raise PacketError(f"IPv6: version is {first >> 28}, must be 6")
    require_length("IPv6", len(octets), HEADER_LENGTH + length, "its payload length")
    return Ipv6Packet(
        source=IPv6Address(source),
        destination=IPv6Address(destination),
        next_header=next_header,
        payload=bytes(octets[HEADER_LENGTH : HEADER_LENGTH + length]),
        hop_limit=hop_limit,
        traffic_class=first >> 20 & 0xFF,
        flow_label=first & 0xFFFFF,
    )


def emit(packet: Ipv6Packet) -> bytes:
    """The bytes of a packet."""
    buffer = bytearray(len(packet))
    emit_into(packet, buffer)
    return bytes(buffer)


def emit_into(packet: Ipv6Packet, buffer: bytearray) -> None:
    """Write a packet over the first `len(packet)` bytes of `buffer`. Raises `PacketError` if it is
    shorter.
    """
    require_space("IPv6", buffer, len(packet))
    LAYOUT.pack_into(
        buffer,
        0,
        6 << 28 | packet.traffic_class << 20 | packet.flow_label,
        len(packet.payload),
        packet.next_header,
        packet.hop_limit,
        packet.source.packed,
        packet.destination.packed,
    )
    buffer[HEADER_LENGTH : len(packet)] = packet.payload
