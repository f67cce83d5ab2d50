"""The link that two peerings make between two networks: what keeps it shut, and what opens it.

Traffic flows where both sides exist, are Connected and let the other network in. What opens a link is looked
for in the table of what writes make of its sides, so that nothing is advised that does not help.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from vtaplib.model import ids
from vtaplib.model.view import View
from vtaplib.resources.virtual_network import VirtualNetwork
from vtaplib.resources.virtual_network_peering import (
    AFTER_PUT,
    WRITING_AGAIN,
    PeeringState,
    VirtualNetworkPeering,
)

Name = Callable[[str], str]
"""What a network with an ID is called."""
States = tuple[PeeringState | None, PeeringState | None]
OPEN: States = (PeeringState.CONNECTED, PeeringState.CONNECTED)


class PeeringSide(NamedTuple):
    """One direction of a link, and its peering if there is one."""

    here_id: str
    there_id: str
    peering: VirtualNetworkPeering | None

    @property
    def state(self) -> PeeringState | None:
        """The state of the peering; None if there is none. A word that is no state, as a broken document may
        have, is taken for Disconnected.
        """
        if self.peering is None:
            return None
        word = self.peering.peering_state
        return next((state for state in PeeringState if state == word), PeeringState.DISCONNECTED)

    @property
    def gives_access(self) -> bool:
        """Whether the peering, if there is one, lets the other network in."""
        return self.peering is None or self.peering.allow_virtual_network_access

    def label(self, name: Name) -> str:
        """The peering in messages: its name, and whose it is."""
        assert self.peering is not None
        return f"{self.peering.label} of {name(self.here_id)}"


class PeeringLink(NamedTuple):
    """The two sides of a link."""

    sides: tuple[PeeringSide, PeeringSide]

    @property
    def is_open(self) -> bool:
        """Whether traffic flows."""
        states = tuple(side.state for side in self.sides)  # of both: if one is not known, nothing is
        return states == OPEN and all(side.gives_access for side in self.sides)

    @property
    def is_whole(self) -> bool:
        """Whether both sides are there."""
        return all(side.peering is not None for side in self.sides)

    def problems(self, name: Name) -> Iterator[str]:
        """What is wrong with each side: it is missing, not Connected, or gives no access."""
        here, there = self.sides
        if here.peering is None and there.peering is None:
            names = f"{name(here.here_id)} and {name(there.here_id)}"
            yield f"{names} are not peered, and peerings are not transitive"
            return
        for side, other in (self.sides, self.sides[::-1]):
            if side.peering is None:
                near, far = name(side.here_id), name(other.here_id)
                yield f"{near} has no peering to {far}, only {far} has one to {near}"
            elif side.state is not PeeringState.CONNECTED and self.is_whole:
                yield f"{side.label(name)} is {side.state}"
            elif side.state is PeeringState.DISCONNECTED:
                yield f"{side.label(name)} is {side.state} because its other side was deleted"
            if not side.gives_access:
                yield f"{side.label(name)} has allow_virtual_network_access = false"

    def remedy(self, name: Name) -> str:
        """What opens the link, as a clause: what to write, in this order."""
        written = writes_that_open((self.sides[0].state, self.sides[1].state))
        shut = [n for n, side in enumerate(self.sides) if not side.gives_access and n not in written]
        return ", then ".join(_write(self.sides[n], name) for n in (*written, *shut))


def link_between(view: View, here_id: str, there_id: str) -> PeeringLink:
    """The link between two networks. Raises Missing if one of them is not in the view: its side of the link
    is not known then.
    """
    for network_id in (here_id, there_id):
        view.get(VirtualNetwork, network_id)
    here, there = ids.key(here_id), ids.key(there_id)
    found = {
        (ids.key(one.virtual_network_id), ids.key(one.remote_virtual_network_id)): one
        for one in view.referrers(here_id, VirtualNetworkPeering)
    }
    return PeeringLink(
        (
            PeeringSide(here_id, there_id, found.get((here, there))),
            PeeringSide(there_id, here_id, found.get((there, here))),
        )
    )


def writes_that_open(states: States) -> Sequence[int]:
    """The fewest writes, as positions of sides, that make both sides Connected."""
    paths: dict[States, tuple[int, ...]] = {states: ()}
    queue = deque([states])
    while OPEN not in paths:
        now = queue.popleft()
        for position in (0, 1):
            after = AFTER_PUT[now[position], now[1 - position]]
            new = (after, now[1]) if position == 0 else (now[0], after)
            if after is PeeringState.CONNECTED:
                new = OPEN
            if after is not None and new not in paths:  # None: refused
                paths[new] = (*paths[now], position)
                queue.append(new)
    return paths[OPEN]


def _write(side: PeeringSide, name: Name) -> str:
    if side.peering is None:
        return f"create a peering of {name(side.here_id)} to {name(side.there_id)}"
    if not side.gives_access:
        return f"set allow_virtual_network_access = true on {side.label(name)}"
    return f"write {side.label(name)} again ({WRITING_AGAIN})"
