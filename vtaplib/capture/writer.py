"""Writing a capture: pcap, which everything reads, and pcapng, which knows several interfaces and comments.

Both collect large pieces and write them at once, and hold no more than that; both are context managers that
leave the file in place when all is well and nothing at all when not.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from itertools import accumulate, islice
from types import TracebackType
from typing import Final, Self, TypeAlias

from vtaplib.capture.pcap import MICROSECONDS_MAGIC, NANOSECONDS_MAGIC
from vtaplib.capture.pcapng import (
    BYTE_ORDER_MAGIC,
    ENHANCED_PACKET,
    INTERFACE_DESCRIPTION,
    SECTION_HEADER,
)
from vtaplib.capture.pcapng_interface import END_OF_OPTIONS, IF_DESCRIPTION, IF_NAME, IF_TSRESOL
from vtaplib.capture.record import ETHERNET, MAX_PACKET_LENGTH, Batch, Packet
from vtaplib.errors import CaptureError
from vtaplib.output_file import OutputFile, OutputTarget
from vtaplib.packets.nanoseconds import NS_PER_SECOND

# Options of any block (section 3.5) and of the section header (4.1).
_OPT_COMMENT: Final = 1
_SHB_USERAPPL: Final = 4

# Packets taken from an iterable at a time: at 1500 bytes, 6 MB in memory.
_PACKETS_AT_A_TIME: Final = 4096

# An option's length field has 16 bits.
_MAX_OPTION_LENGTH: Final = 0xFFFF


CaptureTarget: TypeAlias = "OutputTarget | OutputFile"
"""A path, `-` for standard output, a binary stream, or a file that is open."""


class CaptureWriter(ABC):
    """What both formats share: a place for the bytes, one piece of them at a time."""

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

    def write_records(self, records: bytes | bytearray | memoryview, count: int) -> None:
        """Write `count` packets that are already as the format has them: in this writer's order of bytes,
        unit of time and numbering of interfaces.
        """
        self._target.write(records)
        self.records += count

    def _write_in_pieces(self, packets: Iterable[Packet], interface: int) -> None:
        if isinstance(packets, Batch):
            self._write_piece(packets, interface)
            return
        rest = iter(packets)
        while piece := list(islice(rest, _PACKETS_AT_A_TIME)):
            self._write_piece(piece, interface)

    def _write_piece(self, packets: list[Packet] | Batch, interface: int) -> None:
        with self._faults_of(packets):
            data = self._emit(packets, interface)
        self._target.write(data)
        self.records += len(packets)

    @contextmanager
    def _faults_of(self, packets: Iterable[Packet]) -> Iterator[None]:
        """Say which of the packets it is that does not fit."""
        try:
            yield
        except struct.error as error:
            raise self._find_fault(packets) from error

    def _find_fault(self, packets: Iterable[Packet]) -> CaptureError:
        """Return the error for the first packet that does not fit its record header."""
        for index, (timestamp_ns, data, original_length) in enumerate(packets):
            record = self.records + index + 1
            for what, value, most in (
                ("time", timestamp_ns, self._last_ns),
                ("length", len(data), MAX_PACKET_LENGTH),
                ("original length", original_length, 0xFFFF_FFFF),
            ):
                if not 0 <= value <= most:
                    trouble = (
                        f"record {record:,} cannot be written: {what} {value:,} is not within 0 and {most:,}"
                    )
                    return CaptureError(self.name, trouble, record=record)
        raise AssertionError("a packet that fits was refused")

    @property
    @abstractmethod
    def _last_ns(self) -> int:
        """The last moment that the format can express."""

    @abstractmethod
    def _emit(self, packets: Iterable[Packet], interface: int) -> bytes:
        """Return the packets as the format has them; raise `struct.error` where one does not fit."""


class PcapWriter(CaptureWriter):
    """Writes a pcap of Ethernet frames, in this order of bytes: little-endian.

    Times are nanoseconds, or microseconds (rounded down) with `nanoseconds=False`, for readers from before
    2013.
    """

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
        self._write_piece(
            [(timestamp_ns, data, len(data) if original_length is None else original_length)], 0
        )

    def write_many(self, packets: Iterable[Packet]) -> None:
        """Write `(timestamp_ns, data, original_length)` of any number, however they come.

        A `Batch` is written at once, everything else some thousands at a time.
        """
        self._write_in_pieces(packets, 0)

    @property
    def _last_ns(self) -> int:
        return (1 << 32) * NS_PER_SECOND - 1

    def _emit(self, packets: Iterable[Packet], interface: int) -> bytes:
        pack = struct.Struct("<4I").pack
        ns_per_unit = self._ns_per_unit
        parts: list[bytes] = []
        add = parts.append
        # Packets of the same second spare the division.
        second, second_ns = 0, 0
        for timestamp_ns, data, original_length in packets:
            fraction_ns = timestamp_ns - second_ns
            if not 0 <= fraction_ns < NS_PER_SECOND:
                second, fraction_ns = divmod(timestamp_ns, NS_PER_SECOND)
                second_ns = timestamp_ns - fraction_ns
            captured = len(data)
            if captured > MAX_PACKET_LENGTH:
                raise struct.error
            add(pack(second, fraction_ns // ns_per_unit, captured, original_length))
            add(data)
        return b"".join(parts)


class PcapngWriter(CaptureWriter):
    """Writes a pcapng of Ethernet frames with nanosecond times; describe at least one interface first."""

    def __init__(self, target: CaptureTarget, *, application: str = "vtap", fsync: bool = False) -> None:
        super().__init__(target, fsync=fsync)
        self._interfaces = 0
        # Section length -1: not said.
        body = struct.pack("<IHHq", BYTE_ORDER_MAGIC, 1, 0, -1)
        self._target.write(_block(SECTION_HEADER, body, [(_SHB_USERAPPL, application.encode())]))

    def add_interface(
        self, name: str = "", description: str = "", snap_length: int = MAX_PACKET_LENGTH
    ) -> int:
        """Describe an Ethernet interface; return its number, for `write` and `write_many`."""
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
        self._check_interface(interface)
        original = len(data) if original_length is None else original_length
        if not comment:
            self._write_piece([(timestamp_ns, data, original)], interface)
            return
        packet = timestamp_ns, data, original
        with self._faults_of([packet]):
            (plain,) = self._blocks([packet], interface)
        text = comment.encode()[:_MAX_OPTION_LENGTH].decode("utf-8", "ignore").encode()
        self._target.write(_block(ENHANCED_PACKET, plain[8:-4], [(_OPT_COMMENT, text)]))
        self.records += 1

    def write_many(self, packets: Iterable[Packet], *, interface: int = 0) -> None:
        """Write `(timestamp_ns, data, original_length)` of any number, all of one interface.

        A `Batch` is written at once, everything else some thousands at a time.
        """
        self._check_interface(interface)
        self._write_in_pieces(packets, interface)

    def write_interleaved(self, batches: Mapping[int, Batch]) -> None:
        """Write a batch of each of these interfaces, in the order of the packets' times. Packets of one time
        stay in the order given, and so do those that are disordered within a batch.
        """
        blocks: list[bytes] = []
        times: list[int] = []
        for interface, batch in batches.items():
            self._check_interface(interface)
            with self._faults_of(batch):
                blocks += self._blocks(batch, interface)
            times += accumulate(batch.timestamps_ns, max)
        order = sorted(range(len(times)), key=times.__getitem__)
        self._target.write(b"".join(map(blocks.__getitem__, order)))
        self.records += len(order)

    @property
    def _last_ns(self) -> int:
        return (1 << 64) - 1

    def _check_interface(self, interface: int) -> None:
        if not 0 <= interface < self._interfaces:
            raise CaptureError(
                self.name,
                f"interface {interface} is not described; {self._interfaces} are: add_interface first",
            )

    def _emit(self, packets: Iterable[Packet], interface: int) -> bytes:
        return b"".join(self._blocks(packets, interface))

    def _blocks(self, packets: Iterable[Packet], interface: int) -> list[bytes]:
        """The Enhanced Packet Block of each packet; raises `struct.error` where one does not fit."""
        blocks: list[bytes] = []
        add = blocks.append
        for timestamp_ns, data, original_length in packets:
            captured = len(data)
            pack, total = _packet_block(captured)
            high, low = timestamp_ns >> 32, timestamp_ns & 0xFFFF_FFFF
            add(pack(ENHANCED_PACKET, total, interface, high, low, captured, original_length, data, total))
        return blocks


# As many lengths as Ethernet frames have without jumbo frames, about; a packer takes some 300 bytes.
@lru_cache(maxsize=2048)
def _packet_block(captured: int) -> tuple[Callable[..., bytes], int]:
    """Return what packs an Enhanced Packet Block for this many bytes of data, and the block's length.

    A packer per length makes a block in one call: a third faster than putting it together.
    """
    if captured > MAX_PACKET_LENGTH:
        raise struct.error
    total = 32 + (captured + 3 & ~3)
    return struct.Struct(f"<7I{captured}s{-captured % 4}xI").pack, total


def _block(kind: int, body: bytes, options: list[tuple[int, bytes]]) -> bytes:
    """Return a block: `body`, already padded, then the options with their end mark."""
    parts = [body]
    for code, value in options:
        parts.append(struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4))
    parts.append(struct.pack("<HH", END_OF_OPTIONS, 0))
    content = b"".join(parts)
    length = struct.pack("<I", len(content) + 12)
    return struct.pack("<I", kind) + length + content + length
