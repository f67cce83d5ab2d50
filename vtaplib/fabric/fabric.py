"""The fabric: what moves a frame from the interface that sends it to where it goes.

A path trace is a function of the topology, of the connections that are open, and of the frame's flow and MAC
address; what is remembered here changes none, and no frame raises. Who goes on with a path trace (lets
its answers pass) opens what it `opens`.

What security groups cannot decide, because it depends on what is not simulated, passes: a frame that is
dropped was dropped for a reason that is known.
"""

from __future__ import annotations

from collections.abc import Iterable

from vtaplib.errors import VtapError
from vtaplib.fabric import platform
from vtaplib.fabric.address_index import AddressIndex, IndexedAddress, is_public
from vtaplib.fabric.addressing import configuration_of, meant_for_many, text_of, unreadable
from vtaplib.fabric.balancing import BalancingRefusal, choose_backend, find_rule
from vtaplib.fabric.connections import Connections
from vtaplib.fabric.health import Health
from vtaplib.fabric.path_trace import Drop, Link, PathStage, PathTrace
from vtaplib.fabric.path_trace_builder import PathTraceBuilder
from vtaplib.fabric.routing import Router, Unrouted
from vtaplib.fabric.security import Security
from vtaplib.fabric.topology import Frontend, Interface, Topology
from vtaplib.model import ids
from vtaplib.model.policy import Policy
from vtaplib.packets import ethernet
from vtaplib.packets.flow import Flow, read_flow

# Path traces that are remembered before all are forgotten: memory must not grow with the number of addresses.
GENERAL_KEPT = 1 << 12

NO_GROUP = "no security group is in force"


REFUSALS = {
    BalancingRefusal.NO_RULE: Drop.NO_BALANCING_RULE,
    BalancingRefusal.NO_HEALTHY_BACKEND: Drop.NO_HEALTHY_BACKEND,
}


