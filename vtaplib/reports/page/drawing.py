"""The picture of a network as SVG. Colours and fonts are the style sheet's; everything says what it is.

It shows what no table does: which way copies take, where they are split, and what share of all goes where. It
is made here and not by a library, because little of it is layout. The columns are known; what is wanted is
boxes in boxes, and streams as wide as their bytes that meet a box side by side. Graphviz gives edges one
width, lets them meet in a point, and is a program to install; libraries for layered graphs give places to
boxes, which is `layout` alone; those for Sankey diagrams need matplotlib, or a script, which a page must not
have.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from vtaplib.reports.network_graph import InterfaceState, NetworkGraph
from vtaplib.reports.number import counted
from vtaplib.reports.page.layout import PlacedPeering, lay_out
from vtaplib.reports.page.markup import element
from vtaplib.reports.page.placing import (
    PADDING,
    TILE_STEP,
    TILES_BESIDE,
    Box,
    PlacedNetwork,
    PlacedNode,
    PlacedSubnet,
)
from vtaplib.reports.page.streaming import PlacedStream

HUES = 6
"""Colours of collectors in the style sheet; then they begin anew."""

# Widths of letters at the sizes of the style sheet: what does not fit is cut.
_NAME_LETTER = 6.9
_SMALL_LETTER = 6.7

_STATES = {
    InterfaceState.MIRRORED: "all frames mirrored",
    InterfaceState.PARTLY: "some not mirrored",
    InterfaceState.REFUSED: "none mirrored",
    InterfaceState.IDLE: "tapped, no frame passed",
    InterfaceState.UNTAPPED: "not tapped",
    InterfaceState.COLLECTOR: "collector",
    InterfaceState.DOWN: "down",
}


def picture(graph: NetworkGraph) -> Iterator[Element]:
    """The picture, with what explains it."""
    yield element(
        "p",
        "Interfaces on the left send copies through TAPs to collectors on the right. A stream is as wide as "
        "its share of the bytes; point at anything to read its figures.",
        class_="note",
    )
    yield legend(graph)
    yield element(
        "div", draw(graph), class_="wide", tabindex=0, role="region", aria_label="Picture of the network"
    )


def draw(graph: NetworkGraph) -> Element:
    """The drawing, with a text for those who do not see it."""
    picture = lay_out(graph)
    return element(
        "svg",
        element("title", _described(graph)),
        *map(_network, picture.networks),
        *map(_peering, picture.peerings),
        *map(_stream, sorted(picture.streams, key=lambda one: -one.width)),
        *map(_labelled_node, picture.nodes),
        viewBox=f"0 0 {picture.width:.0f} {picture.height:.0f}",
        style=f"width:{picture.width:.0f}px",
        role="img",
        class_="picture",
    )


def legend(graph: NetworkGraph) -> Element:
    """What the marks of interfaces mean; those that are in the picture."""
    there = {
        node.state
        for box in (*graph.sources, *graph.collectors)
        for subnet in box.subnets
        for node in subnet.nodes
    }
    items = [element("li", _sample(state), meaning) for state, meaning in _STATES.items() if state in there]
    if graph.peerings:
        line = element("line", x1=0, y1=7, x2=26, y2=7, class_="peering")
        items.append(element("li", element("svg", line, width=26, height=14, aria_hidden="true"), "peering"))
    return element("ul", *items, class_="legend", aria_label="Legend")


def hue_class(hue: int) -> str:
    """The class of a collector's colour; of 0, the colour of what has no one collector."""
    return f"hue-{(hue - 1) % HUES + 1}" if hue else "hue-0"


def _described(graph: NetworkGraph) -> str:
    sources = sum(len(subnet.nodes) for box in graph.sources for subnet in box.subnets)
    collectors = sum(len(subnet.nodes) for box in graph.collectors for subnet in box.subnets)
    return (
        f"From left to right: {counted(sources, 'interface')} in {counted(len(graph.sources), 'network')}, "
        f"{counted(len(graph.taps), 'TAP')}, {counted(len(graph.balancers), 'load balancer')}, "
        f"{counted(collectors, 'collector')}. The tables have all that is in the picture."
    )


def _network(placed: PlacedNetwork) -> Element:
    box, network = placed.box, placed.network
    return element(
        "g",
        _titled(f"{network.name} {network.prefixes}", _rectangle(box, 10, "network")),
        *_pair(network.name, network.prefixes, box.x + 12, box.right - 12, box.y + 27, "network-name"),
        *(part for one in placed.subnets for part in _subnet(one, has_tiles=placed.has_tiles)),
    )


def _subnet(placed: PlacedSubnet, *, has_tiles: bool) -> Iterator[Element]:
    box = placed.box
    yield _titled(f"{placed.subnet.name} {placed.subnet.prefixes}", _rectangle(box, 6, "subnet"))
    left_out = f"{placed.left_out:,} of {len(placed.subnet.nodes):,} left out" if placed.left_out else ""
    count = counted(len(placed.subnet.nodes), "interface") if has_tiles else ""
    beside, right = left_out or placed.subnet.prefixes or count, box.right - PADDING
    if placed.is_beside:
        beside, right = "", box.right - TILES_BESIDE * TILE_STEP - PADDING
    yield from _pair(placed.subnet.name, beside, box.x + PADDING, right, box.y + 16, "subnet-name")
    for node in placed.nodes:
        yield _tile(node) if has_tiles else _row(node)


