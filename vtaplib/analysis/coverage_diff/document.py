"""A diff for people: what becomes of coverage, of which conversations, and why."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

from vtaplib.analysis.capture_notices import capture_notices
from vtaplib.analysis.coverage_diff.report import (
    ConversationEnd,
    ConversationEntry,
    ConversationSum,
    CoverageChangeEntry,
    DesignEntry,
    DiffReport,
    DirectionCoverage,
    ObstacleEntry,
)
from vtaplib.mirror.conversation import CoverageChange
from vtaplib.model import ids
from vtaplib.reports.document import (
    Cell,
    Column,
    Document,
    Element,
    Grid,
    KeyFigure,
    KeyFigures,
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
from vtaplib.reports.number import counted, octets, share

_COUNTS: Final = ("Conversations", "Frames", "Bytes")

_SUFFERED: Final = {"fragmented": "fragmented", "cut": "cut"}
"""What may become of copies that are received, in words."""

_ASSUMED_SHOWN: Final = 10


def diff_document(report: DiffReport) -> Document:
    """The document of a diff."""
    read = f"{counted(report.read.frames, 'frame')}, {report.read.bytes:,} bytes"
    return Document(
        f"Two designs compared by {report.capture.rpartition('/')[2]}",
        (Phrase(report.capture, Role.STRONG), f" ({report.format}): {read}"),
        (
            Section("summary", "Summary", (_key_figures(report), _designs(report))),
            Section("changes", "What becomes of conversations", tuple(_changes(report))),
            Section("collectors", "Collectors", tuple(_collectors(report))),
            *map(_conversations, report.fates, [report] * len(report.fates)),
            Section("assumed", "What was assumed", tuple(_assumed(report))),
            Section("policy", "Policy in force", tuple(_policies(report))),
        ),
        warnings=tuple(_warnings(report)),
        notices=(*capture_notices(report.ended_early, report.skipped), _verdict(report)),
    )


def _warnings(report: DiffReport) -> Iterator[str]:
    """The warnings of both designs; those that both have once."""
    before, after = ([one.text for one in design.warnings] for design in (report.before, report.after))
    for text in dict.fromkeys((*before, *after)):
        when = [name for name, those in (("before", before), ("after", after)) if text in those]
        yield f"{' and '.join(when)}, {text}"


def _verdict(report: DiffReport) -> Paragraph:
    if report.coverage_lost:
        lost = sum(one.conversations for one in report.fates if CoverageChange(one.explanation).is_loss)
        text = f"Coverage is lost: a part of {counted(lost, 'conversation')} is not seen any more."
        return Paragraph(text, Role.BAD)
    if report.receive_alike:
        return Paragraph("No coverage is lost, and collectors receive as much as before.", Role.GOOD)
    changes = "; ".join(_differences(report)) or "each collector gets another part of it"
    return Paragraph(f"No coverage is lost, but what collectors receive changes: {changes}.", Role.WARNING)


def _differences(report: DiffReport) -> Iterator[str]:
    """What of all that collectors receive is not as it was, the ways in which copies suffer first."""
    before, after = report.before.received, report.after.received
    for name, words in _SUFFERED.items():
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield f"{now:,} of {counted(after.copies, 'copy', 'copies')} are {words} ({was:,} before)"
    if before.over_mtu != after.over_mtu:
        yield f"{after.over_mtu:,} frames are above the MTU ({before.over_mtu:,} before)"
    for name in ("copies", "frames", "bytes"):
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield f"{now:,} {name} ({was:,} before)"


def _key_figures(report: DiffReport) -> KeyFigures:
    changes = {one.fate: one for one in report.fates}
    return KeyFigures(
        (
            KeyFigure("Frames compared", f"{report.read.frames:,}", octets(report.read.bytes)),
            *(
                KeyFigure(
                    f"Seen {when}",
                    share(design.seen.frames, report.read.frames),
                    f"of frames, {counted(design.seen.conversations, 'conversation')}",
                )
                for when, design in (("before", report.before), ("after", report.after))
            ),
            *(
                KeyFigure(name, f"{changes[code].conversations:,}", "conversations")
                for name, code in (
                    ("No longer seen", "no_longer_seen"),
                    ("Newly seen", "newly_seen"),
                    ("Moved", "moved"),
                )
            ),
        )
    )


def _designs(report: DiffReport) -> Grid:
    return Grid((("before:", _seen(report.before)), ("after:", _seen(report.after))))


def _seen(design: DesignEntry) -> Words:
    seen = f"{counted(design.seen.conversations, 'conversation')}, {counted(design.seen.frames, 'frame')}"
    down = f", down: {', '.join(map(ids.name, design.down))}" if design.down else ""
    return Phrase(design.name, Role.STRONG), f", in which somebody sees {seen}{down}"


def _changes(report: DiffReport) -> Iterator[Element]:
    yield Note("A conversation is a five-tuple and its answers.")
    rows: list[tuple[Cell, ...]] = [
        (Phrase(one.explanation, _role(one)), *_counts(one), Share(one.bytes, report.read.bytes, _role(one)))
        for one in report.fates
    ]
    if report.further.frames:
        further = report.further
        name = "of these, in conversations that are too many to count separately"
        rows.append((name, "", further.frames, further.bytes, Share(further.bytes, report.read.bytes)))
    yield Table(
        "Conversations by what becomes of them",
        (Column("Change"), *numbers(*_COUNTS, "Share\u00a0of bytes")),
        rows,
    )
    reasons = [(change.explanation, one) for change in report.fates for one in change.obstacles]
    if reasons:
        yield Table(
            "Why in one design only",
            (Column("Change"), Column("Reason"), *numbers(*_COUNTS)),
            [(change, one.explanation, *_counts(one)) for change, one in reasons],
        )
    before, after = report.before.split, report.after.split
    if before or after:
        yield Paragraph(
            f"Conversations whose two directions go to different collectors: {before:,} before, {after:,} "
            "after. An analyser of sessions cannot follow them.",
            Role.WARNING if after > before else Role.PLAIN,
        )


def _role(one: CoverageChangeEntry) -> Role:
    if not one.frames:
        return Role.MUTED
    change = CoverageChange(one.explanation)
    if change.is_loss:
        return Role.BAD
    return Role.GOOD if change is CoverageChange.NEWLY_SEEN else Role.PLAIN


def _collectors(report: DiffReport) -> Iterator[Element]:
    if not report.collectors:
        yield Note("Neither design has a collector.")
        return
    names = (f"{unit} {when}" for unit in _COUNTS for when in ("before", "after"))
    yield Table(
        "What collectors get copies of",
        (Column("Collector"), *numbers(*names)),
        [
            (one.interface, *chain(*zip(_counts(one.before), _counts(one.after), strict=True)))
            for one in report.collectors
        ],
    )
    totals = ("all collectors", report.before.received, report.after.received)
    each = [(one.interface, one.received_before, one.received_after) for one in report.collectors]
    yield Table(
        "What collectors receive, in outer frames",
        (
            Column("Collector"),
            Column("Design"),
            *numbers("Copies", "Copies cut", "Copies fragmented"),
            *numbers("Frames", "Fragments", "Over\u00a0the MTU", "Bytes"),
        ),
        [
            (
                name,
                when,
                got.copies,
                got.cut,
                got.fragmented,
                got.frames,
                got.fragments,
                got.over_mtu,
                got.bytes,
            )
            for name, *both in (*each, *([totals] if len(each) > 1 else []))
            for when, got in zip(("before", "after"), both, strict=True)
        ],
    )


def _conversations(change: CoverageChangeEntry, report: DiffReport) -> Section:
    heading = change.explanation[0].upper() + change.explanation[1:]
    listed = [one for one in report.conversations if one.fate == change.fate]
    title = heading
    if change.conversations > len(listed):
        title += f": the {len(listed):,} largest of {change.conversations:,} (--limit 0 lists all)"
    columns = (
        *map(Column, ("From", "To", "Protocol", "Way")),
        *numbers("Frames", "Bytes"),
        *map(Column, ("Before", "After")),
    )
    table = Table(title, columns, [row for one in listed for row in _rows(one)])
    return Section(change.fate.replace("_", "-"), heading, (table,) if listed else ())


def _rows(one: ConversationEntry) -> Iterator[tuple[Cell, ...]]:
    """The rows of a conversation: one where both directions fare alike, else one for each."""
    protocol = one.protocol + (", fragments" if one.is_fragments else "")
    ends = _end(one.source), _end(one.destination), protocol
    there, back = one.requests, one.answers
    covered = _coverage(there.before), _coverage(there.after)
    if back is not None and covered == (_coverage(back.before), _coverage(back.after)):
        yield *ends, "both", one.frames, one.bytes, *covered
        return
    yield *ends, "there", there.frames, there.bytes, *covered
    if back is not None:
        yield *ends, "back", back.frames, back.bytes, _coverage(back.before), _coverage(back.after)


def _coverage(one: DirectionCoverage) -> str:
    if one.collectors:
        return ", ".join(dict.fromkeys(one.collectors))
    return f"nobody: {'; '.join(one.obstacles)}"


def _end(end: ConversationEnd) -> str:
    port = "" if end.port is None else f" port {end.port}"
    return f"{end.interface or 'elsewhere'} {end.address}{port}"


def _assumed(report: DiffReport) -> Iterator[Element]:
    for design in (report.before, report.after):
        if design.assumed:
            yield Paragraph(
                f"{design.name}: addresses that only the apply gives are assumed to be the lowest free ones.",
                Role.WARNING,
            )
            yield Table(
                "Assumed addresses",
                (Column("Resource"), Column("Address")),
                [(ids.name(one.resource_id), one.address) for one in design.assumed],
                at_most=_ASSUMED_SHOWN,
            )
        if design.not_read:
            names = ", ".join(design.not_read)
            yield Paragraph(f"{design.name}: not known well enough to be compared: {names}", Role.WARNING)
        yield from (Paragraph(one, Role.WARNING) for one in design.notes)


def _policies(report: DiffReport) -> Iterator[Settings]:
    if report.before.policy == report.after.policy:
        yield Settings(report.after.policy)
        return
    yield Settings(report.before.policy, "Policy before")
    yield Settings(report.after.policy, "Policy after")


def _counts(one: ConversationSum | CoverageChangeEntry | ObstacleEntry) -> tuple[int, int, int]:
    return one.conversations, one.frames, one.bytes
