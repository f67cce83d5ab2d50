"""The captures that a replay writes: one per collector interface, each whole or not there at all.

Every collector has its file, also one that gets nothing: an empty capture says so, a missing one says
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from vtaplib.capture import Batch, PcapngWriter, PcapWriter
from vtaplib.cli.naming import distinct_names, file_stem
from vtaplib.errors import VtapError
from vtaplib.fabric.topology import Interface, Topology
from vtaplib.loops.mirroring import PCAP, PCAPNG
from vtaplib.mirror.copies import Copies
from vtaplib.model import ids


def collectors_of(topology: Topology) -> tuple[Interface, ...]:
    """Every interface that copies for a TAP may arrive at, in the order of the TAPs; each once."""
    found: dict[str, Interface] = {}
    for tap in topology.taps:
        for destination_id in (tap.destination_id, *_backends(topology, tap.destination_id)):
            owner = topology.owner_of(destination_id)
            if owner is not None:
                found.setdefault(owner[0].id.lower(), owner[0])
    return tuple(found.values())


def _backends(topology: Topology, frontend_id: str) -> Iterator[str]:
    frontend = topology.frontend(frontend_id)
    for rule in frontend.rules if frontend is not None else ():
        for backend in rule.backends:
            yield backend.ip_configuration_id


class CollectorCaptures:
    """Open captures in a directory, which is made if it is not there. As a context manager it puts them in
    their places when all is well, and leaves none when not.

    `format` is `pcapng` or `pcap`. Raises `VtapError` where the directory cannot be made, `CaptureError`
    where a file cannot be written.
    """

    is_combined = False

    def __init__(self, directory: Path, format: str, collectors: Sequence[Interface]) -> None:  # noqa: A002  # the option's name
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise VtapError(
                f"{directory}: cannot be made a directory for captures: {error.strerror}"
            ) from error
        names = distinct_names(one.id for one in collectors)
        self.record_format = PCAP if format == "pcap" else PCAPNG
        self.paths = {one.id: directory / f"{file_stem(names[one.id])}.{format}" for one in collectors}
        """The file of each collector, by the ID of its interface."""
        self._writers: dict[str, PcapngWriter | PcapWriter] = {}
        with ExitStack() as undo:
            undo.callback(self.discard)
            for collector_id, path in self.paths.items():
                self._writers[collector_id] = _open(path, format, collector_id)
            undo.pop_all()

    def interface_of(self, _collector_id: str) -> int:
        """The number of a collector's interface in its file: it is the only one."""
        return 0

    def write_records(self, collector_id: str, records: memoryview, count: int) -> None:
        """Write finished records of a collector."""
        self._writers[collector_id].write_records(records, count)

    def write(self, handed: Mapping[str, Copies]) -> None:
        """Write the copies that a batch gave, by the ID of the collector's interface."""
        for collector_id, copies in handed.items():
            lengths = list(map(len, copies.frames))
            self._writers[collector_id].write_many(Batch(copies.timestamps, copies.frames, lengths))

    def write_one(self, collector_id: str, at: int, copy: bytes, comment: str) -> None:
        """Write one copy for a collector and, in a pcapng, what there is to say of it."""
        writer = self._writers[collector_id]
        if isinstance(writer, PcapngWriter):
            writer.write(at, copy, comment=comment)
        else:
            writer.write(at, copy)

    def discard(self) -> None:
        """Remove what was written."""
        for writer in self._writers.values():
            writer.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as undo:
            # Does nothing to those that are in their places.
            undo.callback(self.discard)
            if kind is None:
                for writer in self._writers.values():
                    writer.close()


def _open(path: Path, format: str, collector_id: str) -> PcapngWriter | PcapWriter:  # noqa: A002  # the option's name
    if format == "pcap":
        return PcapWriter(path)
    writer = PcapngWriter(path)
    writer.add_interface(ids.name(collector_id), describe(collector_id))
    return writer


def describe(collector_id: str) -> str:
    """What a capture says of a collector's interface beside its name."""
    return f"VXLAN copies for {collector_id}"
