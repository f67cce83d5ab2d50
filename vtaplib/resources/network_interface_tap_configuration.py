"""A tap configuration: an interface sends a copy of its traffic to a TAP."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from vtaplib.model.arguments import NetworkName
from vtaplib.model.marks import CreateOnly, Ref
from vtaplib.model.policy import Policy
from vtaplib.model.resource import DeletionOutcome, OnDelete, Reference, Resource
from vtaplib.model.rule import limit
from vtaplib.model.violation import ErrorCode, Severity
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.subscription import subscription_of
from vtaplib.resources.virtual_network_tap import VirtualNetworkTap


class NetworkInterfaceTapConfiguration(Resource):
    """Makes an interface a source of a TAP."""

    id_format = "{network_interface_id}/tapConfigurations/{name}"
    foreign_id_codes = MappingProxyType(
        {"network_interface_id": ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_NOT_SUPPORTED}
    )

    name: CreateOnly[NetworkName]
    """The name of the tap configuration."""
    network_interface_id: CreateOnly[Ref[NetworkInterface]]
    """The ID of the interface to tap."""
    virtual_network_tap_id: CreateOnly[Ref[VirtualNetworkTap]]
    """The ID of the TAP to send to."""

    @limit(ErrorCode.TAP_CONFIGURATION_COUNT_LIMIT_REACHED, path=("virtual_network_tap_id",))
    def tap_configurations_per_tap(self) -> Iterable[str]:
        """A TAP has no more sources than the limit."""
        return [f"{self.virtual_network_tap_id}/tap configurations"]

    @limit(
        ErrorCode.TAP_CONFIGURATION_COUNT_LIMIT_REACHED,
        path=("network_interface_id",),
        severity=Severity.WARNING,
        switch="limits_mode",
    )
    def tap_configurations_per_subscription(self) -> Iterable[str]:
        """A subscription has no more tap configurations than the limit."""
        return [f"{subscription_of(self.network_interface_id)}/tap configurations"]

    def when_target_goes(self, reference: Reference, in_use: ErrorCode, policy: Policy) -> DeletionOutcome:
        if reference.path == ("virtual_network_tap_id",) and policy.delete_tap_in_use == "cascade":
            return DeletionOutcome(OnDelete.CASCADE, in_use)
        return super().when_target_goes(reference, in_use, policy)
