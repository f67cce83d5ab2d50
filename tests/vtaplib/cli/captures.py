"""Captures for the command, written byte by byte, and the plain facts of a pcap that a test checks
against.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

FILE_HEADER_LENGTH = 24
RECORD_HEADER_LENGTH = 16
LINUX_SLL = 113
ETHERNET = 1


def pcap(frames: Iterable[bytes], link_type: int = ETHERNET) -> bytes:
    """A little-endian pcap with one frame a second (the tcpdump project's pcap-savefile(5))."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type)]
    for second, frame in enumerate(frames):
        parts.append(struct.pack("<IIII", second, 0, len(frame), len(frame)) + frame)
    return b"".join(parts)


def pcapng_of_two_link_types(frame: bytes) -> bytes:
    """A pcapng with an interface of Linux "cooked" packets and one of Ethernet; the frame on each, twice on
    the first (draft-ietf-opsawg-pcapng, sections 4.1 to 4.3).
    """
    blocks = [(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    blocks += [(1, struct.pack("<HHI", link_type, 0, 0)) for link_type in (LINUX_SLL, ETHERNET)]
    padded = frame + bytes(-len(frame) % 4)
    for interface in (0, 1, 0):
        blocks.append((6, struct.pack("<IIIII", interface, 0, 0, len(frame), len(frame)) + padded))
    return b"".join(
        struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
        for kind, body in blocks
    )


def records_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """The offset and the frame of every record of a little-endian pcap, read by its own structure, which is
    the same whether its times are in micro- or nanoseconds.
    """
    data = path.read_bytes()
    assert data[:4].hex() in ("d4c3b2a1", "4d3cb2a1")
    offset = FILE_HEADER_LENGTH
    while offset < len(data):
        (captured,) = struct.unpack_from("<I", data, offset + 8)
        start = offset + RECORD_HEADER_LENGTH
        yield offset, data[start : start + captured]
        offset = start + captured


def expected_copies(path: Path, tapped: Iterable[str]) -> list[bytes]:
    """The frames that taps on these addresses copy: one when the sender is tapped, one when the receiver is.

    Both addresses are read where an Ethernet frame without a VLAN tag has them (RFC 894, RFC 791).
    """
    addresses = {bytes(map(int, address.split("."))) for address in tapped}
    return [
        frame
        for _, frame in records_of(path)
        if frame[12:14] == b"\x08\x00"
        for address in (frame[26:30], frame[30:34])
        if address in addresses
    ]
