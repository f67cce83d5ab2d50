"""UDP, RFC 768: two ports, a length, a checksum that may be absent.

The checksum covers addresses that are not here, so it is a field like any other: zero says that the sender
made none, as a VXLAN sender should (RFC 7348, section 4.1). `checksum.transport_checksum` computes one.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from vtaplib.errors import PacketError
from vtaplib.packets.fields import require_length, require_space, require_unsigned

# source port, destination port, length, checksum
LAYOUT = struct.Struct(">HHHH")
HEADER_LENGTH = LAYOUT.size


@dataclass(frozen=True, slots=True)
class UdpDatagram:
    """A datagram; the length field covers header and payload."""

    source_port: int
    destination_port: int
    payload: bytes = b""
    checksum: int = 0

    def __post_init__(self) -> None:
        require_unsigned("UDP", "source port", self.source_port, 16)
        require_unsigned("UDP", "destination port", self.destination_port, 16)
        require_unsigned("UDP", "checksum", self.checksum, 16)
        require_unsigned("UDP", "length", len(self), 16)

    def __len__(self) -> int:
        return HEADER_LENGTH + len(self.payload)


def parse(octets: bytes) -> UdpDatagram:
    """Read a datagram; bytes past its length are not part of it. Raises `PacketError`."""
    require_length("UDP", len(octets), HEADER_LENGTH)
    source_port, destination_port, length, checksum = LAYOUT.unpack_from(octets)
    if length < HEADER_LENGTH:
        raise PacketError(f"UDP: length is {length}, must be at least {HEADER_LENGTH}")
    require_length("UDP", len(octets), length, "its length field")
    return UdpDatagram(source_port, destination_port, bytes(octets[HEADER_LENGTH:length]), checksum)


def emit(datagram: UdpDatagram) -> bytes:
    """The bytes of a datagram."""
    buffer = bytearray(len(datagram))
    emit_into(datagram, buffer)
    return bytes(buffer)


def emit_into(datagram: UdpDatagram, buffer: bytearray) -> None:
    """Write a datagram over the first `len(datagram)` bytes of `buffer`. Raises `PacketError` if it is
    shorter.
    """
    require_space("UDP", buffer, len(datagram))
    LAYOUT.pack_into(
        buffer, 0, datagram.source_port, datagram.destination_port, len(datagram), datagram.checksum
    )
    buffer[HEADER_LENGTH : len(datagram)] = datagram.payload
