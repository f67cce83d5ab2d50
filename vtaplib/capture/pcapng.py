"""pcapng: sections of blocks, each with its length at both ends (draft-ietf-opsawg-pcapng).

A section has its own byte order and its own numbering of interfaces; an interface has its own link type and
clock. Blocks of a kind that is not known here are passed over: the length says how far.
"""

from __future__ import annotations

import struct
from array import array

from vtaplib.capture.block_piece import LATEST_NS, BlockPiece
from vtaplib.capture.pcapng_interface import NO_LOOPS, InterfaceClock, parse_interface
from vtaplib.capture.record import ETHERNET, MAX_PACKET_LENGTH, CaptureInterface, name_of_link_type
from vtaplib.loops.capture_records import scan_pcapng

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

# Byte order, version and length of the section.
_SECTION_BODY = 16


def is_pcapng(magic: bytes) -> bool:
    """Tell from four bytes whether a pcapng starts here; they read the same in both byte orders."""
    return magic == SECTION_HEADER.to_bytes(4, "big")


class PcapngParser:
    """Reads the packets of one pcapng; `interfaces` grows as they are described."""

    format = "pcapng"

    def __init__(self, piece: BlockPiece, skip_other_link_types: bool) -> None:
        self.interfaces: list[CaptureInterface] = []
        self.skipped: dict[int, int] = {}
        self._skip_other_link_types = skip_other_link_types
        self._order = "<"
        # Where this section's interface 0 is in `interfaces`.
        self._section_base = 0
        self._clocks: list[InterfaceClock] = []
        # The same as loops take them; those of another link type are left to others.
        self._loop_clocks = array("q")
        if piece.read_at_least(BLOCK_OVERHEAD) >= BLOCK_OVERHEAD:
            self._order = _order_of_section(piece, 0)

    def scan(self, piece: BlockPiece) -> int:
        """Put the packets of the whole blocks of a piece into its block; return where the first block starts
        that is not whole. Raises `CaptureError` where no block can start, or one is not what it must be.

        The loop is for Enhanced Packet Blocks of Ethernet, which is nearly all of nearly all files;
        everything else goes through `_take_block`.
        """
        position = 0
        while True:
            # Any of these may have changed when another block was read.
            fields = self._order == ">", self._loop_clocks, self._section_base
            position = piece.scan(scan_pcapng, position, *fields)
            after = self._take_block(piece, position)
            if after == position:
                return position
            position = after

    def expected(self, piece: BlockPiece) -> tuple[int, bool]:
        """How many bytes a piece must have for what it starts with, as far as is known, and whether that is a
        packet.
        """
        kind = self._number(piece, 0) if piece.length >= 4 else None
        total = self._number(piece, 4) if piece.length >= BLOCK_OVERHEAD else BLOCK_OVERHEAD
        return _padded(total), kind in PACKET_BLOCKS

    def _number(self, piece: BlockPiece, position: int) -> int:
        """The four bytes at a position."""
        return int(struct.unpack_from(self._order + "I", piece.buffer, position)[0])

    def _take_block(self, piece: BlockPiece, position: int) -> int:
        """Take one block of any kind; return where the next starts, or `position` if it is not whole."""
        available = piece.length - position
        if available < BLOCK_OVERHEAD:
            return position
        kind = self._number(piece, position)
        is_packet = kind in PACKET_BLOCKS
        if kind == SECTION_HEADER:
            self._order = _order_of_section(piece, position)
        total = _padded(self._number(piece, position + 4))
        if not BLOCK_OVERHEAD <= total <= MAX_BLOCK_LENGTH:
            raise piece.error(
                position,
                f"is not a pcapng block: it claims {total:,} bytes, and {BLOCK_OVERHEAD} to "
                f"{MAX_BLOCK_LENGTH:,} are possible",
                is_packet=is_packet,
            )
        if total > available:
            return position
        end = position + total
        total_again = _padded(self._number(piece, end - _LENGTH_AT_END))
        if total_again != total:
            raise piece.error(
                position,
                f"claims {total:,} bytes at its start and {total_again:,} at its end",
                is_packet=is_packet,
            )
        body = bytes(piece.view[position + 8 : end - _LENGTH_AT_END])
        if is_packet:
            self._take_packet(piece, position, kind, body)
        elif kind == SECTION_HEADER:
            self._start_section(piece, position, body)
        elif kind == INTERFACE_DESCRIPTION:
            try:
                interface, clock = parse_interface(body, self._order)
            except ValueError as error:
                raise piece.error(position, str(error), is_packet=False) from error
            self.interfaces.append(interface)
            self._clocks.append(clock)
            self._loop_clocks.extend(clock.for_loops if interface.link_type == ETHERNET else NO_LOOPS)
        return end

    def _take_packet(self, piece: BlockPiece, position: int, kind: int, body: bytes) -> None:
        """Add the packet of a block whose length is right, or leave it out because of its link type."""
        before_data = (_SIMPLE_BEFORE_DATA if kind == SIMPLE_PACKET else _ENHANCED_BEFORE_DATA) - 8
        if len(body) < before_data:
            raise piece.error(position, f"is too short for a packet: {len(body) + BLOCK_OVERHEAD} bytes")
        interface, high, low = 0, 0, 0
        if kind == ENHANCED_PACKET:
            interface, high, low, captured, original = struct.unpack_from(self._order + "5I", body)
        elif kind == OBSOLETE_PACKET:
            interface, _drops, high, low, captured, original = struct.unpack_from(self._order + "HH4I", body)
        else:
            (original,) = struct.unpack_from(self._order + "I", body)
            captured = min(original, len(body) - before_data)
        if interface >= len(self._clocks):
            raise piece.error(
                position, f"is of interface {interface}, and its section has described {len(self._clocks)}"
            )
        number = self._section_base + interface
        described = self.interfaces[number]
        if kind == SIMPLE_PACKET and described.snap_length:
            captured = min(captured, described.snap_length)
        if captured > min(MAX_PACKET_LENGTH, len(body) - before_data):
            raise piece.error(
                position,
                f"claims {captured:,} bytes of packet; {len(body) - before_data:,} are there, and "
                f"{MAX_PACKET_LENGTH:,} is the most there can be",
            )
        if described.link_type != ETHERNET:
            if not self._skip_other_link_types:
                name = f" ({described.name!r})" if described.name else ""
                raise piece.error(
                    position,
                    f"is of interface {number}{name}, which has link type "
                    f"{name_of_link_type(described.link_type)}; only {name_of_link_type(ETHERNET)} can be "
                    "tapped",
                )
            self.skipped[described.link_type] = self.skipped.get(described.link_type, 0) + 1
            return
        # A Simple Packet Block has no time (section 4.4): it gets 0.
        time_ns = 0 if kind == SIMPLE_PACKET else self._clocks[interface].to_ns(high << 32 | low)
        if not 0 <= time_ns <= LATEST_NS:
            raise piece.error(
                position,
                f"has a time that is not between 1970 and 2262: {time_ns:,} ns since 1970; leave it out, or "
                "set times right, with editcap",
            )
        piece.add(time_ns, position + 8 + before_data, captured, original, number)

    def _start_section(self, piece: BlockPiece, position: int, body: bytes) -> None:
        """Forget the interfaces of the section before."""
        if len(body) < _SECTION_BODY:
            raise piece.error(position, "is too short for a section header", is_packet=False)
        version = struct.unpack_from(self._order + "HH", body, 4)
        # Some wrote 1.2 and meant 1.0. What came after would have blocks of another form (section 4.1).
        if version not in ((1, 0), (1, 2)):
            raise piece.error(
                position,
                f"begins a section of pcapng version {version[0]}.{version[1]}; only 1.0 is supported",
                is_packet=False,
            )
        self._section_base = len(self.interfaces)
        self._clocks = []
        self._loop_clocks = array("q")


def _order_of_section(piece: BlockPiece, position: int) -> str:
    magic = bytes(piece.view[position + 8 : position + 12])
    for order in "<>":
        if magic == struct.pack(order + "I", BYTE_ORDER_MAGIC):
            return order
    raise piece.error(
        position, f"has no byte order: {magic.hex(' ')} instead of 1a 2b 3c 4d", is_packet=False
    )


def _padded(length: int) -> int:
    """The length of a block with the padding at its end, which some writers have left out of it; Wireshark
    reads those.
    """
    return length + 3 & ~3
