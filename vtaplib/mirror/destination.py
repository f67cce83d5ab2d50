"""Where the copies of one tap configuration go: to an interface, or through a frontend to one of several.

A *path* is one way to a collector, with its outer header. What can be said without a frame is said once, when
a destination is looked up: a `Path`, or a `Reason` why there is none. Behind a load balancer it depends on
the outer header of the flow: then the answer is a `BalancedDestination`, which gives a path for a source
port.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, NamedTuple

from vtaplib.fabric.balancing import BalancingRefusal, choose_backend, find_rule
from vtaplib.fabric.health import Health
from vtaplib.fabric.security import inbound
from vtaplib.fabric.topology import (
    Backend,
    BalancingRule,
    Distribution,
    Frontend,
    Interface,
    IpConfiguration,
    Tap,
    TapConfiguration,
    Topology,
    derive_vni,
)
from vtaplib.mirror.flow_split import FlowSplit
from vtaplib.mirror.outer_header import HeaderCache, OuterHeader
from vtaplib.mirror.verdict import Reason
from vtaplib.model.policy import Policy, fixed_number
from vtaplib.packets import ethernet, vxlan
from vtaplib.packets.flow import NO_PORT, UDP, Flow

if TYPE_CHECKING:
    from vtaplib.rules.security_evaluation import EffectiveSecurityRules

REFUSALS = {
    BalancingRefusal.NO_RULE: Reason.NO_BALANCING_RULE,
    BalancingRefusal.NO_HEALTHY_BACKEND: Reason.NO_HEALTHY_BACKEND,
}

PORT_BLIND = (Distribution.SOURCE_IP, Distribution.SOURCE_IP_PROTOCOL)
"""The modes that bring all copies of an interface to one collector."""


class Gate(NamedTuple):
    """The security groups at the end of a path, where they look at the outer source port."""

    effective_rules: EffectiveSecurityRules
    flow: Flow

    def admits(self, source_port: int) -> bool:
        """Whether copies with this outer source port get in; so they do where that cannot be said."""
        return inbound(self.effective_rules, self.flow._replace(source_port=source_port)).allows is not False


class Path(NamedTuple):
    """A way to a collector, and what else depends on the outer source port there."""

    collector_id: str
    header: OuterHeader
    gate: Gate | None = None

    def admitted(self, source_port: int) -> Path | Reason:
        """The path of copies with this outer source port."""
        if self.gate is None or self.gate.admits(source_port):
            return self
        return Reason.COLLECTOR_SECURITY


@dataclass(frozen=True, slots=True)
class CopySender:
    """Who sends copies, and in what network: all that a path needs to know of its beginning."""

    topology: Topology
    policy: Policy
    down: frozenset[str]
    interface: Interface
    mac: bytes
    address: IPv4Address
    vni: int
    health: Health
    header_cache: HeaderCache = field(default_factory=HeaderCache, compare=False)

    def path_to(
        self, collector: Interface, at: IpConfiguration, address: IPv4Address, port: int
    ) -> Path | Reason:
        """The path to an IP configuration of a collector, copies being addressed as given."""
        if collector.id.lower() == self.interface.id.lower() and self.policy.self_mirror != "allow":
            return Reason.SELF_MIRROR
        if collector.machine_id is None or collector.mac is None:
            return Reason.COLLECTOR_DETACHED
        if not self.health.runs(collector):
            return Reason.COLLECTOR_DOWN
        gate = None
        if at.effective_rules is not None and self.policy.collector_nsg == "enforce":
            flow = Flow(4, ethernet.IPV4, self.address.packed, address.packed, UDP, NO_PORT, port)
            allows = inbound(at.effective_rules, flow).allows
            if allows is False:
                return Reason.COLLECTOR_SECURITY
            gate = None if allows else Gate(at.effective_rules, flow)
        header = OuterHeader(
            source_mac=self.mac,
            destination_mac=collector.mac,
            source=self.address,
            destination=address,
            destination_port=port,
            vni=self.vni,
            header_cache=self.header_cache,
        )
        return Path(collector.id, header, gate)


@dataclass(frozen=True, slots=True)
class BalancedDestination:
    """A frontend that spreads copies over the backends of a rule."""

    sender: CopySender
    frontend: Frontend
    address: IPv4Address
    rule: BalancingRule | None = field(init=False)
    """The rule that takes copies, if there is one."""
    _paths: dict[str, Path | Reason] = field(default_factory=dict, compare=False)
    _all_up: Health = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rule", find_rule(self.frontend, self.flow(0)))
        object.__setattr__(self, "_all_up", Health(self.sender.topology))

    def path(self, source_port: int) -> Path | Reason:
        """The path of copies with this outer source port."""
        chosen = choose_backend(self.frontend, self.flow(source_port), self.is_healthy)
        if isinstance(chosen, BalancingRefusal):
            return REFUSALS[chosen]
        rule, backend = chosen
        key = backend.ip_configuration_id.lower()
        if key not in self._paths:
            self._paths[key] = self._path_to(
                backend, self.address if rule.is_floating_ip else None, rule.backend_port or vxlan.PORT
            )
        path = self._paths[key]
        return path if isinstance(path, Reason) else path.admitted(source_port)

    def split(self, source_port: int, answers_port: int) -> FlowSplit:
        """What the load balancer does to a conversation whose two directions have these outer source
        ports.
        """
        return FlowSplit(source_port, self._is_moved(source_port), self._is_split(source_port, answers_port))

    def _is_split(self, source_port: int, answers_port: int) -> bool:
        if source_port == answers_port or self.rule is None or self.rule.distribution in PORT_BLIND:
            return False
        here, there = self.path(source_port), self.path(answers_port)
        return isinstance(here, Path) and isinstance(there, Path) and here.collector_id != there.collector_id

    def _is_moved(self, source_port: int) -> bool | None:
        """Whether copies go to another backend than they would if nothing were down; None if nothing is."""
        if not self.sender.down:
            return None
        flow = self.flow(source_port)
        now = choose_backend(self.frontend, flow, self.is_healthy)
        before = choose_backend(self.frontend, flow, self._is_healthy_if_none_is_down)
        return not isinstance(now, BalancingRefusal) and now != before

    def flow(self, source_port: int) -> Flow:
        """The flow of copies at the frontend."""
        here, there = self.sender.address.packed, self.address.packed
        return Flow(4, ethernet.IPV4, here, there, UDP, source_port, vxlan.PORT)

    def _path_to(self, backend: Backend, floating: IPv4Address | None, port: int) -> Path | Reason:
        owner = self.sender.topology.owner_of(backend.ip_configuration_id)
        if owner is None or not isinstance(owner[1].address, IPv4Address):
            return Reason.DESTINATION_MISSING
        collector, configuration = owner
        # A pool takes members of the frontend's own network only.
        if collector.network_id.lower() != self.frontend.network_id.lower():
            return Reason.COLLECTOR_UNREACHABLE
        return self.sender.path_to(collector, configuration, floating or owner[1].address, port)

    def is_healthy(self, backend: Backend) -> bool:
        """What the rule's probe would find. On the port of VXLAN a collector answers no probe, for there are
        none over UDP.
        """
        return self._probe_port != vxlan.PORT and self.sender.health.is_healthy(backend, self._probe_port)

    def _is_healthy_if_none_is_down(self, backend: Backend) -> bool:
        return self._probe_port != vxlan.PORT and self._all_up.is_healthy(backend, self._probe_port)

    @property
    def _probe_port(self) -> int | None:
        return None if self.rule is None else self.rule.probe_port


def find_destination(
    topology: Topology,
    policy: Policy,
    down: frozenset[str],
    interface: Interface,
    configuration: TapConfiguration,
    header_cache: HeaderCache | None = None,
) -> Path | BalancedDestination | Reason:
    """Where the copies of a tap configuration go. `down` holds the lower-case IDs of failed interfaces;
    `header_cache` has the room for headers, if others have to share it.
    """
    tap = topology.tap(configuration.tap_id)
    if tap is None:
        return Reason.TAP_MISSING
    if interface.machine_id is None or interface.mac is None:
        return Reason.SOURCE_DETACHED
    address = interface.primary_ipv4
    if address is None:
        return Reason.SOURCE_WITHOUT_IPV4
    vni = choose_vni(policy, tap, interface)
    health = Health(topology, down)
    sender = CopySender(
        topology, policy, down, interface, interface.mac, address, vni, health, header_cache or HeaderCache()
    )
    owner = topology.owner_of(tap.destination_id)
    if owner is not None:
        collector, collector_configuration = owner
        if not isinstance(collector_configuration.address, IPv4Address):
            return Reason.DESTINATION_MISSING
        if not topology.is_reachable(
            interface.network_id, collector.network_id, collector_configuration.address
        ):
            return Reason.COLLECTOR_UNREACHABLE
        return sender.path_to(collector, collector_configuration, collector_configuration.address, vxlan.PORT)
    frontend = topology.frontend(tap.destination_id)
    if frontend is None or frontend.is_public or not isinstance(frontend.address, IPv4Address):
        return Reason.DESTINATION_MISSING
    if not topology.is_reachable(interface.network_id, frontend.network_id, frontend.address):
        return Reason.COLLECTOR_UNREACHABLE
    return BalancedDestination(sender, frontend, frontend.address)


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
