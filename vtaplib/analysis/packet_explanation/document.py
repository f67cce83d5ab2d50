"""The explanation of a packet for people: step by step, from the top to the bottom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from vtaplib.analysis.naming import listed
from vtaplib.analysis.packet_explanation.copies import BALANCING
from vtaplib.analysis.packet_explanation.report import (
    BalancingEntry,
    CopyEntry,
    ExplainReport,
    OuterEntry,
    PathEntry,
    StepEntry,
)
from vtaplib.reports.document import (
    Document,
    Element,
    Grid,
    Paragraph,
    Phrase,
    Role,
    Section,
    Settings,
    Stack,
)

_PASSED: Final = Phrase("ok", Role.GOOD)
_LOST: Final = Phrase("LOST", Role.BAD)

SPLIT: Final = (
    "Copies of the answers go to another collector: an analyser of sessions sees half of each. The "
    "distribution SourceIP or SourceIPProtocol keeps them together; the policy outer_source_port=symmetric "
    "shows what a hash that is the same in both directions would do."
)


def explain_document(report: ExplainReport) -> Document:
    """The document of an explanation."""
    sections = [*_path(report.packet, "packet")]
    if report.answer is not None:
        sections += _path(report.answer, "answer")
    if report.no_answer is not None:
        none = Paragraph((Phrase("The answer", Role.STRONG), f": there is none, for {report.no_answer}"))
        sections.append(Section("answer", "The answer", (none,)))
    return Document(
        "A packet explained",
        "",
        (*sections, Section("policy", "Policy in force", (Settings(report.policy),))),
        [one.text for one in report.warnings],
    )


def _path(path: PathEntry, which: str) -> Iterator[Section]:
    packet, title = path.packet, f"The {which}"
    place = "made to order" if packet.capture is None else f"number {packet.number} of {packet.capture}"
    yield Section(
        which,
        title,
        (
            Paragraph(
                (Phrase(title, Role.STRONG), f", {place}: ", Phrase(packet.sentence, Role.STRONG)),
            ),
            Paragraph(f"  from {path.source or _end(packet.source, path.source_owners)}"),
            Paragraph(f"  to {path.destination or _end(packet.destination, path.destination_owners)}"),
        ),
    )
    delivered = _outcome("delivered" if path.delivered else "dropped", path.explanation, good=path.delivered)
    yield Section(
        f"{which}-way",
        "Its way",
        (
            Paragraph(Phrase("Its way", Role.STRONG)),
            Grid(_steps(path.steps)),
            delivered,
            *_remedy(path.remedy),
        ),
    )
    if path.untapped is not None:
        outcome = _outcome("not mirrored", "it passes no tap point", good=False)
        yield Section(f"{which}-copy", "Its copy", (outcome, *_remedy(path.untapped)))
    for number, copy in enumerate(path.copies, start=1):
        name = f"Its copy {number}" if len(path.copies) > 1 else "Its copy"
        yield Section(f"{which}-copy-{number}", name, tuple(_copy(copy, name)))


def _end(address: str | None, owners: Sequence[str]) -> str:
    """An end of which no interface is known to send or to get the packet."""
    if address is None:
        return "an end whose address is not known"
    return f"{address}, {f'an address of {listed(owners)}' if owners else 'no interface of the cloud'}"


def _copy(copy: CopyEntry, name: str) -> Iterator[Element]:
    where = f" at {copy.interface}, {copy.direction}, for TAP {copy.tap}"
    yield Paragraph((Phrase(name, Role.STRONG), where))
    yield Grid(_steps(copy.steps, copy.balancing))
    if copy.outer is not None:
        yield Grid(_outer(copy.outer))
    good = copy.verdict == "mirrored"
    yield _outcome("mirrored" if good else "not mirrored", copy.explanation, good=good)
    yield from _remedy(copy.remedy)


def _steps(
    steps: Sequence[StepEntry], balancing: BalancingEntry | None = None
) -> list[tuple[str | Phrase | Stack, ...]]:
    """The steps, numbered; how a load balancer chose stands below the step at which it did."""
    rows: list[tuple[str | Phrase | Stack, ...]] = []
    for number, step in enumerate(steps, start=1):
        said: list[Element] = [Paragraph(step.text)]
        if balancing is not None and step.stage == BALANCING:
            said += _balancing(balancing)
        rows.append((f"{number}", _PASSED if step.passed else _LOST, step.stage, Stack(said)))
    return rows


def _balancing(balancing: BalancingEntry) -> Iterator[Element]:
    if balancing.distribution is not None:
        fields = ", ".join(f"{name} {value}" for name, value in balancing.hashed.items())
        yield Paragraph(f"{balancing.distribution} hashes the outer header's {fields}")
    yield Grid(
        [
            (
                backend.interface,
                backend.address or "no address",
                Phrase("healthy", Role.GOOD) if backend.is_healthy else Phrase("unhealthy", Role.BAD),
                backend.condition,
                Phrase("chosen", Role.STRONG) if backend.is_chosen else "",
            )
            for backend in balancing.backends
        ]
    )
    if balancing.is_split:
        yield Paragraph(SPLIT, Role.WARNING)


def _outer(outer: OuterEntry) -> list[tuple[str, str]]:
    cut = ", cut by policy" if outer.is_cut else ""
    fragments = f" in {outer.frames} fragments" if outer.frames > 1 else ""
    return [
        ("Ethernet", f"{outer.source_mac} → {outer.destination_mac}"),
        ("IPv4", f"{outer.source} → {outer.destination}"),
        ("UDP", f"{outer.source_port} → {outer.destination_port}"),
        ("VXLAN", f"VNI {outer.vni}"),
        ("bytes", f"{outer.bytes}{fragments}, of which {outer.inner_bytes} are the packet{cut}"),
    ]


def _outcome(word: str, explanation: str, *, good: bool) -> Paragraph:
    return Paragraph(("  → ", Phrase(word, Role.GOOD if good else Role.BAD), f": {explanation}"))


def _remedy(remedy: str | None) -> Iterator[Element]:
    if remedy is not None:
        yield Paragraph((Phrase("    To change it: ", Role.STRONG), remedy))
