"""TAP sources: which interfaces may send to which TAP."""

from __future__ import annotations

from vtaplib.model import ids
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Severity
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.peering_link import PeeringLink, link_between
from vtaplib.resources.subscription import Subscription, subscription_of
from vtaplib.resources.virtual_machine import VirtualMachine
from vtaplib.resources.virtual_network import VirtualNetwork
from vtaplib.resources.virtual_network_tap import VirtualNetworkTap
from vtaplib.rules.references import configurations_in, configurations_of

SOURCE = "Azure, virtual network TAP"


@rule(ErrorCode.INVALID_RESOURCE_REFERENCE, on=NetworkInterfaceTapConfiguration, source=SOURCE)
def source_is_in_the_same_region(
    self: NetworkInterfaceTapConfiguration, view: View, policy: Policy
) -> Findings:
    """The tapped interface and the TAP are in the same region."""
    source = view.get(NetworkInterface, self.network_interface_id)
    tap = view.get(VirtualNetworkTap, self.virtual_network_tap_id)
    if source.location != tap.location:
        yield (
            ("virtual_network_tap_id",),
            f"{self.label}: {source.label} is in {source.location}, {tap.label} in {tap.location}",
            "they must be in the same region",
        )


@rule(ErrorCode.VIRTUAL_NETWORK_TAP_TENANT_MISMATCH, on=NetworkInterfaceTapConfiguration, source=SOURCE)
def source_is_in_the_same_tenant(
    self: NetworkInterfaceTapConfiguration, view: View, policy: Policy
) -> Findings:
    """The tapped interface and the TAP are in subscriptions of the same tenant."""
    source = view.get(Subscription, subscription_of(self.network_interface_id))
    tap = view.get(Subscription, subscription_of(self.virtual_network_tap_id))
    if source.tenant_id.lower() != tap.tenant_id.lower():
        yield (
            ("virtual_network_tap_id",),
            (
                f"{self.label}: the interface's subscription is in tenant {source.tenant_id}, that of "
                f"{label(self.virtual_network_tap_id)} in {tap.tenant_id}"
            ),
            "tap only interfaces of the TAP's own tenant",
        )


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_DESTINATION_NOT_REACHABLE,
    on=NetworkInterfaceTapConfiguration,
    source=SOURCE,
    switch="reachability_check",
)
def destination_is_reachable(self: NetworkInterfaceTapConfiguration, view: View, policy: Policy) -> Findings:
    """The destination is in the source's network, or in one that is directly peered, Connected."""
    link = _link_to_the_destination(self, view)
    if link is not None and not link.is_open:
        order = (
            ". If this configuration creates what is missing, make this wait for it: depends_on = "
            "[azurerm_virtual_network_peering.…]"
        )
        here, there = link.sides
        yield (
            ("virtual_network_tap_id",),
            (
                f"{self.label}: {label(self.network_interface_id)} is in {label(here.here_id)}, and the "
                f"destination of {label(self.virtual_network_tap_id)} is in {label(there.here_id)}: "
                f"{', '.join(link.problems(label))}"
            ),
            f"to connect them, {link.remedy(label)}{'' if link.is_whole else order}",
        )


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_DESTINATION_NOT_REACHABLE,
    on=NetworkInterfaceTapConfiguration,
    evidence=Evidence.OURS,
    severity=Severity.WARNING,
    source="vtap",
)
def tap_configuration_waits_for_the_peerings(
    self: NetworkInterfaceTapConfiguration, view: View, policy: Policy
) -> Findings:
    """A plan creates a tap configuration after the peerings that its copies need."""
    link = _link_to_the_destination(self, view)
    if link is None or not link.is_open or policy.reachability_check != "error":
        return
    early = [
        side.label(label)
        for side in link.sides
        if side.peering is not None and view.waits_for(self.id, side.peering.id) is False
    ]
    if early:
        yield (
            ("virtual_network_tap_id",),
            (
                f"{self.label}: nothing makes it wait for {' and '.join(early)}. If it is created before "
                "they are, its TAP's destination cannot be reached, and the apply fails"
            ),
            (
                "Add to it: depends_on = [azurerm_virtual_network_peering.…], with the names of the blocks "
                "that make the peerings"
            ),
        )


