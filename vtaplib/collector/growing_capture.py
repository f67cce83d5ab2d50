"""A pcapng that grows by blocks of packets, in a file or a stream, and is readable after every step.

Nothing is held back: what `append` has taken, the operating system has, so that even `kill -9` leaves it.
Where the system takes only a part of what it is given (a full disk), the file is cut back to the last block
that is whole. A stream's interface is described before its first packet, in every file anew.
"""

from __future__ import annotations

import contextlib
import os
import select
from array import array
from collections.abc import Callable
from io import BytesIO
from typing import TypeAlias

from vtaplib.capture.record import MAX_PACKET_LENGTH
from vtaplib.capture.writer import PcapngWriter
from vtaplib.loops.capture_writing import OVERHEAD, PCAPNG
from vtaplib.loops.interface_numbers import translate
from vtaplib.loops.whole_blocks import measure
from vtaplib.mirror.count import Count
from vtaplib.packets.block import PacketBlock

Describe: TypeAlias = Callable[[int], tuple[str, str]]
"""From a stream's number to its name and description, for those who read the capture."""

# What is handed to the system at once: it stays in the cache of a core between being made and being copied.
_PIECE = MAX_PACKET_LENGTH + OVERHEAD


class GrowingCapture:
    """What is behind a file descriptor.

    Raises `OSError` where not even the section's header can be written.
    """

    def __init__(self, descriptor: int, describe: Describe, *, is_stream: bool = False) -> None:
        self._descriptor = descriptor
        self._describe = describe
        self._is_stream = is_stream
        self._numbers = array("q")
        self._column = array("q")
        self._room = memoryview(bytearray(_PIECE))
        self._interfaces = 0
        self.size = 0
        self.taken = Count()
        self._trouble: OSError | None = None
        self._put(_section_header())
        if self.trouble is not None:
            raise self.trouble

    @property
    def trouble(self) -> OSError | None:
        """Why the last `append` ended early; None where it did not, or the file would have grown too long."""
        return self._trouble

    def append(self, block: PacketBlock, first: int, output: int, limit: int | None = None) -> int:
        """Write the packets from number `first` on that go to an output (-1: all of them).

        Returns the number of the first that was not written: the block's count, or less where the file would
        grow over `limit` octets, where there is trouble, or where a packet is longer than readers believe. A
        first packet is written whatever the limit. Raises `ValueError` for a block whose packets are not in
        its buffer.
        """
        block.check()
        self._trouble = None
        if len(self._column) < block.room:
            self._column = array("q", bytes(8 * block.room))
        index = numbered = first
        while index < block.count:
            if index == numbered:
                numbered = translate(
                    block.interfaces, block.outputs, index, block.count, output, self._numbers, self._column
                )
                if numbered == index:
                    packet = OVERHEAD + (block.lengths[index] + 3 & ~3)
                    room = None if limit is None else limit - packet
                    if not self._add_interface(block.interfaces[index], room):
                        return index
                    continue
            reached = self._append_piece(block, index, numbered, output, limit)
            if self.trouble is not None or reached == index:
                return reached
            index = reached
        return index

    def _append_piece(self, block: PacketBlock, first: int, stop: int, output: int, limit: int | None) -> int:
        if limit is None:
            room = len(self._room)
        elif self.taken.frames:
            room = max(0, min(len(self._room), limit - self.size))
        else:
            room, stop = len(self._room), first + 1
        if block.lengths[first] > MAX_PACKET_LENGTH:
            return first
        reached, octets, packets, _ = block.write(
            self._room[:room],
            first,
            stop=stop,
            output=output,
            interfaces=self._column,
            record_format=PCAPNG,
        )
        if not packets:
            return reached
        written = self._put(self._room[:octets])
        if written == packets:
            return reached
        return [n for n in range(first, reached) if output in (-1, block.outputs[n])][written]

    def _add_interface(self, interface: int, limit: int | None) -> bool:
        """Describe a stream; returns whether it went into the file.

        It does not where its first packet would find no room behind it.
        """
        if interface < 0:
            raise ValueError(f"interfaces are numbered from 0, not {interface}")
        octets = _interface_description(*self._describe(interface))
        if limit is not None and self.taken.frames and self.size + len(octets) > limit:
            return False
        self._put(octets)
        if self.trouble is not None:
            return False
        missing = interface + 1 - len(self._numbers)
        if missing > 0:
            self._numbers.extend([-1] * missing)
        self._numbers[interface] = self._interfaces
        self._interfaces += 1
        return True

    def _put(self, octets: memoryview) -> int:
        """Hand octets to the system; returns how many packets are whole among those that it took."""
        written = 0
        while written < len(octets):
            try:
                if self._is_stream:
                    written += os.write(self._descriptor, octets[written:])
                else:
                    written += os.pwrite(self._descriptor, octets[written:], self.size + written)
            except BlockingIOError:
                select.select([], [self._descriptor], [])
            except OSError as error:
                self._trouble = error
                break
        whole: int
        packets: int
        packet_octets: int
        whole, packets, packet_octets = measure(octets, written)
        self.size += whole
        self.taken.add(packets, packet_octets)
        if whole < written and not self._is_stream:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self.size)
        return packets


def _section_header() -> memoryview:
    made = BytesIO()
    PcapngWriter(made, application="vtap collect")
    return memoryview(made.getvalue())


def _interface_description(name: str, description: str) -> memoryview:
    made = BytesIO()
    writer = PcapngWriter(made)
    start = made.tell()
    writer.add_interface(name, description)
    return memoryview(made.getvalue())[start:]
