"""The groups and the peerings of a world, as pictures and tables go through them."""

from __future__ import annotations

from collections.abc import Iterator

from vtaplib.analysis.inventory import GroupEntry, Inventory, NetworkEntry
from vtaplib.model import ids
from vtaplib.reports.network_graph import Peering
from vtaplib.resources.virtual_network_peering import PeeringState


def groups_of(world: Inventory) -> Iterator[GroupEntry]:
    """Every resource group, in order."""
    for tenant in world.tenants:
        for subscription in tenant.subscriptions:
            yield from subscription.groups


def peerings_of(networks: list[NetworkEntry]) -> Iterator[Peering]:
    """Every pair of networks of which one at least has a side of a peering, once."""
    names = {one.id.lower(): one.name for one in networks}
    sides = {
        (network.id.lower(), side.remote_network_id.lower()): side
        for network in networks
        for side in network.peerings
    }
    for (here, there), side in sides.items():
        back = sides.get((there, here))
        if back is not None and there < here:
            continue
        both = [side] if back is None else [side, back]
        works = back is not None and all(
            one.state == PeeringState.CONNECTED and one.allows_access for one in both
        )
        states = dict.fromkeys(one.state + ("" if one.allows_access else " without access") for one in both)
        told = " and ".join(states) + ("" if back else ", one side only")
        yield Peering((here, there), (names[here], names.get(there, ids.name(there))), works, told)
