"""The page of a diff: what becomes of coverage, of which conversations, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from xml.etree.ElementTree import Element

from vtaplib.analysis.coverage_diff.report import (
    ConversationEnd,
    ConversationEntry,
    ConversationSum,
    CoverageChangeEntry,
    DesignEntry,
    DiffReport,
    DirectionCoverage,
)
from vtaplib.cli.page.document import Section, ending, figures, note, notice, page
from vtaplib.cli.page.settings import settings
from vtaplib.cli.page.table import Cell, Column, bar, table
from vtaplib.mirror.conversation import CoverageChange
from vtaplib.model import ids
from vtaplib.reports.number import counted, octets, share
from vtaplib.reports.page.markup import Child, element

_AMOUNTS = tuple(Column(name, is_number=True) for name in ("Conversations", "Frames", "Bytes"))


def diff_page(report: DiffReport) -> str:
    """The page."""
    lost = [one for one in report.fates if CoverageChange(one.explanation).is_loss and one.frames]
    conversations = sum(one.conversations for one in lost)
    verdict = (
        notice(
            f"Coverage is lost: of {counted(conversations, 'conversation')} something is not seen any more."
        )
        if report.coverage_lost
        else element("p", "No coverage is lost.", class_="lead")
    )
    return page(
        f"Two designs compared by {report.capture.rpartition('/')[2]}",
        (
            element(
                "p",
                f"{report.capture} ({report.format}) through {report.before.name}, before, and "
                f"{report.after.name}, after.",
                class_="lead",
            ),
            verdict,
            *ending(report.ended_early, report.skipped),
        ),
        [one for one in _sections(report) if one.children],
    )


def _sections(report: DiffReport) -> Iterator[Section]:
    yield Section("summary", "Summary", (_figures(report),))
    yield Section("fates", "What becomes of conversations", tuple(_fates(report)))
    yield Section("collectors", "Collectors", tuple(_collectors(report)))
    for fate in report.fates:
        listed = [one for one in report.conversations if one.fate == fate.fate]
        heading = fate.explanation[0].upper() + fate.explanation[1:]
        yield Section(fate.fate.replace("_", "-"), heading, tuple(_conversations(fate, listed)))
    yield Section("assumed", "What was taken for granted", tuple(_assumed(report)))
    yield Section("policy", "Policy in force", tuple(_policy(report)))


def _figures(report: DiffReport) -> Element:
    fates = {one.fate: one for one in report.fates}
    return figures(
        ("Frames compared", f"{report.read.frames:,}", octets(report.read.bytes)),
        *(
            (
                f"Seen {when}",
                share(design.seen.frames, report.read.frames),
                f"of frames, {counted(design.seen.conversations, 'conversation')}",
            )
            for when, design in (("before", report.before), ("after", report.after))
        ),
        *(
            (name, f"{fates[fate.name.lower()].conversations:,}", "conversations")
            for name, fate in (
                ("No longer seen", CoverageChange.NO_LONGER_SEEN),
                ("Newly seen", CoverageChange.NEWLY_SEEN),
                ("Moved", CoverageChange.MOVED),
            )
        ),
    )


def _fates(report: DiffReport) -> Iterator[Child]:
    yield note("A conversation is a five-tuple and its answers.")
    yield table(
        "Conversations by what becomes of them",
        (Column("Fate", heads=True), *_AMOUNTS, Column("Share of bytes", is_number=True)),
        [
            (one.explanation, *_numbers(one), bar(share(one.bytes, whole), one.bytes, whole, _kind(one)))
            for whole in [report.read.bytes]
            for one in report.fates
        ],
    )
    if report.further.frames:
        yield note(
            f"{counted(report.further.frames, 'frame')} of these are of conversations too many to be told "
            "apart."
        )
    reasons = [(fate.explanation, one) for fate in report.fates for one in fate.obstacles]
    if reasons:
        yield table(
            "Why in one design only",
            (Column("Fate", heads=True), Column("Reason"), *_AMOUNTS),
            [(fate, one.explanation, one.conversations, one.frames, one.bytes) for fate, one in reasons],
        )
    before, after = report.before.split, report.after.split
    if before or after:
        yield note(
            f"Conversations whose two directions no collector sees together: {before:,} before, {after:,} "
            "after. An analyser of sessions is blind to them."
        )


def _kind(fate: CoverageChangeEntry) -> str:
    if CoverageChange(fate.explanation).is_loss:
        return "bad"
    return "good" if CoverageChange(fate.explanation) is CoverageChange.NEWLY_SEEN else ""


def _collectors(report: DiffReport) -> Iterator[Child]:
    if not report.collectors:
        yield note("Neither design has a collector.")
        return
    largest = max(max(one.before.bytes, one.after.bytes) for one in report.collectors)
    columns = [
        Column(f"{name} {when}", is_number=True)
        for name in ("Conversations", "Frames", "Bytes")
        for when in ("before", "after")
    ]
    yield table(
        "What collectors get copies of",
        (Column("Collector", heads=True), *columns),
        [
            (
                one.interface,
                one.before.conversations,
                one.after.conversations,
                one.before.frames,
                one.after.frames,
                *(bar(f"{each.bytes:,}", each.bytes, largest, "") for each in (one.before, one.after)),
            )
            for one in report.collectors
        ],
    )


def _conversations(fate: CoverageChangeEntry, listed: Sequence[ConversationEntry]) -> Iterator[Child]:
    if not listed:
        return
    if fate.conversations > len(listed):
        yield note(f"The {len(listed):,} largest of {fate.conversations:,}; --limit 0 lists all.")
    yield table(
        f"Conversations: {fate.explanation}",
        (
            Column("From", heads=True),
            Column("To"),
            Column("Protocol"),
            Column("Way"),
            Column("Frames", is_number=True),
            Column("Bytes", is_number=True),
            Column("Before"),
            Column("After"),
        ),
        [row for one in listed for row in _rows(one)],
    )


def _rows(one: ConversationEntry) -> Iterator[Sequence[Cell]]:
    protocol = one.protocol + (", fragments" if one.is_fragments else "")
    for way, half in (("there", one.requests), ("back", one.answers)):
        if half is not None:
            yield (
                _end(one.source),
                _end(one.destination),
                protocol,
                way,
                half.frames,
                half.bytes,
                _sighting(half.before),
                _sighting(half.after),
            )


def _assumed(report: DiffReport) -> Iterator[Child]:
    for design in (report.before, report.after):
        yield from map(note, _notes(design))
        if design.assumed:
            yield note("Addresses that only the apply gives are taken for the lowest free ones.")
            yield table(
                f"Assumed addresses, {design.name}",
                (Column("Resource", heads=True), Column("Address")),
                [(ids.name(one.resource_id), one.address) for one in design.assumed],
            )


def _notes(design: DesignEntry) -> Iterable[str]:
    yield from design.notes
    if design.not_read:
        yield f"{design.name}: not known well enough to be looked at: {', '.join(design.not_read)}"


def _policy(report: DiffReport) -> Iterator[Element]:
    if report.before.policy == report.after.policy:
        yield from settings(report.after.policy)
        return
    for when, design in (("Before", report.before), ("After", report.after)):
        yield element("h3", when)
        yield from settings(design.policy)


def _sighting(one: DirectionCoverage) -> str:
    if one.collectors:
        return ", ".join(dict.fromkeys(one.collectors))
    return f"nobody: {'; '.join(one.obstacles)}"


def _end(end: ConversationEnd) -> str:
    port = "" if end.port is None else f" port {end.port}"
    return f"{end.interface or 'elsewhere'} {end.address}{port}"


def _numbers(one: ConversationSum | CoverageChangeEntry) -> tuple[int, int, int]:
    return one.conversations, one.frames, one.bytes
