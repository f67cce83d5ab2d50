"""What a broker behind each collector hands on: the copies of a replay, decapsulated, through its stages.

Every collector has a pipeline of its own, which remembers nothing of the others', and an output for each that
its last balancing stage has. The frames that come out are inner frames, as a tool gets them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vtaplib.analysis.naming import distinct_names
from vtaplib.analysis.report_parts import Amount
from vtaplib.analysis.traffic_replay.report import ReplayStageEntry, StagedCollectorEntry
from vtaplib.mirror.count import Count
from vtaplib.packets import vxlan
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.copy_block import CopyBlock


class FrameWriter(Protocol):
    """What takes frames."""

    def write_block(self, block: PacketBlock, *, output: int) -> None:
        """Write the frames of a block that go to an output."""
        ...


@dataclass(frozen=True, slots=True)
class StagedOutput:
    """Where the frames of one output go."""

    path: Path
    writer: FrameWriter


class StagedCopies:
    """The brokers of collectors, by the ID of the collector's interface, with the outputs of each: none where
    nothing is written. Raises `VtapError` for stages that cannot be.
    """

    def __init__(self, stages: Sequence[str], outputs: Mapping[str, Sequence[StagedOutput]]) -> None:
        self._stages = tuple(stages)
        self._outputs = outputs
        self._brokers = {collector_id: _Broker(stages, its) for collector_id, its in outputs.items()}
        self._numbers = {collector_id: number for number, collector_id in enumerate(outputs)}

    def output_of(self, collector_id: str) -> int:
        """The number of a collector."""
        return self._numbers[collector_id]

    def take(self, copies: CopyBlock) -> None:
        """Let the copies of a block through."""
        counts = copies.counts(len(self._numbers))
        for number, broker in enumerate(self._brokers.values()):
            if counts[number]:
                broker.take(copies.packets(number))

    def entries(self) -> Iterator[StagedCollectorEntry]:
        """What became of the frames of each collector."""
        names = distinct_names(self._brokers)
        for collector_id, broker in self._brokers.items():
            yield StagedCollectorEntry(
                collector_id,
                names[collector_id],
                _amounts(broker.payloads.skipped),
                tuple(
                    ReplayStageEntry(
                        text,
                        Amount.of(one.entered),
                        Amount.of(one.left),
                        _amounts(one.dropped),
                        Amount.of(one.removed),
                        _amounts(one.noted),
                    )
                    for text, one in zip(self._stages, broker.pipeline.accounts, strict=True)
                ),
                tuple(str(one.path) for one in self._outputs[collector_id]),
            )

    @property
    def paths(self) -> Mapping[str, Path]:
        """The file of each collector that has just one."""
        return {collector_id: its[0].path for collector_id, its in self._outputs.items() if len(its) == 1}


class _Broker:
    """One collector's decapsulation and stages."""

    def __init__(self, stages: Sequence[str], outputs: Sequence[StagedOutput]) -> None:
        # Most replays have no stages, and do without what these import.
        from vtaplib.collector.broker import parse_stages
        from vtaplib.collector.payloads import CopyPayloads

        self.pipeline = parse_stages(stages)
        self.payloads = CopyPayloads()
        self._outputs = outputs

    def take(self, copies: PacketBlock) -> None:
        block = self.payloads.of(copies).block
        header = vxlan.HEADER_LENGTH
        block.starts = array("q", [start + header for start in block.starts])
        block.lengths = array("q", [max(length - header, 0) for length in block.lengths])
        block.original_lengths = array("q", block.lengths)
        block.outputs = array("q", bytes(8 * block.room))
        self.pipeline.apply(block)
        for number, output in enumerate(self._outputs):
            output.writer.write_block(block, output=number)


def _amounts(counts: Mapping[str, Count]) -> dict[str, Amount]:
    return {reason: Amount.of(count) for reason, count in counts.items()}
