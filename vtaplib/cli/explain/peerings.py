"""Why no peering leads from one network to an address in another, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from vtaplib.model import ids
from vtaplib.model.addresses import Address, networks
from vtaplib.model.view import View
from vtaplib.resources.virtual_network_peering import PeeringState, VirtualNetworkPeering


class Obstacle(NamedTuple):
    """What keeps two networks apart, and what to change."""

    text: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Peerings:
    """The peerings of a view, by the two networks of each in lower case, here and there."""

    sides: dict[tuple[str, str], VirtualNetworkPeering]

    @classmethod
    def of(cls, view: View) -> Peerings:
        """All that there are."""
        return cls(
            {
                (ids.key(one.virtual_network_id), ids.key(one.remote_virtual_network_id)): one
                for one in view.list(VirtualNetworkPeering)
            }
        )

    def obstacle(self, here_id: str, there_id: str, address: Address | None = None) -> Obstacle:
        """What is in the way from a network to another, or to an address in it: the first that is found."""
        found = next(self._obstacles(here_id, there_id, address), None)
        between = f"{ids.name(here_id)} and {ids.name(there_id)}"
        return found or Obstacle(
            f"no peering leads from {ids.name(here_id)} to {ids.name(there_id)}",
            f"Look at the peerings between {between}: both must be Connected and give access.",
        )

    def _obstacles(self, here_id: str, there_id: str, address: Address | None) -> Iterator[Obstacle]:
        here, there = ids.name(here_id), ids.name(there_id)
        side = self.sides.get((ids.key(here_id), ids.key(there_id)))
        other = self.sides.get((ids.key(there_id), ids.key(here_id)))
        if side is None and other is None:
            yield Obstacle(
                f"{here} and {there} are not peered, and peerings are not transitive",
                f"Make two peerings: one of {here} to {there}, and one of {there} to {here}.",
            )
            return
        for near, far, one in ((here, there, side), (there, here, other)):
            if one is None:
                yield Obstacle(
                    f"{near} has no peering to {far}, only {far} has one to {near}",
                    f"Make the other side: a peering of {near} to {far}. Both must be Connected.",
                )
        for one in filter(None, (side, other)):
            if one.peering_state != PeeringState.CONNECTED:
                yield Obstacle(
                    f"{one.label} is {one.peering_state}",
                    f"Delete the peerings between {here} and {there} and make both anew.",
                )
        for one in filter(None, (side, other)):
            if not one.allow_virtual_network_access:
                yield Obstacle(
                    f"{one.label} has allow_virtual_network_access false",
                    f"Set allow_virtual_network_access of {one.label} to true.",
                )
        if side is not None and address is not None and side.remote_address_space is not None:
            routed = ", ".join(side.remote_address_space) or "nothing"
            if not any(address in prefix for prefix in networks(side.remote_address_space)):
                yield Obstacle(
                    f"{side.label} of {here} routes to {routed}, which {address} is not in",
                    f"Write {side.label} again to learn what {there} has now (azurerm: change its triggers), "
                    "or name the subnet in remote_subnet_names if only some are peered.",
                )
