"""Charts of what places get second by second, all on one scale, so that they can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from xml.etree.ElementTree import Element

from vtaplib.reports.document import Curve, Load, Loads
from vtaplib.reports.number import counted, duration, moment, three_digits
from vtaplib.reports.page.chart import Span, chart
from vtaplib.reports.page.drawing import hue_class
from vtaplib.reports.page.markup import element

LOADS_DRAWN: Final = 12
"""Places that have charts: the busiest."""


def load_charts(loads: Loads) -> Iterator[Element]:
    """What is said before the charts, and the charts."""
    served = sorted(
        (one for one in loads.loads if one.curves[0].values),
        key=lambda one: -sum(value for _, value in one.curves[0].values),
    )
    seconds = [second for one in served for second, _ in one.curves[0].values]
    if not seconds:
        yield element("p", loads.nothing, class_="note")
        return
    span = Span(min(seconds), max(seconds))
    sentences = [f"Over {duration(span.seconds)} from {moment(span.first)}."]
    if len(served) > 1:
        sentences.append("All charts have one scale.")
    if len(served) > LOADS_DRAWN:
        sentences.append(f"Of {counted(len(served), loads.noun)} the busiest {LOADS_DRAWN} are drawn.")
    if span.per_column > 1:
        sentences.append(
            f"A column is {duration(span.per_column)}: the surface is its mean, the line its busiest second."
        )
    yield element("p", " ".join(sentences), class_="note")
    drawn = sorted(served[:LOADS_DRAWN], key=lambda one: one.hue)
    yield element("div", *_articles(drawn, span), class_="loads")


def _articles(loads: Sequence[Load], span: Span) -> Iterator[Element]:
    tops = [
        max((value for curve in curves for _, value in curve.values), default=0.0)
        for curves in zip(*(one.curves for one in loads), strict=True)
    ]
    for one in loads:
        yield element(
            "article",
            element("h3", one.name),
            element(
                "div",
                *(_figure(one.name, curve, span, top) for curve, top in zip(one.curves, tops, strict=True)),
                class_="charts",
            ),
            class_=f"load {hue_class(one.hue)}",
        )


def _figure(name: str, curve: Curve, span: Span, top: float) -> Element:
    figures = (
        f"average {three_digits(curve.average)}, 95th percentile {three_digits(curve.percentile_95)}, "
        f"peak {three_digits(curve.peak)}"
    )
    drawn = chart(curve.values, span, top, curve.unit, f"{name}, {curve.unit}: {figures}")
    return element("figure", element("figcaption", element("strong", curve.unit), f" {figures}"), drawn)
