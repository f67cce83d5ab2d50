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
from vtaplib.fabric.routing import Unrouted
from vtaplib.fabric.topology import Interface, Topology
from vtaplib.mirror.flow_decision import FlowDecider
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
        self._decider = FlowDecider(design.topology, design.policy, down=design.down)
        self._addresses = AddressIndex(design.topology)
        self._carried: dict[int, bool] = {}

    @property
    def times_forgotten(self) -> int:
        """How often connections became too many: all that are still in use are to be announced again."""
        return self._decider.times_forgotten

    @property
    def largest_surely_carried(self) -> int:
        """The length up to which every frame of a flow that is seen is seen."""
        return self._decider.engine.oversize.largest_inner

    def visibility(self, flow: Flow, ask_again: Callable[[], None] | None = None) -> Visibility:
        """What is seen of the frames of a flow that come now; from then on their answers pass. `ask_again` is
        called when the flow turns out to be the answer to another, which no security group denies.
        """
        decision = self._decider.decide(flow)
        if ask_again is not None:
            self._decider.wait(decision.awaits, ask_again)
        outcomes = [one.outcome for _, one in decision.outcomes]
        collectors = sorted(one.collector_id.lower() for one in outcomes if isinstance(one, Encapsulation))
        obstacles: list[Enum] = [one for one in outcomes if isinstance(one, Reason)]
        if not outcomes:
            obstacles.append(decision.lost or Untapped.UNTAPPED)
        return Visibility(tuple(collectors), tuple(dict.fromkeys(obstacles)))

    def ends(self, flow: Flow) -> tuple[tuple[Interface, ...], tuple[Interface, ...]]:
        """The interfaces that a flow comes from and goes to. Where its path does not say which, those that
        have the address; none is no interface.
        """
        trace = self._decider.fabric.captured(flow)
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
            verdicts = self._decider.carry(self._decider.decide(read_flow(frame)), frame, 0)
            self._carried[length] = any(isinstance(one, Mirrored) for one in verdicts)
        return self._carried[length]
