"""A virtual network: address spaces in the same region, with the subnets that its own argument may carry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from ipaddress import IPv4Network
from typing import Annotated, Any, ClassVar, Self

from vtaplib.model import ids
from vtaplib.model.addresses import contains, maybe_network, networks, overlaps
from vtaplib.model.arguments import (
    EdgeZone,
    EndpointPolicies,
    IdOf,
    Location,
    NetworkName,
    NonEmpty,
    ResourceGroupName,
    Tags,
)
from vtaplib.model.base import Block
from vtaplib.model.combination import ExactlyOneOf
from vtaplib.model.marks import (
    SERVICE,
    Arm,
    Assigned,
    AttributeBlock,
    Between,
    CreateOnly,
    Each,
    Inert,
    Inline,
    Items,
    Length,
    Matches,
    OneOf,
    OptionalAssigned,
    Ref,
    Satisfies,
    Unordered,
)
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Assignment, Resource, resource_kind
from vtaplib.model.rule import Findings, limit, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.subnet_blocks import Delegation, ServiceEndpoint

FORBIDDEN = tuple(
    IPv4Network(prefix)
    for prefix in ("224.0.0.0/4", "255.255.255.255/32", "127.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32")
)
"""Ranges that no address space may touch: multicast, broadcast, loopback, link-local, Azure's platform
address."""
SMALLEST_PREFIX = 29
LARGEST_PREFIX = 2


def _community_problem(value: str) -> str | None:
    parts = value.split(":")
    if len(parts) == 2 and all(part.isdigit() and 0 < int(part) < 65535 for part in parts):
        return None
    return "is not of the form asn:community, each an integer between 1 and 65534"


class DdosProtectionPlan(Block):
    """The DDoS protection plan of the network."""

    enable: Annotated[Inert[bool], Arm("enableDdosProtection")]
    """Whether the plan is on."""
    id: Annotated[
        Inert[Annotated[str, IdOf("Microsoft.Network/ddosProtectionPlans")]], Arm("ddosProtectionPlan.id")
    ]
    """The ID of the plan."""


class Encryption(Block):
    """Encryption between the network's machines."""

    arm_says: ClassVar[Mapping[str, Any]] = {"enabled": True}

    enforcement: Annotated[str, OneOf(("DropUnencrypted", "AllowUnencrypted"))]
    """What happens to traffic that cannot be encrypted."""


class IpAddressPool(Block):
    """Address space taken from an IPAM pool."""

    id: Annotated[Inert[Annotated[str, IdOf("Microsoft.Network/networkManagers/ipamPools")]], Arm("pool.id")]
    """The ID of the pool."""
    number_of_ip_addresses: Annotated[
        Inert[Annotated[str, Matches(r"^[1-9][0-9]*\Z", "is not a positive number")]],
        Arm("numberOfIpAddresses"),
    ]
    """How many addresses to take."""
    allocated_ip_address_prefixes: Annotated[Assigned[Sequence[str]], Arm("allocatedAddressPrefixes")] = (
        SERVICE
    )
    """The prefixes that were taken. Always empty, because IPAM pools are not simulated."""


class InlineSubnet(Block):
    """A subnet that is managed with its network."""

    name: NetworkName
    """The name of the subnet."""
    address_prefixes: Annotated[Sequence[NonEmpty], Items(1)]
    """The address prefixes of the subnet."""
    default_outbound_access_enabled: Inert[bool] = True
    """Whether machines get an outbound public address that Azure chooses."""
    delegation: Annotated[Sequence[Delegation], Items(0, 1)] = ()
    """The service that the subnet is delegated to."""
    private_endpoint_network_policies: Inert[EndpointPolicies] = "Disabled"
    """Which network policies apply to private endpoints in the subnet."""
    private_link_service_network_policies_enabled: Inert[bool] = True
    """Whether network policies apply to private link services in the subnet."""
    route_table_id: Inert[Annotated[str, IdOf("Microsoft.Network/routeTables")]] | None = None
    """The ID of the subnet's route table."""
    security_group: str | None = None
    """The ID of the subnet's network security group. If you leave it out, the subnet has none."""
    service_endpoint: Sequence[ServiceEndpoint] = ()
    """The services that the subnet reaches over an endpoint."""
    service_endpoint_policy_ids: (
        Annotated[Inert[Unordered[Sequence[str]]], Each((IdOf("Microsoft.Network/serviceEndpointPolicies"),))]
        | None
    ) = None
    """The IDs of the service endpoint policies."""
    id: Assigned[str] = SERVICE
    """The ID of the subnet."""

    child = "Subnet"
    renamed: ClassVar[Mapping[str, str]] = {"security_group": "network_security_group_id"}


