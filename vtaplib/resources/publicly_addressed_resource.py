"""Public addresses in front of private ones: what holds for interfaces and load balancers alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.model.violation import Path
from vtaplib.resources.addressed_resource import AddressedResource, AddressHolder
from vtaplib.resources.public_ip import PublicIp


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
        for path, holder, address_id in self.public_address_ids():
            found = view.find(address_id)
            if isinstance(found, PublicIp):
                yield Holding(path, holder, found)

    def public_address_ids(self) -> Iterator[tuple[Path, PublicAddressHolder, str]]:
        """The blocks with the ID of a public address, each with the path of that."""
        holders: Sequence[PublicAddressHolder] = getattr(self, self.holder_field)
        for position, holder in enumerate(holders):
            try:
                address_id = holder.public_ip_address_id
            except Undecided:
                continue
            if address_id:
                yield (self.holder_field, position, "public_ip_address_id"), holder, address_id
