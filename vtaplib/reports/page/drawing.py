"""The picture of a network as SVG. Colours and fonts are the style sheet's; everything says what it is.

It shows what no table does: which way copies take, where they are split, and what share of all goes where. It
is made here and not by a library, because little of it is layout. The columns are known; what is wanted is
boxes in boxes, and streams as wide as their bytes that meet a box side by side. Graphviz gives edges one
width, lets them meet in a point, and is a program to install; libraries for layered graphs give places to
boxes, which is `layout` alone; those for Sankey diagrams need matplotlib, or a script, without which a page
must be whole.

It is drawn twice: from left to right, and for a narrow window from the top to the bottom, so that its
letters can be read there too. The style sheet shows one of the two. The networks of the second are those of
the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final
from xml.etree.ElementTree import Element

from vtaplib.reports.network_graph import InterfaceState, NetworkGraph
from vtaplib.reports.number import counted
from vtaplib.reports.page.layout import Picture, PlacedPeering, lay_out, lay_out_narrow
from vtaplib.reports.page.markup import element
from vtaplib.reports.page.placing import (
    PADDING,
    TILE_STEP,
    TILES_BESIDE,
    Box,
    Detail,
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
        "Interfaces send copies through TAPs to collectors. A stream is as wide as its share of the bytes; "
        "point at anything to read its figures.",
        class_="note",
    )
    yield from legend(graph)
    yield from draw(graph)


def draw(graph: NetworkGraph) -> Iterator[Element]:
    """The drawing for a wide and for a narrow window, with a text for those who do not see it."""
    wide, narrow = lay_out(graph), lay_out_narrow(graph)
    ids = [f"drawn-network-{number}" for number in range(len(wide.networks))]
    yield _drawing(graph, wide, map(_network, wide.networks, ids), "wide")
    copies = (
        element(
            "use",
            href=f"#{one_id}",
            x=there.box.x - here.box.x,
            y=there.box.y - here.box.y,
        )
        for here, there, one_id in zip(wide.networks, narrow.networks, ids, strict=True)
    )
    yield _drawing(graph, narrow, copies, "narrow")


def _drawing(graph: NetworkGraph, picture: Picture, networks: Iterable[Element], class_: str) -> Element:
    return element(
        "svg",
        element("title", _described(graph)),
        *networks,
        *map(_peering, picture.peerings),
        *map(_stream, sorted(picture.streams, key=lambda one: -one.width)),
        *map(_labelled_node, picture.nodes),
        viewBox=f"0 0 {picture.width:.0f} {picture.height:.0f}",
        style=f"width:{picture.width:.0f}px",
        role="img",
        class_=f"picture {class_}",
    )


def legend(graph: NetworkGraph) -> Iterator[Element]:
    """What the marks of interfaces and the lines mean, those that are in the picture; and each collector's
    colour.
    """
    there = {
        node.state
        for box in (*graph.sources, *graph.collectors)
        for subnet in box.subnets
        for node in subnet.nodes
        if node.state is not InterfaceState.COLLECTOR
    }
    items = [_item(_sample(state), meaning) for state, meaning in _STATES.items() if state in there]
    lines = {
        "no single collector": any(not one.hue for one in graph.streams) and "stream hue-0",
        "carries nothing": any(not one.bytes for one in graph.streams) and "stream hue-0 idle",
        "peering": any(one.works for one in graph.peerings) and "peering",
        "peering that does not work": any(not one.works for one in graph.peerings) and "peering broken",
    }
    items += (_item(_line(class_), meaning) for meaning, class_ in lines.items() if class_)
    if items:
        yield element("ul", *items, class_="legend", aria_label="Legend")
    collectors = [
        _item(_sample(InterfaceState.COLLECTOR, node.hue), node.name)
        for box in graph.collectors
        for subnet in box.subnets
        for node in subnet.nodes
    ]
    if collectors:
        yield element("ul", *collectors, class_="legend", aria_label="Colours of collectors")


def _item(sample: Element, meaning: str) -> Element:
    return element("li", sample, element("span", meaning))


def _line(class_: str) -> Element:
    line = element("line", x1=0, y1=7, x2=26, y2=7, class_=class_)
    return element("svg", line, width=26, height=14, aria_hidden="true")


def hue_class(hue: int) -> str:
    """The class of a collector's colour; of 0, the colour of what has no one collector."""
    return f"hue-{(hue - 1) % HUES + 1}" if hue else "hue-0"


def _described(graph: NetworkGraph) -> str:
    sources = sum(len(subnet.nodes) for box in graph.sources for subnet in box.subnets)
    collectors = sum(len(subnet.nodes) for box in graph.collectors for subnet in box.subnets)
    return (
        f"From sources to collectors: {counted(sources, 'interface')} in "
        f"{counted(len(graph.sources), 'network')}, "
        f"{counted(len(graph.taps), 'TAP')}, {counted(len(graph.balancers), 'load balancer')}, "
        f"{counted(collectors, 'collector')}. The tables have all that is in the picture."
    )