def _link_to_the_destination(
    configuration: NetworkInterfaceTapConfiguration, view: View
) -> PeeringLink | None:
    """The link that copies take; None where they stay in their network, or go nowhere."""
    tap = view.get(VirtualNetworkTap, configuration.virtual_network_tap_id)
    if not tap.destination_id:
        return None
    here = view.get(NetworkInterface, configuration.network_interface_id).virtual_network_id
    there = tap.destination_network_id(view)
    return None if not there or ids.key(here) == ids.key(there) else link_between(view, here, there)


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_ALREADY_CONFIGURED,
    on=NetworkInterfaceTapConfiguration,
    evidence=Evidence.OURS,
    severity=Severity.WARNING,
    source="vtap",
    switch="multiple_taps_per_nic",
)
def interface_has_one_tap(self: NetworkInterfaceTapConfiguration, view: View, policy: Policy) -> Findings:
    """An interface has one tap configuration. Whether Azure accepts several is not known."""
    for other in configurations_of(self.network_interface_id, view):
        if other.id.lower() != self.id.lower():
            yield (
                ("network_interface_id",),
                (
                    f"{self.label}: {label(self.network_interface_id)} already has {other.label}. Azure's "
                    "API can list several, but whether two work is not documented"
                ),
                "Keep one to be sure",
            )


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_VNET_ENCRYPTION_NOT_SUPPORTED,
    on=NetworkInterfaceTapConfiguration,
    source=SOURCE,
)
def source_network_is_not_encrypted(
    self: NetworkInterfaceTapConfiguration, view: View, policy: Policy
) -> Findings:
    """The tapped interface is in a network without encryption."""
    source = view.get(NetworkInterface, self.network_interface_id)
    network = view.get(VirtualNetwork, source.virtual_network_id)
    if network.encryption is not None:
        yield (
            ("network_interface_id",),
            f"{self.label}: {source.label} is in {network.label}, which is encrypted",
            "turn encryption off there, or do not tap the interface",
        )


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_STREAM_LOST,
    on=NetworkInterfaceTapConfiguration,
    evidence=Evidence.INFERRED,
    severity=Severity.WARNING,
    source=SOURCE,
)
def source_speaks_ipv4_only(self: NetworkInterfaceTapConfiguration, view: View, policy: Policy) -> Findings:
    """The tapped interface has no IPv6 configuration, because IPv6 traffic is not mirrored."""
    source = view.get(NetworkInterface, self.network_interface_id)
    six = [one.name for one in source.ip_configuration if one.private_ip_address_version == "IPv6"]
    if six:
        yield (
            ("network_interface_id",),
            (
                f"{self.label}: {source.label} also has IPv6 ({', '.join(six)}); its IPv4 traffic is "
                "mirrored, its IPv6 traffic is not"
            ),
            "Use IPv4 for traffic that must be seen",
        )


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_INTERRUPTED,
    on=NetworkInterfaceTapConfiguration,
    severity=Severity.WARNING,
    source=SOURCE,
)
def machine_is_not_interrupted(
    self: NetworkInterfaceTapConfiguration, view: View, policy: Policy
) -> Findings:
    """An interface is tapped before its machine runs, because tapping may interrupt the machine's network."""
    before = view.existing(self.id)
    if isinstance(before, type(self)) and (
        before.virtual_network_tap_id.lower() == self.virtual_network_tap_id.lower()
    ):
        return
    for planned in view.referrers(self.network_interface_id, VirtualMachine):
        machine = view.existing(planned.id)
        if isinstance(machine, VirtualMachine) and machine.runs_with(self.network_interface_id):
            yield (
                ("network_interface_id",),
                (
                    f"{self.label}: {machine.label} is running. When {label(self.network_interface_id)} is "
                    "tapped, the machine's network may be interrupted for up to 60 seconds"
                ),
                "Choose a time when that does no harm",
            )


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_VNET_ENCRYPTION_NOT_SUPPORTED,
    on=VirtualNetwork,
    evidence=Evidence.OURS,
    source="vtap",
    compares=True,
)
def encryption_stays_off_while_interfaces_are_tapped(
    self: VirtualNetwork, before: VirtualNetwork, view: View, policy: Policy
) -> Findings:
    """Encryption is not turned on while an interface in the network is tapped."""
    if self.encryption is None or before.encryption is not None:
        return
    tapped = sorted({label(ids.parent(one.id)) for one in configurations_in(self.id, view)})
    if tapped:
        yield (
            ("encryption",),
            (
                f"{self.label}: encryption cannot be turned on while interfaces in the network are "
                f"tapped: {', '.join(tapped)}"
            ),
            "remove their tap configurations first",
        )
