"""Charts of what collectors get second by second, all on one scale, so that they can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element

from vtaplib.cli.page.document import note
from vtaplib.mirror.series import Rates, Series
from vtaplib.reports.number import counted, duration, moment, three_digits
from vtaplib.reports.page.chart import Span, chart
from vtaplib.reports.page.drawing import hue_class
from vtaplib.reports.page.markup import element

COLLECTORS_DRAWN = 12
"""Collectors that have charts: the busiest."""


class Charted(NamedTuple):
    """A collector: its name, the number of its colour and what it gets, in outer frames."""

    name: str
    hue: int
    series: Series


def load_charts(collectors: Sequence[Charted]) -> Iterator[Element]:
    """What is said before the charts, and the charts."""
    served = sorted((one for one in collectors if one.series.frames), key=lambda one: -one.series.octets)
    span = _span_of(one.series for one in served)
    if span is None:
        yield note("No copy arrives at any collector, so there is nothing to draw over time.")
        return
    told = [f"Over {duration(span.seconds)} from {moment(span.first)}, in outer frames."]
    if len(served) > 1:
        told.append("All charts have one scale.")
    if len(served) > COLLECTORS_DRAWN:
        told.append(f"Of {counted(len(served), 'collector')} the busiest {COLLECTORS_DRAWN} are drawn.")
    if span.per_column > 1:
        told.append(
            f"A column is {duration(span.per_column)}: the surface is its mean, the line its busiest second."
        )
    yield note(" ".join(told))
    drawn = sorted(served[:COLLECTORS_DRAWN], key=lambda one: one.hue)
    yield element("div", *_articles(drawn, span), class_="loads")


def _articles(collectors: Sequence[Charted], span: Span) -> Iterator[Element]:
    bits = [[(one.second, one.octets * 8 / 1e6) for one in each.series] for each in collectors]
    packets = [[(one.second, float(one.frames)) for one in each.series] for each in collectors]
    tops = [max((value for values in kind for _, value in values), default=0.0) for kind in (bits, packets)]
    for one, mbit, count in zip(collectors, bits, packets, strict=True):
        yield element(
            "article",
            element("h3", one.name),
            element(
                "div",
                _figure(one, mbit, span, tops[0], "Mbit/s", one.series.bits(span.seconds).scaled(1e-6)),
                _figure(one, count, span, tops[1], "packets/s", one.series.packets(span.seconds)),
                class_="charts",
            ),
            class_=f"load {hue_class(one.hue)}",
        )


def _figure(
    one: Charted, values: Iterable[tuple[int, float]], span: Span, top: float, unit: str, rates: Rates
) -> Element:
    told = (
        f"average {three_digits(rates.average)}, 95th percentile {three_digits(rates.percentile_95)}, "
        f"peak {three_digits(rates.peak)}"
    )
    drawn = chart(values, span, top, unit, f"{one.name}, {unit}: {told}")
    return element("figure", element("figcaption", element("strong", unit), f" {told}"), drawn)


def _span_of(series: Iterable[Series]) -> Span | None:
    """The time from the first second with something in it to the last, of those that are kept."""
    seconds = [second for one in series for second, _, _ in one]
    return Span(min(seconds), max(seconds)) if seconds else None
