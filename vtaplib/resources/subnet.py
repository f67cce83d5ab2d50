"""A subnet: a range of a virtual network's addresses that interfaces take theirs from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Self

from vtaplib.model.addresses import bits, maybe_network, networks, overlaps
from vtaplib.model.arguments import EndpointPolicies, IdOf, NetworkName, NonEmpty, ResourceGroupName
from vtaplib.model.combination import ExactlyOneOf, RequiredWith
from vtaplib.model.general_rule import GENERAL_RULES, REFERENCES_EXIST
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
from vtaplib.resources.network_security_group import unattachable
from vtaplib.resources.referring_part import parts_that_refer
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.subnet_blocks import Delegation, ServiceEndpoint
from vtaplib.resources.subnet_delegation import (
    delegated_subnet_has_no_interfaces,
    delegations_are_not_repeated,
    service_endpoints_are_not_repeated,
)
from vtaplib.resources.virtual_network import IpAddressPool, VirtualNetwork

SMALLEST_PREFIX = 29
IPV6_PREFIX = 64
ATTACHMENT = "SubnetNetworkSecurityGroupAssociation"
"""The type of what attaches a security group to a subnet: the one place that says which, whoever does it."""
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
    """Whether machines get an outbound public address of Azure's choice."""
    delegation: Annotated[Sequence[Delegation], Arm(always=True)] = ()
    """The services that the subnet is delegated to."""
    ip_address_pool: Annotated[IpAddressPool, Arm("properties.ipamPoolPrefixAllocations[0]")] | None = None
    """An IPAM pool to take the prefixes from, instead of `address_prefixes`."""
    network_security_group_id_wo: (
        NotInArm[WriteOnly[Annotated[str, IdOf("Microsoft.Network/networkSecurityGroups")]]] | None
    ) = None
    """The ID of the network security group to attach; sent, never kept in state."""
    network_security_group_id_wo_version: NotInArm[Annotated[int, Between(1)]] | None = None
    """Change it to send `network_security_group_id_wo` again; remove both to detach the group."""
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
    """The ID of the route table to attach; sent, never kept in state."""
    route_table_id_wo_version: NotInArm[Inert[Annotated[int, Between(1)]]] | None = None
    """Change it to send `route_table_id_wo` again; remove both to detach the route table."""
    service_endpoint: Sequence[ServiceEndpoint] = ()
    """The services reached over an endpoint of the subnet."""
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

    subnets_per_virtual_network = limit(
        "subnets_per_virtual_network",
        ErrorCode.QUOTA_EXCEEDED,
        what="A network has no more subnets than the limit.",
        buckets=lambda it: [f"{it.virtual_network_id}/subnets"],
        path=("virtual_network_name",),
    )
    delegated_subnet_has_no_interfaces = delegated_subnet_has_no_interfaces
    delegations_are_not_repeated = delegations_are_not_repeated
    service_endpoints_are_not_repeated = service_endpoints_are_not_repeated

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
        group_id = self._sent_group(before)
        if group_id:
            values = {"subnet_id": self.id, "network_security_group_id": group_id, "sent": True}
            yield resource_kind(ATTACHMENT).from_values(values)

    def displaces(self, before: Subnet | None) -> Iterator[str]:
        if self._sent_group(before) == "":
            yield attachment_id(self.id)

    def _sent_group(self, before: Subnet | None) -> str | None:
        """The security group that a write attaches; "" where it takes one away, None where it leaves it."""
        if self.security_group is not None:
            return self.security_group
        group_id: str | None = self.newly_sent("network_security_group_id_wo", before)
        return group_id

    @property
    def _group_argument(self) -> str:
        """The argument that sends a security group."""
        return "security_group" if self.security_group else "network_security_group_id_wo"

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
                yield path, f"{self.label}: {prefix!r} is not a prefix in CIDR notation without host bits"
            elif network.version == 4 and network.prefixlen > SMALLEST_PREFIX:
                yield (
                    path,
                    (
                        f"{self.label}: {prefix} is smaller than /{SMALLEST_PREFIX}, the smallest that Azure "
                        "takes"
                    ),
                )
            elif network.version == 6 and network.prefixlen != IPV6_PREFIX:
                yield path, f"{self.label}: {prefix} is IPv6 and not a /{IPV6_PREFIX}"

    @rule(
        ErrorCode.NETCFG_SUBNET_RANGE_OUTSIDE_VNET,
        evidence=Evidence.OBSERVED,
        source="Azure, addresses of a virtual network",
    )
    def prefixes_lie_in_the_network(self, view: View, policy: Policy) -> Findings:
        """Every prefix lies inside one prefix of the network's address space."""
        network = view.get(VirtualNetwork, self.virtual_network_id)
        if network.ip_address_pool:
            return
        spaces = ", ".join(network.address_space or ())
        for position, prefix in enumerate(self.address_prefixes or ()):
            if maybe_network(prefix) is not None and not network.spaces_hold(prefix):
                yield (
                    ("address_prefixes", position),
                    f"{self.label}: {prefix} is outside the address space of {network.label} ({spaces})",
                )

    @rule(
        ErrorCode.NETCFG_SUBNET_RANGES_OVERLAP,
        evidence=Evidence.OBSERVED,
        source="Azure, addresses of a virtual network",
    )
    def prefixes_do_not_overlap_other_subnets(self, view: View, policy: Policy) -> Findings:
        """No prefix shares addresses with another, of this subnet or of another of the network."""
        for position, prefix in enumerate(self.address_prefixes or ()):
            network = maybe_network(prefix)
            if network is None:
                continue
            for _, earlier in overlaps([network], networks((self.address_prefixes or ())[:position])):
                yield (
                    ("address_prefixes", position),
                    f"{self.label}: {prefix} overlaps {earlier} of the same subnet",
                )
            for other in self._overlapping(view, bits(network)):
                theirs = ", ".join(other.address_prefixes or ())
                yield (
                    ("address_prefixes", position),
                    f"{self.label}: {prefix} overlaps {other.label} ({theirs}) in the same virtual network",
                )

    def _overlapping(self, view: View, leading: str) -> Iterator[Subnet]:
        """Other subnets that hold a prefix which begins this one, or is begun by it."""
        claims = f"{self.virtual_network_id}/prefixes/"
        family = leading.index(":") + 1
        wider = (claims + leading[:end] for end in range(family, len(leading)))
        found: set[str] = set()
        for target in (*wider, *(target for target, _ in view.targets(claims + leading, certain=True))):
            for other in view.referrers(target, Subnet, certain=True):
                if other.id.lower() != self.id.lower() and other.id not in found:
                    found.add(other.id)
                    yield other

    @rule(ErrorCode.NETCFG_INVALID_SUBNET, evidence=Evidence.DOCUMENTED, source="azurerm provider")
    def sharing_needs_no_default_outbound_access(self, view: View, policy: Policy) -> Findings:
        """A shared subnet has no default outbound access."""
        if self.sharing_scope and self.default_outbound_access_enabled:
            yield (
                ("sharing_scope",),
                f"{self.label}: sharing_scope needs default_outbound_access_enabled = false",
            )

    @rule(
        ErrorCode.INVALID_RESOURCE_REFERENCE,
        source="Azure, network security groups",
        compares=True,
        judges_new=True,
        at_apply=GENERAL_RULES[REFERENCES_EXIST].at_apply,
    )
    def sent_security_group_exists(self, before: Subnet | None, view: View, policy: Policy) -> Findings:
        """A security group that is sent to be attached exists."""
        group_id = self._sent_group(before)
        if group_id and view.settled and view.find(group_id) is None:
            argument = self._group_argument
            yield (argument,), f"{self.label}: {argument} = {group_id!r} does not exist"

    @rule(
        ErrorCode.INVALID_RESOURCE_REFERENCE,
        source="Azure, network security groups",
        compares=True,
        judges_new=True,
    )
    def sent_security_group_can_be_attached(
        self, before: Subnet | None, view: View, policy: Policy
    ) -> Findings:
        """What is sent to be attached is a security group, in the network's region."""
        group_id = self._sent_group(before)
        if group_id:
            path = (self._group_argument,)
            yield from unattachable(path, self.label, self.virtual_network_id, group_id, view)

    @rule(
        ErrorCode.IN_USE_SUBNET_CANNOT_BE_UPDATED,
        evidence=Evidence.INFERRED,
        source="Azure, addresses of a virtual network",
        compares=True,
    )
    def prefixes_stay_while_in_use(self, before: Subnet, view: View, policy: Policy) -> Findings:
        """The prefixes do not change while an address of the subnet is in use."""
        if sorted(networks(before.address_prefixes or ()), key=str) == sorted(
            networks(self.address_prefixes or ()), key=str
        ):
            return
        for user in view.referrers(f"{self.id}", Resource, certain=True):
            if any(reference.claim and "/addresses/" in reference.target for reference in user.references()):
                yield (
                    ("address_prefixes",),
                    (
                        f"{self.label}: the prefixes cannot change while {user.label} has an address in the "
                        "subnet"
                    ),
                )
                return


def attachment_id(subnet_id: str) -> str:
    """The ID of what attaches a security group to a subnet, if there is one."""
    return subnet_id + ATTACHMENT_SUFFIX


def _attached_route_table(before: Subnet | None, subnet: Subnet) -> str:
    """The route table: as sent now, by itself or in the network's argument, or as it was."""
    sent: str | None = subnet.newly_sent("route_table_id_wo", before)
    if sent is not None:
        return sent
    return subnet.route_table_id or (before.route_table_id if before is not None else "")
