"""A security group at an interface. ARM keeps it on the interface; azurerm makes it a resource."""

from __future__ import annotations

from vtaplib.model.ids import label
from vtaplib.model.marks import CreateOnly, Ref
from vtaplib.model.policy import Policy
from vtaplib.model.resource import DeletionOutcome, OnDelete, Reference, Resource
from vtaplib.model.violation import ErrorCode
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.network_security_group import NetworkSecurityGroup


class NetworkInterfaceSecurityGroupAssociation(Resource):
    """Attaches a network security group to an interface."""

    id_format = "{network_interface_id}|{network_security_group_id}"
    arm_owner = "{network_interface_id}"

    network_interface_id: CreateOnly[Ref[NetworkInterface]]
    """The ID of the interface."""
    network_security_group_id: CreateOnly[Ref[NetworkSecurityGroup]]
    """The ID of the security group."""

    @property
    def label(self) -> str:
        return label(str(self.network_interface_id))

    def when_target_goes(self, reference: Reference, in_use: ErrorCode, policy: Policy) -> DeletionOutcome:
        """An interface may go, and what says which group it has goes with it."""
        if reference.path == ("network_interface_id",):
            return DeletionOutcome(OnDelete.CASCADE, in_use)
        return super().when_target_goes(reference, in_use, policy)
