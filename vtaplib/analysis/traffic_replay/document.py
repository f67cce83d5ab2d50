"""The report of a replay for people: what each collector gets, and why not the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from vtaplib.analysis.capture_notices import capture_notices
from vtaplib.analysis.inventory import Inventory
from vtaplib.analysis.lost_frames import loss_figures, loss_tables
from vtaplib.analysis.naming import marked_if_down
from vtaplib.analysis.report_parts import NOTHING, Amount
from vtaplib.analysis.traffic_replay.network import network_elements
from vtaplib.analysis.traffic_replay.report import ReplayReport, TapPointEntry
from vtaplib.model import ids
from vtaplib.packets.nanoseconds import NS_PER_SECOND
from vtaplib.reports.document import (
    Cell,
    Column,
    Curve,
    Document,
    Element,
    KeyFigure,
    KeyFigures,
    Load,
    Loads,
    Note,
    Paragraph,
    Phrase,
    Preformatted,
    Role,
    Section,
    Settings,
    Share,
    Table,
    Words,
    bars,
    numbers,
)
from vtaplib.reports.number import counted, octets, share, three_digits

_POINT: Final = (Column("Interface"), Column("Direction"), Column("TAP"))
_AMOUNT: Final = numbers("Frames", "Bytes")
_NOTES: Final = {
    "over_mtu": "Copy over the MTU",
    "clamped": "Clamped",
    "cut": "Copy cut",
    "fragmented": "Copy fragmented",
    "truncated": "Not captured whole",
}
"""What a tap point counts beside, and its heading."""


def replay_document(report: ReplayReport, inventory: Inventory | None = None) -> Document:
    """The document; with what is in the cloud it has the network too."""
    return Document(
        f"Replay of {report.capture.rpartition('/')[2]}",
        tuple(_lead(report)),
        [
            Section("summary", "Summary", (_key_figures(report),)),
            Section("network", "Network", tuple(network_elements(report, inventory)) if inventory else ()),
            Section("tap-points", "Tap points", tuple(_tap_points(report))),
            Section("not-mirrored", "Not mirrored", tuple(_not_mirrored(report))),
            Section("collectors", "Collectors", tuple(_collectors(report))),
            Section("stages", "Behind the collectors", tuple(_stages(report))),
            Section("machines", "Machines", tuple(_machines(report))),
            Section("elsewhere", "Dropped, or past all tap points", tuple(_elsewhere(report))),
            Section("policy", "Policy in force", (Settings(report.policy),)),
            Section("decoded", "Copies, layer by layer", tuple(_decoded(report))),
        ],
        [one.text for one in report.warnings],
        tuple(_notices(report)),
    )


def _lead(report: ReplayReport) -> Iterator[str | Phrase]:
    yield Phrase(report.capture, Role.STRONG)
    yield f" ({report.format}) through "
    yield Phrase(report.cloud, Role.STRONG)
    yield f": {_words(report.read)} read"
    if report.untapped.frames:
        yield f"; {_words(report.untapped)} past no tap point"


def _notices(report: ReplayReport) -> Iterator[Paragraph]:
    if report.truncated:
        yield Paragraph(
            f"{counted(report.truncated, 'frame')} not captured whole: their copies are shorter than the "
            "real ones.",
            Role.WARNING,
        )
    yield from capture_notices(report.ended_early, report.skipped)


def _key_figures(report: ReplayReport) -> KeyFigures:
    entered = _total(point.entered for point in report.tap_points)
    mirrored = _total(point.mirrored for point in report.tap_points)
    arrived = _total(Amount(one.frames, one.bytes) for one in report.collectors)
    reasons = {one.reason for point in report.tap_points for one in point.not_mirrored}
    busiest = max(report.collectors, key=lambda one: one.peak_mbit_per_second, default=None)
    return KeyFigures(
        (
            KeyFigure("Frames read", f"{report.read.frames:,}", octets(report.read.bytes)),
            KeyFigure(
                "Mirrored at tap points",
                share(mirrored.frames, entered.frames),
                f"of {counted(entered.frames, 'frame')}",
            ),
            KeyFigure(
                "Not mirrored", f"{entered.frames - mirrored.frames:,}", counted(len(reasons), "reason")
            ),
            KeyFigure("Arrives at collectors", f"{arrived.frames:,}", f"copies, {octets(arrived.bytes)}"),
            *loss_figures(report.nowhere, report.dropped, report.read.frames),
            KeyFigure(
                "Past no tap point",
                f"{report.untapped.frames:,}",
                share(report.untapped.frames, report.read.frames) + " of frames",
            ),
            KeyFigure(
                "Busiest second",
                three_digits(busiest.peak_mbit_per_second if busiest else 0.0),
                f"Mbit/s at {busiest.interface}" if busiest else "Mbit/s",
            ),
        )
    )


def _tap_points(report: ReplayReport) -> Iterator[Element]:
    if not report.tap_points:
        yield Paragraph("No interface of the cloud is tapped: nothing is mirrored.", Role.WARNING)
        return
    yield Note("Frames that entered a tap point are mirrored or not mirrored; none is left over.")
    yield Table(
        "Tap points",
        (
            *_POINT,
            *numbers("Frames in", "Bytes in", "Frames mirrored", "Bytes mirrored", "Not mirrored"),
            bars("Share mirrored"),
        ),
        [
            (
                *_point(one),
                one.entered.frames,
                one.entered.bytes,
                one.mirrored.frames,
                one.mirrored.bytes,
                one.entered.frames - one.mirrored.frames,
                Share(one.mirrored.frames, one.entered.frames, Role.GOOD),
            )
            for one in report.tap_points
        ],
    )
    noted = [(one, [getattr(one, name) for name in _NOTES]) for one in report.tap_points]
    if any(any(counts) for _, counts in noted):
        yield Table(
            "Frames of note",
            (*_POINT, *numbers(*_NOTES.values())),
            [(*_point(one), *counts) for one, counts in noted if any(counts)],
        )


def _not_mirrored(report: ReplayReport) -> Iterator[Element]:
    refusals = [(point, one) for point in report.tap_points for one in point.not_mirrored]
    if not refusals:
        if report.tap_points:
            yield Note("Every frame that entered a tap point was mirrored.")
        return
    by_reason: dict[str, list[Amount]] = {}
    for _, one in refusals:
        by_reason.setdefault(one.explanation, []).append(Amount(one.frames, one.bytes))
    sums = sorted(
        ((reason, _total(amounts)) for reason, amounts in by_reason.items()), key=lambda one: -one[1].frames
    )
    whole = sum(amount.frames for _, amount in sums)
    yield Table(
        "Why frames are not mirrored",
        (Column("Reason"), *_AMOUNT, bars("Share")),
        [(reason, one.frames, one.bytes, Share(one.frames, whole, Role.BAD)) for reason, one in sums],
    )
    yield Table(
        "Reasons by tap point",
        (*_POINT, Column("Reason"), *_AMOUNT),
        [(*_point(point), one.explanation, one.frames, one.bytes) for point, one in refusals],
    )


def _collectors(report: ReplayReport) -> Iterator[Element]:
    if not report.collectors:
        yield Note("No TAP sends to an interface, so there is no collector.")
        return
    staged = {one.interface_id: ", ".join(one.captures) for one in report.staged}
    whole = sum(one.bytes for one in report.collectors)
    yield Table(
        "What each collector gets, in outer frames",
        (
            Column("Collector"),
            *_AMOUNT,
            bars("Share of bytes"),
            *numbers("Average Mbit/s", "Peak Mbit/s"),
            Column("Capture"),
        ),
        [
            (
                marked_if_down(one.interface, one.interface_id, report.down),
                one.frames,
                one.bytes,
                Share(one.bytes, whole, hue=number),
                one.average_mbit_per_second,
                one.peak_mbit_per_second,
                one.capture or staged.get(one.interface_id) or "not written",
            )
            for number, one in enumerate(report.collectors, start=1)
        ],
    )
    yield Loads(
        tuple(_loads(report)),
        "collector",
        "No copy arrives at any collector, so there is nothing to draw over time.",
    )


def _loads(report: ReplayReport) -> Iterator[Load]:
    loads = {one.id: one for one in report.loads if one.kind == "collector"}
    for number, one in enumerate(report.collectors, start=1):
        if one.interface_id in loads:
            rates, series = loads[one.interface_id].rates, loads[one.interface_id].series
            yield Load(
                marked_if_down(one.interface, one.interface_id, report.down),
                number,
                (
                    Curve(
                        "Mbit/s",
                        [(at, size * 8 / 1e6) for at, size in zip(series.seconds, series.bytes, strict=True)],
                        rates.average_mbit_per_second,
                        rates.percentile_95_mbit_per_second,
                        rates.peak_mbit_per_second,
                    ),
                    Curve(
                        "packets/s",
                        list(zip(series.seconds, map(float, series.frames), strict=True)),
                        rates.average_packets_per_second,
                        rates.percentile_95_packets_per_second,
                        rates.peak_packets_per_second,
                    ),
                ),
            )


def _stages(report: ReplayReport) -> Iterator[Element]:
    rows: list[Sequence[Cell]] = []
    for collector in report.staged:
        lost = sum(one.frames for one in collector.not_decapsulated.values())
        if lost:
            reasons = "; ".join(collector.not_decapsulated)
            rows.append((collector.interface, "(decapsulation)", reasons, "", "", lost, ""))
        rows += (
            (
                collector.interface,
                one.stage,
                "; ".join(
                    f"{why}: {count.frames:,}" for why, count in (*one.dropped.items(), *one.noted.items())
                ),
                one.entered.frames,
                one.left.frames,
                sum(count.frames for count in one.dropped.values()),
                one.removed.bytes,
            )
            for one in collector.stages
        )
    if rows:
        yield Table(
            "Behind the collectors, decapsulated and stage by stage",
            (
                Column("Collector"),
                Column("Stage"),
                Column("Dropped, noted"),
                *numbers("Entered", "Left", "Dropped", "Bytes removed"),
            ),
            rows,
        )


def _machines(report: ReplayReport) -> Iterator[Element]:
    if report.machines:
        yield Table(
            "Machines, compared with what their sizes may send",
            (
                Column("Machine"),
                Column("Size"),
                *numbers(
                    "Size's Mbit/s", "Peak sent", "Peak collected", "Bytes above", "Flows out", "Flows in"
                ),
            ),
            [
                (
                    ids.name(one.machine_id),
                    one.size or "not known",
                    "not published" if one.megabits_per_second is None else one.megabits_per_second,
                    one.sent_peak_mbit_per_second,
                    one.collected_peak_mbit_per_second,
                    "not known" if one.bytes_above is None else one.bytes_above,
                    one.flows_out,
                    one.flows_in,
                )
                for one in report.machines
            ],
        )


def _elsewhere(report: ReplayReport) -> Iterator[Element]:
    if report.untapped.frames:
        yield Note(f"{_words(report.untapped)} were delivered past no tap point.")
    yield from loss_tables(report.nowhere, report.dropped)


def _decoded(report: ReplayReport) -> Iterator[Element]:
    for copy in report.decoded:
        at = datetime.fromtimestamp(copy.timestamp_ns // NS_PER_SECOND, UTC)
        time = f"{at:%Y-%m-%d %H:%M:%S}.{copy.timestamp_ns % NS_PER_SECOND:09d} UTC"
        yield Paragraph(
            f"A copy for {ids.name(copy.collector_id)} at {time}, as {copy.decoder} reads it", Role.STRONG
        )
        yield Preformatted(copy.text)


def _point(point: TapPointEntry) -> tuple[Words, Words, Words]:
    return point.interface, point.direction, point.tap


def _words(amount: Amount) -> str:
    return f"{counted(amount.frames, 'frame')}, {amount.bytes:,} bytes"


def _total(amounts: Iterable[Amount]) -> Amount:
    return sum(amounts, NOTHING)
