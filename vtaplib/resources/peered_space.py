"""What a peering covers: the whole of two networks, the subnets that it names, or only their IPv6 prefixes.

Each side keeps a copy of the other network's prefixes, made when it was written last, and routes by that.
Where the other network has changed since, the link is out of step until that side is written again.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from vtaplib.model.addresses import maybe_network
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.virtual_network import VirtualNetwork

if TYPE_CHECKING:
    from vtaplib.resources.virtual_network_peering import VirtualNetworkPeering


class PeeringSyncLevel(StrEnum):
    """Whether the two sides of a peering know each other's address space as it is."""

    FULLY_IN_SYNC = "FullyInSync"
    LOCAL_NOT_IN_SYNC = "LocalNotInSync"
    """The network on this side has changed, and the other side does not know it."""
    REMOTE_NOT_IN_SYNC = "RemoteNotInSync"
    """The network on the other side has changed, and this side does not know it."""
    LOCAL_AND_REMOTE_NOT_IN_SYNC = "LocalAndRemoteNotInSync"


def local_space(peering: VirtualNetworkPeering, view: View) -> Sequence[str]:
    """The prefixes that a peering covers on its own side, as they are now."""
    return _covered(peering, peering.virtual_network_id, peering.local_subnet_names, view)


def remote_space(peering: VirtualNetworkPeering, view: View) -> Sequence[str]:
    """The prefixes that a peering covers on the other side, as they are now."""
    return _covered(peering, peering.remote_virtual_network_id, peering.remote_subnet_names, view)


def _covered(
    peering: VirtualNetworkPeering, network_id: str, subnet_names: Sequence[str] | None, view: View
) -> Sequence[str]:
    prefixes: Sequence[str] = view.get(VirtualNetwork, network_id).address_space or ()
    if not peering.peer_complete_virtual_networks_enabled:
        prefixes = [
            prefix
            for name in subnet_names or ()
            for prefix in view.get(Subnet, f"{network_id}/subnets/{name}").address_prefixes or ()
        ]
    if peering.only_ipv6_peering_enabled:
        prefixes = [one for one in prefixes if (found := maybe_network(one)) and found.version == 6]
    return tuple(prefixes)


def covers_all(peering: VirtualNetworkPeering, view: View) -> bool:
    """Whether a side routes to all that is in the other network now."""
    if peering.remote_address_space is None:
        return True
    network = view.get(VirtualNetwork, peering.remote_virtual_network_id)
    return set(network.address_space or ()) <= set(peering.remote_address_space)


def sync_level(peering: VirtualNetworkPeering, view: View) -> PeeringSyncLevel:
    """How far the two sides of a peering are in step."""
    other = peering.remote_side(view)
    return {
        (False, False): PeeringSyncLevel.FULLY_IN_SYNC,
        (True, False): PeeringSyncLevel.LOCAL_NOT_IN_SYNC,
        (False, True): PeeringSyncLevel.REMOTE_NOT_IN_SYNC,
        (True, True): PeeringSyncLevel.LOCAL_AND_REMOTE_NOT_IN_SYNC,
    }[other is not None and _is_stale(other, view), _is_stale(peering, view)]


def _is_stale(peering: VirtualNetworkPeering, view: View) -> bool:
    """Whether a side's copy of the other network's prefixes is an old one."""
    if peering.remote_address_space is None:
        return False
    try:
        return set(peering.remote_address_space) != set(remote_space(peering, view))
    except Undecided:
        return False  # the other network is gone: nothing to be in step with
