"""A security group at a subnet. ARM keeps it on the subnet; azurerm makes it a resource.

It is the one place that says which group a subnet has. What a subnet sends with its own arguments, or its
network with the `subnet` argument, makes or takes away this resource.
"""

from __future__ import annotations

from vtaplib.model.ids import label
from vtaplib.model.marks import CreateOnly, Internal, NotInArm, Ref
from vtaplib.model.resource import Resource
from vtaplib.resources.network_security_group import NetworkSecurityGroup
from vtaplib.resources.subnet import ATTACHMENT_SUFFIX, Subnet


class SubnetNetworkSecurityGroupAssociation(Resource):
    """Attaches a network security group to a subnet."""

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
