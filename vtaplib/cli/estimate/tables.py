"""The report of an estimate as tables for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from vtaplib.analysis.traffic_estimate.report import CollectorEstimate, EstimateReport, FlowLogSummary
from vtaplib.cli.policy_text import policy_text
from vtaplib.cli.replay_tables import end_text, skipped_table
from vtaplib.cli.table import make_table
from vtaplib.reports.number import counted, whole_duration

UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def estimate_tables(report: EstimateReport) -> Iterator[RenderableType]:
    """What to print, in order."""
    yield _headline(report)
    if report.taps:
        yield _rates(report)
        yield _volumes(report)
    else:
        yield Text("The cloud has no TAP.", "yellow")
    if report.collectors:
        yield _sizes(report)
    if any(tap.talkers for tap in report.taps):
        yield _talkers(report)
    if any(tap.not_mirrored for tap in report.taps):
        yield _not_mirrored(report)
    for warning in report.warnings:
        yield Text(f"{warning.text}.", "yellow")
    if report.flow_logs is not None:
        yield from _flow_logs(report.flow_logs)
    if report.skipped:
        yield skipped_table(report.skipped)
    if report.ended_early is not None:
        yield end_text(report.ended_early)
    yield policy_text(report.policy)


def _headline(report: EstimateReport) -> Text:
    text = Text.assemble((report.source, "bold"), f" ({report.format}) through ", (report.cloud, "bold"))
    text.append(f": {counted(report.read.frames, 'frame')}, {report.read.bytes:,} bytes")
    text.append(f" in {counted(report.seconds, 'second')}")
    if report.untapped.frames:
        text.append(f", {counted(report.untapped.frames, 'frame')} past no tap point")
    if report.scale != 1:
        text.append(f". All figures are {report.scale:,g} times what was found")
    return text


def _rates(report: EstimateReport) -> Table:
    table = make_table(
        "What would be carried, in copies as they are on the network",
        ("TAP or collector", "per second"),
        ("average", "95th percentile", "peak"),
    )
    for name, rates in (
        *((f"TAP {tap.tap}", tap.rates) for tap in report.taps),
        *((_collector(report, one), one.rates) for one in report.collectors),
    ):
        table.add_row(
            name,
            "Mbit",
            f"{rates.average_mbit_per_second:,.3f}",
            f"{rates.percentile_95_mbit_per_second:,.3f}",
            f"{rates.peak_mbit_per_second:,.3f}",
        )
        table.add_row(
            "",
            "packets",
            f"{rates.average_packets_per_second:,.1f}",
            f"{rates.percentile_95_packets_per_second:,.1f}",
            f"{rates.peak_packets_per_second:,.1f}",
        )
    return table


def _volumes(report: EstimateReport) -> Table:
    table = make_table(
        "TAPs",
        ("TAP",),
        (
            "sources",
            f"in {whole_duration(report.duration_seconds)}".replace(" ", "\u00a0"),
            "over\u00a0the\u00a0MTU",
        ),
    )
    for tap in report.taps:
        share = "not known" if tap.over_mtu_share is None else f"{tap.over_mtu_share:.1%}"
        table.add_row(tap.tap, f"{tap.sources:,}", bytes_text(tap.bytes_in_duration), share)
    return table


def _sizes(report: EstimateReport) -> Table:
    table = make_table(
        "Collectors beside their sizes",
        ("interface", "size"),
        ("size's Mbit/s", "headroom Mbit/s"),
    )
    table.add_column("smallest that\nwould do", overflow="fold")
    for one in report.collectors:
        table.add_row(
            _collector(report, one),
            one.size or "no machine",
            "not published" if one.megabits_per_second is None else f"{one.megabits_per_second:,}",
            "not known" if one.headroom_mbit_per_second is None else f"{one.headroom_mbit_per_second:,.1f}",
            one.smallest_size or ("none" if one.copies.frames else "any"),
        )
    return table


def _collector(report: EstimateReport, one: CollectorEstimate) -> str:
    return one.interface + (" (down)" if one.interface_id in report.down else "")


def _talkers(report: EstimateReport) -> Table:
    table = make_table("Top talkers", ("TAP", "source", "destination"), ("frames", "bytes", "share"))
    for tap in report.taps:
        for one in tap.talkers:
            table.add_row(
                tap.tap,
                one.source,
                one.destination,
                f"{one.frames:,}",
                f"{one.bytes:,}",
                f"{one.share:.1%}",
            )
    return table


def _not_mirrored(report: EstimateReport) -> Table:
    table = make_table("Not mirrored", ("TAP", "reason"), ("frames", "bytes"))
    for tap in report.taps:
        for one in tap.not_mirrored:
            table.add_row(tap.tap, one.explanation, f"{one.frames:,}", f"{one.bytes:,}")
    return table


def _flow_logs(logs: FlowLogSummary) -> Iterator[Text]:
    text = Text(
        f"Flow logs: {counted(logs.records, 'record')} in {counted(logs.files, 'file')}, "
        f"{counted(logs.tuples, 'tuple')}: {logs.without_traffic:,} without traffic, {logs.denied:,} denied, "
        f"{logs.elsewhere:,} of interfaces that the cloud does not have. They count over minutes: real peaks "
        "are higher, and whether a copy exceeds the MTU is not known."
    )
    yield text
    for trouble in logs.troubles:
        yield Text(f"{trouble}. What comes before it was counted.", "yellow")


def bytes_text(octets: int) -> str:
    """Bytes with three digits or four, in a unit of powers of 1000."""
    size, unit = float(octets), UNITS[0]
    for unit in UNITS:
        if size < 1000 or unit == UNITS[-1]:
            break
        size /= 1000
    return f"{octets:,} bytes" if unit == UNITS[0] else f"{size:,.1f} {unit}"
