"""The one capture of a replay that has all copies in it: a pcapng with an interface per collector.

Packets are in the order of time, as a capture on all collectors at once would have them. Every collector has
its interface, also one that gets nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from vtaplib.capture import Batch, PcapngWriter
from vtaplib.cli.collector_captures import describe
from vtaplib.cli.naming import distinct_names
from vtaplib.fabric.topology import Interface
from vtaplib.loops.mirroring import PCAPNG
from vtaplib.mirror.copies import Copies


class CombinedCapture:
    """An open pcapng. As a context manager it puts the file in its place when all is well, and leaves none
    when not. Raises `CaptureError` where it cannot be written.
    """

    record_format = PCAPNG
    is_combined = True

    def __init__(self, path: Path, collectors: Sequence[Interface]) -> None:
        self.paths = {one.id: path for one in collectors}
        """The file of each collector, by the ID of its interface: the same for all."""
        names = distinct_names(self.paths)
        self._writer = PcapngWriter(path)
        self._interfaces = {
            one.id: self._writer.add_interface("/".join(names[one.id]), describe(one.id))
            for one in collectors
        }

    def interface_of(self, collector_id: str) -> int:
        """The number of a collector's interface."""
        return self._interfaces[collector_id]

    def write_records(self, _collector_id: str, records: memoryview, count: int) -> None:
        """Write finished records of any collectors."""
        self._writer.write_records(records, count)

    def write(self, handed: Mapping[str, Copies]) -> None:
        """Write the copies that a batch gave, by the ID of the collector's interface."""
        self._writer.write_interleaved(
            {
                self._interfaces[collector_id]: Batch(
                    copies.timestamps, copies.frames, list(map(len, copies.frames))
                )
                for collector_id, copies in handed.items()
            }
        )

    def write_one(self, collector_id: str, at: int, copy: bytes, comment: str) -> None:
        """Write one copy for a collector and what there is to say of it."""
        self._writer.write(at, copy, interface=self._interfaces[collector_id], comment=comment)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.__exit__(kind, error, trace)
