"""An estimate for people: what TAPs and collectors would carry, and whether their machines keep up."""

from __future__ import annotations

from collections.abc import Iterator

from vtaplib.analysis.capture_notices import capture_notices
from vtaplib.analysis.load_entries import RatesEntry
from vtaplib.analysis.lost_frames import loss_figures, loss_tables
from vtaplib.analysis.naming import marked_if_down
from vtaplib.analysis.traffic_estimate.report import CollectorEstimate, EstimateReport
from vtaplib.reports.document import (
    Cell,
    Column,
    Document,
    Element,
    KeyFigure,
    KeyFigures,
    Kind,
    Note,
    Paragraph,
    Phrase,
    Role,
    Section,
    Settings,
    Share,
    Table,
    Words,
    numbers,
)
from vtaplib.reports.number import counted, duration, octets, three_digits, whole_duration


def estimate_document(report: EstimateReport) -> Document:
    """The document of an estimate."""
    troubles = report.flow_logs.troubles if report.flow_logs is not None else ()
    return Document(
        f"Estimate from {report.source.rpartition('/')[2]}",
        _lead(report),
        (
            Section("summary", "Summary", (_key_figures(report),)),
            Section("rates", "What would be carried", tuple(_rates(report))),
            Section("taps", "TAPs", tuple(_taps(report))),
            Section("collectors", "Collectors", tuple(_collectors(report))),
            Section("talkers", "Top talkers", tuple(_talkers(report))),
            Section("not-mirrored", "Not mirrored", tuple(_not_mirrored(report))),
            Section(
                "elsewhere",
                "Dropped, or of no interface",
                tuple(loss_tables(report.nowhere, report.dropped, report.scale)),
            ),
            Section("flow-logs", "Flow logs", tuple(_flow_logs(report))),
            Section("policy", "Policy in force", (Settings(report.policy),)),
        ),
        warnings=tuple(one.text for one in report.warnings),
        notices=(
            *(Paragraph(f"{one}. What comes before it was counted.", Role.WARNING) for one in troubles),
            *capture_notices(report.ended_early, report.skipped),
        ),
    )


def _lead(report: EstimateReport) -> Words:
    text = f": {counted(report.read.frames, 'frame')}, {report.read.bytes:,} bytes"
    text += f" in {counted(report.seconds, 'second')}"
    if report.untapped.frames:
        text += f", {counted(report.untapped.frames, 'frame')} past no tap point"
    if report.scale != 1:
        text += f". All figures are {report.scale:,g} times the measured ones"
    cloud = Phrase(report.cloud, Role.STRONG)
    return Phrase(report.source, Role.STRONG), f" ({report.format}) through ", cloud, text


def _key_figures(report: EstimateReport) -> KeyFigures:
    busiest = max(report.collectors, key=lambda one: one.rates.peak_mbit_per_second, default=None)
    volume = sum(one.bytes_in_duration for one in report.collectors)
    return KeyFigures(
        (
            KeyFigure("Traffic", octets(report.read.bytes), counted(report.read.frames, "frame")),
            KeyFigure("Over", duration(report.seconds), "of packet time"),
            KeyFigure("Collectors get", octets(volume), f"in {whole_duration(report.duration_seconds)}"),
            KeyFigure(
                "Busiest second",
                three_digits(busiest.rates.peak_mbit_per_second if busiest else 0),
                f"Mbit/s at {busiest.interface}" if busiest else "Mbit/s",
            ),
            *loss_figures(report.nowhere, report.dropped, report.read.frames),
            KeyFigure("Past no tap point", f"{report.untapped.frames:,}", "frames"),
            KeyFigure("Warnings", f"{len(report.warnings):,}"),
        )
    )


def _rates(report: EstimateReport) -> Iterator[Element]:
    carried = [(f"TAP {one.tap}", one.rates) for one in report.taps]
    carried += [
        (marked_if_down(one.interface, one.interface_id, report.down), one.rates) for one in report.collectors
    ]
    figures = ("Average", "95th percentile", "Peak")
    if carried:
        yield Table(
            "What would be carried, in copies as they are on the network",
            (
                Column("TAP or collector"),
                *numbers(*(f"{figure} {unit}" for unit in ("Mbit/s", "packets/s") for figure in figures)),
            ),
            [(name, *_figures(rates)) for name, rates in carried],
        )


def _figures(rates: RatesEntry) -> tuple[float, ...]:
    return (
        rates.average_mbit_per_second,
        rates.percentile_95_mbit_per_second,
        rates.peak_mbit_per_second,
        rates.average_packets_per_second,
        rates.percentile_95_packets_per_second,
        rates.peak_packets_per_second,
    )


