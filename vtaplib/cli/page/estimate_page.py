"""The page of an estimate: what TAPs and collectors would carry, and whether their machines keep up."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from vtaplib.analysis.load_entries import RatesEntry
from vtaplib.analysis.traffic_estimate.report import CollectorEstimate, EstimateReport
from vtaplib.cli.page.document import Section, ending, figures, listed, note, page
from vtaplib.cli.page.settings import settings
from vtaplib.cli.page.table import Column, bar, table
from vtaplib.reports.number import counted, duration, octets, share, three_digits, whole_duration
from vtaplib.reports.page.drawing import hue_class
from vtaplib.reports.page.markup import Child, element

_RATES = tuple(
    Column(f"{name} {unit}", is_number=True)
    for unit in ("Mbit/s", "packets/s")
    for name in ("Average", "95th percentile", "Peak")
)


def estimate_page(report: EstimateReport) -> str:
    """The page."""
    scaled = f" All figures are {report.scale:,g} times what was found." if report.scale != 1 else ""
    return page(
        f"Estimate from {report.source.rpartition('/')[2]}",
        (
            element(
                "p",
                f"{report.source} ({report.format}) through the network in {report.cloud}.{scaled}",
                class_="lead",
            ),
            *ending(report.ended_early, report.skipped),
        ),
        [one for one in _sections(report) if one.children],
    )


def _sections(report: EstimateReport) -> Iterator[Section]:
    yield Section("summary", "Summary", (_figures(report),))
    yield Section("warnings", "Warnings", tuple(listed(one.text for one in report.warnings)))
    yield Section("taps", "TAPs", tuple(_taps(report)))
    yield Section("collectors", "Collectors", tuple(_collectors(report)))
    yield Section("talkers", "Top talkers", tuple(_talkers(report)))
    yield Section("not-mirrored", "Not mirrored", tuple(_not_mirrored(report)))
    yield Section("flow-logs", "Flow logs", tuple(_flow_logs(report)))
    yield Section("policy", "Policy in force", tuple(settings(report.policy)))


def _figures(report: EstimateReport) -> Element:
    busiest = max(report.collectors, key=lambda one: one.rates.peak_mbit_per_second, default=None)
    volume = sum(one.bytes_in_duration for one in report.collectors)
    return figures(
        ("Traffic", octets(report.read.bytes), counted(report.read.frames, "frame")),
        ("Over", duration(report.seconds), "of packet time"),
        ("Collectors get", octets(volume), f"in {whole_duration(report.duration_seconds)}"),
        (
            "Busiest second",
            three_digits(busiest.rates.peak_mbit_per_second if busiest else 0.0),
            f"Mbit/s at {busiest.interface}" if busiest else "Mbit/s",
        ),
        ("Past no tap point", f"{report.untapped.frames:,}", "frames"),
        ("Warnings", f"{len(report.warnings):,}", ""),
    )


def _taps(report: EstimateReport) -> Iterator[Child]:
    if not report.taps:
        yield note("The cloud has no TAP.")
        return
    yield table(
        "What each TAP would carry",
        (
            Column("TAP", heads=True),
            Column("Sources", is_number=True),
            *_RATES,
            Column(f"In {whole_duration(report.duration_seconds)}", is_number=True),
            Column("Over the MTU", is_number=True),
        ),
        [
            (
                one.tap,
                one.sources,
                *_rates(one.rates),
                octets(one.bytes_in_duration),
                "not known" if one.over_mtu_share is None else f"{one.over_mtu_share:.1%}",
            )
            for one in report.taps
        ],
    )


def _collectors(report: EstimateReport) -> Iterator[Child]:
    if not report.collectors:
        yield note("No TAP sends to an interface, so there is no collector.")
        return
    yield table(
        "What each collector would get",
        (
            Column("Collector", heads=True),
            *_RATES,
            Column(f"In {whole_duration(report.duration_seconds)}", is_number=True),
        ),
        [
            (_name(one, report), *_rates(one.rates), octets(one.bytes_in_duration))
            for one in report.collectors
        ],
    )
    yield note(
        "Azure does not limit what a machine gets. The rate that its size may send at is a yardstick for "
        "what it can take in."
    )
    yield table(
        "Collectors beside the sizes of their machines",
        (
            Column("Collector", heads=True),
            Column("Size"),
            Column("Mbit/s of the size", is_number=True),
            Column("Peak of it", is_number=True),
            Column("Headroom Mbit/s", is_number=True),
            Column("Smallest that would do"),
        ),
        [
            (
                _name(one, report),
                one.size or "no machine",
                "not published" if one.megabits_per_second is None else one.megabits_per_second,
                _load(one, number),
                "not known"
                if one.headroom_mbit_per_second is None
                else f"{one.headroom_mbit_per_second:,.1f}",
                one.smallest_size or ("none" if one.copies.frames else "any"),
            )
            for number, one in enumerate(report.collectors, start=1)
        ],
    )


def _load(one: CollectorEstimate, number: int) -> Element | str:
    """The peak as a share of the size's rate; the bar of one that is above it is full."""
    if not one.megabits_per_second:
        return "–"
    bits, rate = round(one.rates.peak_mbit_per_second * 1e6), one.megabits_per_second * 1_000_000
    is_above = bits > rate
    return bar(share(bits, rate), min(bits, rate), rate, "bad" if is_above else hue_class(number))


def _talkers(report: EstimateReport) -> Iterator[Child]:
    talkers = [(tap.tap, one) for tap in report.taps for one in tap.talkers]
    if talkers:
        yield table(
            "Pairs of addresses with the most copies",
            (
                Column("TAP", heads=True),
                Column("Source"),
                Column("Destination"),
                Column("Frames", is_number=True),
                Column("Bytes", is_number=True),
                Column("Share of the TAP", is_number=True),
            ),
            [
                (
                    tap,
                    one.source,
                    one.destination,
                    one.frames,
                    one.bytes,
                    bar(f"{one.share:.1%}", round(one.share * 1000), 1000, ""),
                )
                for tap, one in talkers
            ],
        )


def _not_mirrored(report: EstimateReport) -> Iterator[Child]:
    refusals = [(tap.tap, one) for tap in report.taps for one in tap.not_mirrored]
    if refusals:
        yield table(
            "Reasons by TAP",
            (
                Column("TAP", heads=True),
                Column("Reason"),
                Column("Frames", is_number=True),
                Column("Bytes", is_number=True),
            ),
            [(tap, one.explanation, one.frames, one.bytes) for tap, one in refusals],
        )


def _flow_logs(report: EstimateReport) -> Iterator[Child]:
    logs = report.flow_logs
    if logs is None:
        return
    yield note(
        f"{counted(logs.records, 'record')} in {counted(logs.files, 'file')}, "
        f"{counted(logs.tuples, 'tuple')}: "
        f"{logs.without_traffic:,} without traffic, {logs.denied:,} denied, {logs.elsewhere:,} of interfaces "
        "that the cloud does not have. They count over minutes: real peaks are higher."
    )
    yield from listed(f"{trouble}. What comes before it was counted" for trouble in logs.troubles)


def _name(one: CollectorEstimate, report: EstimateReport) -> str:
    return one.interface + (" (down)" if one.interface_id in report.down else "")


def _rates(rates: RatesEntry) -> tuple[str, ...]:
    return tuple(
        map(
            three_digits,
            (
                rates.average_mbit_per_second,
                rates.percentile_95_mbit_per_second,
                rates.peak_mbit_per_second,
                rates.average_packets_per_second,
                rates.percentile_95_packets_per_second,
                rates.peak_packets_per_second,
            ),
        )
    )
