"""The fields of a security rule, whether it stands alone or inside its group's `security_rule` argument."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from vtaplib.model.arguments import CaseInsensitive, NetworkName
from vtaplib.model.base import Model
from vtaplib.model.combination import Combination, ExactlyOneOf
from vtaplib.model.marks import Between, Each, Items, Length, OneOf, Satisfies, Unordered
from vtaplib.resources.security_rule_text import addresses_problem, ports_problem

Ports = Annotated[str, Satisfies(ports_problem)]
PortSet = Annotated[Unordered[Sequence[str]], Each((Satisfies(ports_problem),))]
Addresses = Annotated[str, Satisfies(addresses_problem)]
AddressSet = Annotated[Unordered[Sequence[str]], Each((Satisfies(addresses_problem),))]
Groups = Annotated[Unordered[Sequence[str]], CaseInsensitive, Items(0, 10)]

ONE_OF_EACH: Final[tuple[Combination, ...]] = tuple(
    ExactlyOneOf(*(f"{side}_{form}" for form in forms))
    for side in ("source", "destination")
    for forms in (
        ("address_prefix", "address_prefixes", "application_security_group_ids"),
        ("port_range", "port_ranges"),
    )
)
"""Each of the four parts of a rule is said in one way."""


class SecurityRuleFields(Model):
    """The traffic that a security rule matches, and what happens to it."""

    name: NetworkName
    """The name of the rule, unique in the group."""
    access: Annotated[str, OneOf(("Allow", "Deny"))]
    """What happens to the traffic: `Allow` or `Deny`."""
    direction: Annotated[str, OneOf(("Inbound", "Outbound"))]
    """The direction of the traffic, seen from the machine: `Inbound` or `Outbound`."""
    priority: Annotated[int, Between(100, 4096)]
    """The priority of the rule, unique in its direction. The matching rule with the lowest number decides."""
    protocol: Annotated[str, OneOf(("*", "Tcp", "Udp", "Icmp", "Ah", "Esp"))]
    """The protocol; `*` for all."""
    description: Annotated[str, Length(0, 140)] | None = None
    """A description of the rule."""
    destination_address_prefix: Addresses | None = None
    """Where the traffic goes: an address, a prefix, a service tag, or `*`."""
    destination_address_prefixes: AddressSet | None = None
    """Where the traffic goes, as several addresses and prefixes."""
    destination_application_security_group_ids: Groups | None = None
    """Where the traffic goes, as IDs of application security groups. Their members are not simulated, so a
    rule with them is undecided."""
    destination_port_range: Ports | None = None
    """The ports that the traffic goes to: a port, a range, or `*`."""
    destination_port_ranges: PortSet | None = None
    """The ports that the traffic goes to, as several ports and ranges."""
    source_address_prefix: Addresses | None = None
    """Where the traffic comes from: an address, a prefix, a service tag, or `*`."""
    source_address_prefixes: AddressSet | None = None
    """Where the traffic comes from, as several addresses and prefixes."""
    source_application_security_group_ids: Groups | None = None
    """Where the traffic comes from, as IDs of application security groups. Their members are not simulated,
    so a rule with them is undecided."""
    source_port_range: Ports | None = None
    """The ports that the traffic comes from: a port, a range, or `*`."""
    source_port_ranges: PortSet | None = None
    """The ports that the traffic comes from, as several ports and ranges."""
