"""The report of a replay as tables for people: the numbers of the JSON document, all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from vtaplib.analysis.amount import Amount
from vtaplib.capture.feed import EarlyEnd, SkippedEntry
from vtaplib.cli.policy_text import policy_text
from vtaplib.cli.replay_report import LossEntry, ReplayReport, TapPointEntry
from vtaplib.cli.table import make_table
from vtaplib.model import ids
from vtaplib.packets.nanoseconds import NS_PER_SECOND
from vtaplib.reports.number import counted

POINT = ("interface", "direction", "TAP")

NOTES = {
    "over_mtu": "copy over the MTU",
    "clamped": "clamped",
    "cut": "copy cut",
    "fragmented": "copy fragmented",
    "truncated": "not captured whole",
}
"""What a tap point counts beside, and its heading."""


def replay_tables(report: ReplayReport) -> Iterator[RenderableType]:
    """What to print, in order."""
    yield _headline(report)
    yield _tap_points(report) if report.tap_points else Text("No interface of the cloud is tapped.", "yellow")
    if any(point.not_mirrored for point in report.tap_points):
        yield _not_mirrored(report)
    if any(map(_is_of_note, report.tap_points)):
        yield _sizes(report)
    if report.collectors:
        yield _collectors(report)
    if report.staged:
        yield _staged(report)
    if report.machines:
        yield _machines(report)
    if report.nowhere:
        yield _lost("Frames that belong to no interface", report.nowhere)
    if report.dropped:
        yield _lost("Frames that the network drops", report.dropped)
    if report.skipped:
        yield skipped_table(report.skipped)
    for warning in report.warnings:
        yield Text(f"Warning: {warning.text}.", "yellow")
    if report.ended_early is not None:
        yield end_text(report.ended_early)
    yield policy_text(report.policy)
    for copy in report.decoded:
        at = datetime.fromtimestamp(copy.timestamp_ns // NS_PER_SECOND, UTC)
        time = f"{at:%Y-%m-%d %H:%M:%S}.{copy.timestamp_ns % NS_PER_SECOND:09d} UTC"
        yield Text(f"A copy for {ids.name(copy.collector_id)} at {time}, as {copy.decoder} reads it", "bold")
        yield Text(copy.text)


def _headline(report: ReplayReport) -> Text:
    text = Text.assemble((report.capture, "bold"), f" ({report.format}) through ", (report.cloud, "bold"))
    text.append(f": {_amount(report.read)} read")
    if report.untapped.frames:
        text.append(f", {_amount(report.untapped)} past no tap point")
    if report.truncated:
        text.append(f", {counted(report.truncated, 'frame')} not captured whole")
    return text


def _tap_points(report: ReplayReport) -> Table:
    table = make_table(
        "Tap points", POINT, ("frames in", "bytes in", "frames mirrored", "bytes mirrored", "not mirrored")
    )
    for point in report.tap_points:
        refused = sum(one.frames for one in point.not_mirrored)
        table.add_row(*_point(point), *_cells(point.entered), *_cells(point.mirrored), f"{refused:,}")
    return table


def _not_mirrored(report: ReplayReport) -> Table:
    table = make_table("Not mirrored", (*POINT, "reason"), ("frames", "bytes"))
    for point in report.tap_points:
        for one in point.not_mirrored:
            table.add_row(*_point(point), one.explanation, f"{one.frames:,}", f"{one.bytes:,}")
    return table


def _sizes(report: ReplayReport) -> Table:
    table = make_table("Frames of note", POINT, tuple(NOTES.values()))
    for point in report.tap_points:
        if _is_of_note(point):
            table.add_row(*_point(point), *(f"{getattr(point, name):,}" for name in NOTES))
    return table


def _is_of_note(point: TapPointEntry) -> bool:
    return any(getattr(point, name) for name in NOTES)


def _collectors(report: ReplayReport) -> Table:
    table = make_table("Collectors", ("interface",), ("frames", "bytes", "average Mbit/s", "peak Mbit/s"))
    table.add_column("capture", overflow="fold")
    staged = {one.interface_id: ", ".join(one.captures) for one in report.staged}
    for one in report.collectors:
        table.add_row(
            one.interface + (" (down)" if one.interface_id in report.down else ""),
            f"{one.frames:,}",
            f"{one.bytes:,}",
            f"{one.average_mbit_per_second:,.3f}",
            f"{one.peak_mbit_per_second:,.3f}",
            one.capture or staged.get(one.interface_id) or "not written",
        )
    return table


def _lost(title: str, lost: Sequence[LossEntry]) -> Table:
    table = make_table(title, ("reason",), ("frames", "bytes"))
    table.add_column("first at", overflow="fold")
    for one in lost:
        positions = ", ".join(map(str, one.first_positions))
        more = ", …" if one.frames > len(one.first_positions) else ""
        table.add_row(one.explanation, f"{one.frames:,}", f"{one.bytes:,}", positions + more)
    return table


def _staged(report: ReplayReport) -> Table:
    table = make_table(
        "Behind the collectors, decapsulated and stage by stage",
        ("collector", "stage", "dropped, noted"),
        ("entered", "left", "dropped", "bytes removed"),
    )
    for collector in report.staged:
        lost = sum(one.frames for one in collector.not_decapsulated.values())
        if lost:
            table.add_row(
                collector.interface,
                "(decapsulation)",
                "; ".join(collector.not_decapsulated),
                "",
                "",
                f"{lost:,}",
                "",
            )
        for one in collector.stages:
            told = [*one.dropped.items(), *one.noted.items()]
            table.add_row(
                collector.interface,
                one.stage,
                "; ".join(f"{reason}: {count.frames:,}" for reason, count in told),
                f"{one.entered.frames:,}",
                f"{one.left.frames:,}",
                f"{sum(count.frames for count in one.dropped.values()):,}",
                f"{one.removed.bytes:,}",
            )
    return table


def _machines(report: ReplayReport) -> Table:
    table = make_table(
        "Machines, beside what their sizes may send",
        ("machine", "size"),
        ("size's Mbit/s", "peak sent", "peak collected", "bytes above", "flows out", "flows in"),
    )
    for one in report.machines:
        table.add_row(
            ids.name(one.machine_id),
            one.size or "not known",
            "not published" if one.megabits_per_second is None else f"{one.megabits_per_second:,}",
            f"{one.sent_peak_mbit_per_second:,.3f}",
            f"{one.collected_peak_mbit_per_second:,.3f}",
            "not known" if one.bytes_above is None else f"{one.bytes_above:,}",
            f"{one.flows_out:,}",
            f"{one.flows_in:,}",
        )
    return table


def skipped_table(skipped: Sequence[SkippedEntry]) -> Table:
    """What was left out of a capture."""
    table = make_table(
        "Packets that are not Ethernet, left out and not counted above", ("link type",), ("packets",)
    )
    for one in skipped:
        table.add_row(one.link_type, f"{one.packets:,}")
    return table


def end_text(end: EarlyEnd) -> Text:
    """Where and why a capture could not be read on."""
    what = "The capture is cut off" if end.kind == "cut" else "The capture is damaged"
    return Text(f"{what}: {end.trouble}. What comes before it was read.", "yellow")


def _point(point: TapPointEntry) -> tuple[str, str, str]:
    return point.interface, point.direction, point.tap


def _cells(amount: Amount) -> tuple[str, str]:
    return f"{amount.frames:,}", f"{amount.bytes:,}"


def _amount(amount: Amount) -> str:
    return f"{counted(amount.frames, 'frame')}, {amount.bytes:,} bytes"