def _taps(report: EstimateReport) -> Iterator[Element]:
    if not report.taps:
        yield Paragraph("The cloud has no TAP.", Role.WARNING)
        return
    volume = Column(_in_duration(report), Kind.BYTES)
    yield Table(
        "TAPs",
        (Column("TAP"), *numbers("Sources"), volume, *numbers("Over\u00a0the MTU")),
        [
            (
                one.tap,
                one.sources,
                one.bytes_in_duration,
                "not known" if one.over_mtu_share is None else Share(one.over_mtu_share, 1),
            )
            for one in report.taps
        ],
    )


def _collectors(report: EstimateReport) -> Iterator[Element]:
    if not report.collectors:
        yield Note("No TAP sends to an interface, so there is no collector.")
        return
    yield Note(
        "Azure does not limit what a machine receives. The rate at which its size may send is a guide to "
        "what it can receive. Azure publishes no packet rate: the policy's packets_per_second_per_vcpu says "
        "what a vCPU of your collector takes."
    )
    with_packets = any(one.packets_per_second is not None for one in report.collectors)
    packets = ("packets/s of\u00a0the\u00a0size", "Headroom packets/s") if with_packets else ()
    yield Table(
        "Collectors compared with the sizes of their machines",
        (
            Column("Collector"),
            Column("Size"),
            *numbers("Mbit/s of\u00a0the\u00a0size", "Peak of\u00a0it", "Headroom Mbit/s", *packets),
            Column("Smallest that would do"),
            Column(_in_duration(report), Kind.BYTES),
        ),
        [
            (
                marked_if_down(one.interface, one.interface_id, report.down),
                one.size or "no machine",
                _or(one.megabits_per_second, "not published"),
                _peak(one, number),
                _or(one.headroom_mbit_per_second, "not known"),
                *(_packets(one) if with_packets else ()),
                one.smallest_size or ("none" if one.copies.frames else "any"),
                one.bytes_in_duration,
            )
            for number, one in enumerate(report.collectors, start=1)
        ],
    )


def _packets(one: CollectorEstimate) -> tuple[Cell, Cell]:
    """The packet rate of the size, and what the peak leaves of it."""
    return (
        _or(one.packets_per_second, "not known"),
        _or(one.headroom_packets_per_second, "not known"),
    )


def _peak(one: CollectorEstimate, number: int) -> Cell:
    """The peak of all that the machine collects, as a share of its size's rate."""
    rate, headroom = one.megabits_per_second, one.headroom_mbit_per_second
    if not rate or headroom is None:
        return "–"
    return Share(rate - headroom, rate, Role.BAD if headroom < 0 else Role.PLAIN, number)


def _talkers(report: EstimateReport) -> Iterator[Element]:
    rows = [
        (tap.tap, one.source, one.destination, one.frames, one.bytes, Share(one.share, 1))
        for tap in report.taps
        for one in tap.talkers
    ]
    if rows:
        yield Table(
            "Top talkers: pairs of addresses with the most copies",
            (
                Column("TAP"),
                Column("Source"),
                Column("Destination"),
                *numbers("Frames", "Bytes", "Share\u00a0of the\u00a0TAP"),
            ),
            rows,
        )


def _not_mirrored(report: EstimateReport) -> Iterator[Element]:
    rows = [
        (tap.tap, one.explanation, one.frames, one.bytes) for tap in report.taps for one in tap.not_mirrored
    ]
    if rows:
        yield Table("Not mirrored", (Column("TAP"), Column("Reason"), *numbers("Frames", "Bytes")), rows)


def _flow_logs(report: EstimateReport) -> Iterator[Element]:
    logs = report.flow_logs
    if logs is not None:
        yield Paragraph(
            f"Flow logs: {counted(logs.records, 'record')} in {counted(logs.files, 'file')}, "
            f"{counted(logs.tuples, 'tuple')}: {logs.without_traffic:,} without traffic, {logs.denied:,} "
            f"denied, {logs.elsewhere:,} of interfaces that the cloud does not have. They count over "
            "minutes: real peaks are higher, and whether a copy exceeds the MTU is not known."
        )


def _or(number: float | None, words: str) -> Cell:
    return words if number is None else number


def _in_duration(report: EstimateReport) -> str:
    return f"In {whole_duration(report.duration_seconds)}".replace(" ", "\u00a0")
