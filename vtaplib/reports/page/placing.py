"""Where the parts of a network are in its box: subnets below each other, and in them their interfaces.

The fewer interfaces there are, the more is said of each: a row with name and address, a name, or just a tile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from vtaplib.reports.network_graph import NetworkBox, NetworkNode, SubnetBox
from vtaplib.reports.page.folding import TILES_DRAWN

NETWORK_WIDTH: Final = 316.0
NETWORK_HEAD: Final = 44.0
SUBNET_HEAD: Final = 24.0
PADDING: Final = 10.0
ROW: Final = 24.0
TILE: Final = 12.0
TILE_STEP: Final = 15.0
TILES_BESIDE: Final = 13
"""Tiles in a row beside the name of their subnet; more than two such rows are below it."""

NAME_ROW: Final = 18.0
NAMES_BESIDE: Final = 2
"""Names in a line, where there is no room for addresses."""

ROWS_DRAWN: Final = 36
"""Interfaces of a side of which each is a row with its name and address."""
NAMES_DRAWN: Final = 160
"""Interfaces of a side of which each has its name; of more each is a tile."""


class Detail(Enum):
    """How much is drawn of each interface."""

    ROW = auto()
    NAME = auto()
    TILE = auto()


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where it ends."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """The height of its middle."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class PlacedNode:
    """An interface, TAP or load balancer in its place."""

    node: NetworkNode
    box: Box


@dataclass(frozen=True, slots=True)
class PlacedSubnet:
    """A subnet in its place; `left_out` interfaces have no room. `is_beside`: tiles are beside its name."""

    subnet: SubnetBox
    box: Box
    nodes: tuple[PlacedNode, ...]
    left_out: int
    is_beside: bool


@dataclass(frozen=True, slots=True)
class PlacedNetwork:
    """A network in its place, its interfaces in so much detail."""

    network: NetworkBox
    box: Box
    subnets: tuple[PlacedSubnet, ...]
    detail: Detail

    def anchors(self) -> Iterator[tuple[str, str, Box]]:
        """For each interface its ID, and the key and box of what its streams begin or end at: a row as wide
        as the network, or the whole subnet, which all of its names or tiles share.
        """
        for number, subnet in enumerate(self.subnets):
            shared = f"{min(self.network.ids)}#{number}"
            across = Box(self.box.x, subnet.box.y, self.box.width, subnet.box.height)
            if self.detail is not Detail.ROW:
                yield from ((one.id, shared, across) for one in subnet.subnet.nodes)
                continue
            for placed in subnet.nodes:
                box = Box(self.box.x, placed.box.y, self.box.width, placed.box.height)
                yield placed.node.id, placed.node.id, box


def detail_of(networks: Sequence[NetworkBox]) -> Detail:
    """How much there is room for, for each of the interfaces of a side."""
    count = sum(len(subnet.nodes) for one in networks for subnet in one.subnets)
    if count <= ROWS_DRAWN:
        return Detail.ROW
    return Detail.NAME if count <= NAMES_DRAWN else Detail.TILE


def network_height(network: NetworkBox, detail: Detail) -> float:
    """How high a network's box is."""
    return place_network(network, 0.0, 0.0, detail).box.height


def place_network(network: NetworkBox, x: float, y: float, detail: Detail) -> PlacedNetwork:
    """A network with its upper left corner at a point."""
    top = y + NETWORK_HEAD
    subnets = []
    for subnet in network.subnets:
        placed = _place_subnet(subnet, x + PADDING, top, detail)
        subnets.append(placed)
        top = placed.box.bottom + (PADDING / 2 if placed.is_beside else PADDING)
    height = top - y + (PADDING / 2 if subnets and subnets[-1].is_beside else 0.0)
    return PlacedNetwork(network, Box(x, y, NETWORK_WIDTH, height), tuple(subnets), detail)


def _place_subnet(subnet: SubnetBox, x: float, y: float, detail: Detail) -> PlacedSubnet:
    width = NETWORK_WIDTH - 2 * PADDING
    drawn = subnet.nodes[:TILES_DRAWN]
    is_beside = detail is Detail.TILE and len(drawn) <= 2 * TILES_BESIDE
    left, top = x, y + SUBNET_HEAD
    if detail is Detail.ROW:
        in_row, step, height = 1, width, ROW
    elif detail is Detail.NAME:
        in_row, step, height = NAMES_BESIDE, width / NAMES_BESIDE, NAME_ROW
    else:
        step = height = TILE_STEP
        if is_beside:
            in_row = TILES_BESIDE
            left, top = x + width - in_row * step - 4, y + 6
        else:
            in_row = int((width - PADDING) // step)
            left = x + PADDING
    # Between tiles is some room.
    room = step - TILE if detail is Detail.TILE else 0.0
    boxes = [
        Box(left + number % in_row * step, top + number // in_row * height, step - room, height - room)
        for number in range(len(drawn))
    ]
    bottom = max((one.bottom for one in boxes), default=0.0) + 6
    box = Box(x, y, width, max(SUBNET_HEAD, bottom - y))
    return PlacedSubnet(
        subnet, box, tuple(map(PlacedNode, drawn, boxes)), len(subnet.nodes) - len(drawn), is_beside
    )
