"""Private addresses in a subnet: how interfaces and load-balancer frontends get, keep and claim them.

Both draw from one pool per subnet. A resource that has an address *claims* it: a reference to
`{subnet}/addresses/{address}`, so that "is it taken" is one lookup. A resource that gets one only when a plan
is applied claims one of its family: a reference to `{subnet}/addresses to come/{family}`. So a plan can
count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar, Protocol, Self

from vtaplib.model import ids
from vtaplib.model.addresses import claim_name, lowest_free, maybe_address, networks
from vtaplib.model.resource import Reference, Resource
from vtaplib.model.rule import Rule, limit
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode
from vtaplib.resources.subnet import Subnet


class AddressHolder(Protocol):
    """A block that holds a private address of a subnet."""

    @property
    def name(self) -> str: ...
    @property
    def subnet_id(self) -> str | None: ...
    @property
    def private_ip_address(self) -> str | None: ...
    @property
    def private_ip_address_allocation(self) -> str | None: ...
    @property
    def private_ip_address_version(self) -> str | None: ...


def address_bucket(virtual_network_id: str) -> str:
    """The ID under which the private addresses of a network are counted."""
    return f"{virtual_network_id}/private addresses"


def addresses_per_network(holder_field: str) -> Rule:
    """The limit of addresses in a network, as a rule of a type whose blocks in `holder_field` hold some."""

    @limit(ErrorCode.QUOTA_EXCEEDED, path=(holder_field,))
    def private_addresses_per_virtual_network(self: AddressedResource) -> Iterable[str]:
        """Interfaces and frontends hold no more private addresses of one network than the limit."""
        return [address_bucket(ids.parent(one.subnet_id)) for one in self.holders if one.subnet_id]

    return private_addresses_per_virtual_network


def claim(subnet_id: str, address: str) -> str | None:
    """The ID that stands for an address of a subnet; None if the address is malformed."""
    parsed = maybe_address(address)
    return None if parsed is None else f"{subnet_id}/addresses/{claim_name(parsed)}"


def claims_to_come(subnet_id: str) -> str:
    """The start of the IDs that stand for addresses of a subnet that are not known yet. They go on with the
    family, a colon and the position of the block: a resource may need several.
    """
    return f"{subnet_id}/addresses to come/"


def address_of(
    view: View,
    holder: AddressHolder,
    before: AddressHolder | None,
    granted: Sequence[str],
) -> str:
    """The address that the service gives a block: the one that it asks for, the one that it had, or the
    lowest free one of the subnet; "" if there is none left or no subnet. `granted`: addresses that this very
    write gives to other blocks. Not known in a plan, unless it is kept or asked for.

    A Dynamic block that names another address than it had asks for that one, like a Static one; one that
    names the address that it had may have been read and written back.
    """
    if not holder.subnet_id:
        return holder.private_ip_address or ""
    static = (holder.private_ip_address_allocation or "Dynamic").lower() == "static"
    had = before.private_ip_address if before is not None else None
    if holder.private_ip_address and (static or holder.private_ip_address != had):
        return holder.private_ip_address
    if before is not None and (before.subnet_id or "").lower() == holder.subnet_id.lower():
        kept = before.private_ip_address
        if kept:
            return kept
    if not view.complete:
        raise Undecided("an address is taken from its pool at apply")
    subnet = view.get(Subnet, holder.subnet_id)
    prefix = f"{subnet.id}/addresses/"
    own = {claim_name(address) for one in granted if (address := maybe_address(one)) is not None}
    count = partial(view.count_targets, prefix)
    return lowest_free(networks(subnet.address_prefixes or ()), family_of(holder), count, own) or ""


class AddressedResource(Resource):
    """A resource whose blocks hold private addresses: what the service gives them."""

    holder_field: ClassVar[str]
    """The field that has the blocks."""

    @property
    def holders(self) -> Sequence[AddressHolder]:
        """The blocks; raises Undecided if not known."""
        holders: Sequence[AddressHolder] = getattr(self, self.holder_field)
        return holders

    def references(self) -> Iterator[Reference]:
        yield from super().references()
        if not self.knows(self.holder_field):
            return
        for position, holder in enumerate(self.holders):
            with suppress(Undecided):
                target = _claimed(holder, position)
                if target is not None:
                    yield Reference((self.holder_field, position, "private_ip_address"), target, claim=True)

    def granting(self, view: View, before: Self | None) -> Callable[[AddressHolder, Any], str]:
        """A function that gives the blocks of one write their addresses, one after another."""
        past = {} if before is None else {holder.name.lower(): holder for holder in before.holders}
        granted: list[str] = []

        def grant(holder: AddressHolder, _resource: Any) -> str:
            address = address_of(view, holder, past.get(holder.name.lower()), granted)
            granted.append(address)
            return address

        return grant


def _claimed(holder: AddressHolder, position: int) -> str | None:
    """What a block claims, if anything: its address, or one that is not known yet. Raises Undecided if even
    that is not known.
    """
    if not holder.subnet_id:
        return None
    try:
        address = holder.private_ip_address
    except Undecided:
        return f"{claims_to_come(holder.subnet_id)}{family_of(holder)}:{position}"
    return claim(holder.subnet_id, address) if address else None


def family_of(holder: AddressHolder) -> int:
    """The version of IP that a block's address is of."""
    return 6 if holder.private_ip_address_version == "IPv6" else 4
