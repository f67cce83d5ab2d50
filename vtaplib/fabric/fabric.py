"""The fabric: what moves a frame from the interface that sends it to where it goes.

A journey is a function of the topology, of the connections that are open, and of the frame's flow and MAC
address; what is remembered here changes none, and no frame raises. Who goes on with a journey (lets
its answers pass) opens what it `opens`.

What security groups cannot decide, because it depends on what is not simulated, passes: a frame that is
dropped was dropped for a reason that is known.
"""

from __future__ import annotations

from collections.abc import Iterable

from vtaplib.errors import VtapError
from vtaplib.fabric import platform
from vtaplib.fabric.addressing import configuration_of, meant_for_many, text_of, unreadable
from vtaplib.fabric.balancing import Refusal, choose_backend, find_rule
from vtaplib.fabric.connections import Connections
from vtaplib.fabric.health import Health
from vtaplib.fabric.journey import Drop, Journey, Link, Stage
from vtaplib.fabric.places import Place, Places, is_public
from vtaplib.fabric.routing import Router, Unrouted
from vtaplib.fabric.security import Security
from vtaplib.fabric.topology import Frontend, Interface, Topology
from vtaplib.fabric.trip import Trip
from vtaplib.model import ids
from vtaplib.model.policy import Policy
from vtaplib.packets import ethernet
from vtaplib.packets.flow import Flow, read_flow

# Journeys that are remembered before all are forgotten: memory must not grow with the number of addresses.
GENERAL_KEPT = 1 << 12

NO_GROUP = "no security group is in force"


REFUSALS = {
    Refusal.NO_RULE: Drop.NO_BALANCING_RULE,
    Refusal.NO_HEALTHY_BACKEND: Drop.NO_HEALTHY_BACKEND,
}


