"""A load balancer, its pools and its rules."""

from __future__ import annotations

from collections.abc import Sequence

from provider_shim.data_source import Lookup, LookupInGroup, Session
from vtaplib.model.arguments import NonEmpty
from vtaplib.model.base import Block, Values
from vtaplib.model.excerpt import Excerpt
from vtaplib.model.marks import SERVICE, Assigned, Ref
from vtaplib.resources.lb import Lb, LbFrontendIpConfiguration
from vtaplib.resources.lb_backend_address_pool import LbBackendAddressPool
from vtaplib.resources.lb_rule import LbRule, RuleName


class ShownFrontend(Block, Excerpt):
    """An address that the load balancer listens on: private in a subnet, or public."""

    of = LbFrontendIpConfiguration
    shows = (
        "id",
        "name",
        "private_ip_address",
        "private_ip_address_allocation",
        "private_ip_address_version",
        "public_ip_address_id",
        "subnet_id",
        "zones",
    )

    zones: Assigned[Sequence[str]] = SERVICE


class LbLookup(LookupInGroup):
    """Reads a load balancer."""

    of = Lb
    shows = (
        "location",
        "frontend_ip_configuration",
        "private_ip_address",
        "private_ip_addresses",
        "sku",
        "tags",
    )

    frontend_ip_configuration: Assigned[Sequence[ShownFrontend]] = SERVICE


class ChildLookup(Lookup):
    """A lookup of a part of a load balancer."""

    loadbalancer_id: Ref[Lb]
    """The ID of the load balancer to look in."""
    name: NonEmpty
    """The name to look for."""


class PortMapping(Block):
    """A port that an inbound NAT rule maps to a backend."""

    backend_port: Assigned[int] = SERVICE
    """The port on the backend."""
    frontend_port: Assigned[int] = SERVICE
    """The port on the frontend."""
    inbound_nat_rule_name: Assigned[str] = SERVICE
    """The name of the inbound NAT rule."""


class BackendAddress(Block):
    """A backend that is in the pool by its address."""

    inbound_nat_rule_port_mapping: Assigned[Sequence[PortMapping]] = SERVICE
    """The ports that inbound NAT rules map to it."""
    ip_address: Assigned[str] = SERVICE
    """The address."""
    name: Assigned[str] = SERVICE
    """The name of the backend."""
    virtual_network_id: Assigned[str] = SERVICE
    """The ID of the network that the address is in."""


class BackendIpConfiguration(Block):
    """An interface's IP configuration in the pool."""

    id: Assigned[str] = SERVICE
    """The ID of the configuration."""


class LbBackendAddressPoolLookup(ChildLookup):
    """Reads a backend pool of a load balancer."""

    of = LbBackendAddressPool
    shows = ("backend_ip_configurations", "inbound_nat_rules", "load_balancing_rules", "outbound_rules")

    backend_address: Assigned[Sequence[BackendAddress]] = SERVICE
    """The backends by address. These are not simulated: empty."""
    backend_ip_configurations: Assigned[Sequence[BackendIpConfiguration]] = SERVICE

    def more(self, found: LbBackendAddressPool, session: Session) -> Values:
        return {"backend_ip_configurations": [{"id": one} for one in found.backend_ip_configurations]}


class LbRuleLookup(ChildLookup):
    """Reads a load-balancing rule of a load balancer."""

    of = LbRule
    shows = (
        "backend_port",
        "disable_outbound_snat",
        "floating_ip_enabled",
        "frontend_ip_configuration_name",
        "frontend_port",
        "idle_timeout_in_minutes",
        "load_distribution",
        "probe_id",
        "protocol",
        "tcp_reset_enabled",
    )

    name: RuleName
    """The name to look for."""
    backend_address_pool_id: Assigned[str] = SERVICE
    """The ID of the first pool."""

    def more(self, found: LbRule, session: Session) -> Values:
        return {"backend_address_pool_id": next(iter(found.backend_address_pool_ids or ()), "")}
