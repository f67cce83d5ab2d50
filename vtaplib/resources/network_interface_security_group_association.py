"""A security group at an interface. ARM keeps it on the interface; azurerm makes it a resource."""

from __future__ import annotations

from vtaplib.model.ids import label
from vtaplib.model.marks import CreateOnly, Ref
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Departure, Farewell, Reference, Resource
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.network_security_group import NetworkSecurityGroup, in_another_region
from vtaplib.resources.stream_security import by_guarded_interface, passes_security_groups


class NetworkInterfaceSecurityGroupAssociation(Resource):
    """Guards an interface by a network security group."""

    id_format = "{network_interface_id}|{network_security_group_id}"
    arm_owner = "{network_interface_id}"

    network_interface_id: CreateOnly[Ref[NetworkInterface]]
    """The ID of the interface."""
    network_security_group_id: CreateOnly[Ref[NetworkSecurityGroup]]
    """The ID of the security group."""

    @property
    def label(self) -> str:
        return label(str(self.network_interface_id))

    def when_target_goes(self, reference: Reference, in_use: ErrorCode, policy: Policy) -> Farewell:
        """An interface may go, and what says which group it has goes with it."""
        if reference.path == ("network_interface_id",):
            return Farewell(Departure.CASCADE, in_use)
        return super().when_target_goes(reference, in_use, policy)

    @rule(ErrorCode.OPERATION_NOT_ALLOWED, source="azurerm provider")
    def interface_has_one_group(self, view: View, policy: Policy) -> Findings:
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
                        f"{label(self.network_security_group_id)} too; remove that association first"
                    ),
                )

    @rule(ErrorCode.INVALID_RESOURCE_REFERENCE, source="Azure, network security groups")
    def group_is_in_the_same_region(self, view: View, policy: Policy) -> Findings:
        """The interface and the security group are in one region."""
        group = view.get(NetworkSecurityGroup, self.network_security_group_id)
        yield from in_another_region(("network_security_group_id",), self.network_interface_id, group, view)

    security_groups_let_copies_in = passes_security_groups(by_guarded_interface)
