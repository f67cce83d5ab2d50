"""Where the copies of one tap configuration go: to an interface, or through a frontend to one of several.

A *path* is one way to a collector, with its outer header. What can be said without a frame is said once, when
a destination is looked up: a `Path`, or a `Reason` why there is none. Behind a load balancer it depends on
the outer header of the flow: then the answer is a `Spread`, which gives a path for a source port.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import NamedTuple

from vtaplib.control.policy import Policy, fixed_number
from vtaplib.fabric.balancing import Refusal, choose_backend
from vtaplib.fabric.topology import Backend, Frontend, Interface, Tap, TapConfiguration, Topology, derive_vni
from vtaplib.mirror.outer_header import OuterHeader
from vtaplib.mirror.verdict import Reason
from vtaplib.packets import ethernet, vxlan
from vtaplib.packets.flow import UDP, Flow

REFUSALS = {
    Refusal.NO_RULE: Reason.NO_BALANCING_RULE,
    Refusal.NO_HEALTHY_BACKEND: Reason.NO_HEALTHY_BACKEND,
}


class Path(NamedTuple):
    """A way to a collector."""

    collector_id: str
    header: OuterHeader


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends copies, and in what network: all that a path needs to know of its beginning."""

    topology: Topology
    policy: Policy
    down: frozenset[str]
    interface: Interface
    mac: bytes
    address: IPv4Address
    vni: int

    def path_to(self, collector: Interface, address: IPv4Address, port: int) -> Path | Reason:
        """The path to a collector's interface, copies being addressed as given."""
        if collector.id.lower() == self.interface.id.lower() and self.policy.self_mirror != "allow":
            return Reason.SELF_MIRROR
        if collector.machine_id is None or collector.mac is None:
            return Reason.COLLECTOR_DETACHED
        if collector.id.lower() in self.down:
            return Reason.COLLECTOR_DOWN
        header = OuterHeader(
            source_mac=self.mac,
            destination_mac=collector.mac,
            source=self.address,
            destination=address,
            destination_port=port,
            vni=self.vni,
        )
        return Path(collector.id, header)


@dataclass(frozen=True, slots=True)
class Spread:
    """A frontend that spreads copies over the backends of a rule."""

    sender: Sender
    frontend: Frontend
    address: IPv4Address
    _paths: dict[str, Path | Reason] = field(default_factory=dict, compare=False)

    def path(self, source_port: int) -> Path | Reason:
        """The path of copies with this outer source port."""
        flow = Flow(
            4, ethernet.IPV4, self.sender.address.packed, self.address.packed, UDP, source_port, vxlan.PORT
        )
        chosen = choose_backend(self.frontend, flow, self._is_healthy)
        if isinstance(chosen, Refusal):
            return REFUSALS[chosen]
        rule, backend = chosen
        key = backend.ip_configuration_id.lower()
        if key not in self._paths:
            self._paths[key] = self._path_to(
                backend, self.address if rule.is_floating_ip else None, rule.backend_port or vxlan.PORT
            )
        return self._paths[key]

    def _path_to(self, backend: Backend, floating: IPv4Address | None, port: int) -> Path | Reason:
        owner = self.sender.topology.owner_of(backend.ip_configuration_id)
        if owner is None or not isinstance(owner[1].address, IPv4Address):
            return Reason.DESTINATION_MISSING
        collector, _configuration = owner
        # A pool takes members of the frontend's own network only.
        if collector.network_id.lower() != self.frontend.network_id.lower():
            return Reason.COLLECTOR_UNREACHABLE
        return self.sender.path_to(collector, floating or owner[1].address, port)

    def _is_healthy(self, backend: Backend) -> bool:
        """What a probe would find: a machine that runs."""
        owner = self.sender.topology.owner_of(backend.ip_configuration_id)
        return (
            owner is not None
            and owner[0].machine_id is not None
            and owner[0].id.lower() not in self.sender.down
        )


def find_destination(
    topology: Topology,
    policy: Policy,
    down: frozenset[str],
    interface: Interface,
    configuration: TapConfiguration,
) -> Path | Spread | Reason:
    """Where the copies of a tap configuration go. `down` holds the lower-case IDs of failed interfaces."""
    tap = topology.tap(configuration.tap_id)
    if tap is None:
        return Reason.TAP_MISSING
    if interface.machine_id is None or interface.mac is None:
        return Reason.SOURCE_DETACHED
    address = interface.primary_ipv4
    if address is None:
        return Reason.SOURCE_WITHOUT_IPV4
    vni = choose_vni(policy, tap, interface)
    sender = Sender(topology, policy, down, interface, interface.mac, address, vni)
    owner = topology.owner_of(tap.destination_id)
    if owner is not None:
        collector, collector_configuration = owner
        if not isinstance(collector_configuration.address, IPv4Address):
            return Reason.DESTINATION_MISSING
        if not topology.is_reachable(
            interface.network_id, collector.network_id, collector_configuration.address
        ):
            return Reason.COLLECTOR_UNREACHABLE
        return sender.path_to(collector, collector_configuration.address, vxlan.PORT)
    frontend = topology.frontend(tap.destination_id)
    if frontend is None or not isinstance(frontend.address, IPv4Address):
        return Reason.DESTINATION_MISSING
    if not topology.is_reachable(interface.network_id, frontend.network_id, frontend.address):
        return Reason.COLLECTOR_UNREACHABLE
    return Spread(sender, frontend, frontend.address)


def choose_vni(policy: Policy, tap: Tap, interface: Interface) -> int:
    """The VNI of copies from an interface to a TAP, under the policy's `vni`."""
    fixed = fixed_number(policy.vni)
    if fixed is not None:
        return fixed
    return derive_vni(tap.id, interface.id) if policy.vni == "per_source" else derive_vni(tap.id)


def arrivals(topology: Topology, tap: Tap) -> Iterator[tuple[str, bytes, int]]:
    """Every network, packed address and UDP port to which copies for a TAP may be under way."""
    owner = topology.owner_of(tap.destination_id)
    if owner is not None:
        interface, configuration = owner
        if configuration.address is not None:
            yield interface.network_id.lower(), configuration.address.packed, vxlan.PORT
    frontend = topology.frontend(tap.destination_id)
    if frontend is None or frontend.address is None:
        return
    network = frontend.network_id.lower()
    yield network, frontend.address.packed, vxlan.PORT
    for rule in frontend.rules:
        port = rule.backend_port or vxlan.PORT
        yield network, frontend.address.packed, port
        for backend in rule.backends:
            owner = topology.owner_of(backend.ip_configuration_id)
            if owner is not None and owner[1].address is not None:
                yield network, owner[1].address.packed, port
