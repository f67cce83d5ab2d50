"""A public address: what an interface or a load balancer is reached by from outside.

The addresses given are nobody's: they are of ranges that no one routes, so that a configuration that is tried
here can do no harm elsewhere. No two are given twice. What is behind them on the internet is not simulated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, ClassVar, Final

from vtaplib.model.arguments import (
    AddressVersion,
    AllocationMethod,
    EdgeZone,
    IdOf,
    Location,
    NetworkName,
    NonEmpty,
    ResourceGroupName,
    Tags,
)
from vtaplib.model.marks import (
    SERVICE,
    Arm,
    Assigned,
    Between,
    CreateOnly,
    Each,
    Inert,
    Length,
    Matches,
    OneOf,
    Ref,
    Unordered,
)
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Assignment, Reference, Resource
from vtaplib.model.rule import Findings, rule
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Path
from vtaplib.resources.referring_part import parts_that_refer
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.sku_tier import SkuTier, global_needs_standard
from vtaplib.resources.subscription import Subscription

SYNTHETIC: Final[Mapping[str, IPv4Network | IPv6Network]] = {
    "IPv4": IPv4Network("198.18.0.0/15"),  # RFC 2544, for benchmarks
    "IPv6": IPv6Network("2001:db8::/32"),  # RFC 3849, for documentation
}
"""The ranges that addresses are taken from."""
DNS_ZONE: Final = "cloudapp.azure.com"
REUSES: Final = ("NoReuse", "ResourceGroupReuse", "SubscriptionReuse", "TenantReuse")

DomainNameLabel = Annotated[
    str,
    Matches(
        r"^[a-z][a-z0-9-]{1,61}[a-z0-9]\Z",
        "must have 3 to 63 lower-case letters, digits and dashes, start with a letter and end with a letter "
        "or digit",
    ),
]


def _ip_configuration(address: PublicIp, view: View) -> Mapping[str, str] | None:
    return next(({"id": part} for part in parts_that_refer(address.id, view)), None)


class PublicIp(Resource):
    """A public address."""

    id_format = (
        "/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
        "/providers/Microsoft.Network/publicIPAddresses/{name}"
    )
    in_use_code = ErrorCode.PUBLIC_IP_ADDRESS_CANNOT_BE_DELETED
    arm_says: ClassVar[Mapping[str, Any]] = {
        "properties.ipConfiguration": _ip_configuration,
        "properties.natGateway": None,
    }

    name: CreateOnly[NetworkName]
    """The name of the public address."""
    resource_group_name: CreateOnly[Annotated[Ref[ResourceGroup], *ResourceGroupName.__metadata__]]
    """The name of the resource group to create the public address in."""
    location: CreateOnly[Location]
    """The Azure region; the same as that of the interface or load balancer."""
    allocation_method: Annotated[AllocationMethod, Arm("properties.publicIPAllocationMethod")]
    """`Static`: assigned at creation and kept. `Dynamic` was for the Basic SKU."""
    ddos_protection_mode: Annotated[
        Inert[Annotated[str, OneOf(("Disabled", "Enabled", "VirtualNetworkInherited"))]],
        Arm("properties.ddosSettings.protectionMode"),
    ] = "VirtualNetworkInherited"
    """Whether the address is protected against denial-of-service attacks."""
    ddos_protection_plan_id: (
        Annotated[
            Inert[Annotated[str, IdOf("Microsoft.Network/ddosProtectionPlans")]],
            Arm("properties.ddosSettings.ddosProtectionPlan.id"),
        ]
        | None
    ) = None
    """The ID of the protection plan; needs `ddos_protection_mode = "Enabled"`."""
    domain_name_label: Annotated[DomainNameLabel, Arm("properties.dnsSettings.domainNameLabel")] | None = None
    """The first label of the address's name in the region's DNS."""
    domain_name_label_scope: (
        Annotated[str, OneOf(REUSES), Arm("properties.dnsSettings.domainNameLabelScope")] | None
    ) = None
    """Who may have the name after the address is deleted. The name then contains a part that cannot be
    guessed."""
    edge_zone: CreateOnly[Inert[EdgeZone]] | None = None
    """The edge zone inside the region."""
    idle_timeout_in_minutes: Inert[Annotated[int, Between(4, 30)]] = 4
    """Minutes after which an idle connection is forgotten."""
    ip_tags: (
        Annotated[CreateOnly[Inert[Mapping[str, str]]], Arm("properties.ipTags", pairs=("ipTagType", "tag"))]
        | None
    ) = None
    """Tags of the address, such as `RoutingPreference`."""
    ip_version: Annotated[CreateOnly[AddressVersion], Arm("properties.publicIPAddressVersion")] = "IPv4"
    """The address family."""
    public_ip_prefix_id: (
        CreateOnly[Inert[Annotated[str, IdOf("Microsoft.Network/publicIPPrefixes")]]] | None
    ) = None
    """The ID of the prefix to take the address from."""
    reverse_fqdn: Annotated[Inert[str], Arm("properties.dnsSettings.reverseFqdn")] | None = None
    """The name that the address resolves to."""
    sku: Annotated[
        CreateOnly[Annotated[str, OneOf(("Basic", "Standard", "StandardV2"))]], Arm("sku.name")
    ] = "Standard"
    """The SKU. Basic is retired."""
    sku_tier: Annotated[CreateOnly[SkuTier], Arm("sku.tier")] = "Regional"
    """The tier of the SKU; Global is for load balancers of that tier."""
    tags: Tags | None = None
    """Tags of the resource."""
    zones: CreateOnly[Inert[Unordered[Annotated[Sequence[NonEmpty], Each((Length(1),))]]]] | None = None
    """The availability zones of the address."""
    fqdn: Annotated[Assigned[str], Arm("properties.dnsSettings.fqdn")] = SERVICE
    """The name of the address, if it has a `domain_name_label`."""
    ip_address: Assigned[str] = SERVICE
    """The address."""

    def assign(self, view: View, before: PublicIp | None) -> Iterator[Assignment]:
        yield ("ip_address",), lambda it: it.address_after(before, view)
        yield ("fqdn",), lambda it: it.name_in_dns(view)

    def address_after(self, before: PublicIp | None, view: View) -> str:
        """The address: given once, at creation, where it is Static."""
        if before is not None and before.ip_address:
            return before.ip_address
        if self.allocation_method == "Dynamic":
            return ""
        if not view.complete:
            raise Undecided("an address is taken from its range at apply")
        return next(one for one in self._candidates() if not any(view.referrers(holder_of(one), PublicIp)))

    def _candidates(self) -> Iterator[str]:
        """The addresses of the range, from one that follows from the ID on."""
        if self.ip_version not in SYNTHETIC:
            raise Undecided(f"{self.ip_version!r} is not a version of IP")
        span = SYNTHETIC[self.ip_version]
        start = int.from_bytes(sha256(self.id.lower().encode()).digest()[:8], "big")
        for offset in range(span.num_addresses):
            yield str(span[(start + offset) % span.num_addresses])

    def name_in_dns(self, view: View) -> str:
        """The name that Azure's DNS has for the address; "" if none is asked for."""
        if not self.domain_name_label:
            return ""
        labels = [self.domain_name_label, *self._scope_label(view), self.location, DNS_ZONE]
        return ".".join(labels)

    def _scope_label(self, view: View) -> Iterator[str]:
        """What makes a name unguessable: the same for all who may have it after each other."""
        scope = self.domain_name_label_scope
        if not scope:
            return
        subscription_id, group_id = (self.id.rsplit("/", count)[0] for count in (6, 4))
        owner = {"NoReuse": self.id, "ResourceGroupReuse": group_id}.get(scope, subscription_id)
        if scope == "TenantReuse":
            owner = view.get(Subscription, subscription_id).tenant_id
        yield sha256(f"{owner} {self.domain_name_label}".lower().encode()).hexdigest()[:16]

    def needs_replacing(self, before: PublicIp) -> Iterator[Path]:
        """The scope of the name, once it has one."""
        if before.domain_name_label_scope not in (None, "", self.domain_name_label_scope):
            yield ("domain_name_label_scope",)

    def references(self) -> Iterator[Reference]:
        yield from super().references()
        for name in ("ip_address", "fqdn"):
            held = getattr(self, name) if self.knows(name) else None
            if held:
                yield Reference((name,), holder_of(held), claim=True)

    @rule(ErrorCode.INVALID_REQUEST_CONTENT, source="azurerm provider", on_create=True)
    def basic_is_retired(self, view: View, policy: Policy) -> Findings:
        """No address with the Basic SKU is created."""
        if self.sku == "Basic":
            yield (("sku",), f"{self.label}: sku Basic is retired", "use sku Standard")

    global_tier_needs_standard = global_needs_standard

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="azurerm provider")
    def standard_is_static(self, view: View, policy: Policy) -> Findings:
        """An address of the Standard SKU, of either version, is Static."""
        if self.sku != "Basic" and self.allocation_method != "Static":
            yield (
                ("allocation_method",),
                f"{self.label}: sku {self.sku} needs allocation_method Static, not {self.allocation_method}",
                "use allocation_method Static",
            )

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="azurerm provider")
    def protection_plan_needs_its_mode(self, view: View, policy: Policy) -> Findings:
        """A protection plan needs `ddos_protection_mode = "Enabled"`."""
        if self.ddos_protection_plan_id and self.ddos_protection_mode != "Enabled":
            yield (
                ("ddos_protection_plan_id",),
                (
                    f"{self.label}: ddos_protection_plan_id needs ddos_protection_mode Enabled, not "
                    f"{self.ddos_protection_mode}"
                ),
                "set that, or leave the plan out",
            )


def holder_of(held: str) -> str:
    """What stands for a public address or name: only one can hold it in all the world."""
    return f"/public/{held}"
