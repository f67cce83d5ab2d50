"""Visibility: what the collectors of one design see of a flow.

A *design* is a topology under a policy. `DesignVisibility` says of a flow, not of a frame, who gets copies of
it, and remembers what security groups have let through so far. What depends on the single frame is only
whether it is too large for a copy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from vtaplib.fabric.address_index import AddressIndex
from vtaplib.fabric.connections import Connections
from vtaplib.fabric.fabric import Fabric
from vtaplib.fabric.path_trace import Link, PathTrace
from vtaplib.fabric.routing import Unrouted
from vtaplib.fabric.topology import Interface, Topology
from vtaplib.mirror.engine import MirrorDecision, MirrorEngine
from vtaplib.mirror.interface_hop import interface_hops
from vtaplib.mirror.outer_header import Encapsulation
from vtaplib.mirror.verdict import Mirrored, Reason
from vtaplib.model.policy import Policy
from vtaplib.packets.flow import Flow, read_flow


class Untapped(Enum):
    """Why a frame that goes its way meets no tap."""

    UNTAPPED = "no interface on its way is tapped"


class Visibility(NamedTuple):
    """Who gets copies of a flow: an entry per copy, in order, the lower-case ID of the collector's interface.
    `obstacles` are the reasons of those tap points, or of the fabric, that give none.
    """

    collectors: tuple[str, ...]
    obstacles: tuple[Enum, ...] = ()


@dataclass(frozen=True, slots=True)
class Design:
    """One design. `down` are the IDs of interfaces whose machine is taken for failed."""

    topology: Topology
    policy: Policy = field(default_factory=Policy)
    down: tuple[str, ...] = ()


class DesignVisibility:
    """What the collectors of one design see of one capture, from its beginning on."""

    def __init__(self, design: Design) -> None:
        self.topology = design.topology
        self._engine = MirrorEngine(design.topology, design.policy, down=design.down)
        self._fabric = Fabric(design.topology, design.policy, down=design.down)
        self._addresses = AddressIndex(design.topology)
        self._connections = Connections()
        self._waiting: dict[Link, list[Callable[[], None]]] = {}
        self._carried: dict[int, bool] = {}
        self.times_forgotten = 0
        """How often connections became too many, so that all connections still in use must be announced
        again."""

    @property
    def largest_surely_carried(self) -> int:
        """The length up to which every frame of a flow that is seen is seen."""
        return self._engine.oversize.largest_inner

    def visibility(self, flow: Flow, ask_again: Callable[[], None] | None = None) -> Visibility:
        """What is seen of the frames of a flow that come now; from then on their answers pass. `ask_again` is
        called once a flow that a security group denies would pass, as the answer to another.
        """
        trace = self._fabric.captured(flow, self._connections)
        if isinstance(trace, Unrouted):
            return Visibility((), (trace,))
        self.times_forgotten += self._connections.open(trace.opens)
        for link in trace.opens:
            for call in self._waiting.pop(link, ()):
                call()
        if trace.awaits is not None and ask_again is not None:
            self._waiting.setdefault(trace.awaits, []).append(ask_again)
        outcomes = [decision.outcome for decision in self._decisions(trace, flow)]
        collectors = sorted(one.collector_id.lower() for one in outcomes if isinstance(one, Encapsulation))
        obstacles: list[Enum] = [one for one in outcomes if isinstance(one, Reason)]
        if not outcomes:
            obstacles.append(trace.drop or Untapped.UNTAPPED)
        return Visibility(tuple(collectors), tuple(dict.fromkeys(obstacles)))

    def ends(self, flow: Flow) -> tuple[tuple[Interface, ...], tuple[Interface, ...]]:
        """The interfaces that a flow comes from and goes to. Where its path does not say which, those that
        have the address; none is no interface.
        """
        trace = self._fabric.captured(flow)
        known = (None, None) if isinstance(trace, Unrouted) else (trace.source, trace.destination)
        source, destination = (
            self._addresses.interfaces_with(address) if end is None else (end,)
            for end, address in zip(known, (flow.source, flow.destination), strict=True)
        )
        return source, destination

    def carries(self, frame: bytes) -> bool:
        """Whether a frame of a flow that is seen is copied, for its length."""
        length = len(frame)
        if length not in self._carried:
            flow = read_flow(frame)
            trace = self._fabric.captured(flow, self._connections)
            if isinstance(trace, Unrouted):
                return False
            carried = [self._engine.carry(one, frame, 0) for one in self._decisions(trace, flow)]
            self._carried[length] = any(isinstance(one, Mirrored) for one in carried)
        return self._carried[length]

    def _decisions(self, trace: PathTrace, flow: Flow) -> list[MirrorDecision]:
        """What becomes of a flow at the tap points on its way."""
        return [
            decision
            for one in interface_hops(trace, flow)
            for decision in self._engine.decide_anew(one.interface_id, one.direction, one.flow, one.context)
        ]
