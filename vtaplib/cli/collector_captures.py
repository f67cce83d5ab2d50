"""The captures that a replay writes: one per collector interface.

Every collector has its file, also one that gets nothing: an empty capture says so, a missing one says
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from vtaplib.analysis.naming import distinct_names, file_stem
from vtaplib.capture import Batch, PcapngWriter
from vtaplib.cli.capture_set import CaptureSet
from vtaplib.cli.output_files import OutputFiles
from vtaplib.fabric.topology import Interface
from vtaplib.loops.mirroring import PCAP, PCAPNG
from vtaplib.mirror.copies import Copies
from vtaplib.model import ids


class CollectorCaptures(CaptureSet):
    """A capture for each collector, in a directory; `format` is `pcapng` or `pcap`. Raises `VtapError` where
    the directory cannot be made, or a file cannot be written.
    """

    is_combined = False

    def __init__(
        self,
        directory: Path,
        format: str,  # noqa: A002  # the option's name
        collectors: Sequence[Interface],
        files: OutputFiles,
    ) -> None:
        super().__init__(directory, files)
        names = distinct_names(one.id for one in collectors)
        self.record_format = PCAP if format == "pcap" else PCAPNG
        self.paths = {one.id: directory / f"{file_stem(names[one.id])}.{format}" for one in collectors}
        """The file of each collector, by the ID of its interface."""
        self._by_collector = {
            collector_id: self.open(path, ids.name(collector_id), describe(collector_id))
            for collector_id, path in self.paths.items()
        }

    def interface_of(self, _collector_id: str) -> int:
        """The number of a collector's interface in its file: it is the only one."""
        return 0

    def write_records(self, collector_id: str, records: memoryview, count: int) -> None:
        """Write finished records of a collector."""
        self._by_collector[collector_id].write_records(records, count)

    def write(self, handed: Mapping[str, Copies]) -> None:
        """Write the copies that a batch gave, by the ID of the collector's interface."""
        for collector_id, copies in handed.items():
            lengths = list(map(len, copies.frames))
            self._by_collector[collector_id].write_many(Batch(copies.timestamps, copies.frames, lengths))

    def write_one(self, collector_id: str, at: int, copy: bytes, comment: str) -> None:
        """Write one copy for a collector and, in a pcapng, what there is to say of it."""
        writer = self._by_collector[collector_id]
        if isinstance(writer, PcapngWriter):
            writer.write(at, copy, comment=comment)
        else:
            writer.write(at, copy)


def describe(collector_id: str) -> str:
    """What a capture says of a collector's interface beside its name."""
    return f"VXLAN copies for {collector_id}"
