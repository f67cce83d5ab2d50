"""Security groups: what holds between a group, its rules, and the interfaces that have it."""

from __future__ import annotations

from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Path
from vtaplib.resources.network_interface_security_group_association import (
    NetworkInterfaceSecurityGroupAssociation,
)
from vtaplib.resources.network_security_group import NetworkSecurityGroup
from vtaplib.resources.network_security_rule import NetworkSecurityRule

SOURCE = "Azure, network security groups"


@rule(ErrorCode.SECURITY_RULE_CONFLICT, on=NetworkSecurityRule, evidence=Evidence.INFERRED, source=SOURCE)
def priority_is_unique(self: NetworkSecurityRule, view: View, policy: Policy) -> Findings:
    """No two rules of a group have the same priority in the same direction."""
    for other in view.referrers(self.place, NetworkSecurityRule, certain=True):
        if other.id.lower() != self.id.lower():
            yield (
                ("priority",),
                f"{self.label}: {other.label} already has priority {self.priority} {self.direction}",
                "give one of them another",
            )


@rule(ErrorCode.OPERATION_NOT_ALLOWED, on=NetworkInterfaceSecurityGroupAssociation, source="azurerm provider")
def interface_has_one_group(
    self: NetworkInterfaceSecurityGroupAssociation, view: View, policy: Policy
) -> Findings:
    """An interface has one security group at most."""
    for other in view.referrers(
        self.network_interface_id, NetworkInterfaceSecurityGroupAssociation, certain=True
    ):
        if other.id.lower() != self.id.lower():
            yield (
                ("network_interface_id",),
                (
                    f"{label(self.network_interface_id)} already has "
                    f"{label(other.network_security_group_id)} and cannot have "
                    f"{label(self.network_security_group_id)} too"
                ),
                "remove that association first",
            )


@rule(ErrorCode.INVALID_RESOURCE_REFERENCE, on=NetworkInterfaceSecurityGroupAssociation, source=SOURCE)
def group_is_in_the_same_region(
    self: NetworkInterfaceSecurityGroupAssociation, view: View, policy: Policy
) -> Findings:
    """The interface and the security group are in the same region."""
    group = view.get(NetworkSecurityGroup, self.network_security_group_id)
    yield from in_another_region(("network_security_group_id",), self.network_interface_id, group, view)


def in_another_region(path: Path, other_id: str, group: NetworkSecurityGroup, view: View) -> Findings:
    """That a security group is in another region than what has it, or is to have it."""
    other = view.find(other_id)
    location = getattr(other, "location", group.location)
    if location != group.location:
        yield (
            path,
            f"{group.label} is in {group.location}, {label(other_id)} in {location}",
            "they must be in the same region",
        )
