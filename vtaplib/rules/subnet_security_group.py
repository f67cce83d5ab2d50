"""Security groups of subnets, attached by the subnet, by its network, or by an association."""

from __future__ import annotations

from vtaplib.model import ids
from vtaplib.model.general_rule import GENERAL_RULES, REFERENCES_EXIST
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode
from vtaplib.resources.network_security_group import NetworkSecurityGroup
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.subnet_network_security_group_association import SubnetNetworkSecurityGroupAssociation
from vtaplib.rules.security_group import in_another_region

SOURCE = "Azure, network security groups"


@rule(ErrorCode.INVALID_RESOURCE_REFERENCE, on=SubnetNetworkSecurityGroupAssociation, source=SOURCE)
def group_is_in_the_same_region(
    self: SubnetNetworkSecurityGroupAssociation, view: View, policy: Policy
) -> Findings:
    """The subnet's network and the security group are in the same region."""
    group = view.get(NetworkSecurityGroup, self.network_security_group_id)
    network_id = ids.parent(self.subnet_id)
    yield from in_another_region(("network_security_group_id",), network_id, group, view)


@rule(
    ErrorCode.OPERATION_NOT_ALLOWED,
    on=SubnetNetworkSecurityGroupAssociation,
    source="azurerm provider",
    compares=True,
)
def subnet_does_not_send_it_too(
    self: SubnetNetworkSecurityGroupAssociation,
    before: SubnetNetworkSecurityGroupAssociation,
    view: View,
    policy: Policy,
) -> Findings:
    """A subnet gets its security group by an argument, its own or its network's, or by an association, but
    not by both.
    """
    was, group_id = before.network_security_group_id, self.network_security_group_id
    if before.sent and not self.sent and ids.key(was) == ids.key(group_id):
        subnet = view.get(Subnet, self.subnet_id)
        network = label(ids.parent(self.subnet_id))
        by_itself = subnet.network_security_group_id_wo_version is not None
        argument = (
            "its network_security_group_id_wo" if by_itself else f"security_group of its block in {network}"
        )
        yield (
            ("subnet_id",),
            f"{self.label}: the subnet already has {label(group_id)}, by {argument}",
            "keep the argument or the association, not both",
        )


@rule(
    ErrorCode.INVALID_RESOURCE_REFERENCE,
    on=Subnet,
    source=SOURCE,
    compares=True,
    judges_new=True,
    at_apply=GENERAL_RULES[REFERENCES_EXIST].at_apply,
)
def sent_security_group_exists(self: Subnet, before: Subnet | None, view: View, policy: Policy) -> Findings:
    """The security group that an argument names exists."""
    group_id = self.sent_group(before)
    if group_id and view.complete and view.find(group_id) is None:
        argument = self.group_argument
        yield (
            (argument,),
            f"{self.label}: {argument} = {group_id!r} does not exist",
            "create it first, or correct the ID",
        )


@rule(ErrorCode.INVALID_RESOURCE_REFERENCE, on=Subnet, source=SOURCE, compares=True, judges_new=True)
def sent_security_group_can_be_attached(
    self: Subnet, before: Subnet | None, view: View, policy: Policy
) -> Findings:
    """The ID that the argument names is that of a security group in the network's region."""
    group_id = self.sent_group(before)
    group = view.find(group_id) if group_id else None
    argument = self.group_argument
    if isinstance(group, NetworkSecurityGroup):
        yield from in_another_region((argument,), self.virtual_network_id, group, view)
    elif group is not None:
        yield (
            (argument,),
            f"{self.label}: {argument} = {group_id!r} is not a network security group",
            "give the ID of a network security group",
        )