class VirtualNetwork(Resource):
    """A private network in a region. Subnets divide its address space."""

    id_format = (
        "/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
        "/providers/Microsoft.Network/virtualNetworks/{name}"
    )
    combinations = (ExactlyOneOf("address_space", "ip_address_pool"),)
    dependents = ("VirtualNetworkPeering",)
    arm_says: ClassVar[Mapping[str, Any]] = {
        "properties.enableDdosProtection": lambda it, view: bool(
            it.ddos_protection_plan and it.ddos_protection_plan.enable
        ),
        "properties.enableVmProtection": None,
        "properties.bgpCommunities.regionalCommunity": None,
    }

    name: CreateOnly[NetworkName]
    """The name of the virtual network."""
    resource_group_name: CreateOnly[Annotated[Ref[ResourceGroup], *ResourceGroupName.__metadata__]]
    """The name of the resource group to create the network in."""
    location: CreateOnly[Location]
    """The Azure region."""
    address_space: (
        Annotated[
            Unordered[Sequence[NonEmpty]],
            Items(minimum_if_set=1),
            Arm("properties.addressSpace.addressPrefixes"),
        ]
        | None
    ) = None
    """The address spaces, in CIDR notation."""
    bgp_community: (
        Annotated[
            Inert[Annotated[str, Satisfies(_community_problem)]],
            Arm("properties.bgpCommunities.virtualNetworkCommunity"),
        ]
        | None
    ) = None
    """The BGP community, `asn:community`."""
    ddos_protection_plan: Annotated[DdosProtectionPlan, Arm("properties")] | None = None
    """The DDoS protection plan."""
    dns_servers: (
        Annotated[
            OptionalAssigned[Inert[Annotated[Sequence[str], Each((Length(1),))]]],
            Arm("properties.dhcpOptions.dnsServers"),
        ]
        | None
    ) = None
    """Addresses of custom DNS servers. If empty, Azure's own are used."""
    edge_zone: CreateOnly[Inert[EdgeZone]] | None = None
    """The edge zone inside the region."""
    encryption: Encryption | None = None
    """Encryption of the traffic between machines."""
    flow_timeout_in_minutes: Inert[Annotated[int, Between(4, 30)]] | None = None
    """Minutes after which an idle connection is forgotten."""
    ip_address_pool: Annotated[
        Sequence[IpAddressPool], Items(0, 2), Arm("properties.addressSpace.ipamPoolPrefixAllocations")
    ] = ()
    """IPAM pools to take the address space from, instead of `address_space`."""
    private_endpoint_vnet_policies: Annotated[
        Inert[Annotated[str, OneOf(("Basic", "Disabled"))]], Arm("properties.privateEndpointVNetPolicies")
    ] = "Disabled"
    """The policies for private endpoints in the network."""
    subnet: OptionalAssigned[Inline[AttributeBlock[Unordered[Sequence[InlineSubnet]]]]] | None = None
    """Subnets managed with the network. Do not mix with subnet resources for the same network. If you leave
    it out, existing subnets stay. An empty list removes them."""
    tags: Tags | None = None
    """Tags of the resource."""
    guid: Annotated[Assigned[str], Arm("properties.resourceGuid")] = SERVICE
    """The GUID of the network."""

    @limit(ErrorCode.VNET_COUNT_LIMIT_REACHED, path=("location",))
    def virtual_networks_per_region(self) -> Iterable[str]:
        """A region of a subscription has no more networks than the limit."""
        return [ids.in_region(self.subscription_id, self.location, "virtual networks")]

    @limit(ErrorCode.QUOTA_EXCEEDED, path=("dns_servers",), shared=False)
    def dns_servers_per_virtual_network(self) -> Iterable[str]:
        """A network has no more DNS servers of its own than the limit."""
        return [f"{self.id}/DNS servers"] * len(self.dns_servers or ())

    def requested(self) -> Self:
        return self.replace(ip_address_pool=()) if self.address_space else self

    def assign(self, view: View, before: VirtualNetwork | None) -> Iterator[Assignment]:
        yield ("guid",), lambda it: ids.guid(it.id)
        for position, block in enumerate(self.subnet or ()):
            yield ("subnet", position, "id"), partial(_subnet_id, name=block.name)
        for position, _ in enumerate(self.ip_address_pool):
            yield ("ip_address_pool", position, "allocated_ip_address_prefixes"), lambda it: ()

    def keeps_children(self, policy: Policy) -> bool:
        return policy.vnet_put_without_subnets == "keep"

    def aftermath(self, view: View) -> Iterator[Resource]:
        """Peerings that other networks have with this one are Disconnected once it is gone."""
        for peering in view.referrers(self.id, resource_kind("VirtualNetworkPeering")):
            yield peering.replace(peering_state="Disconnected")

    @rule(
        ErrorCode.INVALID_ADDRESS_SPACE,
        evidence=Evidence.DOCUMENTED,
        source="Azure, addresses of a virtual network",
    )
    def address_space_is_usable(self, view: View, policy: Policy) -> Findings:
        """Every prefix is well formed, of a size that Azure takes, and outside reserved ranges."""
        for prefix in self.address_space or ():
            network = maybe_network(prefix)
            if network is None:
                yield (
                    ("address_space",),
                    f"{self.label}: {prefix!r} is not a prefix in CIDR notation without host bits",
                    "write one such as 10.0.0.0/16",
                )
                continue
            if network.version == 4 and not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
                yield (
                    ("address_space",),
                    f"{self.label}: {prefix} is outside the sizes /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}",
                    "choose a size in between",
                )
            for _, forbidden in overlaps([network], FORBIDDEN):
                yield (
                    ("address_space",),
                    f"{self.label}: {prefix} overlaps {forbidden}, which Azure reserves",
                    "choose another prefix",
                )

    @rule(
        ErrorCode.INVALID_ADDRESS_SPACE,
        evidence=Evidence.INFERRED,
        source="Azure, addresses of a virtual network",
    )
    def address_space_does_not_overlap_itself(self, view: View, policy: Policy) -> Findings:
        """No two prefixes of one address space share addresses."""
        spaces = networks(self.address_space or ())
        for position, space in enumerate(spaces):
            for one, other in overlaps([space], spaces[position + 1 :]):
                yield (
                    ("address_space",),
                    f"{self.label}: {one} and {other} overlap",
                    "remove or change one of the two",
                )

    def spaces_hold(self, prefix: str) -> bool:
        """Whether a prefix lies inside one prefix of the address space."""
        inner = maybe_network(prefix)
        return inner is not None and any(
            contains(space, inner) for space in networks(self.address_space or ())
        )


def _subnet_id(network: VirtualNetwork, name: str) -> str:
    return f"{network.id}/subnets/{name}"
