"""The report of a packet as text for people: step by step, from the top to the bottom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from vtaplib.cli.explain.report import (
    BalancingEntry,
    CopyEntry,
    ExplainReport,
    GroupEntry,
    OuterEntry,
    StepEntry,
    WayEntry,
)
from vtaplib.cli.policy_text import policy_text

_PASSED: Final = ("ok", "green")
_LOST: Final = ("LOST", "bold red")


def explain_text(report: ExplainReport) -> Iterator[RenderableType]:
    """What to print, in order."""
    yield from _way(report.packet, "The packet")
    if report.answer is not None:
        yield Text()
        yield from _way(report.answer, "The answer")
    yield Text()
    yield policy_text(report.policy)


def _way(way: WayEntry, title: str) -> Iterator[RenderableType]:
    packet = way.packet
    place = "made to order" if packet.capture is None else f"number {packet.number} of {packet.capture}"
    yield Text.assemble((title, "bold"), f", {place}: ", (packet.sentence, "bold"))
    yield Text(f"  from {way.source or _stranger(packet.source)}")
    yield Text(f"  to {way.destination or _stranger(packet.destination)}")
    yield Text()
    yield Text("Its way", "bold")
    yield _steps(way.steps)
    yield _outcome("delivered" if way.delivered else "dropped", way.explanation, good=way.delivered)
    yield from _remedy(way.remedy)
    if way.untapped is not None:
        yield Text()
        yield _outcome("not mirrored", "it passes no tap point", good=False)
        yield from _remedy(way.untapped)
    for number, copy in enumerate(way.copies, start=1):
        yield Text()
        yield from _copy(copy, f" {number}" if len(way.copies) > 1 else "")


def _stranger(address: str | None) -> str:
    return "nowhere in particular" if address is None else f"{address}, no interface of the cloud"


def _copy(copy: CopyEntry, number: str) -> Iterator[RenderableType]:
    yield Text.assemble(
        (f"Its copy{number}", "bold"), f" at {copy.interface}, {copy.direction}, for TAP {copy.tap}"
    )
    yield _steps(copy.steps)
    if copy.balancing is not None:
        yield from _balancing(copy.balancing)
    yield from _groups(copy.collector_security)
    if copy.outer is not None:
        yield _outer(copy.outer)
    good = copy.verdict == "mirrored"
    yield _outcome("mirrored" if good else "not mirrored", copy.explanation, good=good)
    yield from _remedy(copy.remedy)


def _steps(steps: Sequence[StepEntry]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for _ in range(4):
        table.add_column(overflow="fold")
    for number, step in enumerate(steps, start=1):
        word, style = _PASSED if step.passed else _LOST
        table.add_row(f"{number}", Text(word, style), step.stage, step.text)
    return Padding(table, (0, 0, 0, 2))


def _balancing(balancing: BalancingEntry) -> Iterator[RenderableType]:
    fields = ", ".join(f"{name} {value}" for name, value in balancing.hashed.items())
    if balancing.distribution is not None:
        yield Padding(Text(f"{balancing.distribution} hashes the outer header's {fields}"), (0, 0, 0, 5))
    table = Table.grid(padding=(0, 2))
    for backend in balancing.backends:
        mark = "chosen" if backend.is_chosen else ""
        health = Text("healthy", "green") if backend.is_healthy else Text("unhealthy", "red")
        table.add_row(backend.interface, backend.address or "no address", health, backend.condition, mark)
    yield Padding(table, (0, 0, 0, 5))


def _groups(groups: Iterable[GroupEntry]) -> Iterator[RenderableType]:
    for group in groups:
        yield Padding(Text(group_sentence(group)), (0, 0, 0, 5))


def group_sentence(group: GroupEntry) -> str:
    """What a security group says, and by which rule."""
    word = "allows" if group.allows else "denies"
    return f"{group.network_security_group}: {group.rule} (priority {group.priority}) {word}"


def _outer(outer: OuterEntry) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_row("Ethernet", f"{outer.source_mac} → {outer.destination_mac}")
    table.add_row("IPv4", f"{outer.source} → {outer.destination}")
    table.add_row("UDP", f"{outer.source_port} → {outer.destination_port}")
    table.add_row("VXLAN", f"VNI {outer.vni}")
    cut = ", cut by policy" if outer.is_cut else ""
    pieces = f" in {outer.frames} fragments" if outer.frames > 1 else ""
    table.add_row("bytes", f"{outer.bytes}{pieces}, of which {outer.inner_bytes} are the packet{cut}")
    return Padding(table, (0, 0, 0, 5))


def _outcome(word: str, explanation: str, *, good: bool) -> Text:
    return Text.assemble("  → ", (word, "bold green" if good else "bold red"), f": {explanation}")


def _remedy(remedy: str | None) -> Iterator[RenderableType]:
    if remedy is not None:
        yield Padding(Text.assemble(("To change it: ", "bold"), remedy), (0, 0, 0, 4))
