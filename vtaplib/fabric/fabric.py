"""The fabric: what moves a frame from the interface that sends it to where it goes.

A path trace is a function of the topology, of the connections that are open, and of the frame's flow and MAC
address; what is remembered here changes none, and no frame raises. Who goes on with a path trace (lets
its answers pass) opens what it `opens`.

What security groups cannot decide, because it depends on what is not simulated, passes: a frame that is
dropped was dropped for a reason that is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from vtaplib.errors import VtapError, require_type, texts_of
from vtaplib.fabric import path_sentences as sentences
from vtaplib.fabric import platform
from vtaplib.fabric.address_index import AddressIndex, IndexedAddress, is_public, primary_of
from vtaplib.fabric.addressing import meant_for_many, unreadable
from vtaplib.fabric.balancing import Candidates, find_rule
from vtaplib.fabric.connections import Connections
from vtaplib.fabric.health import Health
from vtaplib.fabric.path_trace import Drop, Link, PathTrace
from vtaplib.fabric.path_trace_builder import PathTraceBuilder
from vtaplib.fabric.routing import Route, Router, Unrouted
from vtaplib.fabric.security import Security
from vtaplib.fabric.topology import (
    DOWN_WAY_OUT,
    TOPOLOGY_WAY_OUT,
    BalancingRule,
    Frontend,
    Interface,
    Topology,
)
from vtaplib.model.policy import POLICY_WAY_OUT, Policy
from vtaplib.packets import ethernet
from vtaplib.packets.flow import Flow, read_flow

# What is remembered of pairs of addresses and of ports: memory must not grow with the number of either.
PAIRS_KEPT = 1 << 12
CANDIDATES_KEPT = 1 << 10


class Fabric:
    """Answers for one topology. `down` are the IDs of interfaces whose machine is taken for failed."""

    def __init__(self, topology: Topology, policy: Policy | None = None, *, down: Iterable[str] = ()) -> None:
        require_type("the topology", topology, Topology, TOPOLOGY_WAY_OUT)
        if policy is not None:
            require_type("the policy", policy, Policy, POLICY_WAY_OUT)
        self.topology = topology
        self.policy = policy or Policy()
        self.health = Health(
            topology, frozenset(interface_id.lower() for interface_id in texts_of("down", down, DOWN_WAY_OUT))
        )
        self._address_index = AddressIndex(topology)
        self._security = Security()
        self._router = Router(self._address_index)
        self._candidates = lru_cache(CANDIDATES_KEPT)(self._find_candidates)
        # By source, destination and protocol: the path trace if it is general, else the route.
        self._pairs: dict[tuple[bytes, bytes, int], PathTrace | Route | Unrouted] = {}

    def frame(
        self,
        frame: bytes,
        source_id: str | None,
        connections: Connections | None = None,
        *,
        with_steps: bool = False,
    ) -> PathTrace:
        """The path trace of a frame that an interface sends, or that comes from outside. `frame` is Ethernet
        without FCS, any bytes. Raises `VtapError` if the topology has no such interface.
        """
        ethernet.require_frame(frame)
        mac = frame[6:12] if len(frame) >= ethernet.HEADER_LENGTH else None
        return self.trace(read_flow(frame), source_id, connections, source_mac=mac, with_steps=with_steps)

    def trace(
        self,
        flow: Flow,
        source_id: str | None,
        connections: Connections | None = None,
        *,
        source_mac: bytes | None = None,
        with_steps: bool = False,
    ) -> PathTrace:
        """The path trace of the frames of a flow. Without a source MAC address, that is not checked."""
        source = None if source_id is None else self.topology.interface(source_id)
        if source is None and source_id is not None:
            raise VtapError(f"{source_id} is not an interface of the topology")
        return self._trace(PathTraceBuilder(flow, connections, with_steps=with_steps), source, source_mac)

    def captured(
        self, flow: Flow, connections: Connections | None = None, *, with_steps: bool = False
    ) -> PathTrace | Unrouted:
        """The path trace of frames of which the sender is known by address only, as in a capture, or why it
        is not known. MAC addresses are not checked: they are those of the place of the capture.
        """
        pair = flow[2:5]
        known = self._pairs.get(pair)
        if isinstance(known, PathTrace) and not with_steps and flow.source_port not in platform.DHCP:
            return known.of_flow(flow)
        route = self._route(flow) if known is None else known
        found: PathTrace | Unrouted
        lasting: PathTrace | Route | Unrouted
        if isinstance(route, Unrouted):
            found = lasting = route
        else:
            found = self._trace(PathTraceBuilder(flow, connections, with_steps=with_steps), route.source)
            lasting = found if found.is_general else route
        if known is None and flow.version:
            if len(self._pairs) >= PAIRS_KEPT:
                self._pairs.clear()
            self._pairs[pair] = lasting
        return found

    def _route(self, flow: Flow) -> Route | Unrouted:
        """Where frames come from and go to, which may both be addresses that are no interface's own."""
        route = self._router.route(flow)
        if route is Unrouted.NO_INTERFACE and self._has_public_or_balanced(flow.destination):
            return Route(None, None)
        return route

    def _has_public_or_balanced(self, address: bytes) -> bool:
        return self._address_index.public_owner(address) is not None or bool(
            self._address_index.frontends(address)
        )

    # From where

    def _trace(
        self, trace: PathTraceBuilder, source: Interface | None, mac: bytes | None = None
    ) -> PathTrace:
        if source is None:
            return trace.end(self._from_outside(trace))
        trace.source = source
        return trace.end(self._from_interface(trace, source, mac))

    def _from_interface(
        self, trace: PathTraceBuilder, source: Interface, mac: bytes | None = None
    ) -> Drop | None:
        service = platform.service_of(trace.departure)
        drop = self._check_source(trace, source, mac, is_for_platform=service is not None)
        if drop is not None:
            return drop
        if service is not None:
            return self._answer(trace, source, service)
        return self._leave(trace, source) or self._go(trace, source.network_id)

    def _from_outside(self, trace: PathTraceBuilder) -> Drop | None:
        """What comes from outside, or from a load balancer: then its source is a backend."""
        flow = trace.flow
        if not flow.version:
            trace.is_general = False
            return trace.fails(unreadable(flow), sentences.NOTHING_ELSE_FROM_OUTSIDE)
        if flow.source in platform.ADDRESSES:
            trace.passes(sentences.FROM_PLATFORM, None, platform.ADDRESSES[flow.source])
        elif self._address_index.frontends(flow.source) and self._find_backend(trace):
            assert trace.source is not None, "a backend is an interface's"
            return self._from_interface(trace, trace.source)
        else:
            trace.passes(sentences.OUTSIDE, None, flow.source)
        return self._come_in(trace)

    def _find_backend(self, trace: PathTraceBuilder) -> bool:
        """Find the backend that answers from behind a frontend: the one that gets the requests."""
        trace.is_general = False
        flow = trace.flow
        request = flow.reversed()
        for frontend in self._address_index.frontends(flow.source):
            found = self._backend_of(frontend, request)
            if isinstance(found, Drop):
                continue
            rule, (trace.source, configuration) = found
            if not rule.is_floating_ip and configuration.address is not None:
                port = rule.backend_port or flow.source_port
                trace.departure = flow.with_source(configuration.address.packed, port)
            return True
        return False

    # At the source

    def _check_source(
        self, trace: PathTraceBuilder, source: Interface, mac: bytes | None, *, is_for_platform: bool
    ) -> Drop | None:
        flow = trace.departure
        if not flow.source:
            return trace.fails(Drop.MALFORMED, sentences.NO_ADDRESSES)
        if source.machine_id is None:
            return trace.fails(Drop.SOURCE_DETACHED, sentences.DETACHED, source.id)
        if not self.health.runs(source):
            return trace.fails(Drop.SOURCE_STOPPED, sentences.STOPPED, source.machine_id)
        if mac is not None and source.mac is not None and mac != source.mac:
            return trace.fails(Drop.WRONG_SOURCE_MAC, sentences.WRONG_MAC, source.id, mac, source.mac)
        if not flow.version and flow.ethertype != ethernet.ARP:
            return trace.fails(unreadable(flow), sentences.NEITHER_ARP_NOR_IP, None, source.id)
        own = self._address_index.configuration_of(source, flow.source)
        # What is forwarded leaves by the primary address.
        trace.sender = own or primary_of(source.ip_configurations)
        if own is None and not is_for_platform and not self._may_forward(source, flow.source):
            return trace.fails(Drop.WRONG_SOURCE_ADDRESS, sentences.NOT_ITS_ADDRESS, source.id, flow.source)
        trace.passes(sentences.MAY_SEND, source.id)
        return None

    def _may_forward(self, source: Interface, address: bytes) -> bool:
        return source.ip_forwarding or address in self._address_index.forwarded_from(source)

    def _answer(self, trace: PathTraceBuilder, source: Interface, service: str) -> Drop | None:
        """Have the platform answer at the source's port, whoever in reach has the address."""
        trace.is_general = False
        trace.passes(sentences.PLATFORM_ANSWERS, None, service)
        address = trace.departure.destination
        owners = self._address_index.owners_in_reach(source.network_id, address)
        frontends = self._address_index.frontends_in_reach(source.network_id, address)
        return self._intercept(trace, owners, frontends)

    def _intercept(
        self, trace: PathTraceBuilder, owners: Sequence[IndexedAddress], frontends: Sequence[Frontend]
    ) -> Drop | None:
        """Keep what the platform answers from those that have the address, if there are any."""
        if not owners and not frontends:
            return None
        if len(owners) == 1 and not frontends:
            trace.destination = owners[0].interface
        places = [one.interface.id for one in owners], [one.id for one in frontends]
        return trace.fails(Drop.INTERCEPTED, sentences.INTERCEPTED, None, places, trace.flow.destination)

    def _leave(self, trace: PathTraceBuilder, source: Interface) -> Drop | None:
        """Past the security groups of the source."""
        sender = trace.sender
        if sender is None or (sender.effective_rules is None and sender.public_address is None):
            trace.passes(sentences.NO_GROUP_OUTBOUND)
            return None
        link = Link(source.id, trace.departure)
        is_answer = trace.is_answering(link)
        if sender.effective_rules is None:
            trace.passes(sentences.NO_GROUP_OUTBOUND)
            if not is_answer:
                trace.opens(link)
            return None
        if is_answer:
            trace.passes(sentences.ANSWER_OUTBOUND)
            return None
        decision = self._security.decide(sender.effective_rules, trace.departure, is_inbound=False)
        return trace.judge(Drop.OUTBOUND_SECURITY, decision, link)

    # On the way

    def _go(self, trace: PathTraceBuilder, network_id: str) -> Drop | None:
        """From a network to where the destination address is."""
        address = trace.departure.destination
        if address in platform.ADDRESSES:
            trace.passes(sentences.TO_PLATFORM, None, address, platform.ADDRESSES[address])
            return None
        drop = meant_for_many(address)
        if drop is not None:
            return trace.fails(drop, sentences.FOR_MANY, None, address)
        owners = self._address_index.owners_in_reach(network_id, address)
        frontends = self._address_index.frontends_in_reach(network_id, address)
        if len(owners) + len(frontends) > 1:
            return trace.fails(Drop.AMBIGUOUS, sentences.SEVERAL_IN_REACH, None, address)
        if owners:
            trace.passes_route(network_id, owners[0].interface.network_id)
            return self._arrive(trace, owners[0])
        if frontends:
            trace.passes_route(network_id, frontends[0].network_id)
            return self._balance(trace, frontends[0])
        return self._leave_network(trace, network_id, address)

    def _leave_network(self, trace: PathTraceBuilder, network_id: str, address: bytes) -> Drop | None:
        """Past all that has an address in reach."""
        home = self._address_index.prefix_in_reach(network_id, address)
        if home is not None:
            return trace.fails(Drop.NO_SUCH_ADDRESS, sentences.NOT_IN_NETWORK, home, address)
        public = self._address_index.public_owner(address)
        if public is not None:
            return self._enter_publicly(trace, public)
        if is_public(address):
            trace.passes(sentences.INTERNET, None, address)
            return None
        owners = self._address_index.owners(address)
        if owners:
            there_id = owners[0].interface.network_id
            return trace.fails(Drop.NO_ROUTE, sentences.NO_ROUTE_TO_OWNER, network_id, address, there_id)
        return trace.fails(Drop.NO_ROUTE, sentences.NO_ROUTE, network_id, address)

    def _come_in(self, trace: PathTraceBuilder) -> Drop | None:
        """From outside to where the destination address is."""
        address = trace.flow.destination
        public = self._address_index.public_owner(address)
        if platform.service_of(trace.flow) is not None:
            trace.is_general = False
            both = (*self._address_index.owners(address), *([] if public is None else [public]))
            drop = self._intercept(trace, both, self._address_index.frontends(address))
            return drop or trace.fails(Drop.NO_SUCH_ADDRESS, sentences.NOT_HERE, None, address)
        if public is not None:
            return self._enter_publicly(trace, public)
        owners, frontends = self._address_index.owners(address), self._address_index.frontends(address)
        if len(owners) + len(frontends) > 1:
            return trace.fails(Drop.AMBIGUOUS, sentences.SEVERAL, None, address)
        if owners:
            trace.passes(sentences.COMES_IN, None, owners[0].interface.network_id)
            return self._arrive(
                trace,
                owners[0],
                is_shielded=is_public(trace.flow.source) and owners[0].configuration.is_shielded,
            )
        if frontends:
            trace.passes(sentences.FRONTEND, None, address, frontends[0].id)
            return self._balance(trace, frontends[0])
        return trace.fails(Drop.NO_SUCH_ADDRESS, sentences.NOT_HERE, None, address)

    def _enter_publicly(self, trace: PathTraceBuilder, place: IndexedAddress) -> Drop | None:
        """By an interface's public address, which becomes its private one."""
        trace.is_general = False
        arrival = trace.arrival
        trace.passes(sentences.PUBLIC_ADDRESS, None, arrival.destination, place.interface.id)
        if place.configuration.address is not None:
            trace.arrival = arrival.with_destination(
                place.configuration.address.packed, arrival.destination_port
            )
        return self._arrive(trace, place, is_shielded=place.configuration.is_shielded)

    def _balance(self, trace: PathTraceBuilder, frontend: Frontend) -> Drop | None:
        """Through a load balancer, to a backend; the source stays as it is."""
        trace.is_general = False
        found = self._backend_of(frontend, trace.departure)
        if isinstance(found, Drop):
            return trace.fails(found, sentences.TO_NOBODY, frontend.id)
        rule, place = found
        source = trace.source
        if source is not None and source.machine_id == place.interface.machine_id is not None:
            return trace.fails(Drop.HAIRPIN, sentences.TO_ITSELF, frontend.id, source.id)
        if not rule.is_floating_ip and place.configuration.address is not None:
            arrival = trace.arrival
            port = rule.backend_port or arrival.destination_port
            trace.arrival = arrival.with_destination(place.configuration.address.packed, port)
        trace.passes(sentences.BALANCED, frontend.id, rule.name, place.interface.id)
        return self._arrive(trace, place, is_shielded=frontend.is_shielded)

    def _backend_of(self, frontend: Frontend, flow: Flow) -> tuple[BalancingRule, IndexedAddress] | Drop:
        """The rule by which a frontend gives a flow to a backend, and the backend."""
        candidates = self._candidates(frontend.id, flow.protocol, flow.destination_port)
        if isinstance(candidates, Drop):
            return candidates
        place = self._address_index.place_of(candidates.choose(flow).ip_configuration_id)
        if place is None or place.configuration.address is None:
            return Drop.BACKEND_MISSING
        is_home = frontend.is_public or place.interface.network_id.lower() == frontend.network_id.lower()
        if not is_home or place.configuration.address.version != flow.version:
            return Drop.BACKEND_MISSING
        return candidates.rule, place

    def _find_candidates(self, frontend_id: str, protocol: int, port: int) -> Candidates | Drop:
        """The backends that a frontend has for a protocol and a port."""
        frontend = self.topology.frontend(frontend_id)
        assert frontend is not None, "it is one of the topology"
        rule = find_rule(frontend, Flow(0, -1, b"", b"", protocol, destination_port=port))
        if rule is None:
            return Drop.NO_BALANCING_RULE
        candidates = Candidates.of(rule, self.health.of(rule))
        return candidates if candidates.backends else Drop.NO_HEALTHY_BACKEND

    # At the destination

    def _arrive(
        self, trace: PathTraceBuilder, place: IndexedAddress, *, is_shielded: bool = False
    ) -> Drop | None:
        trace.destination = interface = place.interface
        drop = self._enter(trace, place, is_shielded=is_shielded)
        if drop is not None:
            return drop
        if interface.machine_id is None:
            return trace.fails(Drop.DESTINATION_DETACHED, sentences.DETACHED, interface.id)
        if not self.health.runs(interface):
            return trace.fails(Drop.DESTINATION_STOPPED, sentences.STOPPED, interface.machine_id)
        trace.passes(sentences.DELIVERED, interface.machine_id)
        return None

    def _enter(self, trace: PathTraceBuilder, place: IndexedAddress, *, is_shielded: bool) -> Drop | None:
        """Past the security groups of the destination."""
        interface, configuration = place
        if configuration.effective_rules is None and not is_shielded and configuration.public_address is None:
            trace.passes(sentences.NO_GROUP_INBOUND)
            return None
        link = Link(interface.id, trace.arrival)
        trace.is_answer = trace.is_answering(link) or self._is_turned_back(trace, interface)
        if trace.is_answer:
            trace.passes(sentences.ANSWER_INBOUND)
            return None
        if configuration.effective_rules is not None:
            decision = self._security.decide(configuration.effective_rules, trace.arrival, is_inbound=True)
            return trace.judge(Drop.INBOUND_SECURITY, decision, link)
        if is_shielded:
            return trace.fails(Drop.SHIELDED, sentences.NOT_ALLOWED, interface.id)
        trace.passes(sentences.NO_GROUP_INBOUND)
        trace.opens(link)
        return None

    def _is_turned_back(self, trace: PathTraceBuilder, interface: Interface) -> bool:
        """Let what a backend answers come from the frontend that was asked: no other answer passes."""
        for frontend, rule in () if trace.sender is None else self._address_index.services(trace.sender):
            if frontend.address is None or rule.is_floating_ip:
                continue
            port = rule.frontend_port if rule.backend_port else trace.departure.source_port
            answer = trace.arrival.with_source(frontend.address.packed, port)
            if trace.is_answering(Link(interface.id, answer)):
                trace.arrival = answer
                return True
        return False
