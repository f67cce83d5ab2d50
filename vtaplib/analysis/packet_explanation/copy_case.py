"""One packet at one tap point: the verdict on it, and all that the engine looked at to come to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final

from vtaplib.analysis.packet_explanation.balancing import balancing_entry
from vtaplib.analysis.packet_explanation.names import Names
from vtaplib.analysis.packet_explanation.peerings import Obstacle, Peerings
from vtaplib.analysis.packet_explanation.report import BalancingEntry
from vtaplib.fabric.security import inbound
from vtaplib.fabric.topology import Frontend, Interface, IpConfiguration, Topology
from vtaplib.mirror.destination import BalancedDestination
from vtaplib.mirror.engine import MirrorEngine
from vtaplib.mirror.interface_hop import InterfaceHop
from vtaplib.mirror.verdict import Mirrored, NotMirrored, Reason, Verdict
from vtaplib.model.policy import Policy
from vtaplib.packets import ethernet, vxlan
from vtaplib.packets.flow import UDP, Flow
from vtaplib.packets.translation import Rewriting

if TYPE_CHECKING:
    from vtaplib.rules.security_evaluation import SecurityStep as GroupStep

BEFORE_BALANCING: Final = frozenset(
    {
        Reason.MALFORMED,
        Reason.IPV6,
        Reason.PRIVATE_LINK,
        Reason.ALREADY_MIRRORED,
        Reason.DENIED,
        Reason.SNAT_RETURN,
    }
)
"""Reasons for which nothing is sent to a load balancer."""


@dataclass(frozen=True)
class CopyCase:
    """One packet at one tap point, with the verdict on it and all that was looked at."""

    engine: MirrorEngine
    peerings: Peerings
    names: Names
    interface_hop: InterfaceHop
    octets: int
    verdict: Verdict

    @property
    def flow(self) -> Flow:
        """How the packet is addressed at the tap point."""
        return self.interface_hop.flow

    @property
    def topology(self) -> Topology:
        """The network."""
        return self.engine.topology

    @property
    def policy(self) -> Policy:
        """The policy."""
        return self.engine.policy

    @property
    def reason(self) -> Reason | None:
        """Why there is no copy."""
        return self.verdict.reason if isinstance(self.verdict, NotMirrored) else None

    @cached_property
    def interface(self) -> Interface:
        """Where the tap point is."""
        found = self.topology.interface(self.verdict.point.interface_id)
        assert found is not None, "a tap point is an interface's"
        return found

    @cached_property
    def destination_id(self) -> str:
        """What the TAP sends to."""
        tap = self.topology.tap(self.verdict.point.tap_id)
        return tap.destination_id if tap else ""

    @property
    def rewriting(self) -> Rewriting | None:
        """The public address that the copy shows in the place of the private one."""
        return self.verdict.encapsulation.rewriting if isinstance(self.verdict, Mirrored) else None

    @property
    def frontend(self) -> Frontend | None:
        """The frontend that the TAP sends to, if it is one."""
        return self.topology.frontend(self.destination_id)

    @property
    def address(self) -> IPv4Address | None:
        """Where copies come from."""
        return self.interface.primary_ipv4

    @property
    def destination_address(self) -> IPv4Address | None:
        """Where copies are sent to: the address of the TAP's destination."""
        owner = self.topology.owner_of(self.destination_id)
        found = owner[1].address if owner else self.frontend.address if self.frontend else None
        return found if isinstance(found, IPv4Address) else None

    @property
    def destination_network_id(self) -> str:
        """The network of the TAP's destination."""
        owner = self.topology.owner_of(self.destination_id)
        return owner[0].network_id if owner else self.frontend.network_id if self.frontend else ""

    @cached_property
    def is_reachable(self) -> bool:
        """Whether the destination can be reached from the interface's network."""
        return self.topology.is_reachable(
            self.interface.network_id, self.destination_network_id, self.destination_address
        )

    @cached_property
    def obstacle(self) -> Obstacle:
        """What keeps the network of the interface apart from that of the destination."""
        return self.peerings.obstacle(
            self.interface.network_id, self.destination_network_id, self.destination_address
        )

    @cached_property
    def balancing(self) -> BalancingEntry | None:
        """How the load balancer chose; None if no copy came to one."""
        if self.spread is None or self.reason in BEFORE_BALANCING:
            return None
        port_of = self.engine.source_port
        return balancing_entry(self.spread, port_of(self.flow), port_of(self.flow.reversed()), self.names)

    @cached_property
    def spread(self) -> BalancedDestination | None:
        """The load balancer that the TAP sends to, if it can be reached at all."""
        found = self.engine.destination_of(self.verdict.point)
        return found if isinstance(found, BalancedDestination) else None

    @property
    def collector(self) -> Interface | None:
        """The interface that the copy goes to, reached or not."""
        return self._end[0] if self._end else None

    @property
    def is_taken_for_failed(self) -> bool:
        """Whether the collector is down because that was asked for."""
        return self.collector is not None and self.collector.id.lower() in self.engine.down

    @cached_property
    def _end(self) -> tuple[Interface, IpConfiguration] | None:
        chosen = self.destination_id
        if self.balancing is not None:
            chosen = next((one.ip_configuration_id for one in self.balancing.backends if one.is_chosen), "")
        return self.topology.owner_of(chosen)

    @cached_property
    def collector_security(self) -> Sequence[GroupStep]:
        """What each security group of the collector that is asked says of the copy, as it arrives."""
        if self._end is None or self._end[1].effective_rules is None or self.address is None:
            return ()
        address, port = self._end[1].address, vxlan.PORT
        rule = self.balancing and self.spread and self.spread.rule
        if rule:
            port = rule.backend_port or port
            address = self.destination_address if rule.is_floating_ip else address
        if not isinstance(address, IPv4Address):
            return ()
        source_port = self.engine.source_port(self.flow)
        flow = Flow(4, ethernet.IPV4, self.address.packed, address.packed, UDP, source_port, port)
        return inbound(self._end[1].effective_rules, flow).steps
