"""A load balancer: frontends that rules spread over pools of backends. azurerm writes pools, probes and rules
as resources of their own; each is a module beside this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar

from vtaplib.model.arguments import (
    AddressVersion,
    CaseInsensitive,
    EdgeZone,
    IdOf,
    IpAddressOrEmpty,
    Location,
    NetworkName,
    NonEmpty,
    ResourceGroupName,
    Tags,
)
from vtaplib.model.base import Block
from vtaplib.model.marks import (
    SERVICE,
    Arm,
    Assigned,
    CreateOnly,
    Derived,
    Each,
    Inert,
    Items,
    Length,
    NotInArm,
    OneOf,
    OptionalAssigned,
    Ref,
    Unordered,
)
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Assignment, resource_kind
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Path
from vtaplib.resources.addressed_resource import addresses_per_network
from vtaplib.resources.public_ip import PublicIp
from vtaplib.resources.publicly_addressed_resource import PubliclyAddressedResource
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.sku_tier import SkuTier, global_needs_standard
from vtaplib.resources.subnet import Subnet


class LbFrontendIpConfiguration(Block):
    """An address that the load balancer listens on: private in a subnet, or public."""

    id_segment = "frontendIPConfigurations"
    owner = "Lb"

    name: NonEmpty
    """The name of the frontend, unique in the load balancer."""
    gateway_load_balancer_frontend_ip_configuration_id: (
        Annotated[
            OptionalAssigned[
                Inert[Annotated[str, IdOf("Microsoft.Network/loadBalancers/frontendIPConfigurations")]]
            ],
            Arm("properties.gatewayLoadBalancer.id"),
        ]
        | None
    ) = None
    """The frontend of a gateway load balancer that traffic passes through."""
    private_ip_address: OptionalAssigned[IpAddressOrEmpty] | None = None
    """The private address. You choose it if the allocation is Static; Azure chooses it if it is Dynamic."""
    private_ip_address_allocation: (
        Annotated[
            OptionalAssigned[Annotated[str, OneOf(("Dynamic", "Static"), ignore_case=True), CaseInsensitive]],
            Arm("properties.privateIPAllocationMethod"),
        ]
        | None
    ) = None
    """`Dynamic` (the lowest free address, kept) or `Static`."""
    private_ip_address_version: OptionalAssigned[AddressVersion] | None = None
    """The address family."""
    public_ip_address_id: Ref[PublicIp] | None = None
    """The ID of the public address; makes the frontend public."""
    public_ip_prefix_id: (
        OptionalAssigned[Inert[Annotated[str, IdOf("Microsoft.Network/publicIPPrefixes")]]] | None
    ) = None
    """The ID of the public prefix for outbound rules."""
    subnet_id: Ref[Subnet] | None = None
    """The ID of the subnet; makes the frontend internal."""
    zones: Inert[Unordered[Annotated[Sequence[str], Each((Length(1),))]]] | None = None
    """The availability zones of the frontend's address."""
    id: Assigned[str] = SERVICE
    """The ID of the frontend."""
    inbound_nat_rules: Annotated[
        Derived[Unordered[Sequence[str]]], Arm("properties.inboundNatRules[].id")
    ] = SERVICE
    """The IDs of inbound NAT rules on the frontend."""
    load_balancer_rules: Annotated[
        Derived[Unordered[Sequence[str]]], Arm("properties.loadBalancingRules[].id")
    ] = SERVICE
    """The IDs of load-balancing rules on the frontend."""
    outbound_rules: Annotated[Derived[Unordered[Sequence[str]]], Arm("properties.outboundRules[].id")] = (
        SERVICE
    )
    """The IDs of outbound rules on the frontend."""

    @property
    def internal(self) -> bool:
        """Whether the frontend is private."""
        return bool(self.subnet_id)


