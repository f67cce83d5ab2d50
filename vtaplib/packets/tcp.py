"""TCP, RFC 9293: the header; a segment's end is the end of what carries it.

The checksum covers addresses that are not here, so it is a field like any other;
`checksum.transport_checksum` computes it. Reserved bits are kept as found: they must be ignored on receipt
(section 3.1).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from vtaplib.errors import PacketError
from vtaplib.packets.fields import require_length, require_options, require_space, require_unsigned

# source port, destination port, sequence, acknowledgment, offset and reserved, flags, window, checksum,
# urgent pointer
LAYOUT = struct.Struct(">HHIIBBHHH")
HEADER_LENGTH = LAYOUT.size

# Control bits (RFC 9293, section 3.1).
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))


@dataclass(frozen=True, slots=True)
class TcpSegment:
    """A segment."""

    source_port: int
    destination_port: int
    sequence: int = 0
    acknowledgment: int = 0
    flags: int = 0
    window: int = 0
    checksum: int = 0
    urgent_pointer: int = 0
    reserved: int = 0
    options: bytes = b""
    payload: bytes = b""

    def __post_init__(self) -> None:
        for name, value, bits in (
            ("source port", self.source_port, 16),
            ("destination port", self.destination_port, 16),
            ("sequence number", self.sequence, 32),
            ("acknowledgment number", self.acknowledgment, 32),
            ("flags", self.flags, 8),
            ("window", self.window, 16),
            ("checksum", self.checksum, 16),
            ("urgent pointer", self.urgent_pointer, 16),
            ("reserved bits", self.reserved, 4),
        ):
            require_unsigned("TCP", name, value, bits)
        require_options("TCP", self.options)

    @property
    def header_length(self) -> int:
        """The header's length in bytes, options included."""
        return HEADER_LENGTH + len(self.options)

    def __len__(self) -> int:
        return self.header_length + len(self.payload)


def parse(octets: bytes) -> TcpSegment:
    """Read a segment; all that follows the header is payload. Raises `PacketError`."""
    require_length("TCP", len(octets), HEADER_LENGTH)
    source_port, destination_port, sequence, acknowledgment, offset, flags, window, checksum, urgent = (
        LAYOUT.unpack_from(octets)
    )
    header_length = (offset >> 4) * 4
    if header_length < HEADER_LENGTH:
        raise PacketError(f"TCP: data offset is {header_length} bytes, must be at least {HEADER_LENGTH}")
    require_length("TCP", len(octets), header_length, "its data offset")
    return TcpSegment(
        source_port=source_port,
        destination_port=destination_port,
        sequence=sequence,
        acknowledgment=acknowledgment,
        flags=flags,
        window=window,
        checksum=checksum,
        urgent_pointer=urgent,
        reserved=offset & 0x0F,
        options=bytes(octets[HEADER_LENGTH:header_length]),
        payload=bytes(octets[header_length:]),
    )


def emit(segment: TcpSegment) -> bytes:
    """The bytes of a segment."""
    buffer = bytearray(len(segment))
    emit_into(segment, buffer)
    return bytes(buffer)


def emit_into(segment: TcpSegment, buffer: bytearray) -> None:
    """Write a segment over the first `len(segment)` bytes of `buffer`. Raises `PacketError` if it is
    shorter.
    """
    require_space("TCP", buffer, len(segment))
    LAYOUT.pack_into(
        buffer,
        0,
        segment.source_port,
        segment.destination_port,
        segment.sequence,
        segment.acknowledgment,
        segment.header_length // 4 << 4 | segment.reserved,
        segment.flags,
        segment.window,
        segment.checksum,
        segment.urgent_pointer,
    )
    buffer[HEADER_LENGTH : segment.header_length] = segment.options
    buffer[segment.header_length : len(segment)] = segment.payload
