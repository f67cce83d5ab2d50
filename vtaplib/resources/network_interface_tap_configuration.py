"""A tap configuration: an interface sends a copy of its traffic to a TAP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vtaplib.model import ids
from vtaplib.model.arguments import NetworkName
from vtaplib.model.marks import CreateOnly, Ref
from vtaplib.model.resource import Departure, Farewell, Findings, Reference, Resource, label, limit, rule
from vtaplib.model.violation import ErrorCode, Evidence, Severity
from vtaplib.resources import fastpath
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.subscription import Subscription, subscription_of
from vtaplib.resources.virtual_network_peering import connected
from vtaplib.resources.virtual_network_tap import VirtualNetworkTap

if TYPE_CHECKING:
    from vtaplib.control.policy import Policy
    from vtaplib.model.view import View


class NetworkInterfaceTapConfiguration(Resource):
    """Makes an interface a source of a TAP."""

    id_format = "{network_interface_id}/tapConfigurations/{name}"

    name: CreateOnly[NetworkName]
    """The name of the tap configuration."""
    network_interface_id: CreateOnly[Ref[NetworkInterface]]
    """The ID of the interface to tap."""
    virtual_network_tap_id: CreateOnly[Ref[VirtualNetworkTap]]
    """The ID of the TAP to send to."""

    tap_configurations_per_tap = limit(
        "tap_configurations_per_tap",
        ErrorCode.TAP_CONFIGURATION_COUNT_LIMIT_REACHED,
        what="A TAP has no more sources than the limit.",
        buckets=lambda it: [f"{it.virtual_network_tap_id}/tap configurations"],
        path=("virtual_network_tap_id",),
    )
    tap_configurations_per_subscription = limit(
        "tap_configurations_per_subscription",
        ErrorCode.TAP_CONFIGURATION_COUNT_LIMIT_REACHED,
        what="A subscription has no more tap configurations than the limit.",
        buckets=lambda it: [f"{subscription_of(it.network_interface_id)}/tap configurations"],
        path=("network_interface_id",),
        severity=Severity.WARNING,
        switch="limits_mode",
    )

    def when_target_goes(self, reference: Reference, in_use: ErrorCode, policy: Policy) -> Farewell:
        if reference.path == ("virtual_network_tap_id",) and policy.delete_tap_in_use == "cascade":
            return Farewell(Departure.CASCADE, in_use)
        return super().when_target_goes(reference, in_use, policy)

    @rule(ErrorCode.INVALID_RESOURCE_REFERENCE, source="Azure, virtual network TAP")
    def source_is_in_the_same_region(self, view: View, policy: Policy) -> Findings:
        """The tapped interface and the TAP are in one region."""
        source = view.get(NetworkInterface, self.network_interface_id)
        tap = view.get(VirtualNetworkTap, self.virtual_network_tap_id)
        if source.location != tap.location:
            yield (
                ("virtual_network_tap_id",),
                (
                    f"{self.label}: {source.label} is in {source.location}, {tap.label} in {tap.location}; "
                    "they must be in one region"
                ),
            )

    @rule(ErrorCode.VIRTUAL_NETWORK_TAP_TENANT_MISMATCH, source="Azure, virtual network TAP")
    def source_is_in_the_same_tenant(self, view: View, policy: Policy) -> Findings:
        """The tapped interface and the TAP are in subscriptions of one tenant."""
        source = view.get(Subscription, subscription_of(self.network_interface_id))
        tap = view.get(Subscription, subscription_of(self.virtual_network_tap_id))
        if source.tenant_id.lower() != tap.tenant_id.lower():
            yield (
                ("virtual_network_tap_id",),
                (
                    f"{self.label}: the interface's subscription is in tenant {source.tenant_id}, that of "
                    f"{label(self.virtual_network_tap_id)} in {tap.tenant_id}; a TAP takes sources of its "
                    "own tenant only"
                ),
            )

    @rule(ErrorCode.VIRTUAL_NETWORK_TAP_DESTINATION_NOT_REACHABLE, source="Azure, virtual network TAP")
    def destination_is_reachable(self, view: View, policy: Policy) -> Findings:
        """The destination is in the source's network, or in one that is directly peered, Connected."""
        if policy.reachability_check == "error":
            yield from self._unreachable(view)

    @rule(
        ErrorCode.VIRTUAL_NETWORK_TAP_DESTINATION_NOT_REACHABLE,
        source="Azure, virtual network TAP",
        severity=Severity.WARNING,
    )
    def destination_should_be_reachable(self, view: View, policy: Policy) -> Findings:
        """As `destination_is_reachable`, where the policy makes it a warning."""
        if policy.reachability_check == "warn":
            yield from self._unreachable(view)

    def _unreachable(self, view: View) -> Findings:
        tap = view.get(VirtualNetworkTap, self.virtual_network_tap_id)
        if not tap.destination_id:
            return
        here = view.get(NetworkInterface, self.network_interface_id).virtual_network_id
        there = tap.destination_network_id(view)
        if there and here.lower() != there.lower() and not connected(view, here, there):
            yield (
                ("virtual_network_tap_id",),
                (
                    f"{self.label}: {label(self.network_interface_id)} is in {label(here)}, the destination "
                    f"of {tap.label} in {label(there)}, and no peering between them is Connected in both "
                    "directions with allow_virtual_network_access. Peerings are not transitive. If this "
                    "configuration makes them, let it come after both: depends_on = "
                    "[azurerm_virtual_network_peering.…]"
                ),
            )

    @rule(
        ErrorCode.NETWORK_INTERFACE_NOT_ON_FASTPATH,
        source=fastpath.SOURCE,
        switch="fastpath_check",
        at_apply=fastpath.ORDER,
    )
    def source_is_on_the_fast_path(self, view: View, policy: Policy) -> Findings:
        """The tapped interface's machine was created, or started from deallocated, after there was a TAP in
        its subscription and region.
        """
        yield from fastpath.machine_off_fastpath(self, view)

    @rule(
        ErrorCode.NETWORK_INTERFACE_NOT_ON_FASTPATH,
        evidence=Evidence.OURS,
        source="vtap",
        severity=Severity.WARNING,
    )
    def machine_waits_for_the_tap(self, view: View, policy: Policy) -> Findings:
        """A plan makes a machine that it taps after the TAP."""
        if policy.fastpath_check != "off":
            yield from fastpath.machine_made_beside_the_tap(self, view)

    @rule(ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_IS_DESTINATION, evidence=Evidence.OURS, source="vtap")
    def source_is_not_the_destination(self, view: View, policy: Policy) -> Findings:
        """An interface is not tapped towards itself."""
        tap = view.get(VirtualNetworkTap, self.virtual_network_tap_id)
        destination = tap.destination_network_interface_ip_configuration_id
        if policy.self_mirror != "error" or not destination:
            return
        if ids.parent(destination).lower() == self.network_interface_id.lower():
            yield (
                ("virtual_network_tap_id",),
                (
                    f"{self.label}: {label(self.network_interface_id)} is the destination of {tap.label}; "
                    "its copies would be copied without end"
                ),
            )

    @rule(ErrorCode.VIRTUAL_NETWORK_TAP_ALREADY_CONFIGURED, evidence=Evidence.OURS, source="vtap")
    def interface_has_one_tap(self, view: View, policy: Policy) -> Findings:
        """An interface has one tap configuration, where the policy says so."""
        if policy.multiple_taps_per_nic == "error":
            yield from self._others(view)

    @rule(
        ErrorCode.VIRTUAL_NETWORK_TAP_ALREADY_CONFIGURED,
        evidence=Evidence.OURS,
        severity=Severity.WARNING,
        source="vtap",
    )
    def interface_should_have_one_tap(self, view: View, policy: Policy) -> Findings:
        """Whether Azure takes several tap configurations on one interface is not known."""
        if policy.multiple_taps_per_nic == "warn":
            yield from self._others(view)

    def _others(self, view: View) -> Findings:
        for other in view.referrers(
            self.network_interface_id, NetworkInterfaceTapConfiguration, certain=True
        ):
            if other.id.lower() != self.id.lower() and (
                other.network_interface_id.lower() == self.network_interface_id.lower()
            ):
                yield (
                    ("network_interface_id",),
                    (
                        f"{self.label}: {label(self.network_interface_id)} already has {other.label}; "
                        "Azure's API lists several, that two work is not documented"
                    ),
                )
