"""The report of a packet as text for people: step by step, from the top to the bottom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from vtaplib.analysis.packet_explanation.copies import BALANCING
from vtaplib.analysis.packet_explanation.report import (
    BalancingEntry,
    CopyEntry,
    ExplainReport,
    OuterEntry,
    PathEntry,
    StepEntry,
)
from vtaplib.cli.policy_text import policy_text

_PASSED: Final = ("ok", "green")
_LOST: Final = ("LOST", "bold red")

SPLIT: Final = (
    "Copies of the answers go to another collector: an analyser of sessions sees half of each. The "
    "distribution SourceIP or SourceIPProtocol keeps them together; the policy outer_source_port=symmetric "
    "shows what a hash that is the same in both directions would do."
)


def explain_text(report: ExplainReport) -> Iterator[RenderableType]:
    """What to print, in order."""
    yield from _way(report.packet, "The packet")
    if report.answer is not None:
        yield Text()
        yield from _way(report.answer, "The answer")
    if report.no_answer is not None:
        yield Text()
        yield Text.assemble(("The answer", "bold"), f": there is none, for {report.no_answer}")
    yield Text()
    yield policy_text(report.policy)


def _way(way: PathEntry, title: str) -> Iterator[RenderableType]:
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
    return "an end that no address tells" if address is None else f"{address}, no interface of the cloud"


def _copy(copy: CopyEntry, number: str) -> Iterator[RenderableType]:
    yield Text.assemble(
        (f"Its copy{number}", "bold"), f" at {copy.interface}, {copy.direction}, for TAP {copy.tap}"
    )
    balancing = _balancing(copy.balancing) if copy.balancing is not None else ()
    yield _steps(copy.steps, {BALANCING: tuple(balancing)})
    if copy.outer is not None:
        yield _indented(_outer(copy.outer), 5)
    good = copy.verdict == "mirrored"
    yield _outcome("mirrored" if good else "not mirrored", copy.explanation, good=good)
    yield from _remedy(copy.remedy)


def _steps(
    steps: Sequence[StepEntry], details: Mapping[str, Sequence[RenderableType]] | None = None
) -> RenderableType:
    """The steps, numbered; `details` stand below the sentence of a stage."""
    table = _grid()
    for number, step in enumerate(steps, start=1):
        word, style = _PASSED if step.passed else _LOST
        said = Group(step.text, *(details or {}).get(step.stage, ()))
        table.add_row(f"{number}", Text(word, style), step.stage, said)
    return _indented(table, 2)


def _balancing(balancing: BalancingEntry) -> Iterator[RenderableType]:
    if balancing.distribution is not None:
        fields = ", ".join(f"{name} {value}" for name, value in balancing.hashed.items())
        yield Text(f"{balancing.distribution} hashes the outer header's {fields}")
    table = _grid()
    for backend in balancing.backends:
        mark = Text("chosen", "bold") if backend.is_chosen else ""
        health = Text("healthy", "green") if backend.is_healthy else Text("unhealthy", "red")
        table.add_row(backend.interface, backend.address or "no address", health, backend.condition, mark)
    yield table
    if balancing.is_split:
        yield Text(SPLIT, "yellow")


def _outer(outer: OuterEntry) -> RenderableType:
    table = _grid()
    table.add_row("Ethernet", f"{outer.source_mac} → {outer.destination_mac}")
    table.add_row("IPv4", f"{outer.source} → {outer.destination}")
    table.add_row("UDP", f"{outer.source_port} → {outer.destination_port}")
    table.add_row("VXLAN", f"VNI {outer.vni}")
    cut = ", cut by policy" if outer.is_cut else ""
    pieces = f" in {outer.frames} fragments" if outer.frames > 1 else ""
    table.add_row("bytes", f"{outer.bytes}{pieces}, of which {outer.inner_bytes} are the packet{cut}")
    return table


def _grid() -> Table:
    return Table.grid(padding=(0, 2, 0, 0))


def _indented(part: RenderableType, columns: int) -> RenderableType:
    return Padding(part, (0, 0, 0, columns), expand=False)


def _outcome(word: str, explanation: str, *, good: bool) -> Text:
    return Text.assemble("  → ", (word, "bold green" if good else "bold red"), f": {explanation}")


def _remedy(remedy: str | None) -> Iterator[RenderableType]:
    if remedy is not None:
        yield _indented(Text.assemble(("To change it: ", "bold"), remedy), 4)
