"""A tap configuration: an interface sends a copy of its traffic to a TAP."""

from __future__ import annotations

from types import MappingProxyType

from vtaplib.model import ids
from vtaplib.model.arguments import NetworkName
from vtaplib.model.ids import label
from vtaplib.model.marks import CreateOnly, Ref
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Departure, Farewell, Reference, Resource
from vtaplib.model.rule import Findings, limit, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Severity
from vtaplib.resources import fastpath
from vtaplib.resources.mirror_hop import by_configuration
from vtaplib.resources.mirror_loop import (
    chains_by_configuration,
    collectors_not_tapped,
    no_ring,
    not_its_own_collector,
)
from vtaplib.resources.neighbours import configurations_of
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.peering_link import link_between
from vtaplib.resources.stream_security import passes_security_groups
from vtaplib.resources.subscription import Subscription, subscription_of
from vtaplib.resources.tapped_machine import (
    backends_by_configuration,
    no_basic_balancer,
    no_floating_ip,
    size_of_known_generation,
    supported_size,
    tapped_by_configuration,
)
from vtaplib.resources.virtual_machine import VirtualMachine
from vtaplib.resources.virtual_network import VirtualNetwork
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

    @rule(
        ErrorCode.VIRTUAL_NETWORK_TAP_DESTINATION_NOT_REACHABLE,
        source="Azure, virtual network TAP",
        switch="reachability_check",
    )
    def destination_is_reachable(self, view: View, policy: Policy) -> Findings:
        """The destination is in the source's network, or in one that is directly peered, Connected."""
        tap = view.get(VirtualNetworkTap, self.virtual_network_tap_id)
        if not tap.destination_id:
            return
        here = view.get(NetworkInterface, self.network_interface_id).virtual_network_id
        there = tap.destination_network_id(view)
        if not there or ids.key(here) == ids.key(there):
            return
        link = link_between(view, here, there)
        if not link.is_open:
            order = (
                ". If this configuration creates what is missing, make this wait for it: depends_on = "
                "[azurerm_virtual_network_peering.…]"
            )
            yield (
                ("virtual_network_tap_id",),
                (
                    f"{self.label}: {label(self.network_interface_id)} is in {label(here)}, and the "
                    f"destination of {tap.label} is in {label(there)}: {', '.join(link.problems(label))}; to "
                    f"connect them, {link.remedy(label)}{'' if link.is_whole else order}"
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

    @rule(
        ErrorCode.VIRTUAL_NETWORK_TAP_ALREADY_CONFIGURED,
        evidence=Evidence.OURS,
        severity=Severity.WARNING,
        source="vtap",
        switch="multiple_taps_per_nic",
    )
    def interface_has_one_tap(self, view: View, policy: Policy) -> Findings:
        """An interface has one tap configuration; whether Azure takes several is not known."""
        for other in configurations_of(self.network_interface_id, view):
            if other.id.lower() != self.id.lower():
                yield (
                    ("network_interface_id",),
                    (
                        f"{self.label}: {label(self.network_interface_id)} already has {other.label}; "
                        "Azure's API lists several, that two work is not documented"
                    ),
                )

    @rule(
        ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_VNET_ENCRYPTION_NOT_SUPPORTED,
        source="Azure, virtual network TAP",
    )
    def source_network_is_not_encrypted(self, view: View, policy: Policy) -> Findings:
        """The tapped interface is in a network without encryption."""
        source = view.get(NetworkInterface, self.network_interface_id)
        network = view.get(VirtualNetwork, source.virtual_network_id)
        if network.encryption is not None:
            yield (
                ("network_interface_id",),
                (
                    f"{self.label}: {source.label} is in {network.label}, which has encryption; remove it "
                    "there, or do not tap the interface"
                ),
            )

    @rule(
        ErrorCode.VIRTUAL_NETWORK_TAP_STREAM_LOST,
        evidence=Evidence.INFERRED,
        severity=Severity.WARNING,
        source="Azure, virtual network TAP",
    )
    def source_speaks_ipv4_only(self, view: View, policy: Policy) -> Findings:
        """The tapped interface has no IPv6 configuration, for its IPv6 traffic is not mirrored."""
        source = view.get(NetworkInterface, self.network_interface_id)
        six = [one.name for one in source.ip_configuration if one.private_ip_address_version == "IPv6"]
        if six:
            yield (
                ("network_interface_id",),
                (
                    f"{self.label}: {source.label} has IPv6 as well ({', '.join(six)}); its IPv4 traffic is "
                    "mirrored, its IPv6 traffic is not"
                ),
            )

    @rule(
        ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_INTERRUPTED,
        severity=Severity.WARNING,
        source="Azure, virtual network TAP",
    )
    def machine_is_not_interrupted(self, view: View, policy: Policy) -> Findings:
        """An interface is tapped before its machine runs, for that may interrupt the machine's network."""
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
                        f"{self.label}: {machine.label} runs; when {label(self.network_interface_id)} "
                        "begins to be tapped, its network may be interrupted for up to 60 seconds. Choose a "
                        "time when that does no harm"
                    ),
                )

    no_interface_is_its_own_collector = not_its_own_collector(by_configuration)
    taps_form_no_ring = no_ring(by_configuration)
    security_groups_let_copies_in = passes_security_groups(by_configuration)
    collectors_are_not_tapped = collectors_not_tapped(chains_by_configuration)
    tapped_machine_has_a_supported_size = supported_size(("network_interface_id",), tapped_by_configuration)
    tapped_machine_has_a_known_size = size_of_known_generation(
        ("network_interface_id",), tapped_by_configuration
    )
    tapped_machine_is_behind_no_floating_ip = no_floating_ip(
        ("network_interface_id",), backends_by_configuration
    )
    tapped_machine_is_behind_no_basic_balancer = no_basic_balancer(
        ("network_interface_id",), backends_by_configuration
    )
