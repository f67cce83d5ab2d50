"""The report of a check for people: what is wrong, by address; then coverage, and what was not seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from vtaplib.analysis.design_check.report import CheckReport, FindingEntry, InterfaceCoverageEntry, by_address
from vtaplib.cli.policy_text import policy_text
from vtaplib.model import ids
from vtaplib.model.violation import Severity
from vtaplib.reports.number import counted

_STYLES: Mapping[str, str] = {Severity.ERROR.value: "bold red", Severity.WARNING.value: "yellow"}
_LISTED = 20
"""Interfaces and targets that are named before the rest is counted; the JSON document has all."""


def check_tables(report: CheckReport) -> Iterator[RenderableType]:
    """What to print, in order."""
    for address, findings in by_address(report.findings).items():
        yield Text(address, "bold")
        yield Padding(_findings(findings), (0, 0, 0, 2))
    yield _headline(report)
    yield from _coverage(report)
    yield from _reach(report)
    yield policy_text(report.policy)


def _findings(findings: Sequence[FindingEntry]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in findings:
        message = one.message.removesuffix(one.way_out)[:-2] if one.way_out else one.message
        said = Text.assemble((one.code, "bold"), f" at {one.field}" if one.field else "", f"\n{message}")
        if one.way_out:
            said.append(f"\n→ {one.way_out}", "green")
        table.add_row(Text(one.severity, _STYLES[one.severity]), said)
    return table


def _headline(report: CheckReport) -> Text:
    style = "red" if report.errors else "yellow" if report.warnings else "green"
    counts = f"{counted(report.errors, 'error')}, {counted(report.warnings, 'warning')}"
    read = counted(sum(report.read.values()), "resource")
    text = Text.assemble((report.checked, "bold"), ": ", (counts, style), f" in {read}")
    if report.strict and report.warnings:
        text.append(" (strict: warnings count)")
    return text


def _coverage(report: CheckReport) -> Iterator[RenderableType]:
    one = report.coverage
    yield Text(
        f"Coverage: {one.tapped} of {counted(one.interfaces, 'interface')} tapped"
        + (f", {one.silent} of them heard by nobody" if one.silent else "")
    )
    for title, interfaces, style in (
        ("newly tapped", one.newly_tapped, "green"),
        ("no longer tapped", one.no_longer_tapped, "yellow"),
        ("newly silent", one.newly_silent, "red"),
    ):
        if report.is_plan and interfaces:
            yield _interfaces(title, interfaces, style)


def _interfaces(title: str, interfaces: Sequence[InterfaceCoverageEntry], style: str) -> Text:
    text = Text.assemble(f"  {title}: ", (str(len(interfaces)), style))
    for one in interfaces[:_LISTED]:
        text.append(f"\n    {one.address}")
        text.append(f" to {', '.join(map(ids.name, one.taps))}" if one.taps else "")
        text.append(f" ({one.silent_because})" if one.silent_because else "")
    return _more(text, len(interfaces))


def _reach(report: CheckReport) -> Iterator[RenderableType]:
    """What was not looked at."""
    if report.not_modelled:
        listed = ", ".join(f"{count} {name}" for name, count in report.not_modelled.items())
        yield Text(f"Not modelled, so not checked: {listed}")
    if report.not_read:
        text = Text(f"Not known well enough to be checked: {len(report.not_read)}")
        for address in report.not_read[:_LISTED]:
            text.append(f"\n    {address}")
        yield _more(text, len(report.not_read))
    if report.outside.references:
        text = Text(f"{counted(report.outside.references, 'reference')} lead outside what was read, to")
        for target in report.outside.targets[:_LISTED]:
            text.append(f"\n    {target}")
        yield _more(text, len(report.outside.targets))
    for note in report.notes:
        yield Text(note, "yellow")


def _more(text: Text, count: int) -> Text:
    return text.append(f"\n    and {count - _LISTED} more (--json has all)") if count > _LISTED else text
