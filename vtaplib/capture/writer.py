"""Writing a capture: pcap, which everything reads, and pcapng, which knows several interfaces and comments.

Both collect large pieces and write them at once, and hold no more than that; both are context managers that
leave the file in place when all is well and nothing at all when not.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from threading import local
from types import TracebackType
from typing import Final, Self, TypeAlias

from vtaplib.capture.block_piece import LATEST_NS
from vtaplib.capture.pcap import MICROSECONDS_MAGIC, NANOSECONDS_MAGIC
from vtaplib.capture.pcapng import (
    BYTE_ORDER_MAGIC,
    ENHANCED_PACKET,
    INTERFACE_DESCRIPTION,
    SECTION_HEADER,
)
from vtaplib.capture.pcapng_interface import END_OF_OPTIONS, IF_DESCRIPTION, IF_NAME, IF_TSRESOL
from vtaplib.capture.record import ETHERNET, MAX_PACKET_LENGTH
from vtaplib.errors import CaptureError
from vtaplib.loops.capture_writing import DONE, OVERHEAD, PCAP, PCAPNG
from vtaplib.output_file import OutputFile, OutputTarget
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.copy_block import CopyBlock
from vtaplib.packets.nanoseconds import NS_PER_SECOND

# Options of any block (section 3.5) and of the section header (4.1).
_OPT_COMMENT: Final = 1
_SHB_USERAPPL: Final = 4

# What is handed to the system at once: it stays in the cache of a core between being made and being copied.
_PIECE: Final = MAX_PACKET_LENGTH + OVERHEAD

# An option's length field has 16 bits.
_MAX_OPTION_LENGTH: Final = 0xFFFF


CaptureTarget: TypeAlias = "OutputTarget | OutputFile"
"""A path, `-` for standard output, a binary stream, or a file that is open."""


class _Room(local):
    """Where records are made, one room for all writers of a thread: there may be many."""

    def __init__(self) -> None:
        self.octets = memoryview(bytearray(_PIECE))


_ROOM: Final = _Room()


class CaptureWriter(ABC):
    """What both formats share: a place for the bytes, one piece of them at a time."""

    _record_format: int
    _last_ns: int
    """The last moment that the format can express."""
    _ns_per_unit = 1

    def __init__(self, target: CaptureTarget, *, fsync: bool) -> None:
        if isinstance(target, OutputFile):
            self._target = target
        else:
            self._target = OutputFile(target, fsync=fsync, error=CaptureError)
            self._target.open()
        self.records = 0
        """Packets written so far."""

    @property
    def name(self) -> str:
        """The file as the user named it."""
        return self._target.name

    def close(self) -> None:
        """Put the file in its place; a second call does nothing."""
        self._target.commit()

    def discard(self) -> None:
        """Remove what was written."""
        self._target.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def write_block(self, block: PacketBlock | CopyBlock, *, output: int = -1, interface: int = 0) -> None:
        """Write the packets of a block that go to an output (-1: to any). In a pcapng they are of one
        `interface`, or (-1) of those that the block has.

        Raises `CaptureError` for a packet that the format cannot express, and where nothing can be written;
        `ValueError` for a block whose packets are not in its buffer.
        """
        self._check_interface(interface)
        if isinstance(block, PacketBlock):
            block.check()
        index, is_done = 0, False
        while not is_done:
            index, octets, packets, reason = block.write(
                _ROOM.octets,
                index,
                output=output,
                interface=interface,
                record_format=self._record_format,
                unit=self._ns_per_unit,
            )
            self._target.write(_ROOM.octets[:octets])
            self.records += packets
            is_done = reason == DONE
            if not is_done and not packets:
                raise self._fault_of(block, index)

    def _block_of(self, time_ns: int, data: bytes, original_length: int | None) -> PacketBlock:
        """A block of one packet, which fits its record header."""
        original = len(data) if original_length is None else original_length
        if not (0 <= time_ns <= self._last_ns and 0 <= original <= 0xFFFF_FFFF):
            raise self._fault(time_ns, len(data), original)
        return PacketBlock.of([(time_ns, data, original)])

    def _fault_of(self, block: PacketBlock | CopyBlock, index: int) -> CaptureError:
        """The error for a packet that does not fit its record header."""
        if isinstance(block, CopyBlock) and block.order:
            index = block.order[index]
        length = block.lengths[index]
        original, interface = length, block.outputs[index]
        if isinstance(block, PacketBlock):
            original, interface = block.original_lengths[index], block.interfaces[index]
        return self._fault(block.times_ns[index], length, original, interface)

    def _fault(self, time_ns: int, length: int, original_length: int, interface: int = 0) -> CaptureError:
        record = self.records + 1
        for what, value, most in (
            ("time", time_ns, self._last_ns),
            ("length", length, MAX_PACKET_LENGTH),
            ("original length", original_length, 0xFFFF_FFFF),
            ("interface", interface, 0xFFFF_FFFF),
        ):
            if not 0 <= value <= most:
                trouble = (
                    f"record {record:,} cannot be written: {what} {value:,} is not within 0 and {most:,}"
                )
                if what == "time" and 0 < value <= LATEST_NS:
                    trouble += "; write a pcapng, which has room for it"
                return CaptureError(self.name, trouble, record=record)
        raise AssertionError("a packet that fits was refused")

    @abstractmethod
    def _check_interface(self, interface: int) -> None:
        """Raise `CaptureError` for an interface that is not described."""


class PcapWriter(CaptureWriter):
    """Writes a pcap of Ethernet frames, in this order of bytes: little-endian.

    Times are nanoseconds, or microseconds (rounded down) with `nanoseconds=False`, for readers from before
    2013.
    """

    _record_format = PCAP
    _last_ns = (1 << 32) * NS_PER_SECOND - 1

    def __init__(
        self,
        target: CaptureTarget,
        *,
        nanoseconds: bool = True,
        snap_length: int = MAX_PACKET_LENGTH,
        fsync: bool = False,
    ) -> None:
        super().__init__(target, fsync=fsync)
        self._ns_per_unit = 1 if nanoseconds else 1_000
        magic = NANOSECONDS_MAGIC if nanoseconds else MICROSECONDS_MAGIC
        self._target.write(struct.pack("<IHHiIII", magic, 2, 4, 0, 0, snap_length, ETHERNET))

    def write(self, timestamp_ns: int, data: bytes, original_length: int | None = None) -> None:
        """Write one packet; `original_length` is given where it was cut."""
        self.write_block(self._block_of(timestamp_ns, data, original_length))

    def _check_interface(self, interface: int) -> None:
        """A pcap has one, which nobody describes."""


class PcapngWriter(CaptureWriter):
    """Writes a pcapng of Ethernet frames with nanosecond times; describe at least one interface first."""

    _record_format = PCAPNG
    # Columns have signed numbers.
    _last_ns = LATEST_NS

    def __init__(self, target: CaptureTarget, *, application: str = "vtap", fsync: bool = False) -> None:
        super().__init__(target, fsync=fsync)
        self._interfaces = 0
        # Section length -1: not said.
        body = struct.pack("<IHHq", BYTE_ORDER_MAGIC, 1, 0, -1)
        self._target.write(_block(SECTION_HEADER, body, [(_SHB_USERAPPL, application.encode())]))

    def add_interface(
        self, name: str = "", description: str = "", snap_length: int = MAX_PACKET_LENGTH
    ) -> int:
        """Describe an Ethernet interface; return its number, for `write` and `write_block`."""
        options = [(IF_TSRESOL, b"\x09")]
        options += [
            (code, text.encode()) for code, text in ((IF_NAME, name), (IF_DESCRIPTION, description)) if text
        ]
        body = struct.pack("<HHI", ETHERNET, 0, snap_length)
        self._target.write(_block(INTERFACE_DESCRIPTION, body, options))
        self._interfaces += 1
        return self._interfaces - 1

    def write(
        self,
        timestamp_ns: int,
        data: bytes,
        original_length: int | None = None,
        *,
        interface: int = 0,
        comment: str = "",
    ) -> None:
        """Write one packet; `original_length` is given where it was cut."""
        block = self._block_of(timestamp_ns, data, original_length)
        if not comment:
            self.write_block(block, interface=interface)
            return
        self._check_interface(interface)
        _, octets, packets, _ = block.write(_ROOM.octets, 0, interface=interface, record_format=PCAPNG)
        if not packets:
            raise self._fault_of(block, 0)
        plain = bytes(_ROOM.octets[:octets])
        text = comment.encode()[:_MAX_OPTION_LENGTH].decode("utf-8", "ignore").encode()
        self._target.write(_block(ENHANCED_PACKET, plain[8:-4], [(_OPT_COMMENT, text)]))
        self.records += 1

    def _check_interface(self, interface: int) -> None:
        # Those of a block are described by whoever numbered them.
        if not -1 <= interface < self._interfaces or not self._interfaces:
            raise CaptureError(
                self.name,
                f"interface {interface} is not described; {self._interfaces} are: add_interface first",
            )


def _block(kind: int, body: bytes, options: list[tuple[int, bytes]]) -> bytes:
    """Return a block: `body`, already padded, then the options with their end mark."""
    parts = [body]
    for code, value in options:
        parts.append(struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4))
    parts.append(struct.pack("<HH", END_OF_OPTIONS, 0))
    content = b"".join(parts)
    length = struct.pack("<I", len(content) + 12)
    return struct.pack("<I", kind) + length + content + length
