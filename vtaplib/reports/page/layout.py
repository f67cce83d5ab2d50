"""Where everything in the picture of a network is: columns from left to right, streams between them.

What is in a column stands at the mean height of what feeds it, as far as there is room. For a narrow window
all is in one column, and streams run beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from vtaplib.reports.network_graph import NetworkBox, NetworkGraph, NetworkNode, Peering
from vtaplib.reports.page.folding import PEERINGS_DRAWN, folded_networks
from vtaplib.reports.page.placing import (
    NETWORK_HEAD,
    NETWORK_WIDTH,
    Box,
    PlacedNetwork,
    PlacedNode,
    detail_of,
    network_height,
    place_network,
)
from vtaplib.reports.page.streaming import (
    Anchors,
    PlacedStream,
    place_streams,
    place_streams_beside,
)

MARGIN: Final = 12.0
ARC: Final = 40.0
"""Room beside networks for peerings among them."""
NODE_WIDTH: Final = 176.0
SPACE: Final = 96.0
"""Between two columns: room for streams to bend."""
GAP: Final = 16.0
NODE: Final = 50.0
LOW_NODE: Final = 28.0

HIGH_NODES: Final = 14
"""TAPs that have their figures below their names; of more only the names are drawn."""


@dataclass(frozen=True, slots=True)
class PlacedPeering:
    """A peering: two points, and how far its curve goes out at the side that both are on, if they are."""

    peering: Peering
    start: tuple[float, float]
    end: tuple[float, float]
    bulge: float


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything in its place."""

    width: float
    height: float
    networks: tuple[PlacedNetwork, ...]
    nodes: tuple[PlacedNode, ...]
    streams: tuple[PlacedStream, ...]
    peerings: tuple[PlacedPeering, ...]


def lay_out(graph: NetworkGraph) -> Picture:
    """Give everything its place."""
    sources, collectors = folded_networks(graph.sources), folded_networks(graph.collectors)
    x = MARGIN + (ARC if graph.peerings else 0.0)
    left = _stack(sources, x, MARGIN)
    x += NETWORK_WIDTH + SPACE if left else 0.0
    starts = _anchors(left)
    nodes: list[PlacedNode] = []
    for column in (graph.taps, graph.balancers):
        placed = _place_column(graph, column, x, starts)
        x += NODE_WIDTH + SPACE if column else 0.0
        nodes += placed
        starts |= {one.node.id: (one.node.id, one.box) for one in placed}
    detail = detail_of(collectors)
    feeds = _feeds(graph, starts)
    wanted = [
        _mean([at for subnet in one.subnets for node in subnet.nodes for at in feeds.get(node.id, ())])
        for one in collectors
    ]
    tops = _spread([network_height(one, detail) for one in collectors], wanted, GAP)
    right = [place_network(one, x, top, detail) for one, top in zip(collectors, tops, strict=True)]
    ends = {one.node.id: (one.node.id, one.box) for one in nodes} | _anchors(right)
    boxes = [*(one.box for one in (*left, *right)), *(one.box for one in nodes)]
    peerings = tuple(_place_peerings(graph.peerings[:PEERINGS_DRAWN], left, right))
    return Picture(
        width=max((one.right for one in boxes), default=0.0)
        + (ARC if any(one.bulge > 0 for one in peerings) else 0.0)
        + MARGIN,
        height=max((one.bottom for one in boxes), default=0.0) + MARGIN,
        networks=(*left, *right),
        nodes=tuple(nodes),
        streams=place_streams(graph.streams, starts, ends),
        peerings=peerings,
    )


def lay_out_narrow(graph: NetworkGraph) -> Picture:
    """Give everything its place below each other."""
    x = MARGIN + (ARC if graph.peerings else 0.0)
    networks = _stack(folded_networks(graph.sources), x, MARGIN)
    y = networks[-1].box.bottom + GAP if networks else MARGIN
    starts, ends = _anchors(networks), {}
    nodes: list[PlacedNode] = []
    for node in (*graph.taps, *graph.balancers):
        box = Box(x, y, NETWORK_WIDTH, NODE if len(graph.taps) <= HIGH_NODES else LOW_NODE)
        nodes.append(PlacedNode(node, box))
        # Streams come in above those that go out.
        half = replace(box, height=box.height / 2)
        ends[node.id] = node.id, half
        starts[node.id] = node.id, replace(half, y=half.bottom)
        y = box.bottom + GAP
    collecting = _stack(folded_networks(graph.collectors), x, y)
    ends |= _anchors(collecting)
    networks += collecting
    boxes = [*(one.box for one in networks), *(one.box for one in nodes)]
    streams = place_streams_beside(graph.streams, starts, ends)
    reach = max((0.75 * one.bulge + one.width / 2 for one in streams), default=0.0)
    return Picture(
        width=x + NETWORK_WIDTH + reach + MARGIN,
        height=max((one.bottom for one in boxes), default=0.0) + MARGIN,
        networks=tuple(networks),
        nodes=tuple(nodes),
        streams=streams,
        peerings=tuple(_place_peerings(graph.peerings[:PEERINGS_DRAWN], networks, ())),
    )


