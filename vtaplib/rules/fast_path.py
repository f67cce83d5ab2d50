"""The fast path: whether the platform has a machine's traffic where a TAP can copy it.

How a machine gets onto it stands in `virtual_machine`. Whichever is written last, the machine or the tap
configuration, finds the other.
"""

from __future__ import annotations

from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Severity
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.subscription import subscription_of
from vtaplib.resources.virtual_machine import VirtualMachine
from vtaplib.resources.virtual_network_tap import VirtualNetworkTap, taps_in_region
from vtaplib.rules.references import configurations_of_machine, machines_of

SOURCE = "Azure, virtual network TAP"
_TOO_EARLY = "was created before there was a TAP in its subscription and region"
ORDER = "Only the apply shows whether a new machine is made before or after the first TAP."


@rule(
    ErrorCode.NETWORK_INTERFACE_NOT_ON_FASTPATH,
    on=NetworkInterfaceTapConfiguration,
    source=SOURCE,
    switch="fastpath_check",
    at_apply=ORDER,
)
def source_is_on_the_fast_path(
    self: NetworkInterfaceTapConfiguration, view: View, policy: Policy
) -> Findings:
    """The tapped interface's machine was created, or started from deallocated, after there was a TAP in
    its subscription and region.
    """
    for machine in machines_of(self.network_interface_id, view):
        if not machine.on_fastpath:
            yield (
                ("network_interface_id",),
                (
                    f"{self.label}: {label(self.network_interface_id)} is not on the fast path: "
                    f"{machine.label} {_TOO_EARLY}"
                ),
                _way_out(machine),
            )


@rule(
    ErrorCode.NETWORK_INTERFACE_NOT_ON_FASTPATH,
    on=NetworkInterfaceTapConfiguration,
    evidence=Evidence.OURS,
    source="vtap",
    severity=Severity.WARNING,
)
def machine_waits_for_the_tap(self: NetworkInterfaceTapConfiguration, view: View, policy: Policy) -> Findings:
    """A plan creates a tapped machine after the TAP."""
    if policy.fastpath_check == "off":
        return
    tap_id = self.virtual_network_tap_id
    for machine in machines_of(self.network_interface_id, view):
        if view.waits_for(machine.id, tap_id) is False and not _may_find_a_tap(machine, view):
            yield (
                ("network_interface_id",),
                (
                    f"{self.label}: nothing makes {machine.label} wait for {label(tap_id)}. If the "
                    "machine is created before there is a TAP, it must be deallocated and started before its "
                    "interface can be tapped"
                ),
                (
                    "Add to the machine: depends_on = [azurerm_virtual_network_tap.…], with the name of the "
                    f"block that makes {label(tap_id)}"
                ),
            )


@rule(
    ErrorCode.NETWORK_INTERFACE_NOT_ON_FASTPATH,
    on=VirtualMachine,
    source=SOURCE,
    switch="fastpath_check",
    at_apply=ORDER,
)
def tapped_interfaces_are_on_the_fast_path(self: VirtualMachine, view: View, policy: Policy) -> Findings:
    """A machine with tapped interfaces was created, or started from deallocated, after there was a TAP in
    its subscription and region.
    """
    if self.on_fastpath:
        return
    for configuration in configurations_of_machine(self, view):
        position = [one.lower() for one in self.network_interface_ids].index(
            configuration.network_interface_id.lower()
        )
        yield (
            ("network_interface_ids", position),
            (
                f"{self.label}: {configuration.label} taps {label(configuration.network_interface_id)}, "
                f"which is not on the fast path: {self.label} {_TOO_EARLY}"
            ),
            _way_out(self),
        )


def _may_find_a_tap(machine: VirtualMachine, view: View) -> bool:
    """Whether there may be a TAP in the subscription and region of a new machine when it is made."""
    if machine.knows("on_fastpath") or view.existing_usage(
        taps_in_region(machine.subscription_id, machine.location)
    ):
        return True
    return any(
        view.waits_for(machine.id, one.id) is not False
        for one in view.list(VirtualNetworkTap, subscription_of(machine.id))
        if one.location == machine.location
    )


def _way_out(machine: VirtualMachine) -> str:
    return (
        f"Deallocate and start it once: vtap machine deallocate {machine.name} && vtap machine start "
        f"{machine.name} (in Azure: az vm deallocate, az vm start)"
    )
