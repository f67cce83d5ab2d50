"""The page of a replay: what the network looks like, what each collector gets, and why not the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from xml.etree.ElementTree import Element

from vtaplib.analysis.amount import Amount
from vtaplib.analysis.inventory import Inventory
from vtaplib.cli.page.document import Section, ending, figures, listed, note, notice, page
from vtaplib.cli.page.grapher import NOTHING, Readings, graph_of
from vtaplib.cli.page.load_charts import Charted, load_charts
from vtaplib.cli.page.network_tables import network_tables
from vtaplib.cli.page.settings import settings
from vtaplib.cli.page.table import Column, bar, table
from vtaplib.cli.replay_report import CollectorEntry, ReplayReport, TapPointEntry
from vtaplib.cli.replay_tables import NOTES
from vtaplib.mirror.series import Series
from vtaplib.reports.number import counted, octets, share, three_digits
from vtaplib.reports.page.drawing import draw, hue_class, legend
from vtaplib.reports.page.markup import Child, element

_POINT = (Column("Interface", heads=True), Column("Direction"), Column("TAP"))


def replay_page(report: ReplayReport, world: Inventory, loads: Mapping[str, Series]) -> str:
    """The page. `loads` are by the ID of the collector's interface."""
    return page(
        f"Replay of {report.capture.rpartition('/')[2]}",
        (
            element(
                "p",
                f"{report.capture} ({report.format}) through the network in {report.cloud}.",
                class_="lead",
            ),
            *_notices(report),
        ),
        [one for one in _sections(report, world, loads) if one.children],
    )


def _sections(report: ReplayReport, world: Inventory, loads: Mapping[str, Series]) -> Iterator[Section]:
    yield Section("summary", "Summary", (_figures(report),))
    yield Section("warnings", "Warnings", tuple(listed(one.text for one in report.warnings)))
    yield Section("network", "Network", tuple(_network(report, world)))
    yield Section("collectors", "Collectors", tuple(_collectors(report, loads)))
    yield Section("tap-points", "Tap points", tuple(_tap_points(report)))
    yield Section("not-mirrored", "Not mirrored", tuple(_not_mirrored(report)))
    yield Section("elsewhere", "Dropped, or past all tap points", tuple(_elsewhere(report)))
    yield Section("policy", "Policy in force", tuple(settings(report.policy)))


def _notices(report: ReplayReport) -> Iterator[Element]:
    yield from ending(report.ended_early, report.skipped)
    if report.truncated:
        yield notice(
            f"{counted(report.truncated, 'frame')} not captured whole: copies are shorter than they would be."
        )


def _figures(report: ReplayReport) -> Element:
    entered = _sum(point.entered for point in report.tap_points)
    mirrored = _sum(point.mirrored for point in report.tap_points)
    arrived = _sum(Amount(one.frames, one.bytes) for one in report.collectors)
    nowhere = sum(one.frames for one in report.nowhere)
    refused = entered.frames - mirrored.frames
    busiest = max(report.collectors, key=lambda one: one.peak_mbit_per_second, default=None)
    return figures(
        ("Frames read", f"{report.read.frames:,}", octets(report.read.bytes)),
        (
            "Mirrored at tap points",
            share(mirrored.frames, entered.frames),
            f"of {counted(entered.frames, 'frame')}",
        ),
        (
            "Not mirrored",
            f"{refused:,}",
            counted(len({one.reason for point in report.tap_points for one in point.not_mirrored}), "reason"),
        ),
        ("Arrives at collectors", f"{arrived.frames:,}", f"copies, {octets(arrived.bytes)}"),
        (
            "Busiest second",
            three_digits(busiest.peak_mbit_per_second if busiest else 0.0),
            f"Mbit/s at {busiest.interface}" if busiest else "Mbit/s",
        ),
        ("Of no interface", f"{nowhere:,}", share(nowhere, report.read.frames) + " of frames"),
    )


def _network(report: ReplayReport, world: Inventory) -> Iterator[Child]:
    graph = graph_of(world, _readings(report))
    if not graph.sources and not graph.collectors and not graph.taps:
        yield note("The cloud has no virtual network and no TAP.")
        return
    yield note(
        "Interfaces on the left send copies through TAPs to collectors on the right. A stream is as wide as "
        "its share of the bytes; point at anything to read its figures."
    )
    yield legend(graph)
    yield element(
        "div", draw(graph), class_="wide", tabindex=0, role="region", aria_label="Picture of the network"
    )
    yield from network_tables(world)


def _readings(report: ReplayReport) -> Readings:
    entered: dict[tuple[str, str], Amount] = {}
    mirrored: dict[tuple[str, str], Amount] = {}
    for point in report.tap_points:
        pair = point.interface_id.lower(), point.tap_id.lower()
        entered[pair] = _sum((entered.get(pair, NOTHING), point.entered))
        mirrored[pair] = _sum((mirrored.get(pair, NOTHING), point.mirrored))
    return Readings(
        entered=entered,
        mirrored=mirrored,
        received={one.interface_id.lower(): Amount(one.frames, one.bytes) for one in report.collectors},
        collector_ids=tuple(one.interface_id.lower() for one in report.collectors),
        down=frozenset(one.lower() for one in report.down),
    )


