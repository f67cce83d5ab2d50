"""The account of a collector that was stopped, in which every datagram that came stands once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from vtaplib.collector.collector import Collector, Destination
from vtaplib.collector.forwarding import Forwarder
from vtaplib.collector.kernel_counters import KernelCounters
from vtaplib.collector.rotation import RotatingCapture
from vtaplib.mirror.count import Count
from vtaplib.packets.nanoseconds import NS_PER_SECOND


@dataclass(frozen=True, slots=True)
class OutputEntry:
    """An output: what it was given, kept or handed on, and lost by reason; the files that it finished, of
    which only the last thousand are named; and how often another collector's machine answered what, such as
    that nobody listens.
    """

    name: str
    given: Count
    taken: Count
    lost: dict[str, Count]
    files: tuple[str, ...] = ()
    finished_files: int = 0
    answers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, destination: Destination) -> Self:
        """The entry of an output that is closed."""
        output = destination.output
        files: tuple[str, ...] = ()
        finished = 0
        if isinstance(output, RotatingCapture):
            files = tuple(str(one.path) for one in output.finished)
            finished = output.finished_count
        answers = output.answers if isinstance(output, Forwarder) else {}
        return cls(name, destination.given, output.taken, output.lost, files, finished, answers)


@dataclass(frozen=True, slots=True)
class StreamEntry:
    """What came from one sender under one VNI; both are None for the streams beyond those kept apart.

    `tcp_gaps` and `tcp_missing_octets` are estimates from TCP inside: how often a flow went on further than
    where it was, and the octets there that did not come later either.
    """

    source: str | None
    vni: int | None
    frames: int
    octets: int
    first: str
    last: str
    tcp_gaps: int
    tcp_missing_octets: int


@dataclass(frozen=True, slots=True)
class CollectStageEntry:
    """A broker's stage, as it was written, and where its frames went: entered = left + dropped, in octets and
    what it `removed` from frames; `noted` is what else there is to know of them, in words.
    """

    stage: str
    entered: Count
    left: Count
    dropped: dict[str, Count]
    removed: Count
    noted: dict[str, Count]


@dataclass(frozen=True, slots=True)
class CollectReport:
    """Where every datagram went: received = taken + refused; the stages leave `passed` of what was taken.

    `failure` is what an output ended the run with, None where none did.
    """

    listen: str
    seconds: float
    received: Count
    taken: Count
    refused: dict[str, Count]
    passed: Count
    kernel_dropped: int
    kernel: KernelCounters
    waiting: int
    backlog: int
    backlog_high_water: int
    backlog_full: int
    receive_buffer: int
    stages: tuple[CollectStageEntry, ...]
    outputs: tuple[OutputEntry, ...]
    streams: tuple[StreamEntry, ...]
    lost_something: bool
    failure: str | None


def collect_report(
    collector: Collector, stages: Sequence[str], outputs: Sequence[OutputEntry], failure: str | None = None
) -> CollectReport:
    """The report of a collector that was stopped; `stages` are its pipeline's, as they were written."""
    report = collector.report()
    return CollectReport(
        listen=str(collector.listen),
        seconds=report.seconds,
        received=report.received,
        taken=report.taken,
        refused={reason.value: count for reason, count in report.refused.items() if count.frames},
        passed=report.passed,
        kernel_dropped=report.kernel_dropped,
        kernel=report.kernel,
        waiting=report.waiting,
        backlog=report.backlog,
        backlog_high_water=report.backlog_high_water,
        backlog_full=report.backlog_full,
        receive_buffer=report.receive_buffer,
        stages=tuple(
            CollectStageEntry(text, one.entered, one.left, one.dropped, one.removed, one.noted)
            for text, one in zip(stages, report.stages, strict=True)
        ),
        outputs=tuple(outputs),
        streams=tuple(
            StreamEntry(
                None if one.source is None else str(one.source),
                one.vni,
                one.frames,
                one.octets,
                _moment(one.first_ns),
                _moment(one.last_ns),
                one.tcp_gaps,
                one.tcp_missing_octets,
            )
            for one in report.streams
        ),
        lost_something=report.lost_something or any(output.answers for output in outputs),
        failure=failure,
    )


def _moment(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / NS_PER_SECOND, UTC).isoformat(timespec="microseconds")
