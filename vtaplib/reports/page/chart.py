"""A quantity per second, over the time of a capture, as SVG.

Of a long time a column of the chart is several seconds: its surface is their mean, its line the busiest of
them, so that no peak is lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from vtaplib.reports.number import clock_marks, duration, marks, three_digits
from vtaplib.reports.page.markup import element

WIDTH: Final = 560
HEIGHT: Final = 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 14, 14, 28
COLUMNS: Final = 160


@dataclass(frozen=True, slots=True)
class Span:
    """The seconds of Unix time from the first to the last, both included."""

    first: int
    last: int

    @property
    def seconds(self) -> int:
        """How many they are."""
        return self.last - self.first + 1

    @property
    def per_column(self) -> int:
        """How many of them a column of a chart takes."""
        return -(-self.seconds // COLUMNS)

    @property
    def columns(self) -> int:
        """How many columns a chart has."""
        return -(-self.seconds // self.per_column)


def chart(values: Iterable[tuple[int, float]], span: Span, top: float, unit: str, tooltip: str) -> Element:
    """Seconds with their values; those that are left out have 0. `top` is the highest value of all charts
    that are to be compared with this one.
    """
    scale = marks(top)
    highest = scale[-1]
    sums, peaks = [0.0] * span.columns, [0.0] * span.columns
    for second, value in values:
        column = (second - span.first) // span.per_column
        if 0 <= column < span.columns:
            sums[column] += value
            peaks[column] = max(peaks[column], value)
    means = [one / span.per_column for one in sums]
    wide, high = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    step = wide / span.columns
    heights = [[_TOP + high * (1 - one / highest) for one in each] for each in (means, peaks)]
    return element(
        "svg",
        element("title", tooltip),
        *(part for one in scale for part in _level(one, _TOP + high * (1 - one / highest))),
        *(
            part
            for one in clock_marks(span.seconds)
            for part in _moment(one, _LEFT + one / (span.columns * span.per_column) * wide)
        ),
        element("path", d=_steps(heights[0], step) + f"V{_TOP + high}H{_LEFT}z", class_="surface"),
        element("path", d=_steps(heights[1], step), class_="line"),
        *(
            element(
                "rect",
                element("title", _at(span, column, peak, unit)),
                x=_LEFT + column * step,
                y=_TOP,
                width=step,
                height=high,
                class_="catch",
            )
            for column, peak in enumerate(peaks)
            if peak
        ),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        class_="chart",
    )


def _steps(heights: list[float], step: float) -> str:
    """A line of steps; no point where the height stays."""
    path = f"M{_LEFT} {heights[0]:.1f}"
    for column, height in enumerate(heights[1:], start=1):
        if height != heights[column - 1]:
            path += f"H{_LEFT + column * step:.1f}V{height:.1f}"
    return path + f"H{WIDTH - _RIGHT}"


def _level(value: float, y: float) -> tuple[Element, Element]:
    label = f"{value:,.0f}" if value >= 10 else f"{value:.6g}"
    return (
        element("line", x1=_LEFT, y1=y, x2=WIDTH - _RIGHT, y2=y, class_="grid" if value else "axis"),
        element("text", label, x=_LEFT - 8, y=y + 4, class_="small end"),
    )


def _moment(second: int, x: float) -> tuple[Element, Element]:
    bottom = HEIGHT - _BOTTOM
    place = "end" if x > WIDTH - 40 else "middle"
    return (
        element("line", x1=x, y1=bottom, x2=x, y2=bottom + 4, class_="axis"),
        element("text", duration(second), x=x, y=bottom + 18, class_=f"small {place}"),
    )


def _at(span: Span, column: int, peak: float, unit: str) -> str:
    begin = column * span.per_column
    when = duration(begin) if span.per_column == 1 else f"{duration(begin)}, {duration(span.per_column)} long"
    return f"At {when}: {'up to ' if span.per_column > 1 else ''}{three_digits(peak)} {unit}"
