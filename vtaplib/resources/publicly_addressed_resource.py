"""Public addresses in front of private ones: what holds for interfaces and load balancers alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.rule import Findings, rule
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Path
from vtaplib.resources.addressed_resource import AddressedResource, AddressHolder
from vtaplib.resources.public_ip import SOURCE, PublicIp


class PublicAddressHolder(AddressHolder, Protocol):
    """A block that may hold a public address."""

    @property
    def public_ip_address_id(self) -> str | None: ...


class Holding(NamedTuple):
    """A block with the public address that it holds."""

    path: Path
    holder: PublicAddressHolder
    address: PublicIp


class PubliclyAddressedResource(AddressedResource):
    """A resource whose blocks may hold public addresses too."""

    if TYPE_CHECKING:  # every such resource has one
        location: str

    @property
    def public_tier(self) -> str:
        """The tier that its public addresses must have."""
        return "Regional"

    def holdings(self, view: View) -> Iterator[Holding]:
        """The public addresses, as far as they are known."""
        for path, holder, address_id in self._public_address_ids():
            found = view.find(address_id)
            if isinstance(found, PublicIp):
                yield Holding(path, holder, found)

    def _public_address_ids(self) -> Iterator[tuple[Path, PublicAddressHolder, str]]:
        holders: Sequence[PublicAddressHolder] = getattr(self, self.holder_field)
        for position, holder in enumerate(holders):
            try:
                address_id = holder.public_ip_address_id
            except Undecided:
                continue
            if address_id:
                yield (self.holder_field, position, "public_ip_address_id"), holder, address_id

    @rule(ErrorCode.PUBLIC_IP_ADDRESS_IN_USE, evidence=Evidence.INFERRED, source=SOURCE)
    def public_addresses_are_held_once(self, view: View, policy: Policy) -> Findings:
        """Each public address is in front of one private one."""
        seen: set[str] = set()
        for path, holder, address_id in self._public_address_ids():
            what = f"{self.label}: {holder.name} wants {label(address_id)}"
            if address_id.lower() in seen:
                yield path, f"{what}, which another of its own configurations holds; use one for each"
            seen.add(address_id.lower())
            for other in view.referrers(address_id, Resource, certain=True):
                if other.id.lower() not in (self.id.lower(), address_id.lower()):
                    yield path, f"{what}, which {other.label} holds; take it away there first, or use another"

    @rule(ErrorCode.INVALID_RESOURCE_REFERENCE, source=SOURCE)
    def public_addresses_are_in_the_same_region(self, view: View, policy: Policy) -> Findings:
        """A public address and what holds it are in one region."""
        for path, holder, address in self.holdings(view):
            if address.location != self.location:
                yield (
                    path,
                    (
                        f"{self.label}: {holder.name} is in {self.location}, {address.label} in "
                        f"{address.location}; they must be in one region"
                    ),
                )

    @rule(ErrorCode.INVALID_REQUEST_CONTENT, evidence=Evidence.INFERRED, source=SOURCE)
    def public_addresses_are_of_the_same_family(self, view: View, policy: Policy) -> Findings:
        """A public address is of the family that the configuration says, where it says one."""
        for path, holder, address in self.holdings(view):
            version = holder.private_ip_address_version
            if version and version != address.ip_version:
                yield (
                    path,
                    (
                        f"{self.label}: {holder.name} is {version}, {address.label} {address.ip_version}; "
                        f"use an address with ip_version {version}"
                    ),
                )

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, evidence=Evidence.INFERRED, source=SOURCE)
    def public_addresses_are_of_the_same_tier(self, view: View, policy: Policy) -> Findings:
        """A load balancer of the Global tier has public addresses of that tier; nothing else has."""
        for path, holder, address in self.holdings(view):
            if address.sku_tier != self.public_tier:
                yield (
                    path,
                    (
                        f"{self.label}: {holder.name} needs an address of sku_tier {self.public_tier}; "
                        f"{address.label} has {address.sku_tier}"
                    ),
                )
