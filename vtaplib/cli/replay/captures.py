"""The captures that a replay writes: one for each collector's interface, or one for all.

Every collector has its file, or its interface in the one file, also a collector that gets nothing: an empty
capture says so, a missing one says nothing. What is written behind a broker's stages are inner frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from vtaplib.analysis.naming import distinct_names, file_stem
from vtaplib.analysis.traffic_replay.copies import CommentedCopiesOut
from vtaplib.analysis.traffic_replay.staged_copies import StagedCopies, StagedOutput
from vtaplib.capture import PcapngWriter, PcapWriter
from vtaplib.cli.output_files import OutputFiles
from vtaplib.errors import VtapError
from vtaplib.fabric.topology import Interface
from vtaplib.model import ids
from vtaplib.packets.copy_block import CopyBlock

OUT: Final = "--out"
"""The option that says where captures go."""

_CAPTURES: Final = (".pcapng", ".pcap")


def open_copies(
    out: Path | None,
    capture_format: str,
    collectors: Sequence[Interface],
    files: OutputFiles,
    *,
    comments: bool,
) -> CommentedCopiesOut | None:
    """What takes copies at `out`: a file for all of them if the name is one of a pcapng and no directory has
    it, else a file for each collector; None if nothing is to be written.

    The format is `pcapng` or `pcap`. Raises `VtapError` for what cannot hold copies, or not their comments,
    and for what cannot be written.
    """
    if out is None:
        if comments:
            raise VtapError("--comments: nothing is written to have them; say where with --out")
        return None
    if capture_format == "pcap" and comments:
        raise VtapError("--comments: a pcap has no place for comments; leave out --format pcap")
    if out.is_dir() or out.suffix not in _CAPTURES:
        return CollectorCaptures(out, capture_format, collectors, files)
    if out.suffix == ".pcap" or capture_format == "pcap":
        raise VtapError(
            f"{out}: a pcap cannot tell collectors apart; name a .pcapng for all of them, or a directory"
        )
    return CombinedCapture(out, collectors, files)


def open_staged(
    stages: Sequence[str],
    out: Path | None,
    capture_format: str,
    collectors: Sequence[Interface],
    files: OutputFiles,
    *,
    comments: bool,
) -> StagedCopies:
    """The brokers behind collectors, with a capture for each output: `NAME.pcapng`, or `NAME-1.pcapng` and so
    on where flows are balanced; with none if `out` is None. Raises `VtapError` likewise.
    """
    from vtaplib.collector.broker import parse_stages

    if comments:
        raise VtapError("--comments: with --stage no copy is written as it was made; leave one of them out")
    if out is not None and out.suffix in _CAPTURES and not out.is_dir():
        raise VtapError(f"{out}: with --stage each collector has files of its own; name a directory")
    outputs = parse_stages(stages).outputs
    numbers = [""] if outputs == 1 else [f"-{number}" for number in range(1, outputs + 1)]
    if out is not None:
        files.make_directory(out, OUT)
    names = distinct_names(one.id for one in collectors)
    opened: dict[str, list[StagedOutput]] = {one.id: [] for one in collectors}
    for collector_id in opened if out is not None else ():
        for output, number in enumerate(numbers, start=1):
            path = (out or Path()) / f"{file_stem(names[collector_id])}{number}.{capture_format}"
            described = f"Frames behind {collector_id}, output {output}"
            opened[collector_id].append(
                StagedOutput(path, _open(path, ids.name(collector_id), described, files))
            )
    return StagedCopies(stages, opened)


class CollectorCaptures:
    """A capture for each collector, in a directory. Raises `VtapError` where the directory cannot be made, or
    a file cannot be written.
    """

    def __init__(
        self, directory: Path, capture_format: str, collectors: Sequence[Interface], files: OutputFiles
    ) -> None:
        files.make_directory(directory, OUT)
        names = distinct_names(one.id for one in collectors)
        self.paths = {
            one.id: directory / f"{file_stem(names[one.id])}.{capture_format}" for one in collectors
        }
        """The file of each collector, by the ID of its interface."""
        self._writers = [
            _open(path, ids.name(collector_id), _description(collector_id), files)
            for collector_id, path in self.paths.items()
        ]
        self._numbers = {collector_id: number for number, collector_id in enumerate(self.paths)}

    def output_of(self, collector_id: str) -> int:
        """The number of a collector."""
        return self._numbers[collector_id]

    def take(self, copies: CopyBlock) -> None:
        """Write copies, each into the file of its collector."""
        for output, count in enumerate(copies.counts(len(self._writers))):
            if count:
                self._writers[output].write_block(copies, output=output)

    def write_one(self, collector_id: str, at: int, copy: bytes, comment: str) -> None:
        """Write one copy for a collector and, in a pcapng, what there is to say of it."""
        writer = self._writers[self._numbers[collector_id]]
        if isinstance(writer, PcapngWriter):
            writer.write(at, copy, comment=comment)
        else:
            writer.write(at, copy)


class CombinedCapture:
    """A pcapng with an interface for each collector. Packets are in the order of time, as a capture on all
    collectors at once would have them. Raises `VtapError` where it cannot be written.
    """

    def __init__(self, path: Path, collectors: Sequence[Interface], files: OutputFiles) -> None:
        self.paths = {one.id: path for one in collectors}
        """The file of each collector, by the ID of its interface: the same for all."""
        names = distinct_names(self.paths)
        self._writer = PcapngWriter(files.open(path, OUT))
        self._interfaces = {
            one.id: self._writer.add_interface(names[one.id], _description(one.id)) for one in collectors
        }

    def output_of(self, collector_id: str) -> int:
        """The number of a collector: that of its interface."""
        return self._interfaces[collector_id]

    def take(self, copies: CopyBlock) -> None:
        """Write copies, in the order of time."""
        copies.order_by_time(len(self._interfaces))
        self._writer.write_block(copies, interface=-1)

    def write_one(self, collector_id: str, at: int, copy: bytes, comment: str) -> None:
        """Write one copy for a collector and what there is to say of it."""
        self._writer.write(at, copy, interface=self._interfaces[collector_id], comment=comment)


def _open(path: Path, name: str, description: str, files: OutputFiles) -> PcapngWriter | PcapWriter:
    """A capture of the format that its name ends in; a pcapng tells of one interface what it is called."""
    file = files.open(path, OUT)
    if path.suffix == ".pcap":
        return PcapWriter(file)
    writer = PcapngWriter(file)
    writer.add_interface(name, description)
    return writer


def _description(collector_id: str) -> str:
    """What a capture says of a collector's interface beside its name."""
    return f"VXLAN copies for {collector_id}"
