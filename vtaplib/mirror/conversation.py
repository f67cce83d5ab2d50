"""Conversations: a flow and its answers, under one key; and what becomes of them from one design to another.

A key is bytes, short, for there may be millions of them: a head byte (IP version, whether a fragment, whether
there are ports), the IP protocol or the EtherType, and the two ends, each an address and a port. The lesser
end comes first, so that both directions have one key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple

from vtaplib.mirror.count import Count
from vtaplib.mirror.visibility import Visibility
from vtaplib.packets import ethernet
from vtaplib.packets.flow import NO_PORT, Flow

FRAGMENT = 0x10
PORTS = 0x20
VERSION = 0x0F

ETHERTYPES = {4: ethernet.IPV4, 6: ethernet.IPV6}
NO_ETHERTYPE = 0xFFFF
"""Stands for the one that is cut off; IANA has reserved it."""


class KeyDirection(IntEnum):
    """The direction of a flow, as its key has it."""

    FORTH = 0
    """From the lesser end to the greater."""
    BACK = 1


def key_of(flow: Flow) -> tuple[bytes, KeyDirection]:
    """The key of a flow's conversation, and the flow's direction in it."""
    head = flow.version | (FRAGMENT if flow.is_fragment else 0)
    here, there = flow.source, flow.destination
    if flow.source_port != NO_PORT:
        head |= PORTS
        here += flow.source_port.to_bytes(2, "big")
        there += flow.destination_port.to_bytes(2, "big")
    if flow.version:
        front = bytes((head, flow.protocol))
    else:
        front = bytes((head,)) + (flow.ethertype & NO_ETHERTYPE).to_bytes(2, "big")
    return (
        (front + here + there, KeyDirection.FORTH)
        if here <= there
        else (front + there + here, KeyDirection.BACK)
    )


def flow_of(key: bytes, way: KeyDirection) -> Flow:
    """The flow that has a key and a direction."""
    version = key[0] & VERSION
    at = 2 if version else 3
    middle = at + (len(key) - at) // 2
    ends = key[at:middle], key[middle:]
    here, there = ends if way is KeyDirection.FORTH else ends[::-1]
    ports = (NO_PORT, NO_PORT)
    if key[0] & PORTS:
        ports = int.from_bytes(here[-2:], "big"), int.from_bytes(there[-2:], "big")
        here, there = here[:-2], there[:-2]
    if version:
        return Flow(
            version, ETHERTYPES[version], here, there, key[1], *ports, is_fragment=bool(key[0] & FRAGMENT)
        )
    ethertype = int.from_bytes(key[1:3], "big")
    return Flow(0, -1 if ethertype == NO_ETHERTYPE else ethertype, here, there)


class VisibilityPair(NamedTuple):
    """What two designs see of a flow."""

    before: Visibility
    after: Visibility


class CoverageChange(StrEnum):
    """What becomes of a conversation from one design to the other."""

    NO_LONGER_SEEN = "no longer seen"
    SWAPPED = "one direction no longer seen, the other newly"
    NEWLY_SEEN = "newly seen"
    MOVED = "seen by other collectors"
    UNCHANGED = "seen as before"
    UNSEEN = "seen by nobody"

    @property
    def is_loss(self) -> bool:
        """Whether something is not seen any more."""
        return self in (CoverageChange.NO_LONGER_SEEN, CoverageChange.SWAPPED)


def coverage_change_of(directions: Iterable[VisibilityPair]) -> CoverageChange:
    """What becomes of the coverage of a conversation of which frames of these directions are there."""
    ways = [(set(before.collectors), set(after.collectors)) for before, after in directions]
    is_lost = any(before and not after for before, after in ways)
    is_new = any(after and not before for before, after in ways)
    if is_lost:
        return CoverageChange.SWAPPED if is_new else CoverageChange.NO_LONGER_SEEN
    if is_new:
        return CoverageChange.NEWLY_SEEN
    if not any(before for before, _ in ways):
        return CoverageChange.UNSEEN
    return (
        CoverageChange.UNCHANGED if all(before == after for before, after in ways) else CoverageChange.MOVED
    )


@dataclass(frozen=True, slots=True)
class DirectionFrames:
    """The frames of one direction, and what two designs see of them. Of those that are `hidden`, before and
    after, nothing: they are too large for a copy, or came before a security group let them pass.
    """

    visibilities: VisibilityPair
    count: Count
    hidden: tuple[Count, Count]

    def seen(self, design: int) -> Count:
        """The frames that a design (0 before, 1 after) has collectors see."""
        if not self.visibilities[design].collectors:
            return Count()
        hidden = self.hidden[design]
        return Count(self.count.frames - hidden.frames, self.count.octets - hidden.octets)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation that was kept separately. `flow` is that of its first frame in the capture, `directions`
    are those of which there are frames, that of `flow` first.
    """

    flow: Flow
    change: CoverageChange
    directions: tuple[DirectionFrames, ...]
