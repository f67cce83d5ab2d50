"""Why no peering leads from one network to an address in another, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from vtaplib.model import ids
from vtaplib.model.addresses import Address, networks
from vtaplib.model.view import View
from vtaplib.resources.peering_link import PeeringLink, PeeringSide
from vtaplib.resources.virtual_network_peering import WRITING_AGAIN, VirtualNetworkPeering


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
        """What is in the way from a network to another, or to an address in it."""
        here, there = ids.name(here_id), ids.name(there_id)
        side = self.sides.get((ids.key(here_id), ids.key(there_id)))
        other = self.sides.get((ids.key(there_id), ids.key(here_id)))
        link = PeeringLink((PeeringSide(here_id, there_id, side), PeeringSide(there_id, here_id, other)))
        if not link.is_open:
            remedy = link.remedy(ids.name)
            return Obstacle("; ".join(link.problems(ids.name)), f"{remedy[0].upper()}{remedy[1:]}.")
        if side is not None and address is not None and side.remote_address_space is not None:
            routed = ", ".join(side.remote_address_space) or "nothing"
            if not any(address in prefix for prefix in networks(side.remote_address_space)):
                return Obstacle(
                    f"{side.label} of {here} routes to {routed}, which {address} is not in",
                    f"Write {side.label} again so that it learns the address space that {there} has now "
                    f"({WRITING_AGAIN}), or name the subnet in remote_subnet_names if only some are peered.",
                )
        return Obstacle(
            f"no peering leads from {here} to {there}",
            f"Check the peerings between {here} and {there}: both must be Connected and give access.",
        )
