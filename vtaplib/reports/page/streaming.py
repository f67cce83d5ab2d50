"""Where streams begin and end, and how wide they are: by bytes, side by side, ordered so that few cross."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from vtaplib.reports.network_graph import Stream
from vtaplib.reports.number import counted, octets
from vtaplib.reports.page.placing import Box

THINNEST: Final = 1.5
WIDEST: Final = 28.0
WIDEST_BESIDE: Final = 16.0
SHORTEST_BULGE: Final = 24.0
BULGE: Final = 116.0
"""How far the control points of a stream's curve go out; the curve goes three quarters of it."""
LONG: Final = 600.0
"""How long a stream beside boxes is that goes out as far as any."""

Anchors = Mapping[str, tuple[str, Box]]
"""For an ID the key and box of what streams from or to it are drawn at."""


@dataclass(frozen=True, slots=True)
class PlacedStream:
    """A stream: from a point to a point, so wide; and how far its curve goes out at the side that both are
    on, if they are.
    """

    stream: Stream
    width: float
    start: tuple[float, float]
    end: tuple[float, float]
    bulge: float = 0.0


def bundled(streams: Sequence[Stream], starts: Anchors, ends: Anchors) -> list[Stream]:
    """The streams whose ends are drawn, those between the same two places as one."""
    bundles: dict[tuple[str, str], list[Stream]] = {}
    for one in streams:
        if one.source_id in starts and one.target_id in ends:
            key = starts[one.source_id][0], ends[one.target_id][0]
            bundles.setdefault(key, []).append(one)
    return [_one(source_id, target_id, parts) for (source_id, target_id), parts in bundles.items()]


def _one(source_id: str, target_id: str, parts: Sequence[Stream]) -> Stream:
    if len(parts) == 1:
        return Stream(source_id, target_id, parts[0].bytes, parts[0].tooltip, parts[0].hue)
    size = sum(one.bytes for one in parts)
    hues = {one.hue for one in parts}
    tooltip = f"{counted(len(parts), 'interface')}, {octets(size)} mirrored"
    return Stream(source_id, target_id, size, tooltip, hues.pop() if len(hues) == 1 else 0)


def place_streams(streams: Sequence[Stream], starts: Anchors, ends: Anchors) -> tuple[PlacedStream, ...]:
    """Bundle the streams and give each its width and ends: from the right of boxes to the left of others."""
    drawn = bundled(streams, starts, ends)
    widths = _widths(drawn, WIDEST)
    return tuple(
        PlacedStream(one, width, (start.right, begin), (end.x, stop))
        for one, width, start, end, begin, stop in _meetings(drawn, widths, starts, ends)
    )


def place_streams_beside(
    streams: Sequence[Stream], starts: Anchors, ends: Anchors
) -> tuple[PlacedStream, ...]:
    """Likewise, where all boxes are below each other: streams run on the right of them. The longer go further
    out, and so meet a box from the side that is away from where they come from.
    """
    drawn = bundled(streams, starts, ends)
    widths = _widths(drawn, WIDEST_BESIDE)
    met = list(_meetings(drawn, widths, starts, ends, towards=-1))
    longest = max([LONG, *(abs(start.middle - end.middle) for _, _, start, end, _, _ in met)])
    return tuple(
        PlacedStream(
            one,
            width,
            (start.right, begin),
            (end.right, stop),
            SHORTEST_BULGE + (BULGE - SHORTEST_BULGE) * abs(start.middle - end.middle) / longest,
        )
        for one, width, start, end, begin, stop in met
    )


def _widths(drawn: Sequence[Stream], widest: float) -> list[float]:
    leaving = _sums((one.source_id, one.bytes) for one in drawn)
    arriving = _sums((one.target_id, one.bytes) for one in drawn)
    scale = widest / max([*leaving, *arriving, 1])
    return [max(THINNEST, one.bytes * scale) for one in drawn]


def _meetings(
    drawn: Sequence[Stream], widths: Sequence[float], starts: Anchors, ends: Anchors, towards: int = 1
) -> Iterator[tuple[Stream, float, Box, Box, float, float]]:
    """Each stream with its width, its two boxes, and the heights at which it meets them. `towards`: 1 if the
    highest on one side is to be the highest on the other, -1 if the lowest.
    """
    start_boxes, end_boxes = dict(starts.values()), dict(ends.values())
    begins = _side_by_side(
        [(one.source_id, towards * end_boxes[one.target_id].middle) for one in drawn], widths, start_boxes
    )
    stops = _side_by_side(
        [(one.target_id, towards * start_boxes[one.source_id].middle) for one in drawn], widths, end_boxes
    )
    for one, width, begin, stop in zip(drawn, widths, begins, stops, strict=True):
        yield one, width, start_boxes[one.source_id], end_boxes[one.target_id], begin, stop


def _side_by_side(
    ends: Sequence[tuple[str, float]], widths: Sequence[float], boxes: Mapping[str, Box]
) -> list[float]:
    """The heights at which streams meet their boxes, for each the box's key and where it comes from."""
    at = [0.0] * len(ends)
    for key in {key for key, _ in ends}:
        here = sorted(
            (number for number, one in enumerate(ends) if one[0] == key), key=lambda one: ends[one][1]
        )
        total = sum(widths[one] for one in here)
        room = boxes[key].height - 8
        space = min(2.0, max(0.0, room - total) / max(1, len(here) - 1))
        squeeze = min(1.0, room / (total + space * (len(here) - 1)))
        top = boxes[key].middle - squeeze * (total + space * (len(here) - 1)) / 2
        for one in here:
            at[one] = top + squeeze * widths[one] / 2
            top += squeeze * (widths[one] + space)
    return at


def _sums(amounts: Iterable[tuple[str, int]]) -> list[int]:
    sums: dict[str, int] = {}
    for key, size in amounts:
        sums[key] = sums.get(key, 0) + size
    return list(sums.values())
