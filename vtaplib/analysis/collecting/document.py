"""A collector's account for people: what came, from whom, where it went, and what was lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from vtaplib.analysis.collecting.report import CollectReport
from vtaplib.collector.acceptance import DatagramRefusal
from vtaplib.mirror.count import Count
from vtaplib.reports.document import Column, Document, Paragraph, Section, Table, numbers
from vtaplib.reports.number import counted

_STREAMS_SHOWN: Final = 20


def collect_document(report: CollectReport) -> Document:
    """The document of a run."""
    return Document(
        f"Collected at {report.listen}",
        _summary(report),
        (Section("account", "Account", tuple(_tables(report))),),
        warnings=tuple(
            f"{one.name} answered {counted(times, 'time')}: {words}. Those datagrams were sent, and lost "
            "there"
            for one in report.outputs
            for words, times in one.answers.items()
        ),
        notices=tuple(map(Paragraph, _losses(report))),
    )


def _summary(report: CollectReport) -> str:
    seconds = report.seconds or 1.0
    return (
        f"{report.listen}: {counted(report.received.frames, 'datagram')} in {report.seconds:,.1f} s, "
        f"{counted(report.taken.frames, 'frame')} of {counted(report.taken.octets, 'octet')} taken "
        f"({report.taken.frames / seconds:,.0f}/s, {report.taken.octets * 8 / seconds / 1e6:,.1f} Mbit/s)"
    )


def _tables(report: CollectReport) -> Iterator[Table]:
    if report.refused:
        yield Table(
            "Refused",
            (Column("Why"), *numbers("Datagrams", "Octets")),
            [
                (f"{reason} ({option})" if option else reason, count.frames, count.octets)
                for reason, count in report.refused.items()
                for option in (DatagramRefusal(reason).option,)
            ],
        )
    if report.streams:
        yield Table(
            "Streams",
            (
                *map(Column, ("From", "VNI")),
                *numbers("Frames", "Octets", "TCP\u00a0gaps (est.)", "Missing (est.)"),
            ),
            [
                (
                    one.source or "others",
                    "" if one.vni is None else str(one.vni),
                    one.frames,
                    one.octets,
                    one.tcp_gaps,
                    one.tcp_missing_octets,
                )
                for one in report.streams
            ],
            at_most=_STREAMS_SHOWN,
        )
    if report.stages:
        yield Table(
            "Stages",
            (
                *map(Column, ("Stage", "Dropped, noted")),
                *numbers("Entered", "Left", "Dropped", "Octets removed"),
            ),
            [
                (
                    one.stage,
                    "; ".join(filter(None, (_reasons(one.dropped), _reasons(one.noted)))),
                    one.entered.frames,
                    one.left.frames,
                    _frames(one.dropped),
                    one.removed.octets,
                )
                for one in report.stages
            ],
        )
    if report.outputs:
        yield Table(
            "Outputs",
            (*map(Column, ("To", "Lost because")), *numbers("Frames", "Octets", "Files", "Lost")),
            [
                (
                    one.name,
                    _reasons(one.lost),
                    one.taken.frames,
                    one.taken.octets,
                    one.finished_files or "",
                    _frames(one.lost) or "",
                )
                for one in report.outputs
            ],
        )


def _reasons(counts: Mapping[str, Count]) -> str:
    return "; ".join(f"{reason}: {count.frames:,}" for reason, count in counts.items())


def _frames(counts: Mapping[str, Count]) -> int:
    return sum(count.frames for count in counts.values())


def _losses(report: CollectReport) -> Iterator[str]:
    """What was lost before it was received, in sentences."""
    if report.kernel_dropped:
        yield (
            f"Lost: {counted(report.kernel_dropped, 'datagram')} dropped by the kernel, because nothing read "
            f"them in time. Of {report.backlog:,} places of the backlog {report.backlog_high_water:,} were "
            "taken"
            + (
                "; it was full: an output is too slow. Write to something faster, or raise --backlog."
                if report.backlog_full
                else "; the machine is too slow, or the kernel's buffer too small: raise net.core.rmem_max."
            )
        )
    if report.kernel.reassembly_failures:
        yield (
            f"Of {counted(report.kernel.reassembly_failures, 'packet')}, for any receiver, the host did not "
            "get all fragments. Copies may be longer than the path's MTU."
        )
    before_sockets = report.kernel.queue_drops + report.kernel.interface_drops
    if before_sockets:
        yield (f"The host dropped {counted(before_sockets, 'packet')} before any socket, for any receiver.")
    if report.waiting:
        yield f"Lost: {counted(report.waiting, 'datagram')} that waited when an output failed."