def _collectors(report: ReplayReport, loads: Mapping[str, Series]) -> Iterator[Child]:
    if not report.collectors:
        yield note("No TAP sends to an interface, so there is no collector.")
        return
    yield table(
        "What each collector gets",
        (
            Column("Collector", heads=True),
            Column("Packets", is_number=True),
            Column("Bytes", is_number=True),
            Column("Share of bytes", is_number=True),
            Column("Average Mbit/s", is_number=True),
            Column("Peak Mbit/s", is_number=True),
            Column("Capture written"),
        ),
        [
            (
                _name(one, report),
                one.frames,
                one.bytes,
                bar(share(one.bytes, whole), one.bytes, whole, hue_class(number)),
                three_digits(one.average_mbit_per_second),
                three_digits(one.peak_mbit_per_second),
                one.capture or "–",
            )
            for whole in [sum(one.bytes for one in report.collectors)]
            for number, one in enumerate(report.collectors, start=1)
        ],
    )
    yield from load_charts(
        [
            Charted(_name(one, report), number, loads.get(one.interface_id, Series()))
            for number, one in enumerate(report.collectors, start=1)
        ]
    )


def _name(one: CollectorEntry, report: ReplayReport) -> str:
    return one.interface + (" (down)" if one.interface_id in report.down else "")


def _tap_points(report: ReplayReport) -> Iterator[Child]:
    if not report.tap_points:
        yield note("No interface of the cloud is tapped: nothing is mirrored.")
        return
    yield note("What entered a tap point is what was mirrored and what was not; nothing is left over.")
    kinds = {
        name: kind for name, kind in NOTES.items() if any(getattr(one, name) for one in report.tap_points)
    }
    yield table(
        "Verdicts by tap point",
        (
            *_POINT,
            Column("Frames in", is_number=True),
            Column("Bytes in", is_number=True),
            Column("Mirrored", is_number=True),
            Column("Not mirrored", is_number=True),
            Column("Share mirrored", is_number=True),
            *(Column(kind[:1].upper() + kind[1:], is_number=True) for kind in kinds.values()),
        ),
        [
            (
                *_point(one),
                one.entered.frames,
                one.entered.bytes,
                one.mirrored.frames,
                one.entered.frames - one.mirrored.frames,
                bar(
                    share(one.mirrored.frames, one.entered.frames),
                    one.mirrored.frames,
                    one.entered.frames,
                    "good",
                ),
                *(getattr(one, name) for name in kinds),
            )
            for one in report.tap_points
        ],
    )


def _not_mirrored(report: ReplayReport) -> Iterator[Child]:
    refusals = [(point, one) for point in report.tap_points for one in point.not_mirrored]
    if not refusals:
        if report.tap_points:
            yield note("Every frame that entered a tap point was mirrored.")
        return
    by_reason: dict[str, Amount] = {}
    for _, one in refusals:
        by_reason[one.explanation] = _sum(
            (by_reason.get(one.explanation, NOTHING), Amount(one.frames, one.bytes))
        )
    whole = sum(one.frames for one in by_reason.values())
    yield table(
        "Reasons",
        (
            Column("Reason", heads=True),
            Column("Frames", is_number=True),
            Column("Bytes", is_number=True),
            Column("Share", is_number=True),
        ),
        [
            (reason, one.frames, one.bytes, bar(share(one.frames, whole), one.frames, whole, "bad"))
            for reason, one in sorted(by_reason.items(), key=lambda item: -item[1].frames)
        ],
    )
    yield table(
        "Reasons by tap point",
        (*_POINT, Column("Reason"), Column("Frames", is_number=True), Column("Bytes", is_number=True)),
        [(*_point(point), one.explanation, one.frames, one.bytes) for point, one in refusals],
    )


def _elsewhere(report: ReplayReport) -> Iterator[Child]:
    if report.untapped.frames:
        yield note(
            f"{counted(report.untapped.frames, 'frame')} between interfaces of the cloud, "
            f"{octets(report.untapped.bytes)}, passed no tap point."
        )
    for title, lost in (
        ("Frames that belong to no interface", report.nowhere),
        ("Frames that the network drops", report.dropped),
    ):
        if not lost:
            continue
        yield table(
            title,
            (
                Column("Reason", heads=True),
                Column("Frames", is_number=True),
                Column("Bytes", is_number=True),
                Column("First at, by number in the capture"),
            ),
            [
                (
                    one.explanation,
                    one.frames,
                    one.bytes,
                    ", ".join(f"{position:,}" for position in one.first_positions)
                    + (", …" if one.frames > len(one.first_positions) else ""),
                )
                for one in lost
            ],
        )


def _point(point: TapPointEntry) -> tuple[str, str, str]:
    return point.interface, point.direction, point.tap


def _sum(amounts: Iterable[Amount]) -> Amount:
    there = list(amounts)
    return Amount(sum(one.frames for one in there), sum(one.bytes for one in there))
