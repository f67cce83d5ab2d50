"""The mirror engine: a function of a frozen topology, a policy and a frame.

What depends on a flow only (is it mirrored at all, to which collector, from which outer port) is *decided*
once per interface and flow and remembered; a decision is a function of its key, so forgetting it changes
nothing. What depends on the single frame (does the copy fit) is *carried* out per frame. No frame makes the
engine raise: any bytes have a flow, and every flow has a decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vtaplib.control.policy import Policy
from vtaplib.errors import VtapError
from vtaplib.fabric.topology import Interface, Topology
from vtaplib.mirror.carriage import Carriage
from vtaplib.mirror.destination import Path, Spread, find_destination
from vtaplib.mirror.outer_header import LARGEST_INNER
from vtaplib.mirror.oversize import Oversize
from vtaplib.mirror.recognition import Recognition
from vtaplib.mirror.source_port import source_port_chooser
from vtaplib.mirror.verdict import Direction, Mirrored, NotMirrored, Reason, TapPoint, Verdict
from vtaplib.packets import ethernet
from vtaplib.packets.flow import Flow, read_flow

# Decisions that are remembered before all are forgotten: memory must not grow with the number of flows.
DECISIONS_REMEMBERED = 1 << 16


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of the frames of a flow at a tap point."""

    point: TapPoint
    outcome: Carriage | Reason


@dataclass(frozen=True, slots=True)
class Tapped:
    """A tap configuration of an interface, looked up: its two tap points and where copies go."""

    points: dict[Direction, TapPoint]
    destination: Path | Spread | Reason


class MirrorEngine:
    """Mirrors frames as they pass interfaces. `down` are the IDs of interfaces whose machine is taken for
    failed.
    """

    def __init__(self, topology: Topology, policy: Policy | None = None, *, down: Iterable[str] = ()) -> None:
        self.topology = topology
        self.policy = policy or Policy()
        self.down = frozenset(interface_id.lower() for interface_id in down)
        self.oversize = Oversize(self.policy.oversize)
        for interface_id in self.down:
            if topology.interface(interface_id) is None:
                raise VtapError(f"{interface_id} is to be down, but is no interface of the topology")
        self.copies_made = 0
        """How many verdicts of `frame` and `carry` say `Mirrored`: the order of the last."""
        self._source_port = source_port_chooser(self.policy.outer_source_port)
        self._recognition = Recognition(topology)
        self._tapped: dict[str, tuple[Interface, tuple[Tapped, ...]]] = {}
        self._decisions: dict[tuple[str, Direction, Flow], tuple[Decision, ...]] = {}

    def frame(self, nic_id: str, direction: Direction, frame: bytes, at: int = 0) -> tuple[Verdict, ...]:
        """What happens to a frame that passes an interface: a verdict per tap configuration, none if it has
        none.

        `frame` is Ethernet without FCS, any bytes; `at` is its time in nanoseconds. Raises `VtapError` if the
        topology has no such interface.
        """
        frame = bytes(frame)
        return tuple(
            [self.carry(decision, frame, at) for decision in self.decide(nic_id, direction, read_flow(frame))]
        )

    def points_of(self, interface_id: str) -> tuple[TapPoint, ...]:
        """The tap points of an interface, in the order of its tap configurations."""
        return tuple(point for tapped in self._look_up(interface_id)[1] for point in tapped.points.values())

    def decide(self, interface_id: str, direction: Direction, flow: Flow) -> tuple[Decision, ...]:
        """What becomes of the frames of a flow at an interface, per tap configuration."""
        key = interface_id, direction, flow
        decisions = self._decisions.get(key)
        if decisions is None:
            decisions = self.decide_anew(interface_id, direction, flow)
            if len(self._decisions) >= DECISIONS_REMEMBERED:
                self._decisions.clear()
            self._decisions[key] = decisions
        return decisions

    def decide_anew(self, interface_id: str, direction: Direction, flow: Flow) -> tuple[Decision, ...]:
        """The same, for those who do the remembering themselves."""
        interface, configurations = self._look_up(interface_id)
        return tuple(
            [
                Decision(tapped.points[direction], self._outcome(interface, tapped.destination, flow))
                for tapped in configurations
            ]
        )

    def carry(self, decision: Decision, frame: bytes, at: int) -> Verdict:
        """What happens to one frame of a flow that has been decided on."""
        carriage = decision.outcome
        if isinstance(carriage, Reason):
            return NotMirrored(decision.point, carriage)
        is_cut = False
        if len(frame) <= self.oversize.largest_inner:
            copies: tuple[bytes, ...] = (carriage.header.wrap(carriage.ports, frame),)
        elif self.oversize.mode == "truncate":
            is_cut = True
            copies = (carriage.header.wrap(carriage.ports, frame[: self.oversize.largest_inner]),)
        elif self.oversize.mode == "fragment" and len(frame) <= LARGEST_INNER:
            copies = carriage.header.wrap_in_fragments(carriage.ports, frame, self.oversize.limit, at)
        else:
            return NotMirrored(decision.point, Reason.OVERSIZE)
        self.copies_made += 1
        return Mirrored(decision.point, carriage, copies, len(frame), self.copies_made, is_cut)

    def _outcome(
        self, interface: Interface, destination: Path | Spread | Reason, flow: Flow
    ) -> Carriage | Reason:
        # Only what is shorter than an Ethernet header has no MAC addresses.
        if not flow.source:
            return Reason.MALFORMED
        if flow.ethertype == ethernet.IPV6:
            return Reason.IPV6
        if self.policy.remirror != "mirror" and self._recognition.is_copy(flow, interface.network_id):
            return Reason.ALREADY_MIRRORED
        if isinstance(destination, Reason):
            return destination
        port = self._source_port(flow)
        path = destination.path(port) if isinstance(destination, Spread) else destination
        if isinstance(path, Reason):
            return path
        return Carriage(path.collector_id, path.header, port, path.header.ports(port))

    def _look_up(self, interface_id: str) -> tuple[Interface, tuple[Tapped, ...]]:
        found = self._tapped.get(interface_id)
        if found is None:
            interface = self.topology.interface(interface_id)
            if interface is None:
                raise VtapError(f"{interface_id} is no interface of the topology")
            found = (
                interface,
                tuple(
                    Tapped(
                        {
                            direction: TapPoint(
                                configuration.id, configuration.tap_id, interface.id, direction
                            )
                            for direction in Direction
                        },
                        find_destination(self.topology, self.policy, self.down, interface, configuration),
                    )
                    for configuration in self.topology.tap_configurations_of(interface_id)
                ),
            )
            self._tapped[interface_id] = found
        return found
