"""Connections: what security groups remember, so that the answers to what they let through pass too.

An interface opens a link when it lets the first frame of a flow through, in either direction, and no answer
to it is denied there from then on. What is itself an answer opens nothing: so who began a conversation stays
known. How long a link is idle does not count.

Fragments have no ports. They answer when a conversation of the same addresses and protocol is open.
"""

from __future__ import annotations

from collections.abc import Iterable

from vtaplib.fabric.path_trace import Link
from vtaplib.packets.flow import NO_PORT, Flow

# Links that are remembered before all are forgotten: memory must not grow with the number of flows.
LINKS_KEPT = 1 << 18


class Connections:
    """The open links of all interfaces."""

    def __init__(self) -> None:
        self._open: dict[str, set[bytes]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def answers(self, link: Link) -> bool:
        """Whether a flow, as it passes an interface, answers one that was let through there."""
        answered = link.flow.reversed()
        # What a machine sends to itself may look like its own answer, and would let itself through.
        if answered == link.flow:
            return False
        links = self._open.get(link.interface_id)
        return links is not None and _key(answered) in links

    def open(self, links: Iterable[Link]) -> bool:
        """Open links. Returns whether all others were forgotten, because there were too many."""
        keys = [(link.interface_id, _key(link.flow), _key(whole(link.flow))) for link in links]
        keys = [key for key in keys if key[1] not in self._open.get(key[0], ())]
        is_full = self._count + len(keys) > LINKS_KEPT
        if is_full:
            self.forget()
        for interface_id, *flows in keys:
            self._open.setdefault(interface_id, set()).update(flows)
        self._count += len(keys)
        return is_full

    def forget(self) -> None:
        """Forget all links."""
        self._open.clear()
        self._count = 0


def whole(flow: Flow) -> Flow:
    """What the fragments of a flow's packets are known by."""
    return flow._replace(source_port=NO_PORT, destination_port=NO_PORT)


def _key(flow: Flow) -> bytes:
    """A flow in few bytes; no two flows of one interface share them."""
    return b"".join(
        (
            flow.source,
            flow.destination,
            (flow.protocol & 0xFFFF).to_bytes(2, "big"),
            (flow.source_port & 0xFFFFFFFF).to_bytes(4, "big"),
            (flow.destination_port & 0xFFFFFFFF).to_bytes(4, "big"),
        )
    )
