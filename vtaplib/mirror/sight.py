"""Sight: what the collectors of one design see of a flow.

A *design* is a topology under a policy. It says of a flow, not of a frame, who gets copies of it; what
depends on the single frame is only whether it is too large for a copy.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from vtaplib.control.policy import Policy
from vtaplib.fabric.routing import Router, Unrouted
from vtaplib.fabric.topology import Interface, Topology
from vtaplib.mirror.engine import Decision, MirrorEngine
from vtaplib.mirror.verdict import Direction, Mirrored, Reason
from vtaplib.packets.flow import Flow, read_flow


class Untapped(Enum):
    """Why a frame that goes its way meets no tap."""

    UNTAPPED = "no interface on its way is tapped"


class Sight(NamedTuple):
    """Who gets copies of a flow: an entry per copy, in order, the lower-case ID of the collector's interface.
    `obstacles` are the reasons of those tap points, or of the fabric, that give none.
    """

    collectors: tuple[str, ...]
    obstacles: tuple[Enum, ...] = ()


class Design:
    """One design. `down` are the IDs of interfaces whose machine is taken for failed."""

    def __init__(self, topology: Topology, policy: Policy | None = None, *, down: Iterable[str] = ()) -> None:
        self.topology = topology
        self.policy = policy or Policy()
        self._engine = MirrorEngine(topology, self.policy, down=down)
        self._router = Router(topology)
        self._carried: dict[int, bool] = {}

    @property
    def largest_surely_carried(self) -> int:
        """The length up to which every frame of a flow that is seen is seen."""
        return self._engine.oversize.largest_inner

    def sight(self, flow: Flow) -> Sight:
        """What is seen of the frames of a flow."""
        decisions = self._decisions(flow)
        if isinstance(decisions, Enum):
            return Sight((), (decisions,))
        reasons = dict.fromkeys(one.outcome for one in decisions if isinstance(one.outcome, Reason))
        collectors = sorted(
            one.outcome.collector_id.lower() for one in decisions if not isinstance(one.outcome, Reason)
        )
        return Sight(tuple(collectors), tuple(reasons))

    def ends(self, flow: Flow) -> tuple[Interface | None, Interface | None]:
        """The interfaces that a flow comes from and goes to, None for what is none."""
        route = self._router.route(flow)
        return (None, None) if isinstance(route, Unrouted) else route

    def carries(self, frame: bytes) -> bool:
        """Whether a frame of a flow that is seen is copied, for its length."""
        length = len(frame)
        if length not in self._carried:
            decisions = self._decisions(read_flow(frame))
            assert not isinstance(decisions, Enum), "a flow that is seen has decisions"
            verdicts = [self._engine.carry(one, frame, 0) for one in decisions]
            self._carried[length] = any(isinstance(one, Mirrored) for one in verdicts)
        return self._carried[length]

    def _decisions(self, flow: Flow) -> tuple[Decision, ...] | Enum:
        """What becomes of a flow at the tap points on its way, or why it meets none."""
        route = self._router.route(flow)
        if isinstance(route, Unrouted):
            return route
        ends = ((route.source, Direction.EGRESS), (route.destination, Direction.INGRESS))
        decisions = tuple(
            decision
            for interface, direction in ends
            if interface is not None
            for decision in self._engine.decide_anew(interface.id, direction, flow)
        )
        return decisions or Untapped.UNTAPPED
