"""Where the parts of a network are in its box: subnets below each other, interfaces as rows or as tiles.

Interfaces are rows with a name and an address where there are few, tiles where there are many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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

ROWS_DRAWN: Final = 36
"""Interfaces of a side of which each is a row; of more each is a tile."""


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
    """A network in its place. `has_tiles`: its interfaces are tiles."""

    network: NetworkBox
    box: Box
    subnets: tuple[PlacedSubnet, ...]
    has_tiles: bool

    def anchors(self) -> Iterator[tuple[str, str, Box]]:
        """For each interface its ID, and the key and box of what its streams begin or end at: a row as wide
        as the network, or the whole subnet, which all of its tiles share.
        """
        for number, subnet in enumerate(self.subnets):
            shared = f"{min(self.network.ids)}#{number}"
            across = Box(self.box.x, subnet.box.y, self.box.width, subnet.box.height)
            for one in subnet.subnet.nodes if self.has_tiles else ():
                yield one.id, shared, across
            for placed in () if self.has_tiles else subnet.nodes:
                box = Box(self.box.x, placed.box.y, self.box.width, placed.box.height)
                yield placed.node.id, placed.node.id, box


def wants_tiles(networks: Sequence[NetworkBox]) -> bool:
    """Whether there are too many interfaces for rows."""
    return sum(len(subnet.nodes) for one in networks for subnet in one.subnets) > ROWS_DRAWN


def network_height(network: NetworkBox, has_tiles: bool) -> float:
    """How high a network's box is."""
    return place_network(network, 0.0, 0.0, has_tiles).box.height


def place_network(network: NetworkBox, x: float, y: float, has_tiles: bool) -> PlacedNetwork:
    """A network with its upper left corner at a point."""
    top = y + NETWORK_HEAD
    subnets = []
    for subnet in network.subnets:
        placed = _place_subnet(subnet, x + PADDING, top, has_tiles)
        subnets.append(placed)
        top = placed.box.bottom + (PADDING / 2 if placed.is_beside else PADDING)
    height = top - y + (PADDING / 2 if subnets and subnets[-1].is_beside else 0.0)
    return PlacedNetwork(network, Box(x, y, NETWORK_WIDTH, height), tuple(subnets), has_tiles)


def _place_subnet(subnet: SubnetBox, x: float, y: float, has_tiles: bool) -> PlacedSubnet:
    width = NETWORK_WIDTH - 2 * PADDING
    drawn = subnet.nodes[:TILES_DRAWN]
    is_beside = has_tiles and len(drawn) <= 2 * TILES_BESIDE
    if has_tiles:
        in_row = TILES_BESIDE if is_beside else int((width - PADDING) // TILE_STEP)
        left, top = (
            (x + width - in_row * TILE_STEP - 4, y + 6) if is_beside else (x + PADDING, y + SUBNET_HEAD)
        )
        boxes = [
            Box(left + number % in_row * TILE_STEP, top + number // in_row * TILE_STEP, TILE, TILE)
            for number in range(len(drawn))
        ]
    else:
        boxes = [Box(x, y + SUBNET_HEAD + number * ROW, width, ROW) for number in range(len(drawn))]
    bottom = max((one.bottom for one in boxes), default=0.0) + 6
    box = Box(x, y, width, max(SUBNET_HEAD, bottom - y))
    return PlacedSubnet(
        subnet, box, tuple(map(PlacedNode, drawn, boxes)), len(subnet.nodes) - len(drawn), is_beside
    )
