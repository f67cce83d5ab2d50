"""Copy buffers: finished records of copies, collected per collector until a block is done.

Every collector has a region of one buffer, which loops write into; regions grow when one of them is full.
What takes the records says which format they have. Where one file takes those of all collectors, they are
put in the order of time first: as `PcapngWriter.write_interleaved` has it, to the byte.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from vtaplib.loops.interleaving import interleave
from vtaplib.loops.mirroring import NO_RECORDS, OUTPUT, PCAP, PCAPNG
from vtaplib.packets.nanoseconds import NS_PER_SECOND

REGION = 1 << 16
"""Octets of a region to begin with; that of the only collector comes to hold what a block gives."""

LATEST_NS = {NO_RECORDS: (1 << 63) - 1, PCAPNG: (1 << 63) - 1, PCAP: (1 << 32) * NS_PER_SECOND - 1}
"""The latest time that a record has room for."""


class Copies(NamedTuple):
    """The copies for one collector, in order: outer Ethernet frames and their times in nanoseconds."""

    timestamps: list[int]
    frames: list[bytes]


class RecordsTaker(Protocol):
    """What takes finished records: of `record_format`; `is_combined` if in one file for all collectors."""

    record_format: int
    is_combined: bool

    def interface_of(self, collector_id: str) -> int:
        """The number of a collector's interface in its file."""
        ...

    def write_records(self, collector_id: str, records: memoryview, count: int) -> None:
        """Write records of a collector, or of all."""
        ...

    def write(self, handed: Mapping[str, Copies]) -> None:
        """Write copies that are not records yet."""
        ...


class CopyBuffers:
    """The regions of all collectors, and what takes what is in them; None takes nothing."""

    def __init__(self, taker: RecordsTaker | None = None) -> None:
        self._taker = taker
        self.record_format = taker.record_format if taker is not None else NO_RECORDS
        self.latest_ns = LATEST_NS[self.record_format]
        self._collectors: dict[str, int] = {}
        self.region = REGION
        self.out = bytearray(REGION)
        self.outputs = array("q")
        """`loops.mirroring.OUTPUT` numbers for each."""

    def number_of(self, collector_id: str) -> int:
        """The output of a collector; its region is made when it is first asked for."""
        number = self._collectors.get(collector_id)
        if number is None:
            number = self._collectors[collector_id] = len(self._collectors)
            interface = self._taker.interface_of(collector_id) if self._taker is not None else 0
            self.outputs.extend((0, 0, interface))
            self._lay_out(self.region)
        return number

    def grow(self) -> None:
        """Make all regions twice as large. What is not written to takes no memory."""
        self._lay_out(2 * self.region)

    def put(self, handed: Mapping[str, Copies]) -> None:
        """Add copies as records behind those that are there. Raises `CaptureError` for a time that the format
        cannot express.
        """
        if self._taker is None:
            return
        for copies in handed.values():
            if not 0 <= min(copies.timestamps) <= max(copies.timestamps) <= self.latest_ns:
                self.flush()
                self._taker.write(handed)
                return
        for collector_id, copies in handed.items():
            output = self.number_of(collector_id)
            for time_ns, copy in zip(copies.timestamps, copies.frames, strict=True):
                self._put_one(output, time_ns, copy)

    def flush(self) -> None:
        """Hand all records over."""
        if self._taker is None:
            return
        view = memoryview(self.out)
        filled = [output for output in range(len(self._collectors)) if self.outputs[output * OUTPUT]]
        if self._taker.is_combined and len(filled) > 1:
            records, count = self._interleaved()
            self._taker.write_records("", records, count)
        else:
            names = list(self._collectors)
            for output in filled:
                octets, count, _ = self.outputs[output * OUTPUT : (output + 1) * OUTPUT]
                start = output * self.region
                self._taker.write_records(names[output], view[start : start + octets], count)
        for output in filled:
            self.outputs[output * OUTPUT] = self.outputs[output * OUTPUT + 1] = 0

    def _put_one(self, output: int, time_ns: int, copy: bytes) -> None:
        record = record_of(self.record_format, time_ns, self.outputs[output * OUTPUT + 2], copy)
        while self.outputs[output * OUTPUT] + len(record) > self.region:
            self.grow()
        start = output * self.region + self.outputs[output * OUTPUT]
        self.out[start : start + len(record)] = record
        self.outputs[output * OUTPUT] += len(record)
        self.outputs[output * OUTPUT + 1] += 1

    def _lay_out(self, region: int) -> None:
        """Move what is there into regions of this size."""
        larger = bytearray(region * max(1, len(self._collectors)))
        for output in range(len(self._collectors)):
            octets = self.outputs[output * OUTPUT]
            start = output * self.region
            larger[output * region : output * region + octets] = self.out[start : start + octets]
        self.out, self.region = larger, region

    def _interleaved(self) -> tuple[memoryview, int]:
        """All records in the order of time, and how many there are."""
        octets = sum(self.outputs[::OUTPUT])
        merged = bytearray(octets)
        interleave(self.out, self.region, self.outputs, merged)
        return memoryview(merged), sum(self.outputs[1::OUTPUT])


def record_of(record_format: int, time_ns: int, interface: int, copy: bytes) -> bytes:
    """A copy as a record."""
    length = len(copy)
    if record_format == PCAP:
        seconds, fraction = divmod(time_ns, NS_PER_SECOND)
        return b"".join([one.to_bytes(4, "little") for one in (seconds, fraction, length, length)] + [copy])
    total = 32 + (length + 3 & ~3)
    fields = 6, total, interface, time_ns >> 32, time_ns & 0xFFFF_FFFF, length, length
    parts = [one.to_bytes(4, "little") for one in fields]
    return b"".join([*parts, copy, bytes(-length % 4), total.to_bytes(4, "little")])
