"""A network interface, and its tap configurations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from provider_shim.data_source import Lookup, LookupInGroup, Session
from vtaplib.model.arguments import NonEmpty
from vtaplib.model.base import Block, Values
from vtaplib.model.excerpt import Excerpt
from vtaplib.model.marks import SERVICE, Assigned, Ref, Unordered
from vtaplib.resources.network_interface import NetworkInterface, NetworkInterfaceIpConfiguration
from vtaplib.resources.network_interface_backend_address_pool_association import (
    NetworkInterfaceBackendAddressPoolAssociation,
)
from vtaplib.resources.network_interface_security_group_association import (
    NetworkInterfaceSecurityGroupAssociation,
)
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration


class ShownIpConfiguration(Block, Excerpt):
    """One private address of the interface, with what is attached to it."""

    of = NetworkInterfaceIpConfiguration
    shows = (
        "name",
        "gateway_load_balancer_frontend_ip_configuration_id",
        "primary",
        "private_ip_address",
        "private_ip_address_allocation",
        "private_ip_address_version",
        "public_ip_address_id",
        "subnet_id",
    )

    application_gateway_backend_address_pools_ids: Assigned[Unordered[Sequence[str]]] = SERVICE
    """The IDs of application gateways' pools. These are not simulated: empty."""
    application_security_group_ids: Assigned[Unordered[Sequence[str]]] = SERVICE
    """The IDs of application security groups. These are not simulated: empty."""
    load_balancer_backend_address_pools_ids: Assigned[Unordered[Sequence[str]]] = SERVICE
    """The IDs of load balancers' pools that the configuration is in."""
    load_balancer_inbound_nat_rules_ids: Assigned[Unordered[Sequence[str]]] = SERVICE
    """The IDs of load balancers' inbound NAT rules. These are not simulated: empty."""


class NetworkInterfaceLookup(LookupInGroup):
    """Reads a network interface."""

    of = NetworkInterface
    shows = (
        "location",
        "accelerated_networking_enabled",
        "applied_dns_servers",
        "auxiliary_mode",
        "auxiliary_sku",
        "dns_servers",
        "edge_zone",
        "internal_dns_name_label",
        "internal_domain_name_suffix",
        "ip_configuration",
        "ip_forwarding_enabled",
        "mac_address",
        "private_ip_address",
        "private_ip_addresses",
        "tags",
        "virtual_machine_id",
    )

    applied_dns_servers: Assigned[Unordered[Sequence[str]]] = SERVICE
    dns_servers: Assigned[Unordered[Sequence[str]]] = SERVICE
    ip_configuration: Assigned[Sequence[ShownIpConfiguration]] = SERVICE
    network_security_group_id: Assigned[str] = SERVICE
    """The ID of the network security group attached to the interface."""

    def more(self, found: NetworkInterface, session: Session) -> Values:
        view = session.cloud.view
        members = list(view.referrers(found.id, NetworkInterfaceBackendAddressPoolAssociation))
        associations = view.referrers(found.id, NetworkInterfaceSecurityGroupAssociation)

        def shown(block: NetworkInterfaceIpConfiguration) -> dict[str, Any]:
            pools = [
                one.backend_address_pool_id
                for one in members
                if one.ip_configuration_name.lower() == block.name.lower()
            ]
            return {**block.values(), "load_balancer_backend_address_pools_ids": pools}

        return {
            "ip_configuration": [shown(block) for block in found.ip_configuration],
            "network_security_group_id": next((one.network_security_group_id for one in associations), ""),
        }


class TapConfigurationLookup(Lookup):
    """Reads a tap configuration of an interface."""

    of = NetworkInterfaceTapConfiguration
    shows = ("virtual_network_tap_id",)

    network_interface_id: Ref[NetworkInterface]
    """The ID of the tapped interface."""
    name: NonEmpty
    """The name to look for."""
