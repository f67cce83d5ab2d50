"""Connections: what security groups remember, so that the answers to what they let through pass too.

An interface opens a link when it lets the first frame of a flow through, in either direction, and no answer
to it is denied there from then on. What is itself an answer opens nothing: so who began a conversation stays
known. How long a link is idle does not count.

Fragments have no ports. They answer when a conversation of the same addresses and protocol is open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from struct import Struct

from vtaplib.fabric.path_trace import Link
from vtaplib.packets.flow import NO_PORT

# Protocol and ports, each of which may be -1.
_NUMBERS = Struct(">hii")

# Links that are remembered before all are forgotten: memory must not grow with the number of flows.
LINKS_KEPT = 1 << 18


class Connections:
    """The open links of all interfaces."""

    def __init__(self) -> None:
        self._open: defaultdict[str, set[bytes]] = defaultdict(set)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def has_room(self, links: Sequence[Link]) -> bool:
        """Whether links can be opened without others being forgotten."""
        room = LINKS_KEPT - self._count
        return len(links) <= room or len(self._new(links)) <= room

    def answers(self, link: Link) -> bool:
        """Whether a flow, as it passes an interface, answers one that was let through there."""
        links = self._open.get(link.interface_id)
        if links is None:
            return False
        _, _, source, destination, protocol, source_port, destination_port, _ = link.flow
        # What a machine sends to itself may look like its own answer, and would let itself through.
        is_its_own = source == destination and source_port == destination_port
        return not is_its_own and _key(destination, source, protocol, destination_port, source_port) in links

    def open(self, links: Iterable[Link]) -> bool:
        """Open links. Returns whether all others were forgotten, because there were too many."""
        new = self._new(links)
        is_full = self._count + len(new) > LINKS_KEPT
        if is_full:
            self.forget()
        for interface_id, key, of_fragments in new:
            self._open[interface_id].update((key, of_fragments))
        self._count += len(new)
        return is_full

    def _new(self, links: Iterable[Link]) -> list[tuple[str, bytes, bytes]]:
        """Those of some links that are not open: the interface and both keys."""
        return [
            (link.interface_id, key, of_fragments)
            for link in links
            for key, of_fragments in (link_keys(link),)
            if key not in self._open.get(link.interface_id, ())
        ]

    def forget(self) -> None:
        """Forget all links."""
        self._open.clear()
        self._count = 0


def link_keys(link: Link) -> tuple[bytes, bytes]:
    """What an open link is known by at its interface: by its flow, and by that of its packets' fragments."""
    _, _, source, destination, protocol, source_port, destination_port, _ = link.flow
    return (
        _key(source, destination, protocol, source_port, destination_port),
        _key(source, destination, protocol, NO_PORT, NO_PORT),
    )


def _key(source: bytes, destination: bytes, protocol: int, source_port: int, destination_port: int) -> bytes:
    """A flow in few bytes; no two flows of one interface share them."""
    return source + destination + _NUMBERS.pack(protocol, source_port, destination_port)
