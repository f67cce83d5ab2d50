"""What load-balancing rules and the members of pools may not be together.

A conflict is found whichever of the two is written last, so that each check stands on both types.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

from vtaplib.model import ids
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.rule import NUMBERS, Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Path
from vtaplib.resources.lb_rule import LbRule, balancing_rules_bucket
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.network_interface_backend_address_pool_association import (
    NetworkInterfaceBackendAddressPoolAssociation,
)
from vtaplib.rules.references import balancing_rules_of, memberships_of

SOURCE = "Azure, load balancer"


@rule(
    ErrorCode.LOAD_BALANCER_RULE_COUNT_LIMIT_REACHED_FOR_NIC,
    on=(LbRule, NetworkInterfaceBackendAddressPoolAssociation),
    source="Azure, limits",
    compares=True,
    judges_new=True,
    at_apply=NUMBERS,
)
def load_balancer_rules_per_network_interface(
    self: Resource, before: Resource | None, view: View, policy: Policy
) -> Findings:
    """No more rules than the limit reach an interface, over all its configurations."""
    # As with every limit, what is there already may stay.
    most = policy.load_balancer_rules_per_network_interface
    had = {ids.key(one) for _, one in reached_by(before, view)} if before is not None else set()
    for path, interface_id in reached_by(self, view):
        count, already = _rules_reaching(interface_id, view)
        if count > most and (ids.key(interface_id) not in had or count > already):
            yield (
                path,
                (
                    f"{self.label}: with it, {count} load-balancing rules reach {label(interface_id)}, and "
                    f"the limit is {most}"
                ),
                (
                    "remove the interface from a pool, or raise the policy's "
                    "load_balancer_rules_per_network_interface if your subscription allows more"
                ),
            )
            return  # the others of a pool are in the same place


@singledispatch
def reached_by(write: Resource, view: View) -> Iterator[tuple[Path, str]]:
    """The interfaces that a write gives rules to, each with the field that does."""
    raise NotImplementedError


@reached_by.register(NetworkInterfaceBackendAddressPoolAssociation)
def _by_membership(
    member: NetworkInterfaceBackendAddressPoolAssociation, view: View
) -> Iterator[tuple[Path, str]]:
    """The interface that a membership gives a pool's rules to."""
    yield ("backend_address_pool_id",), member.network_interface_id


@reached_by.register(LbRule)
def _by_rule(balancing: LbRule, view: View) -> Iterator[tuple[Path, str]]:
    """The interfaces in a rule's pools."""
    for position, pool_id in enumerate(balancing.backend_address_pool_ids or ()):
        for interface_id in dict.fromkeys(one.network_interface_id for one in memberships_of(pool_id, view)):
            yield ("backend_address_pool_ids", position), interface_id


def _rules_reaching(interface_id: str, view: View) -> tuple[int, int]:
    """How many rules reach an interface, and how many of them did before anything that a plan makes."""
    count = already = 0
    for member in memberships_of(interface_id, view):
        rules = balancing_rules_bucket(ids.key(member.backend_address_pool_id))
        count += view.usage(rules, certain=True)
        already += view.existing_usage(rules) if view.is_there_already(member.id) else 0
    return count, already


@rule(ErrorCode.INVALID_PARAMETER_COMBINATION, on=LbRule, source=SOURCE)
def ha_ports_are_alone(self: LbRule, view: View, policy: Policy) -> Findings:
    """A pool does not get both HA ports and single ports, unless both rules have floating IP."""
    for position, pool_id in enumerate(self.backend_address_pool_ids or ()):
        for other in _others(self, pool_id, view):
            if other.covers_all_ports == self.covers_all_ports or (
                other.floating_ip_enabled and self.floating_ip_enabled
            ):
                continue
            whole, single = (self, other) if self.covers_all_ports else (other, self)
            yield (
                ("backend_address_pool_ids", position),
                (
                    f"{self.label}: {whole.label} sends HA ports to {label(pool_id)}, {single.label} sends "
                    f"port {single.backend_port}"
                ),
                "use another pool, or floating_ip_enabled = true on both",
            )


@rule(ErrorCode.INVALID_PARAMETER_COMBINATION, on=LbRule, evidence=Evidence.INFERRED, source=SOURCE)
def frontend_ports_are_not_shared(self: LbRule, view: View, policy: Policy) -> Findings:
    """No two rules take the same protocol and port of the same frontend."""
    frontend_id = ids.key(self.frontend_ip_configuration_id or "")
    for other in _others(self, frontend_id, view):
        if (
            other.frontend_port == self.frontend_port
            and other.protocol.lower() == self.protocol.lower()
            and ids.key(other.frontend_ip_configuration_id) == frontend_id
        ):
            yield (
                ("frontend_port",),
                (
                    f"{self.label}: {other.label} already takes {self.protocol} port {self.frontend_port} of "
                    f"{self.frontend_ip_configuration_name}"
                ),
                "use another frontend_port or frontend",
            )


@rule(
    ErrorCode.RULES_USE_SAME_BACKEND_PORT_PROTOCOL_AND_POOL,
    on=LbRule,
    evidence=Evidence.OBSERVED,
    source=SOURCE,
)
def backend_ports_are_not_shared(self: LbRule, view: View, policy: Policy) -> Findings:
    """No two rules send the same protocol to the same port of the same pool, unless floating IP is on."""
    if self.floating_ip_enabled:
        return
    for position, pool_id in enumerate(self.backend_address_pool_ids or ()):
        for other in balancing_rules_of(pool_id, view):
            if (
                other.id.lower() != self.id.lower()
                and not other.floating_ip_enabled
                and other.backend_port == self.backend_port
                and other.protocol.lower() == self.protocol.lower()
            ):
                yield (
                    ("backend_address_pool_ids", position),
                    (
                        f"{self.label}: {other.label} already sends {self.protocol} to port "
                        f"{self.backend_port} of {label(pool_id)}"
                    ),
                    "use another backend_port or floating_ip_enabled = true",
                )


def network_of_pool(pool_id: str, view: View, *, beside: str = "") -> tuple[str, str]:
    """The network that a pool's members are in, with one of them; two empty IDs for an empty pool. `beside`:
    the ID of a membership that does not count.
    """
    for member in memberships_of(pool_id, view):
        if ids.key(member.id) != ids.key(beside):
            interface = view.get(NetworkInterface, member.network_interface_id)
            return interface.virtual_network_id, interface.id
    return "", ""


def _others(balancing: LbRule, target_id: str, view: View) -> Iterator[LbRule]:
    for other in balancing_rules_of(target_id, view):
        if ids.key(other.id) != ids.key(balancing.id):
            yield other
