"""pcapng: sections of blocks, each with its length at both ends (draft-ietf-opsawg-pcapng).

A section has its own byte order and its own numbering of interfaces; an interface has its own link type and
clock. Blocks of a kind that is not known here are passed over: the length says how far.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterator

from vtaplib.capture.block_piece import BlockPiece
from vtaplib.capture.pcapng_interface import InterfaceClock, parse_interface
from vtaplib.capture.record import ETHERNET, MAX_PACKET_LENGTH, Batch, CaptureInterface, name_of_link_type
from vtaplib.capture.source import ByteSource
from vtaplib.errors import CaptureError, TruncatedCaptureError
from vtaplib.loops.capture_records import scan_pcapng
from vtaplib.packets.block import PacketBlock

SECTION_HEADER = 0x0A0D0D0A
INTERFACE_DESCRIPTION = 1
OBSOLETE_PACKET = 2
SIMPLE_PACKET = 3
ENHANCED_PACKET = 6

PACKET_BLOCKS = (ENHANCED_PACKET, SIMPLE_PACKET, OBSOLETE_PACKET)

BYTE_ORDER_MAGIC = 0x1A2B3C4D

BLOCK_OVERHEAD = 12
"""Type, length, and length again: the least that a block can have."""

MAX_BLOCK_LENGTH = 1 << 24
"""A longer block is taken for garbage, as Wireshark does; it bounds what is held in memory."""

# What stands before the packet's data, block overhead included.
_ENHANCED_BEFORE_DATA = 28
_SIMPLE_BEFORE_DATA = 12
_LENGTH_AT_END = 4


def is_pcapng(magic: bytes) -> bool:
    """Tell from four bytes whether a pcapng starts here; they read the same in both byte orders."""
    return magic == SECTION_HEADER.to_bytes(4, "big")


# What takes a packet: time, where in the piece it starts, its captured and its original length, and the index
# of its interface.
AddPacket = Callable[[int, int, int, int, int], None]


class PcapngParser:
    """Reads the packets of one pcapng; `interfaces` grows as they are described."""

    format = "pcapng"

    def __init__(self, source: ByteSource, start: bytes, skip_other_link_types: bool) -> None:
        self.interfaces: list[CaptureInterface] = []
        self.skipped: dict[int, int] = {}
        self._source = source
        self._skip_other_link_types = skip_other_link_types
        self._start = start
        self._order = "<"
        # Where this section's interface 0 is in `interfaces`.
        self._section_base = 0
        self._clocks: list[InterfaceClock] = []
        # Nanoseconds per tick of each of the section's interfaces, 0 for those that need more than a product.
        self._scales: list[int] = []
        self._piece_offset = 0
        self._records = 0
        # Bytes of the block that did not fit the piece, as far as is known.
        self._wanted = 0
        start = source.read_at_least(BLOCK_OVERHEAD, start)
        if len(start) >= BLOCK_OVERHEAD:
            self._order = self._order_of_section(start, 0)
        self._start = start

    def batches(self) -> Iterator[tuple[Batch, list[int] | None]]:
        """Yield the packets of one piece of the file at a time, and the index of each one's interface."""
        source, piece, self._start = self._source, self._start, b""
        while True:
            packets = Batch([], [], [])
            interfaces: list[int] = []
            trouble: CaptureError | None = None
            position = 0
            try:
                position = self._parse_piece(piece, packets, interfaces)
            except CaptureError as error:
                # What came before the trouble is good, and is given first.
                trouble = error
            self._records += len(packets)
            if packets:
                yield packets, interfaces
            if trouble is not None:
                raise trouble
            self._piece_offset += position
            rest = piece[position:]
            piece = source.read_at_least(max(len(rest) + 1, self._wanted), rest)
            if len(piece) < max(len(rest) + 1, self._wanted):
                break
        if piece or source.ended_inside_gzip:
            raise self._truncated(piece)

    def blocks(self) -> Iterator[PacketBlock]:
        """Yield the same packets as a block for each piece of the file."""
        source, self._start = BlockPiece(self._source, self._start), b""
        while True:
            trouble: CaptureError | None = None
            position = 0
            try:
                position = self._scan_piece(source)
            except CaptureError as error:
                trouble = error
            self._records += source.block.count
            if source.block.count:
                yield source.block
            if trouble is not None:
                raise trouble
            self._piece_offset += position
            rest = source.advance(position)
            wanted = max(rest + 1, self._wanted)
            if source.read_at_least(wanted) < wanted:
                break
        if source.length or self._source.ended_inside_gzip:
            raise self._truncated(bytes(source.view[: source.length]))

    def _scan_piece(self, piece: BlockPiece) -> int:
        """Put the packets of the whole blocks of a piece into its columns; return where the first block not
        whole starts.
        """
        self._wanted = 0
        piece.block.count = 0
        position: int = 0
        while True:
            is_big, scales = self._order == ">", array("q", self._scales)
            while True:
                position, piece.block.count = scan_pcapng(
                    piece.buffer,
                    position,
                    piece.length,
                    is_big,
                    scales,
                    self._section_base,
                    *piece.columns,
                    piece.block.count,
                )
                if piece.block.count < piece.block.room:
                    break
                piece.make_room()
            after = self._parse_block(piece.view[: piece.length], position, piece.block.count, piece.add)
            if after == position:
                return position
            position = after

    def _parse_piece(self, piece: bytes, packets: Batch, interfaces: list[int]) -> int:
        """Append the packets of the whole blocks in `piece`; return where the first block not whole starts.

        The loop is for Enhanced Packet Blocks of Ethernet with a decimal clock, which is nearly all of
        nearly all files; everything else goes through `_parse_block`.
        """
        self._wanted = 0
        length = len(piece)
        position = 0
        add_timestamp, add_data = packets.timestamps_ns.append, packets.data.append
        add_original_length, add_interface = packets.original_lengths.append, interfaces.append

        def add(time_ns: int, start: int, captured: int, original_length: int, index: int) -> None:
            add_timestamp(time_ns)
            add_data(piece[start : start + captured])
            add_original_length(original_length)
            add_interface(index)

        while True:
            # Both may have changed when another block was read.
            order, base, scales = self._order, self._section_base, self._scales
            unpack = struct.Struct(order + "7I").unpack_from
            unpack_length = struct.Struct(order + "I").unpack_from
            count = len(scales)
            last_start = length - _ENHANCED_BEFORE_DATA - _LENGTH_AT_END
            while position <= last_start:
                kind, total, interface, high, low, captured, original = unpack(piece, position)
                end = position + total
                if kind != ENHANCED_PACKET or end > length or captured + 32 > total or interface >= count:
                    break
                scale = scales[interface]
                if not scale or captured > MAX_PACKET_LENGTH or unpack_length(piece, end - 4)[0] != total:
                    break
                data_at = position + 28
                add_timestamp((high << 32 | low) * scale)
                add_data(piece[data_at : data_at + captured])
                add_original_length(original)
                add_interface(base + interface)
                position = end
            after = self._parse_block(piece, position, len(packets), add)
            if after == position:
                return position
            position = after

    def _parse_block(self, piece: bytes | memoryview, position: int, packets: int, add: AddPacket) -> int:
        """Take one block of any kind, after so many packets of this piece; return where the next starts, or
        `position` if it is not whole.
        """
        available = len(piece) - position
        if available < BLOCK_OVERHEAD:
            return position
        (kind,) = struct.unpack_from(self._order + "I", piece, position)
        offset = self._piece_offset + position
        if kind == SECTION_HEADER:
            self._order = self._order_of_section(piece, position)
        total: int = struct.unpack_from(self._order + "I", piece, position + 4)[0]
        if not BLOCK_OVERHEAD <= total <= MAX_BLOCK_LENGTH:
            raise self._garbage(
                offset,
                packets,
                f"is not a pcapng block: it claims {total:,} bytes, "
                f"and {BLOCK_OVERHEAD} to {MAX_BLOCK_LENGTH:,} are possible",
            )
        if total > available:
            self._wanted = total
            return position
        end = position + total
        (total_again,) = struct.unpack_from(self._order + "I", piece, end - _LENGTH_AT_END)
        if total_again != total:
            raise self._garbage(
                offset,
                packets,
                f"claims {total:,} bytes at its start and {total_again:,} at its end",
            )
        body = bytes(piece[position + 8 : end - _LENGTH_AT_END])
        if kind == SECTION_HEADER:
            self._start_section(body, offset)
        elif kind == INTERFACE_DESCRIPTION:
            interface, clock = parse_interface(body, self._order, self._source.name, offset)
            self.interfaces.append(interface)
            self._clocks.append(clock)
            simple = interface.link_type == ETHERNET and clock.is_product
            self._scales.append(clock.numerator if simple else 0)
        elif kind in PACKET_BLOCKS:
            self._parse_packet(kind, body, position, packets, add)
        return end

    def _parse_packet(self, kind: int, body: bytes, position: int, packets: int, add: AddPacket) -> None:
        """Add the packet of a block whose length is right, or leave it out because of its link type."""
        offset = self._piece_offset + position
        before_data = (_SIMPLE_BEFORE_DATA if kind == SIMPLE_PACKET else _ENHANCED_BEFORE_DATA) - 8
        if len(body) < before_data:
            raise self._garbage(
                offset, packets, f"is too short for a packet: {len(body) + BLOCK_OVERHEAD} bytes"
            )
        interface, high, low = 0, 0, 0
        if kind == ENHANCED_PACKET:
            interface, high, low, captured, original = struct.unpack_from(self._order + "5I", body)
        elif kind == OBSOLETE_PACKET:
            interface, _drops, high, low, captured, original = struct.unpack_from(self._order + "HH4I", body)
        else:
            (original,) = struct.unpack_from(self._order + "I", body)
            captured = min(original, len(body) - before_data)
        if interface >= len(self._clocks):
            raise self._garbage(
                offset,
                packets,
                f"is of interface {interface}, and its section has described {len(self._clocks)}",
            )
        index = self._section_base + interface
        described = self.interfaces[index]
        if kind == SIMPLE_PACKET and described.snap_length:
            captured = min(captured, described.snap_length)
        if captured > min(MAX_PACKET_LENGTH, len(body) - before_data):
            raise self._garbage(
                offset,
                packets,
                f"claims {captured:,} bytes of packet; {len(body) - before_data:,} are there, "
                f"and {MAX_PACKET_LENGTH:,} is the most there can be",
            )
        if described.link_type != ETHERNET:
            self._leave_out(described, index, offset, packets)
            return
        # A Simple Packet Block has no time (section 4.4): it gets 0.
        timestamp_ns = 0 if kind == SIMPLE_PACKET else self._clocks[interface].to_ns(high << 32 | low)
        add(timestamp_ns, position + 8 + before_data, captured, original, index)

    def _leave_out(self, interface: CaptureInterface, index: int, offset: int, packets: int) -> None:
        if not self._skip_other_link_types:
            name = f" ({interface.name!r})" if interface.name else ""
            raise CaptureError(
                self._source.name,
                f"interface {index}{name} has link type {name_of_link_type(interface.link_type)} and a "
                f"packet at byte {offset:,}; only {name_of_link_type(ETHERNET)} can be tapped",
                offset=offset,
                record=self._records + packets + 1,
            )
        self.skipped[interface.link_type] = self.skipped.get(interface.link_type, 0) + 1

    def _start_section(self, body: bytes, offset: int) -> None:
        """Forget the interfaces of the section before."""
        if len(body) < 16:
            raise self._garbage(offset, 0, "is too short for a section header")
        (major,) = struct.unpack_from(self._order + "H", body, 4)
        if major != 1:
            raise CaptureError(
                self._source.name,
                f"is pcapng version {major} from byte {offset:,} on; only 1 is supported",
                offset=offset,
            )
        self._section_base = len(self.interfaces)
        self._clocks = []
        self._scales = []

    def _order_of_section(self, piece: bytes | memoryview, position: int) -> str:
        magic = bytes(piece[position + 8 : position + 12])
        for order in "<>":
            if magic == struct.pack(order + "I", BYTE_ORDER_MAGIC):
                return order
        raise self._garbage(
            self._piece_offset + position, 0, f"has no byte order: {magic.hex(' ')} instead of 1a 2b 3c 4d"
        )

    def _garbage(self, offset: int, packets: int, trouble: str) -> CaptureError:
        """Return the error for a block at `offset` that comes after `packets` packets of this piece."""
        return CaptureError(
            self._source.name,
            f"the block at byte {offset:,} {trouble}",
            offset=offset,
            record=self._records + packets + 1,
        )

    def _truncated(self, rest: bytes) -> TruncatedCaptureError:
        offset, record = self._piece_offset, self._records + 1
        kind = struct.unpack_from(self._order + "I", rest)[0] if len(rest) >= 4 else None
        expected = max(self._wanted, BLOCK_OVERHEAD)
        if kind in PACKET_BLOCKS:
            cut = f"cut off in record {record:,} at byte {offset:,}: {len(rest):,} of {expected:,} bytes"
        elif rest:
            cut = f"cut off in a block at byte {offset:,}: {len(rest):,} of {expected:,} bytes"
        else:
            cut = f"cut off before record {record:,} at byte {offset:,}: its gzip data does not end"
        return TruncatedCaptureError(
            self._source.name, cut, offset=offset, record=record, present=len(rest), expected=expected
        )
