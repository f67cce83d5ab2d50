"""Ethernet II (IEEE 802.3, clause 3): two MAC addresses, an EtherType, a payload; no preamble, no FCS.

VLAN tags (IEEE 802.1Q) are left in the payload: the EtherType then is the tag's. `TAGS` says what a tag is,
here and in the loops, which import nothing and are held to it by a test.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from vtaplib.errors import PacketError, require_type
from vtaplib.packets.fields import require_length, require_space, require_unsigned

# destination, source, EtherType
LAYOUT = struct.Struct(">6s6sH")
HEADER_LENGTH = LAYOUT.size

# EtherTypes, from IANA's "IEEE 802 Numbers".
IPV4 = 0x0800
ARP = 0x0806
VLAN = 0x8100
PROVIDER_VLAN = 0x88A8
IPV6 = 0x86DD
# What switches put before a second tag until 802.1ad; never registered (<linux/if_ether.h>).
OLD_PROVIDER_VLAN = 0x9100

TAGS = frozenset((VLAN, PROVIDER_VLAN, OLD_PROVIDER_VLAN))
"""The EtherTypes of VLAN tags, which tshark, Suricata and libpcap read too. Of 0x9200 and 0x9300, which some
switches can be set to, none of them does."""

MAC_TEXT = re.compile(r"(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}")


def require_frame(frame: object) -> None:
    """Raise `WrongTypeError` for a frame that is not given as bytes, which any are."""
    require_type("a frame", frame, (bytes, bytearray, memoryview), "give its bytes: Ethernet without FCS")


@dataclass(frozen=True, slots=True)
class EthernetFrame:
    """A frame; MAC addresses are 6 bytes each."""

    destination: bytes
    source: bytes
    ethertype: int
    payload: bytes = b""

    def __post_init__(self) -> None:
        for name, mac in (("destination", self.destination), ("source", self.source)):
            if len(mac) != 6:
                raise PacketError(f"Ethernet: {name} is {len(mac)} bytes ({mac.hex()}), a MAC address has 6")
        require_unsigned("Ethernet", "EtherType", self.ethertype, 16)

    def __len__(self) -> int:
        return HEADER_LENGTH + len(self.payload)


def parse(octets: bytes) -> EthernetFrame:
    """Read a frame; all that follows the header is payload. Raises `PacketError` on fewer than 14 bytes."""
    require_length("Ethernet", len(octets), HEADER_LENGTH)
    destination, source, ethertype = LAYOUT.unpack_from(octets)
    return EthernetFrame(destination, source, ethertype, bytes(octets[HEADER_LENGTH:]))


def skip_tags(octets: bytes) -> tuple[int, int]:
    """Where a frame's content begins, behind any VLAN tags, and its EtherType, -1 if that is cut off. Any
    bytes have one.
    """
    at, length = HEADER_LENGTH, len(octets)
    ethertype = octets[12] << 8 | octets[13] if length >= at else -1
    while ethertype in TAGS:
        if length < at + 4:
            return at, -1
        ethertype = octets[at + 2] << 8 | octets[at + 3]
        at += 4
    return at, ethertype


def emit(frame: EthernetFrame) -> bytes:
    """The bytes of a frame."""
    buffer = bytearray(len(frame))
    emit_into(frame, buffer)
    return bytes(buffer)


def emit_into(frame: EthernetFrame, buffer: bytearray) -> None:
    """Write a frame over the first `len(frame)` bytes of `buffer`. Raises `PacketError` if it is shorter."""
    require_space("Ethernet", buffer, len(frame))
    LAYOUT.pack_into(buffer, 0, frame.destination, frame.source, frame.ethertype)
    buffer[HEADER_LENGTH : len(frame)] = frame.payload


def mac_from_text(text: str) -> bytes:
    """Six bytes of a MAC address written with colons or, as Azure does, hyphens. Raises `PacketError`."""
    if not MAC_TEXT.fullmatch(text):
        raise PacketError(
            f"{text!r} is not a MAC address; write it as 00:0d:3a:12:34:56 or 00-0D-3A-12-34-56"
        )
    return bytes.fromhex(text.replace("-", "").replace(":", ""))


def mac_to_text(mac: bytes) -> str:
    """A MAC address in lower case with colons."""
    return mac.hex(":")
