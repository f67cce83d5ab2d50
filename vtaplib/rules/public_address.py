"""Public addresses: what holds between them, and between them and what they are in front of."""

from __future__ import annotations

from typing import Final

from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence
from vtaplib.resources.lb import Lb
from vtaplib.resources.public_ip import PublicIp, holder_of
from vtaplib.resources.publicly_addressed_resource import PubliclyAddressedResource

SOURCE: Final = "Azure, public IP addresses"


@rule(
    ErrorCode.PUBLIC_IP_ADDRESS_IN_USE,
    on=PubliclyAddressedResource,
    evidence=Evidence.INFERRED,
    source=SOURCE,
)
def public_addresses_are_held_once(self: PubliclyAddressedResource, view: View, policy: Policy) -> Findings:
    """A public address belongs to one private address only."""
    seen: set[str] = set()
    for path, holder, address_id in self.public_address_ids():
        what = f"{self.label}: {holder.name} has {label(address_id)}"
        if address_id.lower() in seen:
            yield (
                path,
                f"{what}, which another of its own configurations already uses",
                "use a different address for each",
            )
        seen.add(address_id.lower())
        for other in view.referrers(address_id, Resource, certain=True):
            if other.id.lower() not in (self.id.lower(), address_id.lower()):
                yield (
                    path,
                    f"{what}, which {other.label} already uses",
                    "remove it there first, or use another",
                )


@rule(ErrorCode.INVALID_RESOURCE_REFERENCE, on=PubliclyAddressedResource, source=SOURCE)
def public_addresses_are_in_the_same_region(
    self: PubliclyAddressedResource, view: View, policy: Policy
) -> Findings:
    """A public address is in the same region as the interface or load balancer that has it."""
    for path, holder, address in self.holdings(view):
        if address.location != self.location:
            yield (
                path,
                f"{self.label}: {holder.name} is in {self.location}, {address.label} in {address.location}",
                "they must be in the same region",
            )


@rule(
    ErrorCode.INVALID_REQUEST_CONTENT, on=PubliclyAddressedResource, evidence=Evidence.INFERRED, source=SOURCE
)
def public_addresses_are_of_the_same_family(
    self: PubliclyAddressedResource, view: View, policy: Policy
) -> Findings:
    """A public address has the IP version of its configuration, if the configuration states one."""
    for path, holder, address in self.holdings(view):
        version = holder.private_ip_address_version
        if version and version != address.ip_version:
            yield (
                path,
                f"{self.label}: {holder.name} is {version}, {address.label} {address.ip_version}",
                f"use an address with ip_version {version}",
            )


@rule(
    ErrorCode.INVALID_PARAMETER_COMBINATION,
    on=PubliclyAddressedResource,
    evidence=Evidence.INFERRED,
    source=SOURCE,
)
def public_addresses_are_of_the_same_tier(
    self: PubliclyAddressedResource, view: View, policy: Policy
) -> Findings:
    """A load balancer of the Global tier has public addresses of that tier, and nothing else has such
    addresses.
    """
    for path, holder, address in self.holdings(view):
        if address.sku_tier != self.public_tier:
            yield (
                path,
                (
                    f"{self.label}: {holder.name} needs an address of sku_tier {self.public_tier}; "
                    f"{address.label} has {address.sku_tier}"
                ),
                "use an address of that tier",
            )


@rule(
    ErrorCode.DIFFERENT_SKU_LOAD_BALANCERS_AND_PUBLIC_IP_ADDRESS_NOT_ALLOWED,
    on=Lb,
    source="Azure, load balancer",
)
def public_addresses_are_of_the_same_sku(self: Lb, view: View, policy: Policy) -> Findings:
    """A Basic load balancer has Basic public addresses, and no other load balancer has such addresses."""
    for path, holder, address in self.holdings(view):
        if (address.sku == "Basic") != (self.sku == "Basic"):
            yield (
                path,
                (
                    f"{self.label}: the load balancer has sku {self.sku}, {address.label} of "
                    f"{holder.name} {address.sku}"
                ),
                "use sku Standard for both",
            )


@rule(ErrorCode.DNS_RECORD_IN_USE, on=PublicIp, evidence=Evidence.INFERRED, source=SOURCE)
def names_are_free(self: PublicIp, view: View, policy: Policy) -> Findings:
    """No two addresses have the same name."""
    if not self.fqdn:
        return
    for other in view.referrers(holder_of(self.fqdn), PublicIp, certain=True):
        if other.id.lower() != self.id.lower():
            yield (
                ("domain_name_label",),
                f"{self.label}: {self.fqdn} is the name of {other.label}",
                "use another domain_name_label, or a domain_name_label_scope",
            )
