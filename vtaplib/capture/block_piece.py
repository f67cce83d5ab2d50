"""A piece of a capture as a block: one buffer that is read into again and again.

What is left of a piece, because it is not whole, is moved to the front, and the next piece is read behind it.
The buffer grows where one packet needs that, and the columns where there are more packets than they have
room for.
"""

from __future__ import annotations

from array import array

from vtaplib.capture.source import ByteSource
from vtaplib.errors import CaptureError
from vtaplib.packets.block import COLUMNS, PacketBlock

READ = 1 << 20
"""Bytes read at a time, which is more than for batches: per packet nothing else is made, and what a piece
costs in Python, some 20 microseconds, is felt by large packets if there are few to share it.
"""

PACKETS = READ // 64
"""Room for the packets of a piece: those of 64 bytes, with their records around them, are fewer."""

LATEST_NS = (1 << 63) - 1


class BlockPiece:
    """The bytes of a piece, `length` of `buffer`, and the block of its packets."""

    def __init__(self, source: ByteSource, start: bytes) -> None:
        self._source = source
        self.length = len(start)
        self.buffer = bytearray(max(2 * READ, len(start)))
        self.buffer[: len(start)] = start
        self.view = memoryview(self.buffer)
        self.block = PacketBlock(self.buffer, PACKETS)
        self.columns = columns_of(self.block)

    def advance(self, position: int) -> int:
        """Let the piece start at a position; returns how many bytes are left."""
        rest = self.length - position
        self.view[:rest] = bytes(self.view[position : self.length])
        self.length = rest
        return rest

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

    def make_room(self) -> None:
        """Let the columns tell of twice as many packets."""
        for name in COLUMNS:
            column: array[int] = getattr(self.block, name)
            column.extend(array("q", bytes(8 * len(column))))

    def add(self, time_ns: int, start: int, captured: int, original_length: int, index: int) -> None:
        """Add a packet that the loops leave to others."""
        block = self.block
        if not -LATEST_NS <= time_ns <= LATEST_NS:
            raise CaptureError(
                self._source.name,
                f"has a packet of the time {time_ns:,} ns since 1970, which is after the year 2262; set its "
                "time right with: editcap -t SECONDS IN OUT",
            )
        if block.count == block.room:
            self.make_room()
        for column, value in zip(
            self.columns, (time_ns, start, captured, original_length, index, 0), strict=True
        ):
            column[block.count] = value
        block.count += 1

    def _grow(self) -> None:
        larger = bytearray(2 * len(self.buffer))
        larger[: self.length] = self.view[: self.length]
        self.buffer = self.block.buffer = larger
        self.view = memoryview(larger)


def columns_of(block: PacketBlock) -> list[array[int]]:
    """The columns of a block, as loops take them."""
    return [getattr(block, name) for name in COLUMNS]