class Lb(PubliclyAddressedResource):
    """A load balancer of layer 4."""

    id_format = (
        "/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
        "/providers/Microsoft.Network/loadBalancers/{name}"
    )
    holder_field = "frontend_ip_configuration"
    dependents = ("LbRule", "VirtualNetworkTap")
    arm_says: ClassVar[Mapping[str, Any]] = {
        "properties.inboundNatPools": (),
        "properties.inboundNatRules": (),
        "properties.outboundRules": (),
    }

    name: CreateOnly[NetworkName]
    """The name of the load balancer."""
    resource_group_name: CreateOnly[Annotated[Ref[ResourceGroup], *ResourceGroupName.__metadata__]]
    """The name of the resource group to create the load balancer in."""
    location: CreateOnly[Location]
    """The Azure region."""
    edge_zone: CreateOnly[Inert[EdgeZone]] | None = None
    """The edge zone inside the region."""
    frontend_ip_configuration: Annotated[Sequence[LbFrontendIpConfiguration], Items(0, minimum_if_set=1)] = ()
    """The addresses that the load balancer listens on."""
    sku: Annotated[CreateOnly[Annotated[str, OneOf(("Basic", "Standard", "Gateway"))]], Arm("sku.name")] = (
        "Standard"
    )
    """The SKU."""
    sku_tier: Annotated[CreateOnly[SkuTier], Arm("sku.tier")] = "Regional"
    """The tier of the SKU."""
    tags: Tags | None = None
    """Tags of the resource."""
    private_ip_address: NotInArm[Assigned[str]] = SERVICE
    """The private address of the first internal frontend."""
    private_ip_addresses: NotInArm[Assigned[Sequence[str]]] = SERVICE
    """The private addresses of all internal frontends."""

    private_addresses_per_virtual_network = addresses_per_network(holder_field)

    @property
    def public_tier(self) -> str:
        return self.sku_tier

    def frontend(self, name: str) -> LbFrontendIpConfiguration | None:
        """The frontend with a name, compared without case, or None."""
        return next((one for one in self.frontend_ip_configuration if one.name.lower() == name.lower()), None)

    def assign(self, view: View, before: Lb | None) -> Iterator[Assignment]:
        grant = self.granting(view, before)
        for position, block in enumerate(self.frontend_ip_configuration):
            at = ("frontend_ip_configuration", position)
            yield (*at, "id"), partial(_frontend_id, block)
            yield (*at, "private_ip_address_allocation"), partial(_allocation, block)
            yield (*at, "private_ip_address_version"), partial(_version, block)
            yield (*at, "private_ip_address"), partial(grant, block)
            yield (*at, "gateway_load_balancer_frontend_ip_configuration_id"), partial(_gateway_id, block)
            yield (*at, "public_ip_prefix_id"), partial(_public_prefix_id, block)
        yield ("private_ip_addresses",), _private_addresses
        yield ("private_ip_address",), lambda it: next(iter(_private_addresses(it)), "")

    def needs_replacing(self, before: Lb) -> Iterator[Path]:
        """All frontends removed, or the zones of one changed."""
        if before.frontend_ip_configuration and not self.frontend_ip_configuration:
            yield ("frontend_ip_configuration",)
        past = {block.name: block for block in before.frontend_ip_configuration}
        for position, block in enumerate(self.frontend_ip_configuration):
            if block.name in past and set(block.zones or ()) != set(past[block.name].zones or ()):
                yield ("frontend_ip_configuration", position, "zones")

    def derive(self, view: View) -> Iterator[Assignment]:
        def rule_ids(block: LbFrontendIpConfiguration, balancer: Lb) -> tuple[str, ...]:
            return tuple(rule.id for rule in view.referrers(block.id, resource_kind("LbRule")))

        for position, block in enumerate(self.frontend_ip_configuration):
            at = ("frontend_ip_configuration", position)
            yield (*at, "inbound_nat_rules"), lambda it: ()
            yield (*at, "outbound_rules"), lambda it: ()
            yield (*at, "load_balancer_rules"), partial(rule_ids, block)

    @rule(
        ErrorCode.INVALID_REQUEST_CONTENT, evidence=Evidence.INFERRED, source="Azure REST API, load balancers"
    )
    def frontends_have_one_kind_of_address(self, view: View, policy: Policy) -> Findings:
        """Every frontend has a subnet, a public address or a public prefix, and only one of them."""
        for position, block in enumerate(self.frontend_ip_configuration):
            kinds = ("subnet_id", "public_ip_address_id", "public_ip_prefix_id")
            given = [kind for kind in kinds if getattr(block, kind)]
            if len(given) != 1:
                yield (
                    ("frontend_ip_configuration", position),
                    (
                        f"{self.label}: {block.name} needs exactly one of {', '.join(kinds)}; "
                        f"{', '.join(given) or 'none'} is given"
                    ),
                    "give one of them",
                )

    @rule(
        ErrorCode.INVALID_REQUEST_CONTENT, evidence=Evidence.INFERRED, source="Azure REST API, load balancers"
    )
    def frontend_names_are_unique(self, view: View, policy: Policy) -> Findings:
        """No two frontends have the same name."""
        seen: set[str] = set()
        for position, block in enumerate(self.frontend_ip_configuration):
            if block.name.lower() in seen:
                path = ("frontend_ip_configuration", position, "name")
                yield (path, f"{self.label}: {block.name} is used twice", "give each a name of its own")
            seen.add(block.name.lower())

    global_tier_needs_standard = global_needs_standard


def _frontend_id(block: LbFrontendIpConfiguration, balancer: Lb) -> str:
    return f"{balancer.id}/{block.id_segment}/{block.name}"


def _allocation(block: LbFrontendIpConfiguration, balancer: Lb) -> str:
    return block.private_ip_address_allocation or "Dynamic"


def _version(block: LbFrontendIpConfiguration, balancer: Lb) -> str:
    return block.private_ip_address_version or ("IPv4" if block.internal else "")


def _gateway_id(block: LbFrontendIpConfiguration, balancer: Lb) -> str:
    return block.gateway_load_balancer_frontend_ip_configuration_id or ""


def _public_prefix_id(block: LbFrontendIpConfiguration, balancer: Lb) -> str:
    return block.public_ip_prefix_id or ""


def _private_addresses(balancer: Lb) -> tuple[str, ...]:
    return tuple(
        block.private_ip_address for block in balancer.frontend_ip_configuration if block.private_ip_address
    )
