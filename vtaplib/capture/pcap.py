"""pcap: a header of 24 bytes, then packets with 16 bytes of header each (draft-ietf-opsawg-pcap).

The first four bytes tell the byte order and whether fractions of a second are micro- or nanoseconds. Nothing
separates packets and nothing can be checked but the plausibility of a length: a wrong length loses the rest.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from vtaplib.capture.block_piece import BlockPiece
from vtaplib.capture.record import ETHERNET, MAX_PACKET_LENGTH, Batch, CaptureInterface, name_of_link_type
from vtaplib.capture.source import ByteSource
from vtaplib.errors import CaptureError, TruncatedCaptureError
from vtaplib.loops.capture_records import scan_pcap
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.nanoseconds import NS_PER_SECOND

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


@dataclass(frozen=True, slots=True)
class PcapHeader:
    """What the file header says."""

    order: str
    """`<` or `>`, as `struct` has it."""

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
    # Before 2.4 the two lengths of a record could be swapped (libpcap's sf-pcap.c tells); nobody writes
    # those.
    if (major, minor) != (2, 4):
        raise CaptureError(name, f"is pcap version {major}.{minor}; only 2.4 is supported", offset=4)
    # The upper half tells the length of a frame check sequence; the link type is the lower half.
    link_type = network & 0xFFFF
    if link_type != ETHERNET:
        raise CaptureError(
            name,
            f"has link type {name_of_link_type(link_type)}; only {name_of_link_type(ETHERNET)} can be tapped",
            offset=20,
        )
    return PcapHeader(order, scale, snap_length, link_type)


class PcapParser:
    """Reads the packets of one pcap; `interfaces` has its one interface."""

    format = "pcap"

    def __init__(self, source: ByteSource, start: bytes) -> None:
        start = source.read_at_least(FILE_HEADER_LENGTH, start)
        self._header = parse_header(source.name, start)
        self._source = source
        self._start = start[FILE_HEADER_LENGTH:]
        self.interfaces = [CaptureInterface(self._header.link_type, self._header.snap_length)]
        self.skipped: dict[int, int] = {}

    def batches(self) -> Iterator[tuple[Batch, list[int] | None]]:
        """Yield the packets of one piece of the file at a time; all of them are of interface 0."""
        unpack = struct.Struct(self._header.order + "IIII").unpack_from
        scale = self._header.nanoseconds_per_unit
        source, piece, self._start = self._source, self._start, b""
        piece_offset = FILE_HEADER_LENGTH
        records = 0
        while True:
            packets = Batch([], [], [])
            add_timestamp, add_data = packets.timestamps_ns.append, packets.data.append
            add_original_length = packets.original_lengths.append
            length = len(piece)
            last_header = length - RECORD_HEADER_LENGTH
            position = 0
            captured = 0
            while position <= last_header:
                seconds, fraction, captured, original = unpack(piece, position)
                data_at = position + 16
                end = data_at + captured
                if end > length or captured > MAX_PACKET_LENGTH:
                    break
                add_timestamp(seconds * NS_PER_SECOND + fraction * scale)
                add_data(piece[data_at:end])
                add_original_length(original)
                position = end
            else:
                captured = 0
            records += len(packets)
            if packets:
                yield packets, None
            if captured > MAX_PACKET_LENGTH:
                raise self._no_packet(captured, piece_offset + position, records + 1)
            piece_offset += position
            rest = piece[position:]
            piece = source.read_at_least(len(rest) + 1, rest)
            if len(piece) == len(rest):
                break
        if rest or source.ended_inside_gzip:
            raise self._truncated(rest, piece_offset, records + 1)

    def blocks(self) -> Iterator[PacketBlock]:
        """Yield the same packets as a block for each piece of the file."""
        is_big, scale = self._header.order == ">", self._header.nanoseconds_per_unit
        piece, self._start = BlockPiece(self._source, self._start), b""
        piece_offset = FILE_HEADER_LENGTH
        records = 0
        while True:
            block = piece.block
            block.count = 0
            position = 0
            while True:
                position, block.count = scan_pcap(
                    piece.buffer, position, piece.length, is_big, scale, *piece.columns, block.count
                )
                if block.count < block.room:
                    break
                piece.make_room()
            records += block.count
            if block.count:
                yield block
            piece_offset += position
            rest = piece.advance(position)
            if rest >= RECORD_HEADER_LENGTH:
                (captured,) = struct.unpack_from(self._header.order + "I", piece.buffer, 8)
                if captured > MAX_PACKET_LENGTH:
                    raise self._no_packet(captured, piece_offset, records + 1)
            if piece.read_at_least(rest + 1) == rest:
                break
        if rest or self._source.ended_inside_gzip:
            raise self._truncated(bytes(piece.view[:rest]), piece_offset, records + 1)

    def _no_packet(self, captured: int, offset: int, record: int) -> CaptureError:
        return CaptureError(
            self._source.name,
            f"record {record:,} at byte {offset:,} is not a packet: it claims "
            f"{captured:,} bytes, and {MAX_PACKET_LENGTH:,} is the most there can be",
            offset=offset,
            record=record,
        )

    def _truncated(self, rest: bytes, offset: int, record: int) -> TruncatedCaptureError:
        expected = RECORD_HEADER_LENGTH
        if len(rest) >= RECORD_HEADER_LENGTH:
            (captured,) = struct.unpack_from(self._header.order + "I", rest, 8)
            expected += captured
        name = self._source.name
        cut = f"cut off in record {record:,} at byte {offset:,}: {len(rest):,} of {expected:,} bytes"
        if not rest:
            cut = f"cut off before record {record:,} at byte {offset:,}: its gzip data does not end"
        return TruncatedCaptureError(
            name, cut, offset=offset, record=record, present=len(rest), expected=expected
        )
