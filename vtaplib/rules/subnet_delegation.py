"""Delegation of a subnet to a service: which services want the subnet for themselves.

A delegation and an interface exclude each other whichever comes last, so both types have a rule here. Of most
services documentation does not say whether machines may be beside them; those are taken as they come.
"""

from __future__ import annotations

from collections.abc import Iterator

from vtaplib.model.policy import Policy
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.subnet import Subnet

SOURCE = "Azure, delegation of subnets"
EXCLUSIVE = frozenset(
    name.lower()
    for name in (
        "Microsoft.ContainerInstance/containerGroups",
        "Microsoft.DBforMySQL/flexibleServers",
        "Microsoft.DBforPostgreSQL/flexibleServers",
        "Microsoft.Netapp/volumes",
        "Microsoft.Sql/managedInstances",
        "Microsoft.Web/serverFarms",
    )
)
"""Services whose documentation demands a subnet with nothing else in it."""


def exclusive_services(subnet: Subnet) -> Iterator[tuple[int, str]]:
    """The services that want a subnet for themselves, with the position of the delegation."""
    for position, delegation in enumerate(subnet.delegation):
        name = delegation.service_delegation.name
        if name.lower() in EXCLUSIVE:
            yield position, name


@rule(ErrorCode.NETCFG_INVALID_SUBNET, on=NetworkInterface, evidence=Evidence.INFERRED, source=SOURCE)
def subnets_are_not_a_services_own(self: NetworkInterface, view: View, policy: Policy) -> Findings:
    """No configuration is in a subnet that is delegated to a service that needs the subnet for itself."""
    for position, block in enumerate(self.ip_configuration):
        if not block.subnet_id:
            continue
        subnet = view.get(Subnet, block.subnet_id)
        for _, service in exclusive_services(subnet):
            yield (
                ("ip_configuration", position, "subnet_id"),
                (
                    f"{self.label}: {subnet.label} is delegated to {service}, which needs the subnet for "
                    "itself"
                ),
                "use another subnet",
            )


@rule(
    ErrorCode.IN_USE_SUBNET_CANNOT_BE_UPDATED,
    on=Subnet,
    evidence=Evidence.INFERRED,
    source=SOURCE,
    at_apply="In a plan the rule of the interfaces says so. Interfaces that others have made count at the "
    "apply.",
)
def delegated_subnet_has_no_interfaces(self: Subnet, view: View, policy: Policy) -> Findings:
    """A subnet with interfaces is not delegated to a service that needs the subnet for itself."""
    for position, service in exclusive_services(self):
        for interface in view.referrers(self.id, NetworkInterface, certain=True):
            yield (
                ("delegation", position),
                f"{self.label}: {service} needs the subnet for itself, and {interface.label} is in it",
                "delegate another subnet",
            )
            return
