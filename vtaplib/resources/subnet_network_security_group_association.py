"""A security group at a subnet. ARM keeps it on the subnet; azurerm makes it a resource.

It is the one place that says which group a subnet has. What a subnet sends with its own arguments, or its
network with the `subnet` argument, makes or takes away this resource.
"""

from __future__ import annotations

from vtaplib.model import ids
from vtaplib.model.ids import label
from vtaplib.model.marks import CreateOnly, Internal, NotInArm, Ref
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode
from vtaplib.resources.network_security_group import NetworkSecurityGroup, in_another_region
from vtaplib.resources.stream_security import by_guarded_subnet, passes_security_groups
from vtaplib.resources.subnet import ATTACHMENT_SUFFIX, Subnet


class SubnetNetworkSecurityGroupAssociation(Resource):
    """Guards a subnet by a network security group."""

    id_format = "{subnet_id}" + ATTACHMENT_SUFFIX
    arm_owner = "{subnet_id}"

    network_security_group_id: CreateOnly[Ref[NetworkSecurityGroup]]
    """The ID of the security group."""
    subnet_id: CreateOnly[Ref[Subnet]]
    """The ID of the subnet."""
    sent: NotInArm[Internal[bool]] = False
    """Whether the subnet sent it, by its own argument or by its network's."""

    @property
    def label(self) -> str:
        return label(str(self.subnet_id))

    @rule(ErrorCode.INVALID_RESOURCE_REFERENCE, source="Azure, network security groups")
    def group_is_in_the_same_region(self, view: View, policy: Policy) -> Findings:
        """The subnet's network and the security group are in one region."""
        group = view.get(NetworkSecurityGroup, self.network_security_group_id)
        network_id = ids.parent(self.subnet_id)
        yield from in_another_region(("network_security_group_id",), network_id, group, view)

    @rule(ErrorCode.OPERATION_NOT_ALLOWED, source="azurerm provider", compares=True)
    def subnet_does_not_send_it_too(
        self, before: SubnetNetworkSecurityGroupAssociation, view: View, policy: Policy
    ) -> Findings:
        """A subnet that sends a group by its own argument, or by its network's, is not associated with it."""
        was, group_id = before.network_security_group_id, self.network_security_group_id
        if before.sent and not self.sent and ids.key(was) == ids.key(group_id):
            subnet = view.get(Subnet, self.subnet_id)
            network = label(ids.parent(self.subnet_id))
            by_itself = subnet.network_security_group_id_wo_version is not None
            argument = (
                "its network_security_group_id_wo"
                if by_itself
                else f"security_group of its block in {network}"
            )
            yield (
                ("subnet_id",),
                (
                    f"{self.label}: has {label(group_id)} already, by {argument}; keep that or the "
                    "association, not both"
                ),
            )

    security_groups_let_copies_in = passes_security_groups(by_guarded_subnet)
