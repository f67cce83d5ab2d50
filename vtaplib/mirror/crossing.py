"""Crossings: where on its journey a frame passes an interface, and what it looks like there.

A copy of what goes out is taken past the security groups of the source, a copy of what comes in past those of
the destination. A frame that these drop passes all the same, and is told to be denied: policy has the choice.
What is dropped before it gets to an interface does not pass it.
"""

from __future__ import annotations

from typing import NamedTuple

from vtaplib.fabric.journey import Drop, Journey
from vtaplib.fabric.topology import Interface
from vtaplib.mirror.passage import ORDINARY, Passage
from vtaplib.mirror.verdict import Direction
from vtaplib.packets.flow import Flow
from vtaplib.packets.translation import Translation

DENIED = Passage(is_denied=True)


class Crossing(NamedTuple):
    """An interface on the way of a flow's frames. `flow` is theirs at this place, and `translation` makes
    them so where they were captured at another.
    """

    interface_id: str
    direction: Direction
    flow: Flow
    passage: Passage
    translation: Translation | None = None


def crossings(journey: Journey, captured: Flow) -> tuple[Crossing, ...]:
    """The interfaces that frames pass, in order, captured as those of a flow."""
    source, destination, drop = journey.source, journey.destination, journey.drop
    found: tuple[Crossing, ...] = ()
    if source is not None and journey.leaves:
        passage = DENIED if drop is Drop.OUTBOUND_SECURITY else ORDINARY
        found += (_crossing(source, Direction.EGRESS, captured, journey.departure, passage),)
    if destination is not None and journey.arrives:
        passage = Passage(drop is not None, journey.is_answer) if drop or journey.is_answer else ORDINARY
        found += (_crossing(destination, Direction.INGRESS, captured, journey.arrival, passage),)
    return found


def _crossing(
    interface: Interface, direction: Direction, captured: Flow, flow: Flow, passage: Passage
) -> Crossing:
    translation = None if flow is captured else Translation.between(captured, flow)
    return Crossing(interface.id, direction, flow, passage, translation)
