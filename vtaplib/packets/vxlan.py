"""VXLAN, RFC 7348: an Ethernet frame in a UDP payload, and the network it belongs to.

The header says one thing, the VXLAN Network Identifier; all else is reserved: zero when sent, ignored when
received (section 5). The inner frame carries no FCS of its own.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from vtaplib.errors import PacketError
from vtaplib.packets.fields import require_length, require_space, require_unsigned

# flags, reserved, then VNI in the upper 24 bits of the last word
LAYOUT = struct.Struct(">B3xI")
HEADER_LENGTH = LAYOUT.size

# The I flag: "MUST be set to 1 for a valid VXLAN Network ID" (section 5).
VALID_VNI = 0x08

# A VNI has 24 bits (section 5).
LARGEST_VNI = (1 << 24) - 1

# Assigned by IANA (section 8).
PORT = 4789


@dataclass(frozen=True, slots=True)
class VxlanPacket:
    """An inner Ethernet frame and its 24-bit VNI."""

    vni: int
    frame: bytes = b""

    def __post_init__(self) -> None:
        require_unsigned("VXLAN", "VNI", self.vni, 24)

    def __len__(self) -> int:
        return HEADER_LENGTH + len(self.frame)


def parse(octets: bytes) -> VxlanPacket:
    """Read a packet; all that follows the header is the frame. Raises `PacketError` if the I flag is not
    set.
    """
    require_length("VXLAN", len(octets), HEADER_LENGTH)
    flags, vni_reserved = LAYOUT.unpack_from(octets)
    if not flags & VALID_VNI:
        raise PacketError(f"VXLAN: flags are {flags:#04x}, the I flag (0x08) must be set")
    return VxlanPacket(vni_reserved >> 8, bytes(octets[HEADER_LENGTH:]))


def emit(packet: VxlanPacket) -> bytes:
    """The bytes of a packet."""
    buffer = bytearray(len(packet))
    emit_into(packet, buffer)
    return bytes(buffer)


def emit_into(packet: VxlanPacket, buffer: bytearray) -> None:
    """Write a packet over the first `len(packet)` bytes of `buffer`. Raises `PacketError` if it is
    shorter.
    """
    require_space("VXLAN", buffer, len(packet))
    LAYOUT.pack_into(buffer, 0, VALID_VNI, packet.vni << 8)
    buffer[HEADER_LENGTH : len(packet)] = packet.frame
