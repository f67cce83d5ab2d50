"""The report of a diff for people: what becomes of coverage, and of which conversations."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from vtaplib.analysis.coverage_diff.report import (
    ConversationEnd,
    ConversationEntry,
    ConversationSum,
    CoverageChangeEntry,
    DesignEntry,
    DiffReport,
    DirectionCoverage,
)
from vtaplib.cli.policy_text import policy_text
from vtaplib.cli.replay_tables import end_text, skipped_table
from vtaplib.cli.table import make_table
from vtaplib.mirror.conversation import CoverageChange
from vtaplib.model import ids
from vtaplib.reports.number import counted

_NAMED = 10
"""Assumed addresses that are named before the rest is counted; the JSON document has all."""

_STYLES = {
    CoverageChange.NO_LONGER_SEEN: "bold red",
    CoverageChange.SWAPPED: "bold red",
    CoverageChange.NEWLY_SEEN: "green",
}
_COUNTS = ("conversations", "frames", "bytes")


def diff_tables(report: DiffReport) -> Iterator[RenderableType]:
    """What to print, in order."""
    yield _headline(report)
    yield _fates(report)
    if any(fate.obstacles for fate in report.fates):
        yield _obstacles(report)
    if report.collectors:
        yield _collectors(report)
    for fate in report.fates:
        listed = [one for one in report.conversations if one.fate == fate.fate]
        if listed:
            yield _conversations(fate, listed)
    yield from _split(report)
    for design in (report.before, report.after):
        yield from _reading(design)
    if report.skipped:
        yield skipped_table(report.skipped)
    if report.ended_early is not None:
        yield end_text(report.ended_early)
    yield from _policies(report)
    yield _conclusion(report)


def _headline(report: DiffReport) -> Text:
    read = f"{counted(report.read.frames, 'frame')}, {report.read.bytes:,} bytes"
    text = Text.assemble((report.capture, "bold"), f" ({report.format}): {read}")
    for when, design in (("before", report.before), ("after", report.after)):
        text.append(f"\n  {when}: ").append(design.name, "bold")
        text.append(f", in which somebody sees {_seen(design.seen)}{_down(design)}")
    return text


def _seen(seen: ConversationSum) -> str:
    return f"{counted(seen.conversations, 'conversation')}, {counted(seen.frames, 'frame')}"


def _down(design: DesignEntry) -> str:
    return f", down: {', '.join(map(ids.name, design.down))}" if design.down else ""


def _fates(report: DiffReport) -> Table:
    table = make_table("Conversations", ("",), _COUNTS)
    for fate in report.fates:
        style = _STYLES.get(CoverageChange(fate.explanation)) if fate.frames else "dim"
        table.add_row(fate.explanation, *_numbers(fate), style=style)
    if report.further.frames:
        note = "of these frames of conversations too many to be told apart"
        table.add_row(note, "", f"{report.further.frames:,}", f"{report.further.bytes:,}")
    return table


def _obstacles(report: DiffReport) -> Table:
    table = make_table("Why in one design only", ("", "reason"), _COUNTS)
    for fate in report.fates:
        for one in fate.obstacles:
            table.add_row(fate.explanation, one.explanation, *_numbers(one))
    return table


def _collectors(report: DiffReport) -> Table:
    columns = [f"{unit} {when}" for unit in _COUNTS for when in ("before", "after")]
    table = make_table("What collectors get", ("interface",), columns)
    for one in report.collectors:
        pairs = zip(_numbers(one.before), _numbers(one.after), strict=True)
        table.add_row(one.interface, *(number for pair in pairs for number in pair))
    return table


def _conversations(fate: CoverageChangeEntry, listed: list[ConversationEntry]) -> Table:
    title = fate.explanation[0].upper() + fate.explanation[1:]
    if fate.conversations > len(listed):
        title += f": the {len(listed):,} largest of {fate.conversations:,} (--limit 0 lists all)"
    table = make_table(title, ("from", "to", "protocol", "way"), ("frames", "bytes"))
    for when in ("before", "after"):
        table.add_column(when, overflow="fold")
    for one in listed:
        protocol = one.protocol + (", fragments" if one.is_fragments else "")
        ends = (_end(one.source), _end(one.destination), protocol)
        for cells in _ways(one):
            table.add_row(*ends, *cells)
            ends = ("", "", "")
    return table


def _ways(one: ConversationEntry) -> Iterator[tuple[str, ...]]:
    """The rows of a conversation: one where both ways fare alike, else one for each."""
    there, back = one.requests, one.answers
    shown = [(_sighting(half.before), _sighting(half.after)) for half in (there, back) if half is not None]
    if back is not None and shown[0] == shown[1]:
        yield "both", f"{one.frames:,}", f"{one.bytes:,}", *shown[0]
        return
    for way, half, sightings in zip(("there", "back"), (there, back), shown, strict=False):
        if half is not None:
            yield way, f"{half.frames:,}", f"{half.bytes:,}", *sightings


def _sighting(one: DirectionCoverage) -> str:
    if one.collectors:
        return ", ".join(dict.fromkeys(one.collectors))
    return f"nobody: {'; '.join(one.obstacles)}"


def _end(end: ConversationEnd) -> str:
    port = "" if end.port is None else f" port {end.port}"
    return f"{end.interface or 'elsewhere'} {end.address}{port}"


def _numbers(one: ConversationSum | CoverageChangeEntry | object) -> tuple[str, str, str]:
    conversations, frames, octets = (f"{getattr(one, name):,}" for name in _COUNTS)
    return conversations, frames, octets


def _split(report: DiffReport) -> Iterator[Text]:
    before, after = report.before.split, report.after.split
    if before or after:
        yield Text(
            "Conversations whose two directions no collector sees together: "
            f"{before:,} before, {after:,} after. An analyser of sessions is blind to them.",
            "yellow" if after > before else "",
        )


def _reading(design: DesignEntry) -> Iterator[Text]:
    """What was taken for granted, and what was left out."""
    if design.assumed:
        named = ", ".join(f"{ids.name(one.resource_id)} {one.address}" for one in design.assumed[:_NAMED])
        more = len(design.assumed) - _NAMED
        text = f"Addresses that only the apply gives, taken for the lowest free ones: {named}"
        yield Text(text + (f" and {more} more (--json has all)" if more > 0 else ""), "yellow")
    if design.not_read:
        yield Text(
            f"{design.name}: not known well enough to be looked at: {', '.join(design.not_read)}", "yellow"
        )
    for note in design.notes:
        yield Text(note, "yellow")


def _policies(report: DiffReport) -> Iterator[Text]:
    if report.before.policy == report.after.policy:
        yield policy_text(report.after.policy)
    else:
        yield Text("Before: ").append_text(policy_text(report.before.policy))
        yield Text("After:  ").append_text(policy_text(report.after.policy))


def _conclusion(report: DiffReport) -> Text:
    lost = [one for one in report.fates if CoverageChange(one.explanation).is_loss and one.frames]
    if not lost:
        return Text("No coverage is lost.", "bold green")
    conversations = sum(one.conversations for one in lost)
    return Text(
        f"Coverage is lost: of {counted(conversations, 'conversation')} something is not seen any more.",
        "bold red",
    )
