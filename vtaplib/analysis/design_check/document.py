"""A check for people: what is wrong, by address; then coverage, and what was not looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from vtaplib.analysis.design_check.report import CheckReport, FindingEntry, InterfaceCoverageEntry, by_address
from vtaplib.model import ids
from vtaplib.model.violation import Severity
from vtaplib.reports.document import (
    Document,
    Element,
    Grid,
    Listing,
    Paragraph,
    Phrase,
    Role,
    Section,
    Settings,
    Stack,
)
from vtaplib.reports.number import counted

_ROLES: Final = {Severity.ERROR.value: Role.BAD, Severity.WARNING.value: Role.WARNING}
_LISTED: Final = 20
"""Interfaces and targets that a terminal names."""


def check_document(report: CheckReport) -> Document:
    """The document of a check."""
    return Document(
        f"Check of {report.checked}",
        "",
        (
            *(
                Section(f"finding-{number}", address, (_strong(address), _findings(findings)))
                for number, (address, findings) in enumerate(by_address(report.findings).items(), start=1)
            ),
            Section(
                "summary",
                "Summary",
                (_headline(report), *_coverage(report), *_reach(report), Settings(report.policy)),
            ),
        ),
        notices=tuple(Paragraph(one, Role.WARNING) for one in report.notes),
    )


def _strong(text: str) -> Paragraph:
    return Paragraph(Phrase(text, Role.STRONG))


def _findings(findings: Sequence[FindingEntry]) -> Grid:
    rows = ((Phrase(one.severity, _ROLES[one.severity]), Stack(tuple(_finding(one)))) for one in findings)
    return Grid(tuple(rows))


def _finding(one: FindingEntry) -> Iterator[Element]:
    yield Paragraph((Phrase(one.code, Role.STRONG), f" at {one.field}" if one.field else ""))
    yield Paragraph(one.message.removesuffix(one.way_out)[:-2] if one.way_out else one.message)
    if one.way_out:
        yield Paragraph(f"→ {one.way_out}", Role.GOOD)


def _headline(report: CheckReport) -> Paragraph:
    role = Role.BAD if report.errors else Role.WARNING if report.warnings else Role.GOOD
    counts = f"{counted(report.errors, 'error')}, {counted(report.warnings, 'warning')}"
    read = counted(sum(report.read.values()), "resource")
    strict = " (strict: warnings count)" if report.strict and report.warnings else ""
    return Paragraph((Phrase(report.checked, Role.STRONG), ": ", Phrase(counts, role), f" in {read}{strict}"))


def _coverage(report: CheckReport) -> Iterator[Element]:
    one = report.coverage
    silent = f", {one.silent} of them heard by nobody" if one.silent else ""
    yield Paragraph(f"Coverage: {one.tapped} of {counted(one.interfaces, 'interface')} tapped{silent}")
    for title, interfaces, role in (
        ("newly tapped", one.newly_tapped, Role.GOOD),
        ("no longer tapped", one.no_longer_tapped, Role.WARNING),
        ("newly silent", one.newly_silent, Role.BAD),
    ):
        if report.is_plan and interfaces:
            yield Paragraph((f"  {title}: ", Phrase(f"{len(interfaces):,}", role)))
            yield Listing([f"  {_interface(each)}" for each in interfaces], _LISTED)


def _interface(one: InterfaceCoverageEntry) -> str:
    to = f" to {', '.join(map(ids.name, one.taps))}" if one.taps else ""
    return f"{one.address}{to}" + (f" ({one.silent_because})" if one.silent_because else "")


def _reach(report: CheckReport) -> Iterator[Element]:
    """What was not looked at."""
    if report.not_modelled:
        listed = ", ".join(f"{count} {name}" for name, count in report.not_modelled.items())
        yield Paragraph(f"Not modelled, so not checked: {listed}")
    if report.not_read:
        yield Paragraph(f"Not known well enough to be checked: {len(report.not_read):,}")
        yield Listing([f"  {one}" for one in report.not_read], _LISTED)
    if report.outside.references:
        yield Paragraph(f"{counted(report.outside.references, 'reference')} to resources that were not read:")
        yield Listing([f"  {one}" for one in report.outside.targets], _LISTED)
