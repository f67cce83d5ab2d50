"""The mirror engine: a function of a frozen topology, a policy and a frame.

What depends on a flow only (is it mirrored at all, to which collector, from which outer port) is *decided*;
a decision is a function of its key, so that whether it is remembered changes nothing. What depends on the
single frame (does the copy fit) is *carried* out per frame. No frame makes the engine raise: any bytes have a
flow, and every flow has a decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import NamedTuple

from vtaplib.errors import VtapError, require_type, texts_of
from vtaplib.fabric.topology import DOWN_WAY_OUT, TOPOLOGY_WAY_OUT, Interface, Topology
from vtaplib.mirror.bounded_cache import BoundedCache
from vtaplib.mirror.destination import BalancedDestination, Path, find_destination
from vtaplib.mirror.flow_split import FlowSplit
from vtaplib.mirror.interface_hop import ORDINARY, FrameContext
from vtaplib.mirror.outer_header import LARGEST_INNER, Encapsulation, HeaderCache
from vtaplib.mirror.oversize import Oversize
from vtaplib.mirror.public_view import PublicView
from vtaplib.mirror.recognition import Recognition
from vtaplib.mirror.source_port import source_port_chooser
from vtaplib.mirror.verdict import Direction, Mirrored, NotMirrored, Reason, TapPoint, Verdict
from vtaplib.model.policy import POLICY_WAY_OUT, Policy
from vtaplib.packets import ethernet
from vtaplib.packets.flow import TCP, UDP, Flow, read_flow
from vtaplib.packets.plain_headers import HEADERS, MASK, is_plain
from vtaplib.packets.translation import Rewriting

# Flows whose decisions are remembered as the newest: memory must not grow with the number of flows.
DECISIONS_REMEMBERED = 1 << 15


class MirrorDecision(NamedTuple):
    """What becomes of the frames of a flow at a tap point, and what a load balancer on the way of the copies
    does to the flow, if there is one.
    """

    point: TapPoint
    outcome: Encapsulation | Reason
    split: FlowSplit | None = None


MirrorDecisions = tuple[MirrorDecision, ...]
"""One per tap configuration of an interface."""


@dataclass(frozen=True, slots=True)
class ResolvedTapConfiguration:
    """A tap configuration of an interface, looked up: its two tap points and where copies go."""

    points: dict[Direction, TapPoint]
    destination: Path | BalancedDestination | Reason


@dataclass(frozen=True, slots=True)
class TappedInterface:
    """An interface, looked up: its tap configurations, and what they see of the internet."""

    interface: Interface
    tapped: tuple[ResolvedTapConfiguration, ...]
    public_view: PublicView


@dataclass(frozen=True, slots=True)
class DecisionKey:
    """One way for frames to pass an interface. `number` is its own, left of all bits of headers and ports."""

    number: int
    source: TappedInterface
    direction: Direction
    context: FrameContext
    is_spread: bool
    """Whether copies go through a load balancer, which has an eye on the answers."""


class MirrorEngine:
    """Mirrors frames as they pass interfaces. `down` are the IDs of interfaces whose machine is taken for
    failed; `private_link` the addresses that Private Link services translate to, which no resource states.
    """

    def __init__(
        self,
        topology: Topology,
        policy: Policy | None = None,
        *,
        down: Iterable[str] = (),
        private_link: Iterable[IPv4Address] = (),
    ) -> None:
        require_type("the topology", topology, Topology, TOPOLOGY_WAY_OUT)
        if policy is not None:
            require_type("the policy", policy, Policy, POLICY_WAY_OUT)
        self.topology = topology
        self.policy = policy or Policy()
        self.down = frozenset(interface_id.lower() for interface_id in texts_of("down", down, DOWN_WAY_OUT))
        self.private_link = frozenset(address.packed for address in private_link)
        self.oversize = Oversize.of(self.policy)
        self._largest_whole = self.oversize.largest_whole
        self._largest_inner = self.oversize.largest_inner
        for interface_id in self.down:
            if topology.interface(interface_id) is None:
                raise VtapError(f"{interface_id} is to be down, but is not an interface of the topology")
        self.copies_made = 0
        """How many verdicts of `frame` and `carry` say `Mirrored`: the order of the last."""
        self.source_port = source_port_chooser(self.policy.outer_source_port)
        """From a flow to the outer source port of its copies."""
        self._recognition = Recognition(topology)
        self._header_cache = HeaderCache()
        self._sources: dict[str, TappedInterface] = {}
        self._is_blind: dict[str, bool] = {}
        self._decision_keys: dict[tuple[str, Direction, FrameContext], DecisionKey] = {}
        # What is decided, by the number of a decision key with that of plain headers, or with the outer
        # ports, which many flows share. Numbers cost the garbage collector nothing.
        self._by_headers = BoundedCache[int, MirrorDecisions](DECISIONS_REMEMBERED)
        self._by_ports = BoundedCache[int, MirrorDecisions](DECISIONS_REMEMBERED)

    def frame(
        self,
        nic_id: str,
        direction: Direction,
        frame: bytes,
        at: int = 0,
        context: FrameContext = ORDINARY,
    ) -> tuple[Verdict, ...]:
        """What happens to a frame that passes an interface: a verdict per tap configuration, none if it has
        none.

        `frame` is Ethernet without FCS, any bytes; `at` is its time in nanoseconds; `context` what the fabric
        says of it there. Raises `VtapError` if the topology has no such interface.
        """
        require_type("the ID of an interface", nic_id, str, "give its id, a text")
        require_type("a direction", direction, Direction, "give Direction.EGRESS or Direction.INGRESS")
        ethernet.require_frame(frame)
        frame = bytes(frame)
        decision_key = self._decision_keys.get((nic_id, direction, context))
        if decision_key is None:
            decision_key = self._decision_key(nic_id, direction, context)
        number = decision_key.number | int.from_bytes(frame[HEADERS], "big") & MASK
        decisions = self._by_headers.get(number)
        if decisions is None:
            decisions = self._by_headers.recall(number) or self._decide_frame(decision_key, number, frame)
        return tuple([self.carry(decision, frame, at) for decision in decisions])

    def is_indifferent(self, interface: Interface | None, flow: Flow) -> bool:
        """Whether at an interface the same is decided of a flow as of any other of its IP version and
        protocol, but for the outer source port.
        """
        if interface is None:
            return True
        is_blind = self._is_blind.get(interface.id)
        if is_blind is None:
            source = self._look_up(interface.id)
            is_blind = self._is_blind[interface.id] = source.public_view.is_private and all(
                isinstance(tapped.destination, Reason)
                or (isinstance(tapped.destination, Path) and tapped.destination.gate is None)
                for tapped in source.tapped
            )
        return (
            is_blind
            and flow.source not in self.private_link
            and (flow.protocol != UDP or not self._recognition.may_be_copy(flow))
        )

    def is_clamped(self, flow: Flow) -> bool:
        """Whether the policy takes segments of a flow for smaller than a capture shows them."""
        return flow.protocol == TCP and self.policy.mss_clamp != "off"

    def points_of(self, interface_id: str) -> tuple[TapPoint, ...]:
        """The tap points of an interface, in the order of its tap configurations."""
        return tuple(
            point for tapped in self._look_up(interface_id).tapped for point in tapped.points.values()
        )

    def destination_of(self, point: TapPoint) -> Path | BalancedDestination | Reason:
        """Where the copies that are made at a tap point go."""
        return next(
            tapped.destination
            for tapped in self._look_up(point.interface_id).tapped
            if point in tapped.points.values()
        )

    def decide(
        self, interface_id: str, direction: Direction, flow: Flow, context: FrameContext = ORDINARY
    ) -> MirrorDecisions:
        """What becomes of the frames of a flow at an interface, per tap configuration. Whoever has many of a
        flow remembers it.
        """
        return self._decide(self._decision_key(interface_id, direction, context), flow)

    def _decide_frame(self, decision_key: DecisionKey, number: int, frame: bytes) -> MirrorDecisions:
        """What becomes of a frame whose headers are not plain, or were not seen lately."""
        flow = read_flow(frame)
        decisions = self._decide(decision_key, flow)
        if is_plain(number & MASK, flow):
            self._by_headers.remember(number, decisions)
        return decisions

    def _decide(self, decision_key: DecisionKey, flow: Flow) -> MirrorDecisions:
        seen = self._public_rewriting(decision_key, flow)
        if isinstance(seen, Reason):
            return tuple(
                [
                    MirrorDecision(tapped.points[decision_key.direction], seen)
                    for tapped in decision_key.source.tapped
                ]
            )
        port = self.source_port(flow)
        answers_port = self.source_port(flow.reversed()) if decision_key.is_spread else 0
        if seen is not None:
            return self._decide_ports(decision_key, port, answers_port, seen)
        key = decision_key.number | answers_port << 16 | port
        decisions = self._by_ports.get(key)
        if decisions is None:
            decisions = self._by_ports.recall(key)
        if decisions is None:
            decisions = self._decide_ports(decision_key, port, answers_port, None)
            self._by_ports.remember(key, decisions)
        return decisions

    def _decide_ports(
        self, decision_key: DecisionKey, port: int, answers_port: int, rewriting: Rewriting | None
    ) -> MirrorDecisions:
        """What becomes of what is seen and gets this outer source port, and its answers that."""
        return tuple(
            [
                MirrorDecision(
                    tapped.points[decision_key.direction],
                    *self._outcome(tapped.destination, port, answers_port, rewriting),
                )
                for tapped in decision_key.source.tapped
            ]
        )

    def carry(self, decision: MirrorDecision, frame: bytes, at: int) -> Verdict:
        """What happens to one frame of a flow that has been decided on."""
        point, encapsulation, _ = decision
        if isinstance(encapsulation, Reason):
            return NotMirrored(point, encapsulation)
        octets = len(frame)
        if octets <= self._largest_inner and encapsulation.rewriting is None:
            self.copies_made += 1
            copy = encapsulation.header.wrap(encapsulation.ports, frame)
            return Mirrored(point, encapsulation, (copy,), octets, self.copies_made)
        is_cut = False
        if encapsulation.rewriting is not None:
            frame = encapsulation.rewriting.apply(frame)
        if octets > self._largest_inner:
            frame = self.oversize.cut(frame)
            is_cut = len(frame) < octets
        if len(frame) <= self._largest_whole:
            copies: tuple[bytes, ...] = (encapsulation.header.wrap(encapsulation.ports, frame),)
        elif self.oversize.mode == "fragment" and len(frame) <= LARGEST_INNER:
            copies = encapsulation.header.wrap_in_fragments(
                encapsulation.ports, frame, self.oversize.limit, at
            )
        else:
            return NotMirrored(point, Reason.OVERSIZE)
        self.copies_made += 1
        return Mirrored(point, encapsulation, copies, octets, self.copies_made, is_cut)

    def _public_rewriting(self, decision_key: DecisionKey, flow: Flow) -> Rewriting | Reason | None:
        """What every tap configuration of an interface sees of a flow: nothing, for a reason, or its frames,
        rewritten or (None) as they are.
        """
        source, direction, context = decision_key.source, decision_key.direction, decision_key.context
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
        if context.is_denied and not self.policy.mirror_denied:
            return Reason.DENIED
        return source.public_view.of(direction, flow, context)

    def _outcome(
        self,
        destination: Path | BalancedDestination | Reason,
        port: int,
        answers_port: int,
        rewriting: Rewriting | None,
    ) -> tuple[Encapsulation | Reason, FlowSplit | None]:
        if isinstance(destination, Reason):
            return destination, None
        path = (
            destination.path(port)
            if isinstance(destination, BalancedDestination)
            else destination.admitted(port)
        )
        if isinstance(path, Reason):
            return path, None
        encapsulation = Encapsulation(
            path.collector_id, path.header, port, path.header.ports(port), rewriting
        )
        return encapsulation, destination.split(port, answers_port) if isinstance(
            destination, BalancedDestination
        ) else None

    def _decision_key(self, interface_id: str, direction: Direction, context: FrameContext) -> DecisionKey:
        key = interface_id, direction, context
        found = self._decision_keys.get(key)
        if found is None:
            source = self._look_up(interface_id)
            found = self._decision_keys[key] = DecisionKey(
                len(self._decision_keys) + 1 << MASK.bit_length(),
                source,
                direction,
                context,
                any(isinstance(tapped.destination, BalancedDestination) for tapped in source.tapped),
            )
        return found

    def _look_up(self, interface_id: str) -> TappedInterface:
        found = self._sources.get(interface_id)
        if found is None:
            interface = self.topology.interface(interface_id)
            if interface is None:
                raise VtapError(f"{interface_id} is not an interface of the topology")
            found = self._sources[interface_id] = TappedInterface(
                interface,
                tuple(
                    ResolvedTapConfiguration(
                        {
                            direction: TapPoint(
                                configuration.id, configuration.tap_id, interface.id, direction
                            )
                            for direction in Direction
                        },
                        find_destination(
                            self.topology,
                            self.policy,
                            self.down,
                            interface,
                            configuration,
                            self._header_cache,
                        ),
                    )
                    for configuration in self.topology.tap_configurations_of(interface_id)
                ),
                PublicView(self.topology, self.policy, interface),
            )
        return found