def _stack(networks: Sequence[NetworkBox], x: float, top: float) -> list[PlacedNetwork]:
    """Networks below each other."""
    detail, placed = detail_of(networks), list[PlacedNetwork]()
    for network in networks:
        placed.append(place_network(network, x, top, detail))
        top = placed[-1].box.bottom + GAP
    return placed


def _anchors(networks: Iterable[PlacedNetwork]) -> dict[str, tuple[str, Box]]:
    return {one_id: (key, box) for network in networks for one_id, key, box in network.anchors()}


def _place_column(
    graph: NetworkGraph, nodes: Sequence[NetworkNode], x: float, starts: Anchors
) -> list[PlacedNode]:
    height, gap = (NODE, GAP) if len(nodes) <= HIGH_NODES else (LOW_NODE, GAP / 2)
    feeds = _feeds(graph, starts)
    wanted = [_mean(feeds.get(one.id, ())) for one in nodes]
    tops = _spread([height] * len(nodes), wanted, gap)
    return [PlacedNode(one, Box(x, top, NODE_WIDTH, height)) for one, top in zip(nodes, tops, strict=True)]


def _feeds(graph: NetworkGraph, starts: Anchors) -> dict[str, list[float]]:
    """For each target the heights that its streams come from."""
    feeds: dict[str, list[float]] = {}
    for one in graph.streams:
        if one.source_id in starts:
            feeds.setdefault(one.target_id, []).append(starts[one.source_id][1].middle)
    return feeds


def _mean(heights: Sequence[float]) -> float:
    return sum(heights) / len(heights) if heights else 0.0


def _spread(heights: Sequence[float], wanted: Sequence[float], gap: float) -> list[float]:
    """The tops of boxes in one column, as near to their wanted middles as they can be without touching."""
    order = sorted(range(len(heights)), key=lambda one: wanted[one])
    tops = [0.0] * len(heights)
    # Boxes that would touch make a block, which takes the mean of what its boxes want.
    blocks: list[tuple[float, list[int]]] = []
    for one in order:
        top, members = wanted[one] - heights[one] / 2, [one]
        while blocks and blocks[-1][0] + _extent(blocks[-1][1], heights, gap) > top:
            before_top, before = blocks.pop()
            count = len(before) + len(members)
            shifted = top - _extent(before, heights, gap)
            top = (before_top * len(before) + shifted * len(members)) / count
            members = before + members
        blocks.append((top, members))
    end = MARGIN
    for top, members in blocks:
        at = max(top, end)
        for one in members:
            tops[one] = at
            at += heights[one] + gap
        end = at
    return tops


def _extent(members: Iterable[int], heights: Sequence[float], gap: float) -> float:
    return sum(heights[one] + gap for one in members)


def _place_peerings(
    peerings: Iterable[Peering], left: Sequence[PlacedNetwork], right: Sequence[PlacedNetwork]
) -> Iterable[PlacedPeering]:
    """Peerings between networks that are drawn: across if they can be, else beside the column."""
    at_left, at_right = _by_network(left), _by_network(right)
    for peering in peerings:
        for here, there in (peering.network_ids, peering.network_ids[::-1]):
            if here in at_left and there in at_right:
                start, end = at_left[here], at_right[there]
                yield PlacedPeering(peering, (start.right, _head(start)), (end.x, _head(end)), 0.0)
                break
        else:
            column = at_left if all(one in at_left for one in peering.network_ids) else at_right
            if all(one in column for one in peering.network_ids):
                start, end = (column[one] for one in peering.network_ids)
                if start != end:
                    yield _beside(peering, start, end, is_left=column is at_left)


def _beside(peering: Peering, start: Box, end: Box, *, is_left: bool) -> PlacedPeering:
    bulge = min(ARC, 12 + abs(start.y - end.y) / 12)
    if is_left:
        return PlacedPeering(peering, (start.x, _head(start)), (end.x, _head(end)), -bulge)
    return PlacedPeering(peering, (start.right, _head(start)), (end.right, _head(end)), bulge)


def _by_network(networks: Iterable[PlacedNetwork]) -> Mapping[str, Box]:
    return {network_id: one.box for one in networks for network_id in one.network.ids}


def _head(box: Box) -> float:
    return box.y + NETWORK_HEAD / 2
