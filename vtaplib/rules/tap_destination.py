"""TAP destinations: what may collect, and where it must be."""

from __future__ import annotations

from vtaplib.model import ids
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Severity
from vtaplib.resources.lb import Lb
from vtaplib.resources.network_interface import NetworkInterface, NetworkInterfaceIpConfiguration
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.subscription import Subscription, subscription_of
from vtaplib.resources.virtual_network_tap import TO_FRONTEND, TO_INTERFACE, VirtualNetworkTap

SOURCE = "Azure, virtual network TAP"
FEATURE = "Microsoft.Network/AllowVirtualNetworkTap"


@rule(ErrorCode.VIRTUAL_NETWORK_TAP_DESTINATION_NOT_SUPPORTED, on=VirtualNetworkTap, source=SOURCE)
def destination_can_collect(self: VirtualNetworkTap, view: View, policy: Policy) -> Findings:
    """The destination is the IPv4 configuration of an interface, or an internal frontend of a Standard load
    balancer.
    """
    if self.destination_network_interface_ip_configuration_id:
        configuration = _configuration(self, view)
        if configuration is not None and configuration.private_ip_address_version == "IPv6":
            yield (
                (TO_INTERFACE,),
                (
                    f"{self.label}: {label(self.destination_id)} is an IPv6 configuration; "
                    "a TAP sends over IPv4"
                ),
                "Choose an IPv4 configuration",
            )
    elif self.destination_load_balancer_frontend_ip_configuration_id:
        balancer = view.get(Lb, ids.parent(self.destination_id))
        frontend = balancer.frontend(ids.name(self.destination_id))
        if frontend is not None and not frontend.internal:
            yield (
                (TO_FRONTEND,),
                f"{self.label}: {label(self.destination_id)} of {balancer.label} is public",
                "use an internal frontend, one with a subnet_id",
            )
        if balancer.sku == "Gateway":
            yield (
                (TO_FRONTEND,),
                f"{self.label}: {balancer.label} has sku Gateway",
                "use a load balancer with sku Standard",
            )


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_DESTINATION_IN_USE,
    on=VirtualNetworkTap,
    evidence=Evidence.OURS,
    source="vtap",
    compares=True,
)
def destination_stays_while_sources_send(
    self: VirtualNetworkTap, before: VirtualNetworkTap, view: View, policy: Policy
) -> Findings:
    """The destination does not change while interfaces send to the TAP, if the policy forbids it."""
    if policy.destination_update != "error_if_sources":
        return
    if before.destination_id.lower() == self.destination_id.lower():
        return
    sources = [one.label for one in view.referrers(self.id, NetworkInterfaceTapConfiguration)]
    if sources:
        yield (
            (self.destination_field,),
            (
                f"{self.label}: the destination cannot change while {', '.join(sources)} send to it "
                "(policy destination_update = error_if_sources)"
            ),
            "remove their tap configurations first",
        )


@rule(ErrorCode.INVALID_RESOURCE_REFERENCE, on=VirtualNetworkTap, source=SOURCE)
def destination_is_in_the_same_region(self: VirtualNetworkTap, view: View, policy: Policy) -> Findings:
    """The TAP and its destination are in the same region."""
    if not self.destination_id:
        return
    owner = self.destination_owner(view)
    if owner.location != self.location:
        yield (
            (self.destination_field,),
            (
                f"{self.label}: the TAP is in {self.location}, its destination {owner.label} in "
                f"{owner.location}"
            ),
            "they must be in the same region",
        )


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_DESTINATION_NOT_SUPPORTED,
    on=VirtualNetworkTap,
    source=SOURCE,
    severity=Severity.WARNING,
)
def destination_balancer_is_standard(self: VirtualNetworkTap, view: View, policy: Policy) -> Findings:
    """A load balancer that is a TAP's destination has sku Standard, because Basic is retired."""
    if self.destination_load_balancer_frontend_ip_configuration_id:
        balancer = view.get(Lb, ids.parent(self.destination_id))
        if balancer.sku == "Basic":
            yield (
                (TO_FRONTEND,),
                f"{self.label}: {balancer.label} has sku Basic, which Azure retired on 2025-09-30",
                "create it with sku Standard",
            )


@rule(
    ErrorCode.SUBSCRIPTION_NOT_REGISTERED_FOR_FEATURE,
    on=VirtualNetworkTap,
    evidence=Evidence.INFERRED,
    source=SOURCE,
)
def subscription_has_the_feature(self: VirtualNetworkTap, view: View, policy: Policy) -> Findings:
    """The TAP's subscription is registered for the preview feature, if the policy requires it."""
    if policy.feature_registration != "required":
        return
    subscription = view.get(Subscription, subscription_of(self.id))
    if FEATURE.lower() not in map(str.lower, subscription.registered_features):
        yield (
            ("resource_group_name",),
            f"{self.label}: {subscription.label} is not registered for {FEATURE}",
            (
                "register it (in "
                "vtap: Subscription.registered_features), or set the policy's feature_registration to off"
            ),
        )


def _configuration(tap: VirtualNetworkTap, view: View) -> NetworkInterfaceIpConfiguration | None:
    interface = view.get(NetworkInterface, ids.parent(tap.destination_id))
    name = ids.name(tap.destination_id).lower()
    return next((block for block in interface.ip_configuration if block.name.lower() == name), None)
