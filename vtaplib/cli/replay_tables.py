"""The report of a replay as tables for people: the numbers of the JSON document, all of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from vtaplib.cli.replay_report import Amount, EarlyEnd, ReplayReport, TapPointEntry
from vtaplib.control.policy import Policy
from vtaplib.model import ids

_NS_PER_S = 1_000_000_000


def replay_tables(report: ReplayReport) -> Iterator[RenderableType]:
    """What to print, in order."""
    yield _headline(report)
    yield _tap_points(report) if report.tap_points else Text("No interface of the cloud is tapped.", "yellow")
    if report.collectors:
        yield _collectors(report)
    if report.nowhere:
        yield _nowhere(report)
    if report.skipped:
        yield _skipped(report)
    if report.ended_early is not None:
        yield _end(report.ended_early)
    yield _policy(report)
    for copy in report.decoded:
        at = datetime.fromtimestamp(copy.timestamp_ns // _NS_PER_S, UTC)
        time = f"{at:%Y-%m-%d %H:%M:%S}.{copy.timestamp_ns % _NS_PER_S:09d} UTC"
        yield Text(f"A copy for {ids.name(copy.collector_id)} at {time}, as scapy reads it", "bold")
        yield Text(copy.text)


def _headline(report: ReplayReport) -> Text:
    text = Text.assemble((report.capture, "bold"), f" ({report.format}) through ", (report.cloud, "bold"))
    text.append(f": {_amount(report.read)} read")
    if report.untapped.frames:
        text.append(f", {_amount(report.untapped)} past no tap point")
    if report.truncated:
        text.append(f", {_frames(report.truncated)} not captured whole")
    return text


def _tap_points(report: ReplayReport) -> Table:
    table = _table("Tap points")
    for name in ("interface", "direction", "TAP"):
        table.add_column(name, overflow="fold")
    for name in ("frames in", "bytes in", "mirrored", "bytes mirrored", "not mirrored"):
        table.add_column(name, justify="right", overflow="fold")
    table.add_column("why not, and remarks", overflow="fold")
    for point in report.tap_points:
        table.add_row(
            point.interface,
            point.direction,
            point.tap,
            *_cells(point.entered),
            *_cells(point.mirrored),
            f"{sum(one.frames for one in point.not_mirrored):,}",
            "\n".join(_remarks(point)),
        )
    return table


def _remarks(point: TapPointEntry) -> Iterator[str]:
    for one in point.not_mirrored:
        yield f"{_frames(one.frames)}, {one.bytes:,} bytes: {one.explanation}"
    for frames, what in (
        (point.over_mtu, "with a copy over the guest's MTU"),
        (point.cut, "cut"),
        (point.fragmented, "fragmented"),
        (point.truncated, "not captured whole"),
    ):
        if frames:
            yield f"{_frames(frames)} {what}"


def _collectors(report: ReplayReport) -> Table:
    table = _table("Collectors")
    table.add_column("interface", overflow="fold")
    for name in ("frames", "bytes", "average Mbit/s", "peak Mbit/s"):
        table.add_column(name, justify="right", overflow="fold")
    table.add_column("capture", overflow="fold")
    for one in report.collectors:
        table.add_row(
            one.interface + (" (down)" if one.interface_id in report.down else ""),
            f"{one.frames:,}",
            f"{one.bytes:,}",
            f"{one.average_mbit_per_second:,.3f}",
            f"{one.peak_mbit_per_second:,.3f}",
            one.capture or "not written",
        )
    return table


def _nowhere(report: ReplayReport) -> Table:
    table = _table("Frames that belong to no interface")
    table.add_column("reason", overflow="fold")
    for name in ("frames", "bytes"):
        table.add_column(name, justify="right", overflow="fold")
    table.add_column("first at", overflow="fold")
    for one in report.nowhere:
        positions = ", ".join(map(str, one.first_positions))
        more = ", …" if one.frames > len(one.first_positions) else ""
        table.add_row(one.explanation, f"{one.frames:,}", f"{one.bytes:,}", positions + more)
    return table


def _skipped(report: ReplayReport) -> Table:
    table = _table("Packets that are not Ethernet, left out and not counted above")
    table.add_column("link type", overflow="fold")
    table.add_column("packets", justify="right", overflow="fold")
    for one in report.skipped:
        table.add_row(one.link_type, f"{one.packets:,}")
    return table


def _end(end: EarlyEnd) -> Text:
    what = "The capture is cut off" if end.kind == "cut" else "The capture is damaged"
    return Text(f"{what}: {end.trouble}. What comes before it was replayed.", "yellow")


def _policy(report: ReplayReport) -> Text:
    defaults = Policy()
    text = Text("Policy in force: ")
    for number, (name, value) in enumerate(report.policy.items()):
        changed = value != getattr(defaults, name)
        text.append(", " if number else "")
        text.append(f"{name}={value}", "bold" if changed else "")
        text.append(" (not the default)" if changed else "")
    return text


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold")


def _cells(amount: Amount) -> tuple[str, str]:
    return f"{amount.frames:,}", f"{amount.bytes:,}"


def _amount(amount: Amount) -> str:
    return f"{_frames(amount.frames)}, {amount.bytes:,} bytes"


def _frames(count: int) -> str:
    return f"{count:,} frame" if count == 1 else f"{count:,} frames"
