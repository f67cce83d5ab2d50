"""References: who refers to an interface, a pool, a frontend or a TAP, one step at a time.

Only what is sure to be there is found; see `View.referrers`.
"""

from __future__ import annotations

from collections.abc import Iterator

from vtaplib.model.view import View
from vtaplib.resources.lb_rule import LbRule
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.network_interface_backend_address_pool_association import (
    NetworkInterfaceBackendAddressPoolAssociation,
)
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.virtual_machine import VirtualMachine
from vtaplib.resources.virtual_network_tap import VirtualNetworkTap


def machines_of(interface_id: str, view: View) -> Iterator[VirtualMachine]:
    """The machine that an interface is attached to, if there is one."""
    return view.referrers(interface_id, VirtualMachine, certain=True)


def configurations_of(target_id: str, view: View) -> Iterator[NetworkInterfaceTapConfiguration]:
    """The tap configurations of an interface, or to a TAP."""
    return view.referrers(target_id, NetworkInterfaceTapConfiguration, certain=True)


def configurations_of_machine(
    machine: VirtualMachine, view: View
) -> Iterator[NetworkInterfaceTapConfiguration]:
    """The tap configurations of a machine's interfaces."""
    for interface_id in machine.network_interface_ids:
        yield from configurations_of(interface_id, view)


def configurations_in(network_id: str, view: View) -> Iterator[NetworkInterfaceTapConfiguration]:
    """The tap configurations of a network's interfaces. The work grows with the network."""
    for subnet in view.referrers(network_id, Subnet, certain=True):
        for interface in view.referrers(subnet.id, NetworkInterface, certain=True):
            yield from configurations_of(interface.id, view)


def memberships_of(target_id: str, view: View) -> Iterator[NetworkInterfaceBackendAddressPoolAssociation]:
    """The memberships of an interface, or in a pool."""
    return view.referrers(target_id, NetworkInterfaceBackendAddressPoolAssociation, certain=True)


def balancing_rules_of(target_id: str, view: View) -> Iterator[LbRule]:
    """The load-balancing rules of a pool, or of a frontend."""
    return view.referrers(target_id, LbRule, certain=True)


def taps_to(target_id: str, view: View) -> Iterator[VirtualNetworkTap]:
    """The TAPs that send to an interface, or to a frontend."""
    return view.referrers(target_id, VirtualNetworkTap, certain=True)
