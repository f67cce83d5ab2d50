"""Private addresses in a subnet: how interfaces and load-balancer frontends get, keep and claim them.

Both draw from one pool per subnet. Whoever holds an address *claims* it: a reference to
`{subnet}/addresses/{address}`, so that "is it taken" is one lookup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from vtaplib.model.addresses import claim_name, lowest_free, maybe_address, networks, reserved
from vtaplib.model.resource import Findings, Reference, Resource, label
from vtaplib.model.unknown import Undecided
from vtaplib.model.violation import Path
from vtaplib.resources.subnet import Subnet

if TYPE_CHECKING:
    from vtaplib.model.view import View


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


def claim(subnet_id: str, address: str) -> str | None:
    """The ID that stands for an address of a subnet; None if the address is malformed."""
    parsed = maybe_address(address)
    return None if parsed is None else f"{subnet_id}/addresses/{claim_name(parsed)}"


def claims(block_field: str, holders: Sequence[AddressHolder]) -> Iterator[Reference]:
    """The addresses that some blocks hold, as references."""
    for position, holder in enumerate(holders):
        try:
            subnet_id, address = holder.subnet_id, holder.private_ip_address
        except Undecided:
            continue
        target = claim(subnet_id, address) if subnet_id and address else None
        if target is not None:
            yield Reference((block_field, position, "private_ip_address"), target, claim=True)


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
    if not view.settled:
        raise Undecided("an address is taken from its pool at apply")
    subnet = view.get(Subnet, holder.subnet_id)
    prefix = f"{subnet.id}/addresses/"
    own = {claim_name(address) for one in granted if (address := maybe_address(one)) is not None}
    count = partial(view.count_targets, prefix)
    return lowest_free(networks(subnet.address_prefixes or ()), _family(holder), count, own) or ""


def is_in_subnet(resource: Resource, view: View, field: str, holders: Sequence[AddressHolder]) -> Findings:
    """Each address is one of its subnet's."""
    for path, holder, address in _static(field, holders):
        parsed = maybe_address(address)
        subnet = view.get(Subnet, holder.subnet_id or "")
        prefixes = networks(subnet.address_prefixes or ())
        if parsed is not None and prefixes and not any(parsed in prefix for prefix in prefixes):
            listed = ", ".join(map(str, prefixes))
            yield path, f"{resource.label}: {address} is not in {subnet.label} ({listed})"


def is_not_reserved(resource: Resource, view: View, field: str, holders: Sequence[AddressHolder]) -> Findings:
    """No address is one of the five that Azure reserves in each subnet."""
    for path, holder, address in _static(field, holders):
        parsed = maybe_address(address)
        subnet = view.get(Subnet, holder.subnet_id or "")
        for prefix in networks(subnet.address_prefixes or ()):
            if parsed is not None and parsed in prefix and reserved(prefix, parsed):
                yield (
                    path,
                    (
                        f"{resource.label}: {address} is reserved in {prefix}: the first four addresses and "
                        "the last are Azure's"
                    ),
                )


def is_free(resource: Resource, view: View, field: str, holders: Sequence[AddressHolder]) -> Findings:
    """No two blocks hold one address of a subnet."""
    seen: dict[str, str] = {}
    for path, holder, address in _static(field, holders):
        target = claim(holder.subnet_id or "", address)
        if target is None:
            continue
        twin = seen.setdefault(target.lower(), holder.name)
        if twin.lower() != holder.name.lower():  # of two with one name, that is the fault
            yield path, f"{resource.label}: {holder.name} wants {address}, which {twin} holds"
        for other in view.referrers(target, Resource, certain=True):
            if other.id.lower() != resource.id.lower():
                yield path, f"{resource.label}: {holder.name} wants {address}, which {other.label} holds"


def is_left(resource: Resource, view: View, field: str, holders: Sequence[AddressHolder]) -> Findings:
    """The subnet has a free address for each block that takes one."""
    for position, holder in enumerate(holders):
        prefixes = view.get(Subnet, holder.subnet_id).address_prefixes if holder.subnet_id else ()
        family = _family(holder)
        if prefixes and not any(network.version == family for network in networks(prefixes)):
            where = label(holder.subnet_id or "")
            yield (
                (field, position, "subnet_id"),
                f"{resource.label}: {where} has no IPv{family} prefix for {holder.name}",
            )
    for position, holder in enumerate(holders):
        if holder.subnet_id and holder.private_ip_address == "":
            yield (
                (field, position, "subnet_id"),
                f"{resource.label}: {label(holder.subnet_id)} has no free address left for {holder.name}",
            )


def _family(holder: AddressHolder) -> int:
    return 6 if holder.private_ip_address_version == "IPv6" else 4


def _static(field: str, holders: Sequence[AddressHolder]) -> Iterator[tuple[Path, AddressHolder, str]]:
    for position, holder in enumerate(holders):
        try:
            address, subnet_id = holder.private_ip_address, holder.subnet_id
        except Undecided:
            continue
        if address and subnet_id:
            yield (field, position, "private_ip_address"), holder, address