def _network(placed: PlacedNetwork, one_id: str) -> Element:
    box, network = placed.box, placed.network
    return element(
        "g",
        _titled(f"{network.name} {network.prefixes}", _rectangle(box, 10, "network")),
        *_pair(network.name, network.prefixes, box.x + 12, box.right - 12, box.y + 27, "network-name"),
        *(part for one in placed.subnets for part in _subnet(one, placed.detail)),
        id=one_id,
    )


def _subnet(placed: PlacedSubnet, detail: Detail) -> Iterator[Element]:
    box = placed.box
    yield _titled(f"{placed.subnet.name} {placed.subnet.prefixes}", _rectangle(box, 6, "subnet"))
    left_out = f"{placed.left_out:,} of {len(placed.subnet.nodes):,} left out" if placed.left_out else ""
    count = counted(len(placed.subnet.nodes), "interface") if detail is Detail.TILE else ""
    beside, right = left_out or placed.subnet.prefixes or count, box.right - PADDING
    if placed.is_beside:
        beside, right = "", box.right - TILES_BESIDE * TILE_STEP - PADDING
    yield from _pair(placed.subnet.name, beside, box.x + PADDING, right, box.y + 16, "subnet-name")
    for node in placed.nodes:
        yield _DRAWN_AS[detail](node)


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


def _name(placed: PlacedNode) -> Element:
    box, node = placed.box, placed.node
    name = _shortened(node.name, box.width - 24, _SMALL_LETTER)
    return element(
        "g",
        element("title", node.tooltip),
        element("rect", x=box.x, y=box.y, width=box.width, height=box.height, class_="catch"),
        _mark(node.state, box.x + 6, box.middle - 6, 12.0),
        element("text", name, x=box.x + 23, y=box.middle + 4, class_="small"),
        class_=hue_class(node.hue),
    )


_DRAWN_AS: Final[Mapping[Detail, Callable[[PlacedNode], Element]]] = {
    Detail.ROW: _row,
    Detail.NAME: _name,
    Detail.TILE: _tile,
}


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


def _sample(state: InterfaceState, hue: int = 0) -> Element:
    return element(
        "svg", _mark(state, 1.0, 1.0, 12.0), width=14, height=14, class_=hue_class(hue), aria_hidden="true"
    )


def _labelled_node(placed: PlacedNode) -> Element:
    box, node = placed.box, placed.node
    name = _shortened(node.name, box.width - 20, _NAME_LETTER)
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
    stream = placed.stream
    return element(
        "path",
        element("title", stream.tooltip),
        d=_curve(placed.start, placed.end, placed.bulge),
        stroke_width=placed.width,
        class_=f"stream {hue_class(stream.hue)}" + ("" if stream.bytes else " idle"),
    )


def _peering(placed: PlacedPeering) -> Element:
    peering = placed.peering
    return element(
        "path",
        element("title", "Peering of {} and {}: {}".format(*peering.names, peering.states)),
        d=_curve(placed.start, placed.end, placed.bulge),
        class_="peering" if peering.works else "peering broken",
    )


def _curve(start: tuple[float, float], end: tuple[float, float], bulge: float) -> str:
    """From one side across to another or, with a bulge, back to the side that it starts from."""
    (x1, y1), (x2, y2) = start, end
    first, second = (x1 + bulge, x2 + bulge) if bulge else ((x1 + x2) / 2,) * 2
    return f"M{x1:.1f} {y1:.1f}C{first:.1f} {y1:.1f} {second:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"


def _titled(tooltip: str, drawn: Element) -> Element:
    return element("g", element("title", tooltip.strip()), drawn)


def _rectangle(box: Box, radius: int, class_: str) -> Element:
    return element("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=radius, class_=class_)


def _pair(name: str, beside: str, left: float, right: float, y: float, class_: str) -> Iterator[Element]:
    """A name and, where there is room for it, what stands at the other end of the line."""
    shown = _cut(beside, (right - left) * 0.55, _SMALL_LETTER)
    room = right - left - len(shown) * _SMALL_LETTER - 8
    yield element("text", _shortened(name, room, _NAME_LETTER), x=left, y=y, class_=class_)
    if shown:
        yield element("text", shown, x=right, y=y, class_="small end")


def _cut(text: str, room: float, letter: float) -> str:
    """A text, its end left out where the room is less than it needs."""
    letters = max(1, int(room / letter))
    return text if len(text) <= letters else text[: letters - 1] + "…"


def _shortened(name: str, room: float, letter: float) -> str:
    """A name, its middle left out where the room is less than it needs: names often differ at their ends."""
    letters = max(1, int(room / letter))
    if len(name) <= letters:
        return name
    end = (letters - 1) // 2
    return f"{name[: letters - 1 - end]}…{name[len(name) - end :]}"