class Fabric:
    """Answers for one topology. `down` are the IDs of interfaces whose machine is taken for failed."""

    def __init__(self, topology: Topology, policy: Policy | None = None, *, down: Iterable[str] = ()) -> None:
        self.topology = topology
        self.policy = policy or Policy()
        self.health = Health(topology, frozenset(interface_id.lower() for interface_id in down))
        self._address_index = AddressIndex(topology)
        self._security = Security()
        self._router = Router(topology)
        # By what it depends on: what does not depend on ports, or on what is open.
        self._general: dict[tuple[int, int, bytes, bytes], PathTrace | Unrouted] = {}

    def frame(self, frame: bytes, source_id: str | None, connections: Connections | None = None) -> PathTrace:
        """The path trace of a frame that an interface sends, or that comes from outside. `frame` is Ethernet
        without FCS, any bytes. Raises `VtapError` if the topology has no such interface.
        """
        mac = frame[6:12] if len(frame) >= ethernet.HEADER_LENGTH else None
        return self.trace(read_flow(frame), source_id, connections, source_mac=mac)

    def trace(
        self,
        flow: Flow,
        source_id: str | None,
        connections: Connections | None = None,
        *,
        source_mac: bytes | None = None,
    ) -> PathTrace:
        """The path trace of the frames of a flow. Without a source MAC address, that is not checked."""
        trace = PathTraceBuilder(flow, Connections() if connections is None else connections)
        if source_id is None:
            return trace.end(self._from_outside(trace))
        source = self.topology.interface(source_id)
        if source is None:
            raise VtapError(f"{source_id} is not an interface of the topology")
        trace.source = source
        return trace.end(self._from_interface(trace, source, source_mac))

    def captured(self, flow: Flow, connections: Connections | None = None) -> PathTrace | Unrouted:
        """The path trace of frames of which the sender is known by address only, as in a capture, or why it
        is not known. MAC addresses are not checked: they are those of the place of the capture.
        """
        key = flow.version, flow.protocol, flow.source, flow.destination
        known = self._general.get(key)
        if known is not None and (flow.source_port, flow.destination_port) not in platform.DHCP:
            return known if isinstance(known, Unrouted) else known._replace(departure=flow, arrival=flow)
        found = self._captured(flow, connections)
        if flow.version and (isinstance(found, Unrouted) or found.is_general):
            if len(self._general) >= GENERAL_KEPT:
                self._general.clear()
            self._general[key] = found
        return found

    def _captured(self, flow: Flow, connections: Connections | None) -> PathTrace | Unrouted:
        route = self._router.route(flow)
        if not isinstance(route, Unrouted):
            return self.trace(flow, None if route.source is None else route.source.id, connections)
        if route is Unrouted.NO_INTERFACE and self._has_public_or_balanced(flow.destination):
            return self.trace(flow, None, connections)
        return route

    def _has_public_or_balanced(self, address: bytes) -> bool:
        return self._address_index.public_owner(address) is not None or bool(
            self._address_index.frontends(address)
        )

    # From where

    def _from_interface(self, trace: PathTraceBuilder, source: Interface, mac: bytes | None) -> Drop | None:
        drop = self._check_source(trace, source, mac)
        if drop is not None:
            return drop
        if platform.service_of(trace.departure) is not None:
            return self._answer(trace, source)
        return self._leave(trace, source) or self._go(trace, source.network_id)

    def _from_outside(self, trace: PathTraceBuilder) -> Drop | None:
        """What comes from outside, or from a load balancer: then its source is a backend."""
        flow = trace.flow
        if not flow.version:
            trace.is_general = False
            return trace.fails(unreadable(flow), "nothing else comes from outside")
        if flow.source in platform.ADDRESSES:
            trace.passes(PathStage.PLATFORM, f"the platform sends it: {platform.ADDRESSES[flow.source]}")
        elif self._address_index.frontends(flow.source) and self._find_backend(trace):
            assert trace.source is not None, "a backend is an interface's"
            return self._from_interface(trace, trace.source, None)
        else:
            trace.passes(PathStage.SOURCE, f"{text_of(flow.source)} is outside: nothing is checked there")
        return self._come_in(trace)

    def _find_backend(self, trace: PathTraceBuilder) -> bool:
        """Find the backend that answers from behind a frontend: the one that gets the requests."""
        trace.is_general = False
        flow = trace.flow
        request = flow.reversed()
        for frontend in self._address_index.frontends(flow.source):
            place = self._backend_of(frontend, request)
            if isinstance(place, Drop):
                continue
            rule = find_rule(frontend, request)
            assert rule is not None, "a backend is chosen by a rule"
            trace.source = place.interface
            if not rule.is_floating_ip and place.configuration.address is not None:
                trace.departure = flow._replace(
                    source=place.configuration.address.packed,
                    source_port=rule.backend_port or flow.source_port,
                )
            return True
        return False

    # At the source

    def _check_source(self, trace: PathTraceBuilder, source: Interface, mac: bytes | None) -> Drop | None:
        flow = trace.departure
        name = ids.name(source.id)
        if not flow.source:
            return trace.fails(Drop.MALFORMED, "it has no addresses to read")
        if source.machine_id is None:
            return trace.fails(Drop.SOURCE_DETACHED, f"{name} is attached to no machine", source.id)
        if not self.health.runs(source):
            return trace.fails(
                Drop.SOURCE_STOPPED, f"{ids.name(source.machine_id)} does not run", source.machine_id
            )
        if mac is not None and source.mac is not None and mac != source.mac:
            return trace.fails(
                Drop.WRONG_SOURCE_MAC,
                f"it comes from {mac.hex(':')}, {name} has {source.mac.hex(':')}",
                source.id,
            )
        if not flow.version and flow.ethertype != ethernet.ARP:
            return trace.fails(unreadable(flow), f"{name} sent a frame that is neither ARP nor IP")
        if platform.service_of(flow) is None and not self._may_send(source, flow.source):
            return trace.fails(
                Drop.WRONG_SOURCE_ADDRESS,
                f"{text_of(flow.source)} is not an address of {name}, and ip_forwarding_enabled is false",
                source.id,
            )
        trace.passes(PathStage.SOURCE, f"{name} may send it", source.id)
        return None

    def _may_send(self, source: Interface, address: bytes) -> bool:
        return source.ip_forwarding or address in self._address_index.sends_from(source)

    def _answer(self, trace: PathTraceBuilder, source: Interface) -> Drop | None:
        """Have the platform answer at the source's port, whoever in reach has the address."""
        trace.is_general = False
        address, service = trace.departure.destination, platform.service_of(trace.departure)
        trace.passes(PathStage.PLATFORM, f"the platform answers {service} itself")
        owners = self._address_index.owners_in_reach(source.network_id, address)
        frontends = self._address_index.frontends_in_reach(source.network_id, address)
        return self._intercept(trace, owners, frontends)

    def _intercept(
        self, trace: PathTraceBuilder, owners: list[IndexedAddress], frontends: list[Frontend]
    ) -> Drop | None:
        """Keep what the platform answers from those that have the address, if there are any."""
        if len(owners) == 1 and not frontends:
            trace.destination = owners[0].interface
        names = [ids.name(one.interface.id) for one in owners] + [ids.label(one.id) for one in frontends]
        if not names:
            return None
        address = text_of(trace.flow.destination)
        return trace.fails(Drop.INTERCEPTED, f"it does not get to {' and '.join(names)} at {address}")

    def _leave(self, trace: PathTraceBuilder, source: Interface) -> Drop | None:
        """Past the security groups of the source."""
        flow = trace.departure
        configuration = configuration_of(source, flow.source)
        link = Link(source.id, flow)
        if configuration is None or configuration.effective_rules is None:
            trace.passes(PathStage.OUTBOUND_SECURITY, NO_GROUP)
            if configuration is not None and configuration.public_address is not None:
                trace.opens(link)
            return None
        if trace.is_answering(link):
            trace.pass_as_answer(PathStage.OUTBOUND_SECURITY)
            return None
        return trace.judge(
            Drop.OUTBOUND_SECURITY,
            self._security.decide(configuration.effective_rules, flow, is_inbound=False),
            link,
        )

    # On the way

    def _go(self, trace: PathTraceBuilder, network_id: str) -> Drop | None:
        """From a network to where the destination address is."""
        address = trace.departure.destination
        if address in platform.ADDRESSES:
            trace.passes(
                PathStage.ROUTE, f"{text_of(address)} is the platform's: {platform.ADDRESSES[address]}"
            )
            return None
        drop = meant_for_many(address)
        if drop is not None:
            return trace.fails(drop, f"{text_of(address)} is for many")
        owners = self._address_index.owners_in_reach(network_id, address)
        frontends = self._address_index.frontends_in_reach(network_id, address)
        if len(owners) + len(frontends) > 1:
            return trace.fails(
                Drop.AMBIGUOUS, f"{text_of(address)} is the address of several things in reach"
            )
        if owners:
            self._tell_route(trace, network_id, owners[0].interface.network_id)
            return self._arrive(trace, owners[0])
        if frontends:
            self._tell_route(trace, network_id, frontends[0].network_id)
            return self._balance(trace, frontends[0])
        return self._leave_network(trace, network_id, address)

    def _tell_route(self, trace: PathTraceBuilder, here_id: str, there_id: str) -> None:
        if here_id.lower() == there_id.lower():
            trace.passes(PathStage.ROUTE, f"it stays in {ids.name(here_id)}", here_id)
        else:
            text = f"a peering leads from {ids.name(here_id)} to {ids.name(there_id)}"
            trace.passes(PathStage.ROUTE, text, there_id)

    def _leave_network(self, trace: PathTraceBuilder, network_id: str, address: bytes) -> Drop | None:
        """Past all that has an address in reach."""
        text = text_of(address)
        home = self._address_index.prefix_in_reach(network_id, address)
        if home is not None:
            return trace.fails(Drop.NO_SUCH_ADDRESS, f"nothing in {ids.name(home)} has {text}", home)
        public = self._address_index.public_owner(address)
        if public is not None:
            trace.passes(PathStage.ROUTE, f"{text} is a public address of {ids.name(public.interface.id)}")
            return self._enter_publicly(trace, public)
        if not is_public(address):
            owners = self._address_index.owners(address)
            where = f"; {ids.name(owners[0].interface.network_id)} has it, out of reach" if owners else ""
            return trace.fails(
                Drop.NO_ROUTE, f"no route of {ids.name(network_id)} leads to {text}{where}", network_id
            )
        trace.passes(PathStage.ROUTE, f"{text} is on the internet: it leaves by the system's default route")
        return None

    def _come_in(self, trace: PathTraceBuilder) -> Drop | None:
        """From outside to where the destination address is."""
        address = trace.flow.destination
        public = self._address_index.public_owner(address)
        if platform.service_of(trace.flow) is not None:
            trace.is_general = False
            owners = self._address_index.owners(address) + ([] if public is None else [public])
            drop = self._intercept(trace, owners, self._address_index.frontends(address))
            return drop or trace.fails(Drop.NO_SUCH_ADDRESS, f"nothing here has {text_of(address)}")
        if public is not None:
            trace.passes(
                PathStage.ROUTE, f"{text_of(address)} is a public address of {ids.name(public.interface.id)}"
            )
            return self._enter_publicly(trace, public)
        owners, frontends = self._address_index.owners(address), self._address_index.frontends(address)
        if len(owners) + len(frontends) > 1:
            return trace.fails(Drop.AMBIGUOUS, f"{text_of(address)} is the address of several things")
        if owners:
            trace.passes(PathStage.ROUTE, f"it comes into {ids.name(owners[0].interface.network_id)}")
            return self._arrive(
                trace,
                owners[0],
                is_shielded=is_public(trace.flow.source) and owners[0].configuration.is_shielded,
            )
        if frontends:
            trace.passes(
                PathStage.ROUTE, f"{text_of(address)} is the address of {ids.label(frontends[0].id)}"
            )
            return self._balance(trace, frontends[0])
        return trace.fails(Drop.NO_SUCH_ADDRESS, f"nothing here has {text_of(address)}")

    def _enter_publicly(self, trace: PathTraceBuilder, place: IndexedAddress) -> Drop | None:
        """By an interface's public address, which becomes its private one."""
        trace.is_general = False
        if place.configuration.address is not None:
            trace.arrival = trace.arrival._replace(destination=place.configuration.address.packed)
        return self._arrive(trace, place, is_shielded=place.configuration.is_shielded)

    def _balance(self, trace: PathTraceBuilder, frontend: Frontend) -> Drop | None:
        """Through a load balancer, to a backend; the source stays as it is."""
        trace.is_general = False
        place = self._backend_of(frontend, trace.departure)
        if isinstance(place, Drop):
            return trace.fails(place, f"{ids.label(frontend.id)} gives it to nobody", frontend.id)
        rule = find_rule(frontend, trace.departure)
        assert rule is not None, "a backend is chosen by a rule"
        source = trace.source
        if source is not None and source.machine_id == place.interface.machine_id is not None:
            return trace.fails(
                Drop.HAIRPIN, f"{ids.label(frontend.id)} gives it back to {ids.name(source.id)}", frontend.id
            )
        if not rule.is_floating_ip and place.configuration.address is not None:
            trace.arrival = trace.arrival._replace(
                destination=place.configuration.address.packed,
                destination_port=rule.backend_port or trace.arrival.destination_port,
            )
        trace.passes(
            PathStage.BALANCING,
            f"rule {rule.name} of {ids.label(frontend.id)} gives it to {ids.name(place.interface.id)}",
            frontend.id,
        )
        return self._arrive(trace, place, is_shielded=frontend.is_shielded)

    def _backend_of(self, frontend: Frontend, flow: Flow) -> IndexedAddress | Drop:
        """The backend that a frontend gives a flow to."""
        chosen = choose_backend(frontend, flow, self.health.of(find_rule(frontend, flow)))
        if isinstance(chosen, BalancingRefusal):
            return REFUSALS[chosen]
        owner = self.topology.owner_of(chosen[1].ip_configuration_id)
        if owner is None or owner[1].address is None or owner[1].address.version != flow.version:
            return Drop.BACKEND_MISSING
        is_home = owner[0].network_id.lower() == frontend.network_id.lower()
        return IndexedAddress(*owner) if frontend.is_public or is_home else Drop.BACKEND_MISSING

    # At the destination

    def _arrive(
        self, trace: PathTraceBuilder, place: IndexedAddress, *, is_shielded: bool = False
    ) -> Drop | None:
        trace.destination = interface = place.interface
        drop = self._enter(trace, place, is_shielded=is_shielded)
        if drop is not None:
            return drop
        if interface.machine_id is None:
            return trace.fails(
                Drop.DESTINATION_DETACHED, f"{ids.name(interface.id)} is attached to no machine", interface.id
            )
        machine = ids.name(interface.machine_id)
        if not self.health.runs(interface):
            return trace.fails(Drop.DESTINATION_STOPPED, f"{machine} does not run", interface.machine_id)
        trace.passes(PathStage.DELIVERY, f"{machine} gets it", interface.machine_id)
        return None

    def _enter(self, trace: PathTraceBuilder, place: IndexedAddress, *, is_shielded: bool) -> Drop | None:
        """Past the security groups of the destination."""
        interface, configuration = place
        if configuration.effective_rules is None and not is_shielded and configuration.public_address is None:
            trace.passes(PathStage.INBOUND_SECURITY, NO_GROUP)
            return None
        self._turn_back(trace, place)
        link = Link(interface.id, trace.arrival)
        trace.is_answer = trace.is_answering(link)
        if trace.is_answer:
            trace.pass_as_answer(PathStage.INBOUND_SECURITY)
            return None
        if configuration.effective_rules is not None:
            return trace.judge(
                Drop.INBOUND_SECURITY,
                self._security.decide(configuration.effective_rules, trace.arrival, is_inbound=True),
                link,
            )
        if is_shielded:
            trace.waits(link)
            return trace.fails(
                Drop.SHIELDED, f"no security group of {ids.name(interface.id)} allows it", interface.id
            )
        trace.passes(PathStage.INBOUND_SECURITY, NO_GROUP)
        trace.opens(link)
        return None

    def _turn_back(self, trace: PathTraceBuilder, place: IndexedAddress) -> None:
        """Let what a backend answers come from the frontend that was asked: no other answer passes."""
        if trace.source is None:
            return
        sender = configuration_of(trace.source, trace.departure.source)
        if sender is None or trace.is_answering(Link(place.interface.id, trace.arrival)):
            return
        for frontend, rule in self._address_index.services(IndexedAddress(trace.source, sender)):
            if frontend.address is None or rule.is_floating_ip:
                continue
            port = rule.frontend_port if rule.backend_port else trace.departure.source_port
            answer = trace.arrival._replace(source=frontend.address.packed, source_port=port)
            if trace.is_answering(Link(place.interface.id, answer)):
                trace.arrival = answer
                return