class Fabric:
    """Answers for one topology. `down` are the IDs of interfaces whose machine is taken for failed."""

    def __init__(self, topology: Topology, policy: Policy | None = None, *, down: Iterable[str] = ()) -> None:
        self.topology = topology
        self.policy = policy or Policy()
        self.health = Health(topology, frozenset(interface_id.lower() for interface_id in down))
        self._places = Places(topology)
        self._security = Security()
        self._router = Router(topology)
        # By what it depends on: what does not depend on ports, or on what is open.
        self._general: dict[tuple[int, int, bytes, bytes], Journey | Unrouted] = {}

    def frame(self, frame: bytes, source_id: str | None, connections: Connections | None = None) -> Journey:
        """The journey of a frame that an interface sends, or that comes from outside. `frame` is Ethernet
        without FCS, any bytes. Raises `VtapError` if the topology has no such interface.
        """
        mac = frame[6:12] if len(frame) >= ethernet.HEADER_LENGTH else None
        return self.journey(read_flow(frame), source_id, connections, source_mac=mac)

    def journey(
        self,
        flow: Flow,
        source_id: str | None,
        connections: Connections | None = None,
        *,
        source_mac: bytes | None = None,
    ) -> Journey:
        """The journey of the frames of a flow. Without a source MAC address, that is not checked."""
        trip = Trip(flow, Connections() if connections is None else connections)
        if source_id is None:
            return trip.end(self._from_outside(trip))
        source = self.topology.interface(source_id)
        if source is None:
            raise VtapError(f"{source_id} is no interface of the topology")
        trip.source = source
        return trip.end(self._from_interface(trip, source, source_mac))

    def captured(self, flow: Flow, connections: Connections | None = None) -> Journey | Unrouted:
        """The journey of frames of which the sender is known by address only, as in a capture, or why it
        cannot be told. MAC addresses are not checked: they are those of the place of the capture.
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

    def _captured(self, flow: Flow, connections: Connections | None) -> Journey | Unrouted:
        route = self._router.route(flow)
        if not isinstance(route, Unrouted):
            return self.journey(flow, None if route.source is None else route.source.id, connections)
        if route is Unrouted.NO_INTERFACE and self._has_public_or_balanced(flow.destination):
            return self.journey(flow, None, connections)
        return route

    def _has_public_or_balanced(self, address: bytes) -> bool:
        return self._places.public_owner(address) is not None or bool(self._places.frontends(address))

    # From where

    def _from_interface(self, trip: Trip, source: Interface, mac: bytes | None) -> Drop | None:
        drop = self._check_source(trip, source, mac)
        if drop is not None or self._is_answered(trip):
            return drop
        return self._leave(trip, source) or self._go(trip, source.network_id)

    def _from_outside(self, trip: Trip) -> Drop | None:
        """What comes from outside, or from a load balancer: then its source is a backend."""
        flow = trip.flow
        if not flow.version:
            trip.is_general = False
            return trip.fails(unreadable(flow), "nothing else comes from outside")
        if flow.source in platform.ADDRESSES:
            trip.passes(Stage.PLATFORM, f"the platform sends it: {platform.ADDRESSES[flow.source]}")
        elif self._places.frontends(flow.source) and self._find_backend(trip):
            assert trip.source is not None, "a backend is an interface's"
            return self._from_interface(trip, trip.source, None)
        else:
            trip.passes(Stage.SOURCE, f"{text_of(flow.source)} is outside: nothing is checked there")
        return self._come_in(trip)

    def _find_backend(self, trip: Trip) -> bool:
        """Find the backend that answers from behind a frontend: the one that gets the requests."""
        trip.is_general = False
        flow = trip.flow
        request = flow.reversed()
        for frontend in self._places.frontends(flow.source):
            place = self._backend_of(frontend, request)
            if isinstance(place, Drop):
                continue
            rule = find_rule(frontend, request)
            assert rule is not None, "a backend is chosen by a rule"
            trip.source = place.interface
            if not rule.is_floating_ip and place.configuration.address is not None:
                trip.departure = flow._replace(
                    source=place.configuration.address.packed,
                    source_port=rule.backend_port or flow.source_port,
                )
            return True
        return False

    # At the source

    def _check_source(self, trip: Trip, source: Interface, mac: bytes | None) -> Drop | None:
        flow = trip.departure
        name = ids.name(source.id)
        if not flow.source:
            return trip.fails(Drop.MALFORMED, "it has no addresses to read")
        if source.machine_id is None:
            return trip.fails(Drop.SOURCE_DETACHED, f"{name} is attached to no machine", source.id)
        if not self.health.runs(source):
            return trip.fails(
                Drop.SOURCE_STOPPED, f"{ids.name(source.machine_id)} does not run", source.machine_id
            )
        if mac is not None and source.mac is not None and mac != source.mac:
            return trip.fails(
                Drop.WRONG_SOURCE_MAC,
                f"it comes from {mac.hex(':')}, {name} has {source.mac.hex(':')}",
                source.id,
            )
        if not flow.version and flow.ethertype != ethernet.ARP:
            return trip.fails(unreadable(flow), f"{name} sent what is neither ARP nor IP")
        if platform.service_of(flow) is None and not self._may_send(source, flow.source):
            return trip.fails(
                Drop.WRONG_SOURCE_ADDRESS,
                f"{text_of(flow.source)} is no address of {name}, and ip_forwarding_enabled is false",
                source.id,
            )
        trip.passes(Stage.SOURCE, f"{name} may send it", source.id)
        return None

    def _may_send(self, source: Interface, address: bytes) -> bool:
        return source.ip_forwarding or address in self._places.sends_from(source)

    def _is_answered(self, trip: Trip) -> bool:
        """Whether the platform answers at the source's port."""
        service = platform.service_of(trip.departure)
        if service is not None:
            trip.is_general = False
            trip.passes(Stage.PLATFORM, f"the platform answers {service} itself")
        return service is not None

    def _leave(self, trip: Trip, source: Interface) -> Drop | None:
        """Past the security groups of the source."""
        flow = trip.departure
        configuration = configuration_of(source, flow.source)
        link = Link(source.id, flow)
        if configuration is None or configuration.guard is None:
            trip.passes(Stage.OUTBOUND_SECURITY, NO_GROUP)
            if configuration is not None and configuration.public_address is not None:
                trip.opens(link)
            return None
        if trip.is_answering(link):
            trip.pass_as_answer(Stage.OUTBOUND_SECURITY)
            return None
        return trip.judge(
            Drop.OUTBOUND_SECURITY, self._security.decide(configuration.guard, flow, is_inbound=False), link
        )

    # On the way

    def _go(self, trip: Trip, network_id: str) -> Drop | None:
        """From a network to where the destination address is."""
        address = trip.departure.destination
        if address in platform.ADDRESSES:
            trip.passes(Stage.ROUTE, f"{text_of(address)} is the platform's: {platform.ADDRESSES[address]}")
            return None
        drop = meant_for_many(address)
        if drop is not None:
            return trip.fails(drop, f"{text_of(address)} is for many")
        places = self._places.owners_in_reach(network_id, address)
        frontends = self._places.frontends_in_reach(network_id, address)
        if len(places) + len(frontends) > 1:
            return trip.fails(Drop.AMBIGUOUS, f"{text_of(address)} is the address of several things in reach")
        if places:
            self._tell_route(trip, network_id, places[0].interface.network_id)
            return self._arrive(trip, places[0])
        if frontends:
            self._tell_route(trip, network_id, frontends[0].network_id)
            return self._balance(trip, frontends[0])
        return self._leave_network(trip, network_id, address)

    def _tell_route(self, trip: Trip, here_id: str, there_id: str) -> None:
        if here_id.lower() == there_id.lower():
            trip.passes(Stage.ROUTE, f"it stays in {ids.name(here_id)}", here_id)
        else:
            text = f"a peering leads from {ids.name(here_id)} to {ids.name(there_id)}"
            trip.passes(Stage.ROUTE, text, there_id)

    def _leave_network(self, trip: Trip, network_id: str, address: bytes) -> Drop | None:
        """Past all that has an address in reach."""
        text = text_of(address)
        home = self._places.prefix_in_reach(network_id, address)
        if home is not None:
            return trip.fails(Drop.NO_SUCH_ADDRESS, f"nothing in {ids.name(home)} has {text}", home)
        public = self._places.public_owner(address)
        if public is not None:
            trip.passes(Stage.ROUTE, f"{text} is a public address of {ids.name(public.interface.id)}")
            return self._enter_publicly(trip, public)
        if not is_public(address):
            owners = self._places.owners(address)
            where = f"; {ids.name(owners[0].interface.network_id)} has it, out of reach" if owners else ""
            return trip.fails(
                Drop.NO_ROUTE, f"no route of {ids.name(network_id)} leads to {text}{where}", network_id
            )
        trip.passes(Stage.ROUTE, f"{text} is on the internet: it leaves by the system's default route")
        return None

    def _come_in(self, trip: Trip) -> Drop | None:
        """From outside to where the destination address is."""
        address = trip.flow.destination
        public = self._places.public_owner(address)
        if public is not None:
            trip.passes(
                Stage.ROUTE, f"{text_of(address)} is a public address of {ids.name(public.interface.id)}"
            )
            return self._enter_publicly(trip, public)
        places, frontends = self._places.owners(address), self._places.frontends(address)
        if len(places) + len(frontends) > 1:
            return trip.fails(Drop.AMBIGUOUS, f"{text_of(address)} is the address of several things")
        if places:
            trip.passes(Stage.ROUTE, f"it comes into {ids.name(places[0].interface.network_id)}")
            return self._arrive(
                trip,
                places[0],
                is_shielded=is_public(trip.flow.source) and places[0].configuration.is_shielded,
            )
        if frontends:
            trip.passes(Stage.ROUTE, f"{text_of(address)} is the address of {ids.label(frontends[0].id)}")
            return self._balance(trip, frontends[0])
        return trip.fails(Drop.NO_SUCH_ADDRESS, f"nothing here has {text_of(address)}")

    def _enter_publicly(self, trip: Trip, place: Place) -> Drop | None:
        """By an interface's public address, which becomes its private one."""
        trip.is_general = False
        if place.configuration.address is not None:
            trip.arrival = trip.arrival._replace(destination=place.configuration.address.packed)
        return self._arrive(trip, place, is_shielded=place.configuration.is_shielded)

    def _balance(self, trip: Trip, frontend: Frontend) -> Drop | None:
        """Through a load balancer, to a backend; the source stays as it is."""
        trip.is_general = False
        place = self._backend_of(frontend, trip.departure)
        if isinstance(place, Drop):
            return trip.fails(place, f"{ids.label(frontend.id)} gives it to nobody", frontend.id)
        rule = find_rule(frontend, trip.departure)
        assert rule is not None, "a backend is chosen by a rule"
        source = trip.source
        if source is not None and source.machine_id == place.interface.machine_id is not None:
            return trip.fails(
                Drop.HAIRPIN, f"{ids.label(frontend.id)} gives it back to {ids.name(source.id)}", frontend.id
            )
        if not rule.is_floating_ip and place.configuration.address is not None:
            trip.arrival = trip.arrival._replace(
                destination=place.configuration.address.packed,
                destination_port=rule.backend_port or trip.arrival.destination_port,
            )
        trip.passes(
            Stage.BALANCING,
            f"rule {rule.name} of {ids.label(frontend.id)} gives it to {ids.name(place.interface.id)}",
            frontend.id,
        )
        return self._arrive(trip, place, is_shielded=frontend.is_shielded)

    def _backend_of(self, frontend: Frontend, flow: Flow) -> Place | Drop:
        """The backend that a frontend gives a flow to."""
        chosen = choose_backend(frontend, flow, self.health.of(find_rule(frontend, flow)))
        if isinstance(chosen, Refusal):
            return REFUSALS[chosen]
        owner = self.topology.owner_of(chosen[1].ip_configuration_id)
        if owner is None or owner[1].address is None or owner[1].address.version != flow.version:
            return Drop.BACKEND_MISSING
        is_home = owner[0].network_id.lower() == frontend.network_id.lower()
        return Place(*owner) if frontend.is_public or is_home else Drop.BACKEND_MISSING

    # At the destination

    def _arrive(self, trip: Trip, place: Place, *, is_shielded: bool = False) -> Drop | None:
        trip.destination = interface = place.interface
        drop = self._enter(trip, place, is_shielded=is_shielded)
        if drop is not None:
            return drop
        if interface.machine_id is None:
            return trip.fails(
                Drop.DESTINATION_DETACHED, f"{ids.name(interface.id)} is attached to no machine", interface.id
            )
        machine = ids.name(interface.machine_id)
        if not self.health.runs(interface):
            return trip.fails(Drop.DESTINATION_STOPPED, f"{machine} does not run", interface.machine_id)
        trip.passes(Stage.DELIVERY, f"{machine} gets it", interface.machine_id)
        return None

    def _enter(self, trip: Trip, place: Place, *, is_shielded: bool) -> Drop | None:
        """Past the security groups of the destination."""
        interface, configuration = place
        if configuration.guard is None and not is_shielded and configuration.public_address is None:
            trip.passes(Stage.INBOUND_SECURITY, NO_GROUP)
            return None
        self._turn_back(trip, place)
        link = Link(interface.id, trip.arrival)
        trip.is_answer = trip.is_answering(link)
        if trip.is_answer:
            trip.pass_as_answer(Stage.INBOUND_SECURITY)
            return None
        if configuration.guard is not None:
            return trip.judge(
                Drop.INBOUND_SECURITY,
                self._security.decide(configuration.guard, trip.arrival, is_inbound=True),
                link,
            )
        if is_shielded:
            trip.waits(link)
            return trip.fails(
                Drop.SHIELDED, f"no security group of {ids.name(interface.id)} allows it", interface.id
            )
        trip.passes(Stage.INBOUND_SECURITY, NO_GROUP)
        trip.opens(link)
        return None

    def _turn_back(self, trip: Trip, place: Place) -> None:
        """Let what a backend answers come from the frontend that was asked: no other answer passes."""
        if trip.source is None:
            return
        sender = configuration_of(trip.source, trip.departure.source)
        if sender is None or trip.is_answering(Link(place.interface.id, trip.arrival)):
            return
        for frontend, rule in self._places.services(Place(trip.source, sender)):
            if frontend.address is None or rule.is_floating_ip:
                continue
            port = rule.frontend_port if rule.backend_port else trip.departure.source_port
            answer = trip.arrival._replace(source=frontend.address.packed, source_port=port)
            if trip.is_answering(Link(place.interface.id, answer)):
                trip.arrival = answer
                return
