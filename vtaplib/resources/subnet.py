"""A subnet: a range of a virtual network's addresses that interfaces take theirs from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Self

from vtaplib.model import ids
from vtaplib.model.addresses import bits, maybe_network
from vtaplib.model.arguments import EndpointPolicies, IdOf, NetworkName, NonEmpty, ResourceGroupName
from vtaplib.model.combination import ExactlyOneOf, RequiredWith
from vtaplib.model.marks import (
    SERVICE,
    Arm,
    Assigned,
    Between,
    CreateOnly,
    Derived,
    Each,
    Inert,
    Internal,
    Items,
    NotInArm,
    OneOf,
    Ref,
    Unordered,
    WriteOnly,
)
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Assignment, Reference, Resource, resource_kind
from vtaplib.model.rule import Findings, limit, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence
from vtaplib.resources.referring_part import parts_that_refer
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.subnet_blocks import Delegation, ServiceEndpoint
from vtaplib.resources.virtual_network import IpAddressPool, VirtualNetwork

SMALLEST_PREFIX = 29
IPV6_PREFIX = 64
ATTACHMENT = "SubnetNetworkSecurityGroupAssociation"
"""The type that attaches a security group to a subnet: the one place that says which."""
ATTACHMENT_SUFFIX = "/networkSecurityGroup/attached"


def _ip_configurations(subnet: Subnet, view: View) -> Sequence[Mapping[str, str]] | None:
    return [{"id": part} for part in parts_that_refer(subnet.id, view)] or None


class Subnet(Resource):
    """A range of addresses inside a virtual network."""

    id_format = (
        "/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
        "/providers/Microsoft.Network/virtualNetworks/{virtual_network_name}/subnets/{name}"
    )
    in_use_code = ErrorCode.IN_USE_SUBNET_CANNOT_BE_DELETED
    combinations = (
        ExactlyOneOf("address_prefixes", "ip_address_pool"),
        RequiredWith("network_security_group_id_wo", "network_security_group_id_wo_version"),
        RequiredWith("network_security_group_id_wo_version", "network_security_group_id_wo"),
        RequiredWith("route_table_id_wo", "route_table_id_wo_version"),
        RequiredWith("route_table_id_wo_version", "route_table_id_wo"),
    )
    arm_says: ClassVar[Mapping[str, Any]] = {
        "properties.ipConfigurations": _ip_configurations,
        "properties.privateEndpoints": None,
        "properties.purpose": None,
        "properties.resourceNavigationLinks": None,
        "properties.serviceAssociationLinks": None,
    }

    name: CreateOnly[NetworkName]
    """The name of the subnet."""
    resource_group_name: CreateOnly[Annotated[Ref[ResourceGroup], *ResourceGroupName.__metadata__]]
    """The name of the network's resource group."""
    virtual_network_name: CreateOnly[Ref[VirtualNetwork]]
    """The name of the virtual network."""
    address_prefixes: (
        Annotated[Sequence[NonEmpty], Items(minimum_if_set=1), Arm(also="properties.addressPrefix")] | None
    ) = None
    """The address prefixes of the subnet, in CIDR notation."""
    default_outbound_access_enabled: Annotated[Inert[bool], Arm("properties.defaultOutboundAccess")] = True
    """Whether machines get an outbound public address that Azure chooses."""
    delegation: Annotated[Sequence[Delegation], Arm(always=True)] = ()
    """The services that the subnet is delegated to."""
    ip_address_pool: Annotated[IpAddressPool, Arm("properties.ipamPoolPrefixAllocations[0]")] | None = None
    """An IPAM pool to take the prefixes from, instead of `address_prefixes`."""
    network_security_group_id_wo: (
        NotInArm[WriteOnly[Annotated[str, IdOf("Microsoft.Network/networkSecurityGroups")]]] | None
    ) = None
    """The ID of the network security group to attach. It is sent, but never kept in the state."""
    network_security_group_id_wo_version: NotInArm[Annotated[int, Between(1)]] | None = None
    """Change it to send `network_security_group_id_wo` again. Remove both to detach the group."""
    private_endpoint_network_policies: Inert[EndpointPolicies] = "Disabled"
    """Which network policies apply to private endpoints in the subnet."""
    private_link_service_network_policies_enabled: Annotated[
        Inert[bool],
        Arm("properties.privateLinkServiceNetworkPolicies", words=((True, "Enabled"), (False, "Disabled"))),
    ] = True
    """Whether network policies apply to private link services in the subnet."""
    route_table_id_wo: (
        NotInArm[Inert[WriteOnly[Annotated[str, IdOf("Microsoft.Network/routeTables")]]]] | None
    ) = None
    """The ID of the route table to attach. It is sent, but never kept in the state."""
    route_table_id_wo_version: NotInArm[Inert[Annotated[int, Between(1)]]] | None = None
    """Change it to send `route_table_id_wo` again. Remove both to detach the route table."""
    service_endpoint: Sequence[ServiceEndpoint] = ()
    """The services that the subnet reaches over an endpoint."""
    service_endpoint_policy_ids: (
        Annotated[Inert[Unordered[Sequence[str]]], Each((IdOf("Microsoft.Network/serviceEndpointPolicies"),))]
        | None
    ) = None
    """The IDs of the service endpoint policies."""
    sharing_scope: Inert[Annotated[str, OneOf(("Tenant",))]] | None = None
    """How far the subnet is shared; needs `default_outbound_access_enabled = false`."""
    network_security_group_id: Derived[str] = SERVICE
    """The ID of the network security group attached to the subnet."""
    route_table_id: Assigned[str] = SERVICE
    """The ID of the route table attached to the subnet."""
    security_group: NotInArm[Internal[WriteOnly[str]]] | None = None
    """The ID of the security group to attach, as a network's `subnet` argument sends it; "" for none."""

    @limit(ErrorCode.QUOTA_EXCEEDED, path=("virtual_network_name",))
    def subnets_per_virtual_network(self) -> Iterable[str]:
        """A network has no more subnets than the limit."""
        return [f"{self.virtual_network_id}/subnets"]

    @property
    def virtual_network_id(self) -> str:
        """The ID of the network that the subnet divides."""
        return self.id.rpartition("/subnets/")[0]

    def references(self) -> Iterator[Reference]:
        yield from super().references()
        if self.knows("address_prefixes"):
            for position, prefix in enumerate(self.address_prefixes or ()):
                network = maybe_network(prefix)
                if network is not None:
                    claim = f"{self.virtual_network_id}/prefixes/{bits(network)}"
                    yield Reference(("address_prefixes", position), claim, claim=True)

    def requested(self) -> Self:
        return self.replace(ip_address_pool=None) if self.address_prefixes else self

    def assign(self, view: View, before: Subnet | None) -> Iterator[Assignment]:
        if self.ip_address_pool:
            yield ("ip_address_pool", 0, "allocated_ip_address_prefixes"), lambda it: ()
        yield ("route_table_id",), partial(_attached_route_table, before)

    def derive(self, view: View) -> Iterator[Assignment]:
        def group_id(it: Subnet) -> str:
            found: Any = view.find(attachment_id(it.id))
            return "" if found is None else found.network_security_group_id

        yield ("network_security_group_id",), group_id

    def effects(self, view: View, before: Subnet | None) -> Iterator[Resource]:
        group_id = self.sent_group(before)
        if group_id:
            values = {"subnet_id": self.id, "network_security_group_id": group_id, "sent": True}
            yield resource_kind(ATTACHMENT).from_values(values)

    def displaces(self, before: Subnet | None) -> Iterator[str]:
        if self.sent_group(before) == "":
            yield attachment_id(self.id)

    def sent_group(self, before: Subnet | None) -> str | None:
        """The security group that a write attaches; "" where it takes one away, None where it leaves it."""
        if self.security_group is not None:
            return self.security_group
        group_id: str | None = self.newly_sent("network_security_group_id_wo", before)
        return group_id

    @property
    def group_argument(self) -> str:
        """The argument that sends a security group."""
        return "security_group" if self.security_group else "network_security_group_id_wo"

    @rule(ErrorCode.NETCFG_INVALID_SUBNET, evidence=Evidence.INFERRED, source="Azure, delegation of subnets")
    def delegations_are_not_repeated(self, view: View, policy: Policy) -> Findings:
        """No two delegations have the same name or the same service."""
        seen: set[tuple[str, str]] = set()
        for position, delegation in enumerate(self.delegation):
            for field, name in (
                ("name", delegation.name),
                ("service_delegation", delegation.service_delegation.name),
            ):
                if (field, ids.key(name)) in seen:
                    yield (
                        ("delegation", position, field),
                        f"{self.label}: {name} is given twice",
                        "give it once",
                    )
                seen.add((field, ids.key(name)))

    @rule(ErrorCode.NETCFG_INVALID_SUBNET, evidence=Evidence.INFERRED, source="Azure, service endpoints")
    def service_endpoints_are_not_repeated(self, view: View, policy: Policy) -> Findings:
        """No two endpoints are for the same service."""
        seen: set[str] = set()
        for position, endpoint in enumerate(self.service_endpoint):
            if ids.key(endpoint.service) in seen:
                path = ("service_endpoint", position, "service")
                yield (path, f"{self.label}: {endpoint.service} is given twice", "give it once")
            seen.add(ids.key(endpoint.service))

    @rule(
        ErrorCode.NETCFG_INVALID_SUBNET,
        evidence=Evidence.INFERRED,
        source="Azure, addresses of a virtual network",
    )
    def prefixes_are_usable(self, view: View, policy: Policy) -> Findings:
        """Every prefix is well formed, at least a /29, and exactly a /64 for IPv6."""
        for position, prefix in enumerate(self.address_prefixes or ()):
            path = ("address_prefixes", position)
            network = maybe_network(prefix)
            if network is None:
                yield (
                    path,
                    f"{self.label}: {prefix!r} is not a prefix in CIDR notation without host bits",
                    "write one such as 10.0.1.0/24",
                )
            elif network.version == 4 and network.prefixlen > SMALLEST_PREFIX:
                yield (
                    path,
                    (
                        f"{self.label}: {prefix} is smaller than /{SMALLEST_PREFIX}, the smallest that Azure "
                        "takes"
                    ),
                    "use a larger one",
                )
            elif network.version == 6 and network.prefixlen != IPV6_PREFIX:
                yield (
                    path,
                    f"{self.label}: {prefix} is IPv6 and not a /{IPV6_PREFIX}",
                    f"use a /{IPV6_PREFIX}",
                )

    @rule(ErrorCode.NETCFG_INVALID_SUBNET, evidence=Evidence.DOCUMENTED, source="azurerm provider")
    def sharing_needs_no_default_outbound_access(self, view: View, policy: Policy) -> Findings:
        """A shared subnet has no default outbound access."""
        if self.sharing_scope and self.default_outbound_access_enabled:
            yield (
                ("sharing_scope",),
                f"{self.label}: sharing_scope needs default_outbound_access_enabled = false",
                "set that, or leave sharing_scope out",
            )


def attachment_id(subnet_id: str) -> str:
    """The ID of what attaches a security group to a subnet, if there is one."""
    return subnet_id + ATTACHMENT_SUFFIX


def _attached_route_table(before: Subnet | None, subnet: Subnet) -> str:
    """The route table: as sent now, by itself or in the network's argument, or as it was."""
    sent: str | None = subnet.newly_sent("route_table_id_wo", before)
    if sent is not None:
        return sent
    return subnet.route_table_id or (before.route_table_id if before is not None else "")
