"""What a broker behind each collector hands on: the copies of a replay, decapsulated, through its stages.

Every collector has a pipeline of its own, which remembers nothing of the others', and a capture for each
output that its last balancing stage has. The frames in them are inner frames, as a tool gets them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from vtaplib.analysis.amount import Amount
from vtaplib.analysis.naming import distinct_names, file_stem
from vtaplib.capture import Batch, PcapngWriter, PcapWriter
from vtaplib.cli.capture_set import CaptureSet
from vtaplib.cli.output_files import OutputFiles
from vtaplib.cli.replay_report import ReplayStageEntry, StagedCollectorEntry
from vtaplib.collector.broker import parse_stages
from vtaplib.collector.payloads import CopyPayloads
from vtaplib.errors import VtapError
from vtaplib.fabric.topology import Interface
from vtaplib.mirror.copies import Copies
from vtaplib.model import ids
from vtaplib.packets import vxlan
from vtaplib.packets.block import PacketBlock


class _Broker:
    """One collector's decapsulation, stages and outputs; without `writers` nothing is written."""

    def __init__(self, stages: Sequence[str], writers: Sequence[PcapngWriter | PcapWriter]) -> None:
        self.pipeline = parse_stages(stages)
        self.payloads = CopyPayloads()
        self.writers = writers

    def take(self, copies: Copies) -> None:
        block = self.payloads.of(
            PacketBlock.of(
                (at, frame, len(frame)) for at, frame in zip(copies.timestamps, copies.frames, strict=True)
            )
        ).block
        header = vxlan.HEADER_LENGTH
        block.starts = array("q", [start + header for start in block.starts])
        block.lengths = array("q", [max(length - header, 0) for length in block.lengths])
        block.original_lengths = array("q", block.lengths)
        block.outputs = array("q", bytes(8 * block.room))
        self.pipeline.apply(block)
        for output, writer in enumerate(self.writers):
            chosen = [index for index in range(block.count) if block.outputs[index] == output]
            writer.write_many(
                Batch(
                    [block.times_ns[index] for index in chosen],
                    [block.packet(index) for index in chosen],
                    [block.original_lengths[index] for index in chosen],
                )
            )


class StagedCaptures(CaptureSet):
    """The brokers of all collectors.

    With `out`, a directory, each collector's frames are written there: `NAME.pcapng`, or `NAME-1.pcapng` and
    so on where flows are balanced. Raises `VtapError` for stages that cannot be and for what cannot be
    written.
    """

    def __init__(
        self,
        stages: Sequence[str],
        out: Path | None,
        format: str,  # noqa: A002  # the option's name
        collectors: Sequence[Interface],
        files: OutputFiles,
    ) -> None:
        self._stages = tuple(stages)
        outputs = parse_stages(stages).outputs
        super().__init__(out, files)
        self._names = distinct_names(one.id for one in collectors)
        self.paths: dict[str, tuple[Path, ...]] = {}
        """The files of each collector, by the ID of its interface."""
        self._brokers: dict[str, _Broker] = {}
        for one in collectors:
            stem = file_stem(self._names[one.id])
            numbers = [""] if outputs == 1 else [f"-{number}" for number in range(1, outputs + 1)]
            self.paths[one.id] = tuple(out / f"{stem}{number}.{format}" for number in numbers) if out else ()
            writers = [
                self.open(path, ids.name(one.id), f"Frames behind {one.id}, output {output}")
                for output, path in enumerate(self.paths[one.id], start=1)
            ]
            self._brokers[one.id] = _Broker(stages, writers)

    def take(self, handed: dict[str, Copies]) -> dict[str, Copies]:
        """Let the copies of a batch through; returns them as they were."""
        for collector_id, copies in handed.items():
            self._brokers[collector_id].take(copies)
        return handed

    def entries(self) -> Iterator[StagedCollectorEntry]:
        """What became of the frames of each collector."""
        for collector_id, broker in self._brokers.items():
            yield StagedCollectorEntry(
                collector_id,
                "/".join(self._names[collector_id]),
                {reason: Amount.of(count) for reason, count in broker.payloads.skipped.items()},
                tuple(
                    ReplayStageEntry(
                        text,
                        Amount.of(one.entered),
                        Amount.of(one.left),
                        {reason: Amount.of(count) for reason, count in one.dropped.items()},
                        Amount.of(one.removed),
                        {what: Amount.of(count) for what, count in one.noted.items()},
                    )
                    for text, one in zip(self._stages, broker.pipeline.accounts, strict=True)
                ),
                tuple(map(str, self.paths[collector_id])),
            )

    @property
    def only_paths(self) -> Mapping[str, Path]:
        """The file of each collector that has just one."""
        return {collector_id: paths[0] for collector_id, paths in self.paths.items() if len(paths) == 1}


def open_staged(
    stages: Sequence[str],
    out: Path | None,
    format: str,  # noqa: A002  # the option's name
    collectors: Sequence[Interface],
    files: OutputFiles,
    *,
    comments: bool,
) -> StagedCaptures | None:
    """The brokers that a replay's `--stage` options ask for, None without any. Raises `VtapError`."""
    if not stages:
        return None
    if comments:
        raise VtapError("--comments: with --stage no copy is written as it was made; leave one of them out")
    if out is not None and out.suffix in (".pcapng", ".pcap") and not out.is_dir():
        raise VtapError(f"{out}: with --stage each collector has files of its own; name a directory")
    return StagedCaptures(stages, out, format, collectors, files)
