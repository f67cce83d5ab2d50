"""Address space: what holds between a network's prefixes, those of its subnets, and the addresses in use."""

from __future__ import annotations

from collections.abc import Iterator

from vtaplib.model.addresses import bits, contains, from_bits, maybe_network, networks, overlaps
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.virtual_network import VirtualNetwork


@rule(
    ErrorCode.IN_USE_PREFIX_CANNOT_BE_DELETED,
    on=VirtualNetwork,
    evidence=Evidence.INFERRED,
    source="Azure, addresses of a virtual network",
    compares=True,
)
def prefixes_stay_while_subnets_use_them(
    self: VirtualNetwork, before: VirtualNetwork, view: View, policy: Policy
) -> Findings:
    """A prefix is not removed while a subnet lies in it."""
    for space in networks(before.address_space or ()):
        if any(contains(kept, space) for kept in networks(self.address_space or ())):
            continue
        for claim, _ in view.targets(f"{self.id}/prefixes/{bits(space)}", certain=True):
            inner = from_bits(claim.rpartition("/")[2])
            if not self.spaces_hold(str(inner)):
                yield (
                    ("address_space",),
                    f"{self.label}: {space} cannot be removed while a subnet uses {inner} of it",
                    "remove that subnet first",
                )


@rule(
    ErrorCode.NETCFG_SUBNET_RANGE_OUTSIDE_VNET,
    on=Subnet,
    evidence=Evidence.OBSERVED,
    source="Azure, addresses of a virtual network",
)
def prefixes_lie_in_the_network(self: Subnet, view: View, policy: Policy) -> Findings:
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
                "choose a prefix in it, or add one to it",
            )


@rule(
    ErrorCode.NETCFG_SUBNET_RANGES_OVERLAP,
    on=Subnet,
    evidence=Evidence.OBSERVED,
    source="Azure, addresses of a virtual network",
)
def prefixes_do_not_overlap_other_subnets(self: Subnet, view: View, policy: Policy) -> Findings:
    """No prefix shares addresses with another, of this subnet or of another of the network."""
    for position, prefix in enumerate(self.address_prefixes or ()):
        network = maybe_network(prefix)
        if network is None:
            continue
        for _, earlier in overlaps([network], networks((self.address_prefixes or ())[:position])):
            yield (
                ("address_prefixes", position),
                f"{self.label}: {prefix} overlaps {earlier} of the same subnet",
                "leave one of them out",
            )
        for other in _overlapping(self, view, bits(network)):
            theirs = ", ".join(other.address_prefixes or ())
            yield (
                ("address_prefixes", position),
                f"{self.label}: {prefix} overlaps {other.label} ({theirs}) in the same virtual network",
                "choose a prefix that is free",
            )


def _overlapping(subnet: Subnet, view: View, leading: str) -> Iterator[Subnet]:
    """Other subnets that hold a prefix which begins this one, or is begun by it."""
    claims = f"{subnet.virtual_network_id}/prefixes/"
    family = leading.index(":") + 1
    wider = (claims + leading[:end] for end in range(family, len(leading)))
    found: set[str] = set()
    for target in (*wider, *(target for target, _ in view.targets(claims + leading, certain=True))):
        for other in view.referrers(target, Subnet, certain=True):
            if other.id.lower() != subnet.id.lower() and other.id not in found:
                found.add(other.id)
                yield other


@rule(
    ErrorCode.IN_USE_SUBNET_CANNOT_BE_UPDATED,
    on=Subnet,
    evidence=Evidence.INFERRED,
    source="Azure, addresses of a virtual network",
    compares=True,
)
def prefixes_stay_while_in_use(self: Subnet, before: Subnet, view: View, policy: Policy) -> Findings:
    """The prefixes do not change while an address of the subnet is in use."""
    if sorted(networks(before.address_prefixes or ()), key=str) == sorted(
        networks(self.address_prefixes or ()), key=str
    ):
        return
    for user in view.referrers(f"{self.id}", Resource, certain=True):
        if any(reference.claim and "/addresses/" in reference.target for reference in user.references()):
            yield (
                ("address_prefixes",),
                f"{self.label}: the prefixes cannot change while {user.label} has an address in the subnet",
                "move or delete that first",
            )
            return
