"""The report of `vtap collect` for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from vtaplib.cli.collect.report import CollectReport
from vtaplib.cli.table import make_table
from vtaplib.reports.number import counted

# Streams in the table; `--json` has all.
_STREAMS_SHOWN = 20


def report_tables(report: CollectReport) -> Iterator[RenderableType]:
    """What to print, one after the other."""
    yield Text(_summary(report))
    if report.refused:
        refused = make_table("Refused", ["why"], ["datagrams", "octets"])
        for reason, count in report.refused.items():
            refused.add_row(reason, f"{count.frames:,}", f"{count.octets:,}")
        yield refused
    if report.streams:
        streams = make_table(
            "Streams",
            ["from", "VNI"],
            ["frames", "octets", "TCP gaps (est.)", "missing (est.)"],
        )
        for stream in report.streams[:_STREAMS_SHOWN]:
            vni = "" if stream.vni is None else str(stream.vni)
            numbers = (stream.frames, stream.octets, stream.tcp_gaps, stream.tcp_missing_octets)
            streams.add_row(stream.source or "others", vni, *(f"{number:,}" for number in numbers))
        if len(report.streams) > _STREAMS_SHOWN:
            streams.caption = f"and {len(report.streams) - _STREAMS_SHOWN:,} more; --json has all"
        yield streams
    if report.stages:
        yield from _stages(report)
    if report.outputs:
        outputs = make_table("Outputs", ["to", "lost because"], ["frames", "octets", "files", "lost"])
        for output in report.outputs:
            lost = sum(count.frames for count in output.lost.values())
            outputs.add_row(
                output.name,
                "; ".join(f"{reason}: {count.frames:,}" for reason, count in output.lost.items()),
                f"{output.taken.frames:,}",
                f"{output.taken.octets:,}",
                f"{output.finished_files:,}" if output.finished_files else "",
                f"{lost:,}" if lost else "",
            )
        yield outputs
    yield from map(Text, _losses(report))
    for output in report.outputs:
        for words, times in output.answers.items():
            yield Text(
                f"Warning: {output.name} answered {counted(times, 'time')}: {words}. What it answered to was "
                "sent, and lost there.",
                "yellow",
            )


def _summary(report: CollectReport) -> str:
    seconds = report.seconds or 1.0
    return (
        f"{report.listen}: {counted(report.received.frames, 'datagram')} in {report.seconds:,.1f} s, "
        f"{counted(report.taken.frames, 'frame')} of {counted(report.taken.octets, 'octet')} taken "
        f"({report.taken.frames / seconds:,.0f}/s, {report.taken.octets * 8 / seconds / 1e6:,.1f} Mbit/s)"
    )


def _stages(report: CollectReport) -> Iterator[RenderableType]:
    stages = make_table(
        "Stages", ["stage", "dropped, noted"], ["entered", "left", "dropped", "octets removed"]
    )
    for entry in report.stages:
        noted = [f"{what}: {count.frames:,}" for what, count in entry.noted.items()]
        dropped = sum(count.frames for count in entry.dropped.values())
        stages.add_row(
            entry.stage,
            "; ".join([f"{reason}: {count.frames:,}" for reason, count in entry.dropped.items()] + noted),
            f"{entry.entered.frames:,}",
            f"{entry.left.frames:,}",
            f"{dropped:,}",
            f"{entry.removed.octets:,}",
        )
    yield stages


def _losses(report: CollectReport) -> Iterator[str]:
    """What was lost before it was received, in sentences."""
    if report.kernel_dropped:
        yield (
            f"Lost: {counted(report.kernel_dropped, 'datagram')} dropped by the kernel, because nobody read "
            f"in time. Of {report.backlog:,} places of the backlog {report.backlog_high_water:,} were taken"
            + (
                "; it was full: an output is too slow. Write to something faster, or raise --backlog."
                if report.backlog_full
                else "; the machine is too slow, or the kernel's buffer too small: raise net.core.rmem_max."
            )
        )
    if report.kernel.reassembly_failures:
        yield (
            f"Of {counted(report.kernel.reassembly_failures, 'packet')}, whoever they were for, the host did "
            "not get all fragments: copies may be longer than the path's MTU."
        )
    before_sockets = report.kernel.queue_drops + report.kernel.interface_drops
    if before_sockets:
        yield (
            f"The host dropped {counted(before_sockets, 'packet')} before any socket, whoever they were for."
        )
    if report.waiting:
        yield f"Lost: {counted(report.waiting, 'datagram')} that waited when an output failed."
