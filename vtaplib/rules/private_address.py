"""Private addresses: what holds between those who hold addresses of a subnet, and the subnet."""

from __future__ import annotations

from collections.abc import Iterator

from vtaplib.model import ids
from vtaplib.model.addresses import assignable, maybe_address, networks, reserved
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.rule import Findings, rule
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Path
from vtaplib.resources.addressed_resource import (
    AddressedResource,
    AddressHolder,
    claim,
    claims_to_come,
    family_of,
)
from vtaplib.resources.subnet import Subnet

SOURCE = "Azure, addresses of a virtual network"
ROOM = "A plan counts its own resources. Those that already have an address there may keep it or give it up."


@rule(
    ErrorCode.PRIVATE_IP_ADDRESS_NOT_IN_SUBNET,
    on=AddressedResource,
    evidence=Evidence.OBSERVED,
    source=SOURCE,
)
def addresses_are_in_the_subnet(self: AddressedResource, view: View, policy: Policy) -> Findings:
    """Each private address is in its subnet."""
    for path, holder, address in _addresses(self):
        parsed = maybe_address(address)
        subnet = view.get(Subnet, holder.subnet_id or "")
        prefixes = networks(subnet.address_prefixes or ())
        if parsed is not None and prefixes and not any(parsed in prefix for prefix in prefixes):
            listed = ", ".join(map(str, prefixes))
            yield (
                path,
                f"{self.label}: {address} is not in {subnet.label} ({listed})",
                'choose an address in it, or let Azure choose one: private_ip_address_allocation = "Dynamic"',
            )


@rule(
    ErrorCode.PRIVATE_IP_ADDRESS_IN_RESERVED_RANGE,
    on=AddressedResource,
    evidence=Evidence.OBSERVED,
    source=SOURCE,
)
def addresses_are_not_reserved(self: AddressedResource, view: View, policy: Policy) -> Findings:
    """No private address is one of the five that Azure reserves in each subnet."""
    for path, holder, address in _addresses(self):
        parsed = maybe_address(address)
        subnet = view.get(Subnet, holder.subnet_id or "")
        for prefix in networks(subnet.address_prefixes or ()):
            if parsed is not None and parsed in prefix and reserved(prefix, parsed):
                yield (
                    path,
                    (
                        f"{self.label}: {address} is reserved in {prefix}: the first four addresses and "
                        "the last are Azure's"
                    ),
                    "choose another",
                )


@rule(ErrorCode.PRIVATE_IP_ADDRESS_IS_ALLOCATED, on=AddressedResource, source=SOURCE)
def addresses_are_free(self: AddressedResource, view: View, policy: Policy) -> Findings:
    """No private address is already in use."""
    seen: dict[str, str] = {}
    for path, holder, address in _addresses(self):
        target = claim(holder.subnet_id or "", address)
        if target is None:
            continue
        twin = seen.setdefault(target.lower(), holder.name)
        if twin.lower() != holder.name.lower():  # of two with one name, that is the fault
            yield (
                path,
                f"{self.label}: {holder.name} has {address}, which {twin} already uses",
                "choose a free address",
            )
        for other in view.referrers(target, Resource, certain=True):
            if other.id.lower() != self.id.lower():
                yield (
                    path,
                    f"{self.label}: {holder.name} has {address}, which {other.label} already uses",
                    "choose a free address",
                )


@rule(
    ErrorCode.SUBNET_IS_FULL, on=AddressedResource, evidence=Evidence.INFERRED, source=SOURCE, at_apply=ROOM
)
def subnet_has_an_address_left(self: AddressedResource, view: View, policy: Policy) -> Findings:
    """The subnet has a free address of its family for each block."""
    for position, holder in enumerate(self.holders):
        prefixes = view.get(Subnet, holder.subnet_id).address_prefixes if holder.subnet_id else ()
        family = family_of(holder)
        if prefixes and not any(network.version == family for network in networks(prefixes)):
            yield (
                (self.holder_field, position, "subnet_id"),
                (
                    f"{self.label}: {label(holder.subnet_id or '')} has no IPv{family} prefix for "
                    f"{holder.name}"
                ),
                "add one to the subnet",
            )
    yield from _too_many_to_come(self, view)
    for position, holder in enumerate(self.holders):
        if holder.subnet_id and holder.private_ip_address == "":
            yield (
                (self.holder_field, position, "subnet_id"),
                f"{self.label}: {label(holder.subnet_id)} has no free address left for {holder.name}",
                "use a larger prefix, or another subnet",
            )


def _too_many_to_come(resource: AddressedResource, view: View) -> Findings:
    """Subnets in which a plan needs more addresses than they have, in whatever order they are assigned."""
    pools = {
        (ids.key(holder.subnet_id), family_of(holder)): (position, holder)
        for position, holder in enumerate(resource.holders)
        if holder.subnet_id
    }
    for (subnet_id, family), (position, holder) in pools.items():
        first, last = f"{family}:", f"{family}:~"
        to_come = view.count_targets(claims_to_come(subnet_id), first, last, certain=True)
        if not to_come:
            continue
        prefixes = networks(view.get(Subnet, subnet_id).address_prefixes or ())
        room = sum(assignable(prefix) for prefix in prefixes if prefix.version == family)
        known = view.count_targets(f"{subnet_id}/addresses/", first, last, certain=True)
        if 0 < room < (wanted := to_come + known):
            yield (
                (resource.holder_field, position, "subnet_id"),
                (
                    f"{resource.label}: {label(subnet_id)} has no free address left for {holder.name}: the "
                    f"plan needs {wanted} IPv{family} addresses there, and {room} are free"
                ),
                "Use a larger prefix, or another subnet",
            )


def _addresses(resource: AddressedResource) -> Iterator[tuple[Path, AddressHolder, str]]:
    """The known addresses, each with its path and the block that holds it."""
    for position, holder in enumerate(resource.holders):
        try:
            address, subnet_id = holder.private_ip_address, holder.subnet_id
        except Undecided:
            continue
        if address and subnet_id:
            yield (resource.holder_field, position, "private_ip_address"), holder, address
