"""A piece of a capture as a block: one buffer that is read into again and again.

What is left of a piece, because it is not whole, is moved to the front, and the next piece is read behind it.
The buffer grows where one packet needs that, and the columns where there are more packets than they have
room for.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable

from vtaplib.capture.source import ByteSource
from vtaplib.errors import CaptureError, TruncatedCaptureError
from vtaplib.packets.block import COLUMNS, PacketBlock

READ = 1 << 20
"""Bytes read at a time: per packet nothing is made, and what a piece costs in Python, some 20 microseconds,
is felt by large packets if there are few to share it.
"""

PACKETS = READ // 64
"""Room for the packets of a piece: those of 64 bytes, with their records around them, are fewer."""

LATEST_NS = (1 << 63) - 1
"""The latest time that columns have room for, in April 2262. The earliest is 0, the beginning of 1970: no
format of captures can write one before."""


class BlockPiece:
    """The bytes of a piece, `length` of `buffer`, and the block of its packets.

    `offset` is where the piece starts in the capture, `records` how many packets came before it.
    """

    def __init__(self, source: ByteSource) -> None:
        self.name = source.name
        self.length = 0
        self.offset = 0
        self.records = 0
        self.buffer = bytearray(2 * READ)
        self.view = memoryview(self.buffer)
        self.block = PacketBlock(self.buffer, PACKETS)
        self._source = source
        self._columns: list[array[int]] = [getattr(self.block, name) for name in COLUMNS]

    def advance(self, position: int, records: int) -> None:
        """Let the piece start at a position, behind so many packets."""
        rest = self.length - position
        self.view[:rest] = bytes(self.view[position : self.length])
        self.length = rest
        self.offset += position
        self.records += records
        self.block.count = 0

    def read_at_least(self, count: int) -> int:
        """Read on until there are `count` bytes or more, or the end comes; returns how many there are."""
        while self.length < count:
            if len(self.buffer) - self.length < READ:
                self._grow()
            read = self._source.read_into(self.view[self.length : self.length + READ])
            if not read:
                break
            self.length += read
        return self.length

    def scan(self, scan: Callable[..., tuple[int, int]], position: int, *fields: object) -> int:
        """Let a loop of `vtaplib.loops.capture_records` add the packets from a position on, given the fields
        that it needs; returns where it stopped.
        """
        block = self.block
        while True:
            position, block.count = scan(
                self.buffer, position, self.length, *fields, *self._columns, block.count
            )
            if block.count < block.room:
                return position
            self._make_room()

    def add(self, time_ns: int, start: int, captured: int, original_length: int, interface: int) -> None:
        """Add a packet that the loops leave to others."""
        block = self.block
        if block.count == block.room:
            self._make_room()
        values = time_ns, start, captured, original_length, interface, 0
        for column, value in zip(self._columns, values, strict=True):
            column[block.count] = value
        block.count += 1

    def error(self, position: int, trouble: str, *, is_packet: bool = True) -> CaptureError:
        """The error for a packet at a position, or for something else before the next one, whose trouble is
        told.
        """
        record, offset = f"record {self.record:,}", f"at byte {self.offset + position:,}"
        place = f"{record} {offset}" if is_packet else f"the block {offset}, before {record},"
        return CaptureError(
            self.name, f"{place} {trouble}", offset=self.offset + position, record=self.record
        )

    def unreadable(self, error: CaptureError) -> CaptureError:
        """The error of a source that cannot be read on, with the place of the piece."""
        return CaptureError(
            self.name,
            f"{error.trouble}; what is whole ends before record {self.record:,} at byte {self.offset:,}",
            offset=self.offset,
            record=self.record,
        )

    def truncated(self, expected: int, *, is_packet: bool) -> TruncatedCaptureError:
        """The error for what the piece has of its first `expected` bytes."""
        record, offset = self.record, self.offset
        where = ("in" if is_packet else "in a block before") if self.length else "before"
        what = f"{self.length:,} of {expected:,} bytes" if self.length else "its gzip data does not end"
        return TruncatedCaptureError(
            self.name,
            f"cut off {where} record {record:,} at byte {offset:,}: {what}",
            offset=offset,
            record=record,
            present=self.length,
            expected=expected,
        )

    @property
    def record(self) -> int:
        """The number of the packet to come, counted from 1."""
        return self.records + self.block.count + 1

    def _make_room(self) -> None:
        """Let the columns tell of twice as many packets."""
        for column in self._columns:
            column.extend(array("q", bytes(8 * len(column))))

    def _grow(self) -> None:
        larger = bytearray(2 * len(self.buffer))
        larger[: self.length] = self.view[: self.length]
        self.buffer = self.block.buffer = larger
        self.view = memoryview(larger)