def _row(placed: PlacedNode) -> Element:
    box, node = placed.box, placed.node
    return element(
        "g",
        element("title", node.tooltip),
        element("rect", x=box.x, y=box.y, width=box.width, height=box.height, class_="catch"),
        _mark(node.state, box.x + 10, box.middle - 6, 12.0),
        *_pair(node.name, node.beside, box.x + 30, box.right - 10, box.middle + 4, "name"),
        class_=hue_class(node.hue),
    )


def _tile(placed: PlacedNode) -> Element:
    box, node = placed.box, placed.node
    return element(
        "g",
        element("title", node.tooltip),
        _mark(node.state, box.x, box.y, box.width),
        class_=hue_class(node.hue),
    )


def _mark(state: InterfaceState, x: float, y: float, size: float) -> Element:
    """A mark that says a state by its shape as well as by its colour."""
    parts = [element("rect", x=x, y=y, width=size, height=size, rx=3, class_="field")]
    middle, inset = size / 2, size * 0.27
    if state is InterfaceState.PARTLY:
        half = f"M{x:.1f} {y + size - 2.5:.1f}V{y + size:.1f}H{x + size:.1f}V{y:.1f}z"
        parts.append(element("path", d=half, class_="half"))
    elif state in (InterfaceState.REFUSED, InterfaceState.DOWN):
        near, far = inset, size - inset
        cross = (
            f"M{x + near:.1f} {y + near:.1f}L{x + far:.1f} {y + far:.1f}"
            f"M{x + far:.1f} {y + near:.1f}L{x + near:.1f} {y + far:.1f}"
        )
        parts.append(element("path", d=cross, class_="cross"))
    elif state is InterfaceState.IDLE:
        parts.append(element("circle", cx=x + middle, cy=y + middle, r=size * 0.18, class_="dot"))
    return element("g", *parts, class_=f"mark {state.value}")


def _sample(state: InterfaceState) -> Element:
    return element(
        "svg", _mark(state, 1.0, 1.0, 12.0), width=14, height=14, class_="hue-1", aria_hidden="true"
    )


def _labelled_node(placed: PlacedNode) -> Element:
    box, node = placed.box, placed.node
    name = _cut(node.name, box.width - 20, _NAME_LETTER)
    lines = [element("text", name, x=box.x + box.width / 2, y=box.middle + 4, class_="name middle")]
    if box.height > 40:
        lines[0].set("y", f"{box.middle - 4:.1f}")
        beside = _cut(node.beside, box.width - 16, _SMALL_LETTER)
        lines.append(
            element("text", beside, x=box.x + box.width / 2, y=box.middle + 14, class_="small middle")
        )
    return element(
        "g",
        element("title", node.tooltip),
        _rectangle(box, 8, "node"),
        *lines,
        class_=hue_class(node.hue),
    )


def _stream(placed: PlacedStream) -> Element:
    (x1, y1), (x2, y2) = placed.start, placed.end
    bend = (x1 + x2) / 2
    stream = placed.stream
    return element(
        "path",
        element("title", stream.tooltip),
        d=f"M{x1:.1f} {y1:.1f}C{bend:.1f} {y1:.1f} {bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}",
        stroke_width=placed.width,
        class_=f"stream {hue_class(stream.hue)}" + ("" if stream.bytes else " idle"),
    )


def _peering(placed: PlacedPeering) -> Element:
    (x1, y1), (x2, y2), peering = placed.start, placed.end, placed.peering
    first, second = (x1 + placed.bulge, x2 + placed.bulge) if placed.bulge else ((x1 + x2) / 2,) * 2
    return element(
        "path",
        element("title", "Peering of {} and {}: {}".format(*peering.names, peering.states)),
        d=f"M{x1:.1f} {y1:.1f}C{first:.1f} {y1:.1f} {second:.1f} {y2:.1f} {x2:.1f} {y2:.1f}",
        class_="peering" if peering.works else "peering broken",
    )


def _titled(tooltip: str, drawn: Element) -> Element:
    return element("g", element("title", tooltip.strip()), drawn)


def _rectangle(box: Box, radius: int, class_: str) -> Element:
    return element("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=radius, class_=class_)


def _pair(name: str, beside: str, left: float, right: float, y: float, class_: str) -> Iterator[Element]:
    """A name and, where there is room for it, what stands at the other end of the line."""
    shown = _cut(beside, (right - left) * 0.55, _SMALL_LETTER)
    room = right - left - len(shown) * _SMALL_LETTER - 8
    yield element("text", _cut(name, room, _NAME_LETTER), x=left, y=y, class_=class_)
    if shown:
        yield element("text", shown, x=right, y=y, class_="small end")


def _cut(text: str, room: float, letter: float) -> str:
    """A text, its end left out where the room is less than it needs."""
    letters = max(1, int(room / letter))
    return text if len(text) <= letters else text[: letters - 1] + "…"
