"""The mirror engine: a function of a frozen topology, a policy and a frame.

What depends on a flow only (is it mirrored at all, to which collector, from which outer port) is *decided*
once per interface and flow and remembered; a decision is a function of its key, so forgetting it changes
nothing. What depends on the single frame (does the copy fit) is *carried* out per frame. No frame makes the
engine raise: any bytes have a flow, and every flow has a decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import NamedTuple

from vtaplib.errors import VtapError
from vtaplib.fabric.topology import Interface, Topology
from vtaplib.mirror.carriage import Carriage
from vtaplib.mirror.destination import Path, Spread, find_destination
from vtaplib.mirror.outer_header import LARGEST_INNER, Shelf
from vtaplib.mirror.oversize import Oversize
from vtaplib.mirror.parting import Parting
from vtaplib.mirror.passage import ORDINARY, Passage
from vtaplib.mirror.public_view import PublicView
from vtaplib.mirror.recognition import Recognition
from vtaplib.mirror.remembered import Remembered
from vtaplib.mirror.source_port import source_port_chooser
from vtaplib.mirror.verdict import Direction, Mirrored, NotMirrored, Reason, TapPoint, Verdict
from vtaplib.model.policy import Policy
from vtaplib.packets import ethernet
from vtaplib.packets.flow import Flow, read_flow
from vtaplib.packets.plain_headers import HEADERS, MASK, is_plain
from vtaplib.packets.translation import Rewriting

# Flows whose decisions are remembered as the newest: memory must not grow with the number of flows.
DECISIONS_REMEMBERED = 1 << 15


class Decision(NamedTuple):
    """What becomes of the frames of a flow at a tap point, and what a load balancer on the way of the copies
    does to the flow, if there is one.
    """

    point: TapPoint
    outcome: Carriage | Reason
    parting: Parting | None = None


Decisions = tuple[Decision, ...]
"""One per tap configuration of an interface."""


@dataclass(frozen=True, slots=True)
class Tapped:
    """A tap configuration of an interface, looked up: its two tap points and where copies go."""

    points: dict[Direction, TapPoint]
    destination: Path | Spread | Reason


@dataclass(frozen=True, slots=True)
class Source:
    """An interface, looked up: its tap configurations, and what they see of the internet."""

    interface: Interface
    tapped: tuple[Tapped, ...]
    public_view: PublicView


@dataclass(frozen=True, slots=True)
class Approach:
    """One way for frames to pass an interface. `number` is its own, left of all bits of headers and ports."""

    number: int
    source: Source
    direction: Direction
    passage: Passage
    is_spread: bool
    """Whether copies go through a load balancer, which has an eye on the answers."""


class MirrorEngine:
    """Mirrors frames as they pass interfaces. `down` are the IDs of interfaces whose machine is taken for
    failed; `private_link` the addresses that Private Link services translate to, which no resource tells.
    """

    def __init__(
        self,
        topology: Topology,
        policy: Policy | None = None,
        *,
        down: Iterable[str] = (),
        private_link: Iterable[IPv4Address] = (),
    ) -> None:
        self.topology = topology
        self.policy = policy or Policy()
        self.down = frozenset(interface_id.lower() for interface_id in down)
        self.private_link = frozenset(address.packed for address in private_link)
        self.oversize = Oversize.of(self.policy)
        self._largest_whole = self.oversize.largest_whole
        self._largest_inner = self.oversize.largest_inner
        for interface_id in self.down:
            if topology.interface(interface_id) is None:
                raise VtapError(f"{interface_id} is to be down, but is no interface of the topology")
        self.copies_made = 0
        """How many verdicts of `frame` and `carry` say `Mirrored`: the order of the last."""
        self._source_port = source_port_chooser(self.policy.outer_source_port)
        self._recognition = Recognition(topology)
        self._shelf = Shelf()
        self._sources: dict[str, Source] = {}
        self._approaches: dict[tuple[str, Direction, Passage], Approach] = {}
        # What is decided, by the number of an approach with that of plain headers, or with the flow; and by
        # the number with the outer ports, which many flows share. Numbers cost the garbage collector nothing.
        self._by_headers = Remembered[int, Decisions](DECISIONS_REMEMBERED)
        self._by_flow = Remembered[tuple[int, Flow], Decisions](DECISIONS_REMEMBERED)
        self._by_ports = Remembered[int, Decisions](DECISIONS_REMEMBERED)

    def frame(
        self,
        nic_id: str,
        direction: Direction,
        frame: bytes,
        at: int = 0,
        passage: Passage = ORDINARY,
    ) -> tuple[Verdict, ...]:
        """What happens to a frame that passes an interface: a verdict per tap configuration, none if it has
        none.

        `frame` is Ethernet without FCS, any bytes; `at` is its time in nanoseconds; `passage` what the fabric
        says of it there. Raises `VtapError` if the topology has no such interface.
        """
        frame = bytes(frame)
        approach = self._approaches.get((nic_id, direction, passage))
        if approach is None:
            approach = self._approach(nic_id, direction, passage)
        number = approach.number | int.from_bytes(frame[HEADERS], "big") & MASK
        decisions = self._by_headers.get(number)
        if decisions is None:
            decisions = self._by_headers.recall(number) or self._decide_frame(approach, number, frame)
        return tuple([self.carry(decision, frame, at) for decision in decisions])

    def points_of(self, interface_id: str) -> tuple[TapPoint, ...]:
        """The tap points of an interface, in the order of its tap configurations."""
        return tuple(
            point for tapped in self._look_up(interface_id).tapped for point in tapped.points.values()
        )

    def decide(
        self, interface_id: str, direction: Direction, flow: Flow, passage: Passage = ORDINARY
    ) -> Decisions:
        """What becomes of the frames of a flow at an interface, per tap configuration."""
        return self._decide(self._approach(interface_id, direction, passage), flow)

    def decide_anew(
        self, interface_id: str, direction: Direction, flow: Flow, passage: Passage = ORDINARY
    ) -> Decisions:
        """The same, for those who do the remembering themselves."""
        return self._decide_anew(self._approach(interface_id, direction, passage), flow)

    def _decide_frame(self, approach: Approach, number: int, frame: bytes) -> Decisions:
        """What becomes of a frame whose headers are not plain, or were not seen lately."""
        flow = read_flow(frame)
        if not is_plain(number & MASK, flow):
            return self._decide(approach, flow)
        decisions = self._decide_anew(approach, flow)
        self._by_headers.remember(number, decisions)
        return decisions

    def _decide(self, approach: Approach, flow: Flow) -> Decisions:
        key = approach.number, flow
        decisions = self._by_flow.get(key)
        if decisions is None:
            decisions = self._by_flow.recall(key)
        if decisions is None:
            decisions = self._decide_anew(approach, flow)
            self._by_flow.remember(key, decisions)
        return decisions

    def _decide_anew(self, approach: Approach, flow: Flow) -> Decisions:
        seen = self._sight(approach, flow)
        if isinstance(seen, Reason):
            return tuple(
                [Decision(tapped.points[approach.direction], seen) for tapped in approach.source.tapped]
            )
        port = self._source_port(flow)
        answers_port = self._source_port(flow.reversed()) if approach.is_spread else 0
        if seen is not None:
            return self._decide_ports(approach, port, answers_port, seen)
        key = approach.number | answers_port << 16 | port
        decisions = self._by_ports.get(key)
        if decisions is None:
            decisions = self._by_ports.recall(key)
        if decisions is None:
            decisions = self._decide_ports(approach, port, answers_port, None)
            self._by_ports.remember(key, decisions)
        return decisions

    def _decide_ports(
        self, approach: Approach, port: int, answers_port: int, rewriting: Rewriting | None
    ) -> Decisions:
        """What becomes of what is seen and gets this outer source port, and its answers that."""
        return tuple(
            [
                Decision(
                    tapped.points[approach.direction],
                    *self._outcome(tapped.destination, port, answers_port, rewriting),
                )
                for tapped in approach.source.tapped
            ]
        )

    def carry(self, decision: Decision, frame: bytes, at: int) -> Verdict:
        """What happens to one frame of a flow that has been decided on."""
        point, carriage, _ = decision
        if isinstance(carriage, Reason):
            return NotMirrored(point, carriage)
        octets = len(frame)
        if octets <= self._largest_inner and carriage.rewriting is None:
            self.copies_made += 1
            copy = carriage.header.wrap(carriage.ports, frame)
            return Mirrored(point, carriage, (copy,), octets, self.copies_made)
        is_cut = False
        if carriage.rewriting is not None:
            frame = carriage.rewriting.apply(frame)
        if octets > self._largest_inner:
            frame = self.oversize.cut(frame)
            is_cut = len(frame) < octets
        if len(frame) <= self._largest_whole:
            copies: tuple[bytes, ...] = (carriage.header.wrap(carriage.ports, frame),)
        elif self.oversize.mode == "fragment" and len(frame) <= LARGEST_INNER:
            copies = carriage.header.wrap_in_fragments(carriage.ports, frame, self.oversize.limit, at)
        else:
            return NotMirrored(point, Reason.OVERSIZE)
        self.copies_made += 1
        return Mirrored(point, carriage, copies, octets, self.copies_made, is_cut)

    def _sight(self, approach: Approach, flow: Flow) -> Rewriting | Reason | None:
        """What every tap configuration of an interface sees of a flow: nothing, for a reason, or its frames,
        rewritten or (None) as they are.
        """
        source, direction, passage = approach.source, approach.direction, approach.passage
        # Only what is shorter than an Ethernet header has no MAC addresses.
        if not flow.source:
            return Reason.MALFORMED
        if flow.ethertype == ethernet.IPV6:
            return Reason.IPV6
        if direction is Direction.INGRESS and flow.source in self.private_link:
            return Reason.PRIVATE_LINK
        network_id = source.interface.network_id
        if self.policy.remirror != "mirror" and self._recognition.is_copy(flow, network_id):
            return Reason.ALREADY_MIRRORED
        if passage.is_denied and not self.policy.mirror_denied:
            return Reason.DENIED
        return source.public_view.of(direction, flow, passage)

    def _outcome(
        self,
        destination: Path | Spread | Reason,
        port: int,
        answers_port: int,
        rewriting: Rewriting | None,
    ) -> tuple[Carriage | Reason, Parting | None]:
        if isinstance(destination, Reason):
            return destination, None
        path = destination.path(port) if isinstance(destination, Spread) else destination.admitted(port)
        if isinstance(path, Reason):
            return path, None
        carriage = Carriage(path.collector_id, path.header, port, path.header.ports(port), rewriting)
        return carriage, destination.parting(port, answers_port) if isinstance(destination, Spread) else None

    def _approach(self, interface_id: str, direction: Direction, passage: Passage) -> Approach:
        key = interface_id, direction, passage
        found = self._approaches.get(key)
        if found is None:
            source = self._look_up(interface_id)
            found = self._approaches[key] = Approach(
                len(self._approaches) + 1 << MASK.bit_length(),
                source,
                direction,
                passage,
                any(isinstance(tapped.destination, Spread) for tapped in source.tapped),
            )
        return found

    def _look_up(self, interface_id: str) -> Source:
        found = self._sources.get(interface_id)
        if found is None:
            interface = self.topology.interface(interface_id)
            if interface is None:
                raise VtapError(f"{interface_id} is no interface of the topology")
            found = self._sources[interface_id] = Source(
                interface,
                tuple(
                    Tapped(
                        {
                            direction: TapPoint(
                                configuration.id, configuration.tap_id, interface.id, direction
                            )
                            for direction in Direction
                        },
                        find_destination(
                            self.topology, self.policy, self.down, interface, configuration, self._shelf
                        ),
                    )
                    for configuration in self.topology.tap_configurations_of(interface_id)
                ),
                PublicView(self.topology, self.policy, interface),
            )
        return found
