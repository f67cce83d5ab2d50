"""Neighbours: who refers to an interface, a pool, a frontend or a TAP, one step at a time.

For rules that stand on several types and look at each other: types import their rules, so the rules cannot
import the types. Only what is sure to be there is found; see `View.referrers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from vtaplib.model.view import View

if TYPE_CHECKING:
    from vtaplib.resources.lb_rule import LbRule
    from vtaplib.resources.network_interface_backend_address_pool_association import (
        NetworkInterfaceBackendAddressPoolAssociation,
    )
    from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
    from vtaplib.resources.virtual_machine import VirtualMachine
    from vtaplib.resources.virtual_network_tap import VirtualNetworkTap


def machines_of(interface_id: str, view: View) -> Iterator[VirtualMachine]:
    """The machine that an interface is attached to, if there is one."""
    from vtaplib.resources.virtual_machine import VirtualMachine

    return view.referrers(interface_id, VirtualMachine, certain=True)


def configurations_of(target_id: str, view: View) -> Iterator[NetworkInterfaceTapConfiguration]:
    """The tap configurations of an interface, or to a TAP."""
    from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration

    return view.referrers(target_id, NetworkInterfaceTapConfiguration, certain=True)


def configurations_in(network_id: str, view: View) -> Iterator[NetworkInterfaceTapConfiguration]:
    """The tap configurations of a network's interfaces. The work grows with the network."""
    from vtaplib.resources.network_interface import NetworkInterface
    from vtaplib.resources.subnet import Subnet

    for subnet in view.referrers(network_id, Subnet, certain=True):
        for interface in view.referrers(subnet.id, NetworkInterface, certain=True):
            yield from configurations_of(interface.id, view)


def memberships_of(target_id: str, view: View) -> Iterator[NetworkInterfaceBackendAddressPoolAssociation]:
    """The memberships of an interface, or in a pool."""
    from vtaplib.resources.network_interface_backend_address_pool_association import (
        NetworkInterfaceBackendAddressPoolAssociation,
    )

    return view.referrers(target_id, NetworkInterfaceBackendAddressPoolAssociation, certain=True)


def balancing_rules_of(target_id: str, view: View) -> Iterator[LbRule]:
    """The load-balancing rules of a pool, or of a frontend."""
    from vtaplib.resources.lb_rule import LbRule

    return view.referrers(target_id, LbRule, certain=True)


def taps_to(target_id: str, view: View) -> Iterator[VirtualNetworkTap]:
    """The TAPs that send to an interface, or to a frontend."""
    from vtaplib.resources.virtual_network_tap import VirtualNetworkTap

    return view.referrers(target_id, VirtualNetworkTap, certain=True)
