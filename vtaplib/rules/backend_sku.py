"""What the load balancers and public addresses of one machine must have in common.

A machine is reached over its interfaces: through the pools that they are in, and by their public addresses.
Whichever of it is written last finds the others: a membership finds what reaches its machine, and a machine
what reaches its several interfaces.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from vtaplib.model import ids
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode
from vtaplib.resources.lb import Lb
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.network_interface_backend_address_pool_association import (
    NetworkInterfaceBackendAddressPoolAssociation,
)
from vtaplib.resources.virtual_machine import VirtualMachine
from vtaplib.rules.references import machines_of, memberships_of

SOURCE = "Azure, load balancer"


class Reach(NamedTuple):
    """Something that an interface is reached through."""

    interface_id: str
    label: str
    sku: str

    def mixes_with(self, sku: str) -> bool:
        """Whether one machine cannot have this beside something of another SKU."""
        return (self.sku == "Basic") != (sku == "Basic")


def reaches(interface_id: str, view: View) -> Iterator[Reach]:
    """What an interface is reached through, as far as that is sure."""
    for member in memberships_of(interface_id, view):
        balancer = view.get(Lb, ids.parent(member.backend_address_pool_id))
        yield Reach(interface_id, balancer.label, balancer.sku)
    for holding in view.get(NetworkInterface, interface_id).holdings(view):
        yield Reach(interface_id, holding.address.label, holding.address.sku)


@rule(
    ErrorCode.DIFFERENT_SKU_LOAD_BALANCERS_AND_PUBLIC_IP_ADDRESS_NOT_ALLOWED,
    on=NetworkInterfaceBackendAddressPoolAssociation,
    source=SOURCE,
)
def one_sku_per_backend(
    self: NetworkInterfaceBackendAddressPoolAssociation, view: View, policy: Policy
) -> Findings:
    """The load balancers and public addresses of a backend's machine are all Basic, or none is."""
    balancer = view.get(Lb, ids.parent(self.backend_address_pool_id))
    attached = (
        one
        for machine in machines_of(self.network_interface_id, view)
        for one in machine.network_interface_ids
    )
    interfaces = {ids.key(one): one for one in (self.network_interface_id, *attached)}
    others = (reach for interface_id in interfaces.values() for reach in reaches(interface_id, view))
    mixed = next((reach for reach in others if reach.mixes_with(balancer.sku)), None)
    if mixed is not None:
        yield (
            ("backend_address_pool_id",),
            (
                f"{self.label}: {balancer.label} has sku {balancer.sku}; {label(mixed.interface_id)} is "
                f"reached through {mixed.label} with sku {mixed.sku}"
            ),
            "Use sku Standard for everything of one machine",
        )


@rule(
    ErrorCode.DIFFERENT_SKU_LOAD_BALANCERS_AND_PUBLIC_IP_ADDRESS_NOT_ALLOWED, on=VirtualMachine, source=SOURCE
)
def one_sku_per_machine(self: VirtualMachine, view: View, policy: Policy) -> Findings:
    """The load balancers and public addresses of a machine's interfaces are all Basic, or none is."""
    first: Reach | None = None
    for position, interface_id in enumerate(self.network_interface_ids):
        for reach in reaches(interface_id, view):
            first = first or reach
            if reach.interface_id != first.interface_id and reach.mixes_with(first.sku):
                yield (
                    ("network_interface_ids", position),
                    (
                        f"{self.label}: {label(interface_id)} is reached through {reach.label} with sku "
                        f"{reach.sku}, {label(first.interface_id)} through {first.label} with sku "
                        f"{first.sku}"
                    ),
                    "Use sku Standard for everything of one machine",
                )
                break


@rule(
    ErrorCode.ANOTHER_INTERNAL_LOAD_BALANCER_EXISTS,
    on=NetworkInterfaceBackendAddressPoolAssociation,
    source=SOURCE,
)
def one_internal_balancer(
    self: NetworkInterfaceBackendAddressPoolAssociation, view: View, policy: Policy
) -> Findings:
    """An interface is a backend of one internal load balancer."""
    balancer = view.get(Lb, ids.parent(self.backend_address_pool_id))
    if not _is_internal(balancer):
        return
    for member in memberships_of(self.network_interface_id, view):
        other = view.get(Lb, ids.parent(member.backend_address_pool_id))
        if ids.key(other.id) != ids.key(balancer.id) and _is_internal(other):
            yield (
                ("backend_address_pool_id",),
                (
                    f"{self.label}: {label(self.network_interface_id)} is a backend of {other.label}, which "
                    f"is internal like {balancer.label}"
                ),
                "remove it there first",
            )
            return


def _is_internal(balancer: Lb) -> bool:
    """Whether a load balancer is of the internal type. A Gateway stands before others, and is none."""
    return balancer.sku != "Gateway" and any(one.internal for one in balancer.frontend_ip_configuration)
