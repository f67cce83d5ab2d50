"""A virtual network and its subnets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provider_shim.data_source import LookupInGroup, Session
from vtaplib.model.arguments import NonEmpty
from vtaplib.model.base import Values
from vtaplib.model.marks import SERVICE, Assigned
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.virtual_network import VirtualNetwork
from vtaplib.resources.virtual_network_peering import VirtualNetworkPeering


class VirtualNetworkLookup(LookupInGroup):
    """Reads a virtual network."""

    of = VirtualNetwork
    shows = ("location", "address_space", "dns_servers", "guid", "tags")

    address_space: Assigned[Sequence[str]] = SERVICE
    subnets: Assigned[Sequence[str]] = SERVICE
    """The names of the subnets."""
    vnet_peerings: Assigned[Mapping[str, str]] = SERVICE
    """The peerings: the ID of the remote network by the name of the peering."""
    vnet_peerings_addresses: Assigned[Sequence[str]] = SERVICE
    """The address spaces of the remote networks, as the peerings know them."""

    def more(self, found: VirtualNetwork, session: Session) -> Values:
        view = session.cloud.view
        peerings = list(view.list(VirtualNetworkPeering, f"{found.id}/virtualNetworkPeerings/"))
        return {
            "subnets": [subnet.name for subnet in view.list(Subnet, f"{found.id}/subnets/")],
            "vnet_peerings": {peering.name: peering.remote_virtual_network_id for peering in peerings},
            "vnet_peerings_addresses": [
                space for peering in peerings for space in peering.remote_address_space or ()
            ],
        }


class SubnetLookup(LookupInGroup):
    """Reads a subnet."""

    of = Subnet
    shows = (
        "address_prefixes",
        "default_outbound_access_enabled",
        "network_security_group_id",
        "private_endpoint_network_policies",
        "private_link_service_network_policies_enabled",
        "route_table_id",
        "service_endpoint",
    )

    virtual_network_name: NonEmpty
    """The name of the virtual network."""
    address_prefix: Assigned[str] = SERVICE
    """The first address prefix."""

    def more(self, found: Subnet, session: Session) -> Values:
        return {"address_prefix": next(iter(found.address_prefixes or ()), "")}
