"""pcap: a header of 24 bytes, then packets with 16 bytes of header each (draft-ietf-opsawg-pcap).

The first four bytes tell the byte order and whether fractions of a second are micro- or nanoseconds. Nothing
separates packets and nothing can be checked but the plausibility of a length: a wrong length loses the rest.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from vtaplib.capture.block_piece import BlockPiece
from vtaplib.capture.record import ETHERNET, MAX_PACKET_LENGTH, CaptureInterface, name_of_link_type
from vtaplib.errors import CaptureError, TruncatedCaptureError
from vtaplib.loops.capture_records import (
    LENGTHS_IN_ORDER,
    LENGTHS_PERHAPS_SWAPPED,
    LENGTHS_SWAPPED,
    scan_pcap,
)

FILE_HEADER_LENGTH = 24
RECORD_HEADER_LENGTH = 16

MICROSECONDS_MAGIC = 0xA1B2C3D4
NANOSECONDS_MAGIC = 0xA1B23C4D

# Byte order and nanoseconds per unit of the fraction, by the file's first bytes.
_BY_MAGIC = {
    struct.pack(order + "I", magic): (order, scale)
    for order in "<>"
    for magic, scale in ((MICROSECONDS_MAGIC, 1_000), (NANOSECONDS_MAGIC, 1))
}

# Formats that borrowed pcap's looks; each has its own record header.
_RELATIVES = {
    struct.pack(order + "I", magic): name
    for order in "<>"
    for magic, name in (
        (0xA1B2CD34, "Kuznetzov's modified pcap"),
        (0xA1E2CB12, "Navtel's pcap"),
        (0xA1B2C3CD, "Alexey's old pcap"),
    )
}


# The order of a record's two lengths was changed with version 2.3, and some wrote that version with the old
# order. tcpdump of DG/UX says that it writes 543.0, and means one of the first (libpcap, sf-pcap.c).
_LENGTHS_BY_VERSION = {
    (2, 0): LENGTHS_SWAPPED,
    (2, 1): LENGTHS_SWAPPED,
    (2, 2): LENGTHS_SWAPPED,
    (2, 3): LENGTHS_PERHAPS_SWAPPED,
    (2, 4): LENGTHS_IN_ORDER,
    (543, 0): LENGTHS_SWAPPED,
}


@dataclass(frozen=True, slots=True)
class PcapHeader:
    """What the file header says."""

    order: str
    """`<` or `>`, as `struct` has it."""

    lengths_order: int
    """Which of a record's two lengths is the captured one, as `loops.capture_records` has it."""

    nanoseconds_per_unit: int
    snap_length: int
    link_type: int


def is_pcap(magic: bytes) -> bool:
    """Tell from four bytes whether a pcap, or one of its relatives, starts here."""
    return magic in _BY_MAGIC or magic in _RELATIVES


def parse_header(name: str, start: bytes) -> PcapHeader:
    """Return what the 24 bytes at the start of a pcap say; raise `CaptureError` unless they hold Ethernet."""
    if relative := _RELATIVES.get(start[:4]):
        raise CaptureError(
            name, f"is {relative}, which is not supported; convert it with: editcap -F pcap IN OUT", offset=0
        )
    if len(start) < FILE_HEADER_LENGTH:
        raise TruncatedCaptureError(
            name,
            f"cut off in its file header: {len(start)} of {FILE_HEADER_LENGTH} bytes",
            offset=0,
            record=None,
            present=len(start),
            expected=FILE_HEADER_LENGTH,
        )
    order, scale = _BY_MAGIC[start[:4]]
    major, minor, _zone, _accuracy, snap_length, network = struct.unpack_from(order + "HHiIII", start, 4)
    lengths_order = _LENGTHS_BY_VERSION.get((major, minor))
    if lengths_order is None:
        raise CaptureError(name, f"is pcap version {major}.{minor}; only 2.0 to 2.4 are supported", offset=4)
    # The upper half tells the length of a frame check sequence; the link type is the lower half.
    link_type = network & 0xFFFF
    if link_type != ETHERNET:
        raise CaptureError(
            name,
            f"has link type {name_of_link_type(link_type)}; only {name_of_link_type(ETHERNET)} can be tapped",
            offset=20,
        )
    return PcapHeader(order, lengths_order, scale, snap_length, link_type)


class PcapParser:
    """Reads the packets of one pcap; `interfaces` has its one interface."""

    format = "pcap"

    def __init__(self, piece: BlockPiece) -> None:
        piece.read_at_least(FILE_HEADER_LENGTH)
        self._header = parse_header(piece.name, bytes(piece.view[: min(piece.length, FILE_HEADER_LENGTH)]))
        piece.advance(FILE_HEADER_LENGTH, 0)
        self.interfaces = [CaptureInterface(self._header.link_type, self._header.snap_length)]
        self.skipped: dict[int, int] = {}

    def scan(self, piece: BlockPiece) -> int:
        """Put the packets of a piece into its block; return where the first record starts that is not whole.
        Raises `CaptureError` where no record can start.
        """
        header = self._header
        position = piece.scan(
            scan_pcap, 0, header.order == ">", header.lengths_order, header.nanoseconds_per_unit
        )
        captured = self._captured_length(piece, position)
        if captured > MAX_PACKET_LENGTH:
            raise piece.error(
                position,
                f"is not a packet: it claims {captured:,} bytes, and {MAX_PACKET_LENGTH:,} is the most there "
                "can be",
            )
        return position

    def expected(self, piece: BlockPiece) -> tuple[int, bool]:
        """How many bytes a piece must have for what it starts with, as far as is known; that is a packet."""
        return RECORD_HEADER_LENGTH + self._captured_length(piece, 0), True

    def _captured_length(self, piece: BlockPiece, position: int) -> int:
        """What the record at a position says, 0 where its header is not whole."""
        if piece.length - position < RECORD_HEADER_LENGTH:
            return 0
        header = self._header
        first, second = struct.unpack_from(header.order + "II", piece.buffer, position + 8)
        if header.lengths_order == LENGTHS_IN_ORDER:
            return int(first)
        return int(second if header.lengths_order == LENGTHS_SWAPPED else min(first, second))
