"""The fast path: whether the platform has a machine's traffic where a TAP can copy it.

A machine gets onto it when it is created, or started from deallocated, while there is a TAP in its
subscription and region or one of its interfaces is tapped; once there it stays. A restart inside the machine
does not count. Azure, virtual network TAP; what counts in detail is inferred.

Machines and tap configurations know of each other through this module only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from vtaplib.model.ids import label
from vtaplib.model.rule import Findings
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.resources.neighbours import configurations_of, machines_of
from vtaplib.resources.virtual_network_tap import taps_in_region

if TYPE_CHECKING:
    from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
    from vtaplib.resources.virtual_machine import VirtualMachine

SOURCE = "Azure, virtual network TAP"
ORDER = "Whether a new machine is made before or after the first TAP shows when they are made."


def gets_onto_fastpath(machine: VirtualMachine, view: View) -> bool:
    """Whether a machine that is created or started now gets onto the fast path. Not known in a plan that
    makes the first TAP: the order of the apply may be another.
    """
    tapped = any(True for _ in _configurations(machine, view))
    if view.taken_already(_taps(machine)) or tapped:
        return True
    if not view.settled:
        raise Undecided("a TAP may be made before the machine is")
    return False


def machine_off_fastpath(configuration: NetworkInterfaceTapConfiguration, view: View) -> Findings:
    """What a tap configuration says of its interface's machine that is not on the fast path."""
    for machine in machines_of(configuration.network_interface_id, view):
        if not machine.on_fastpath:
            yield (
                ("network_interface_id",),
                (
                    f"{configuration.label}: {label(configuration.network_interface_id)} is not on the fast "
                    f"path: {_way_out(machine)}"
                ),
            )


def tapped_off_fastpath(machine: VirtualMachine, view: View) -> Findings:
    """What a machine that is not on the fast path says of its interfaces that are tapped."""
    if machine.on_fastpath:
        return
    for configuration in _configurations(machine, view):
        position = [one.lower() for one in machine.network_interface_ids].index(
            configuration.network_interface_id.lower()
        )
        yield (
            ("network_interface_ids", position),
            (
                f"{machine.label}: {configuration.label} taps {label(configuration.network_interface_id)}, "
                f"which is not on the fast path: {_way_out(machine)}"
            ),
        )


def machine_made_beside_the_tap(configuration: NetworkInterfaceTapConfiguration, view: View) -> Findings:
    """What a tap configuration says of a new machine that a plan does not make wait for a TAP."""
    tap_id = configuration.virtual_network_tap_id
    for machine in machines_of(configuration.network_interface_id, view):
        if view.waits_for(machine.id, tap_id) is False and not machine.knows("on_fastpath"):
            yield (
                ("network_interface_id",),
                (
                    f"{configuration.label}: nothing makes {machine.label} wait for {label(tap_id)}. If the "
                    "machine is created before there is a TAP, it must be deallocated and started before its "
                    "interface can be tapped. Write into the machine: depends_on = "
                    f"[azurerm_virtual_network_tap.…], with the name of the block that makes {label(tap_id)}"
                ),
            )


def _taps(machine: VirtualMachine) -> str:
    return taps_in_region(machine.subscription_id, machine.location)


def _configurations(machine: VirtualMachine, view: View) -> Iterator[NetworkInterfaceTapConfiguration]:
    for interface_id in machine.network_interface_ids:
        yield from configurations_of(interface_id, view)


def _way_out(machine: VirtualMachine) -> str:
    return (
        f"{machine.label} was created before there was a TAP in its subscription and region. Deallocate and "
        f"start it once: vtap machine deallocate {machine.name} && vtap machine start {machine.name} (in "
        "Azure: az vm deallocate, az vm start)"
    )
