"""Private addresses in a subnet: how interfaces and load-balancer frontends get, keep and claim them.

Both draw from one pool per subnet. Whoever holds an address *claims* it: a reference to
`{subnet}/addresses/{address}`, so that "is it taken" is one lookup. Whoever gets one only when a plan is
applied claims one of its family: a reference to `{subnet}/addresses to come/{family}`. So a plan can count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar, Protocol, Self

from vtaplib.model import ids
from vtaplib.model.addresses import assignable, claim_name, lowest_free, maybe_address, networks, reserved
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Reference, Resource
from vtaplib.model.rule import Findings, Rule, limit, rule
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Path
from vtaplib.resources.subnet import Subnet

SOURCE = "Azure, addresses of a virtual network"
ROOM = "A plan counts what it plans; what holds an address there already may keep it or give it up."


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
    return limit(
        "private_addresses_per_virtual_network",
        ErrorCode.QUOTA_EXCEEDED,
        what="Interfaces and frontends hold no more private addresses of one network than the limit.",
        buckets=lambda it: [
            address_bucket(ids.parent(holder.subnet_id)) for holder in it.holders if holder.subnet_id
        ],
        path=(holder_field,),
    )


def claim(subnet_id: str, address: str) -> str | None:
    """The ID that stands for an address of a subnet; None if the address is malformed."""
    parsed = maybe_address(address)
    return None if parsed is None else f"{subnet_id}/addresses/{claim_name(parsed)}"


def claim_to_come(subnet_id: str, family: int) -> str:
    """The ID that stands for any address of a subnet that is not known yet."""
    return f"{subnet_id}/addresses to come/{family}"


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


class AddressedResource(Resource):
    """A resource whose blocks hold private addresses: what the service gives them, and their rules."""

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
                target = _claimed(holder)
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

    @rule(ErrorCode.PRIVATE_IP_ADDRESS_NOT_IN_SUBNET, evidence=Evidence.OBSERVED, source=SOURCE)
    def addresses_are_in_the_subnet(self, view: View, policy: Policy) -> Findings:
        """Each private address is one of its subnet's."""
        for path, holder, address in self._addresses():
            parsed = maybe_address(address)
            subnet = view.get(Subnet, holder.subnet_id or "")
            prefixes = networks(subnet.address_prefixes or ())
            if parsed is not None and prefixes and not any(parsed in prefix for prefix in prefixes):
                listed = ", ".join(map(str, prefixes))
                yield path, f"{self.label}: {address} is not in {subnet.label} ({listed})"

    @rule(ErrorCode.PRIVATE_IP_ADDRESS_IN_RESERVED_RANGE, evidence=Evidence.OBSERVED, source=SOURCE)
    def addresses_are_not_reserved(self, view: View, policy: Policy) -> Findings:
        """No private address is one of the five that Azure reserves in each subnet."""
        for path, holder, address in self._addresses():
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
                    )

    @rule(ErrorCode.PRIVATE_IP_ADDRESS_IS_ALLOCATED, source=SOURCE)
    def addresses_are_free(self, view: View, policy: Policy) -> Findings:
        """No private address is held by another."""
        seen: dict[str, str] = {}
        for path, holder, address in self._addresses():
            target = claim(holder.subnet_id or "", address)
            if target is None:
                continue
            twin = seen.setdefault(target.lower(), holder.name)
            if twin.lower() != holder.name.lower():  # of two with one name, that is the fault
                yield path, f"{self.label}: {holder.name} wants {address}, which {twin} holds"
            for other in view.referrers(target, Resource, certain=True):
                if other.id.lower() != self.id.lower():
                    yield path, f"{self.label}: {holder.name} wants {address}, which {other.label} holds"

    @rule(ErrorCode.SUBNET_IS_FULL, evidence=Evidence.INFERRED, source=SOURCE, at_apply=ROOM)
    def subnet_has_an_address_left(self, view: View, policy: Policy) -> Findings:
        """The subnet has a free address of its family for each block."""
        for position, holder in enumerate(self.holders):
            prefixes = view.get(Subnet, holder.subnet_id).address_prefixes if holder.subnet_id else ()
            family = _family(holder)
            if prefixes and not any(network.version == family for network in networks(prefixes)):
                yield (
                    (self.holder_field, position, "subnet_id"),
                    (
                        f"{self.label}: {label(holder.subnet_id or '')} has no IPv{family} prefix for "
                        f"{holder.name}"
                    ),
                )
        yield from self._too_many_to_come(view)
        for position, holder in enumerate(self.holders):
            if holder.subnet_id and holder.private_ip_address == "":
                yield (
                    (self.holder_field, position, "subnet_id"),
                    f"{self.label}: {label(holder.subnet_id)} has no free address left for {holder.name}",
                )

    def _too_many_to_come(self, view: View) -> Findings:
        """Subnets in which a plan wants more addresses than they have, whoever is given one first."""
        pools = {
            (ids.key(holder.subnet_id), _family(holder)): (position, holder)
            for position, holder in enumerate(self.holders)
            if holder.subnet_id
        }
        for (subnet_id, family), (position, holder) in pools.items():
            to_come = view.count_targets(claim_to_come(subnet_id, family), "", "", certain=True)
            if not to_come:
                continue
            prefixes = networks(view.get(Subnet, subnet_id).address_prefixes or ())
            room = sum(assignable(prefix) for prefix in prefixes if prefix.version == family)
            known = view.count_targets(f"{subnet_id}/addresses/", f"{family}:", f"{family}:~", certain=True)
            if 0 < room < (wanted := to_come + known):
                yield (
                    (self.holder_field, position, "subnet_id"),
                    (
                        f"{self.label}: {label(subnet_id)} has no free address left for {holder.name}: the "
                        f"plan wants {wanted} IPv{family} addresses there, and {room} can be assigned. Use a "
                        "larger prefix, or another subnet"
                    ),
                )

    def _addresses(self) -> Iterator[tuple[Path, AddressHolder, str]]:
        """The known addresses, each with its path and the block that holds it."""
        for position, holder in enumerate(self.holders):
            try:
                address, subnet_id = holder.private_ip_address, holder.subnet_id
            except Undecided:
                continue
            if address and subnet_id:
                yield (self.holder_field, position, "private_ip_address"), holder, address


def _claimed(holder: AddressHolder) -> str | None:
    """What a block claims, if anything: its address, or one that is not known yet. Raises Undecided if even
    that is not known.
    """
    if not holder.subnet_id:
        return None
    try:
        address = holder.private_ip_address
    except Undecided:
        return claim_to_come(holder.subnet_id, _family(holder))
    return claim(holder.subnet_id, address) if address else None


def _family(holder: AddressHolder) -> int:
    return 6 if holder.private_ip_address_version == "IPv6" else 4
