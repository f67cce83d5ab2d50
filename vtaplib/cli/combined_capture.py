"""The one capture of a replay that has all copies in it: a pcapng with an interface per collector.

Packets are in the order of time, as a capture on all collectors at once would have them. Every collector has
its interface, also one that gets nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from vtaplib.analysis.naming import distinct_names
from vtaplib.capture import Batch, PcapngWriter
from vtaplib.cli.capture_set import OUT
from vtaplib.cli.collector_captures import describe
from vtaplib.cli.output_files import OutputFiles
from vtaplib.fabric.topology import Interface
from vtaplib.loops.mirroring import PCAPNG
from vtaplib.mirror.copies import Copies


class CombinedCapture:
    """An open pcapng, which `files` puts in its place. Raises `VtapError` where it cannot be written."""

    record_format = PCAPNG
    is_combined = True

    def __init__(self, path: Path, collectors: Sequence[Interface], files: OutputFiles) -> None:
        self.paths = {one.id: path for one in collectors}
        """The file of each collector, by the ID of its interface: the same for all."""
        names = distinct_names(self.paths)
        self._writer = PcapngWriter(files.open(path, OUT))
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
