"""What a picture of the network has in it: who sends to which TAP, and where that sends to.

From left to right: networks with the interfaces that may be sources, TAPs, load balancers that TAPs send to,
networks with the collectors. So a network that has both is there twice, and an interface too that is both.
IDs are in lower case: they are only compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class InterfaceState(StrEnum):
    """What became of an interface's frames at its tap points; and of those that have none."""

    MIRRORED = "mirrored"
    PARTLY = "partly"
    REFUSED = "refused"
    IDLE = "idle"
    UNTAPPED = "untapped"
    COLLECTOR = "collector"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class NetworkNode:
    """An interface, TAP or load balancer: its name, what stands beside it, and a text about it."""

    id: str
    name: str
    beside: str
    tooltip: str
    state: InterfaceState = InterfaceState.MIRRORED
    hue: int = 0


@dataclass(frozen=True, slots=True)
class SubnetBox:
    """A subnet and its interfaces, or several subnets folded into one."""

    name: str
    prefixes: str
    nodes: tuple[NetworkNode, ...]


@dataclass(frozen=True, slots=True)
class NetworkBox:
    """A network, or several folded into one; `ids` are theirs."""

    ids: frozenset[str]
    name: str
    prefixes: str
    subnets: tuple[SubnetBox, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """Copies from one node to another, in bytes. `hue` is the collector's, 0 where there are several."""

    source_id: str
    target_id: str
    bytes: int
    tooltip: str
    hue: int


@dataclass(frozen=True, slots=True)
class Peering:
    """Two networks that are peered; `works` says that both sides are connected and allow access, `states`
    what they are.
    """

    network_ids: tuple[str, str]
    names: tuple[str, str]
    works: bool
    states: str


@dataclass(frozen=True, slots=True)
class NetworkGraph:
    """All that is drawn."""

    sources: tuple[NetworkBox, ...]
    taps: tuple[NetworkNode, ...]
    balancers: tuple[NetworkNode, ...]
    collectors: tuple[NetworkBox, ...]
    streams: tuple[Stream, ...]
    peerings: tuple[Peering, ...]
