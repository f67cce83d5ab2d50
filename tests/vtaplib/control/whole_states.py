"""Whole states: what is true of a world whose every write was done fully or not at all.

Some writes change several resources: a machine gives its interface a MAC address, the second half of a
peering connects the first, a network takes its children with it and disconnects who is peered with it. In the
worlds that these tests build no interface outlives its machine, and a peering ends only with its network.
"""

from __future__ import annotations

from collections.abc import Iterator

from vtaplib import NetworkInterface, Subnet, VirtualMachine, VirtualNetwork, VirtualNetworkPeering
from vtaplib.model import View
from vtaplib.resources import PeeringState


def halves(view: View) -> Iterator[str]:
    """A sentence for each thing that only a half of a write can have left."""
    for machine in view.list(VirtualMachine):
        for interface in map(view.find, machine.network_interface_ids):
            if not isinstance(interface, NetworkInterface) or not interface.mac_address:
                yield f"{machine.label} is there, its interface has no MAC address"
    for one in view.list(NetworkInterface):
        if one.mac_address and not any(view.referrers(one.id, VirtualMachine)):
            yield f"{one.label} has a MAC address, and no machine"
    for side in view.list(VirtualNetworkPeering):
        yield from _halves_of_link(side, view)
    for child in (*view.list(Subnet), *view.list(VirtualNetworkPeering)):
        if not isinstance(view.find(child.id.rsplit("/", 2)[0]), VirtualNetwork):
            yield f"{child.label} is there, its network is not"


def _halves_of_link(side: VirtualNetworkPeering, view: View) -> Iterator[str]:
    remote = side.remote_side(view)
    match side.peering_state, None if remote is None else remote.peering_state:
        case (PeeringState.CONNECTED, PeeringState.CONNECTED) | (PeeringState.INITIATED, None):
            pass
        case (PeeringState.DISCONNECTED, None) if view.find(side.remote_virtual_network_id) is None:
            pass
        case here, there:
            yield f"{side.label} is {here}, its other side {there}"
