"""Crossings: where on its journey a frame passes an interface, and what it looks like there.

A copy of what goes out is taken past the security groups of the source, a copy of what comes in past those of
the destination. A frame that these drop passes all the same, and is told to be denied: policy has the choice.
What is dropped before it gets to an interface does not pass it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from vtaplib.fabric.journey import Drop, Journey, Stage
from vtaplib.mirror.passage import Passage
from vtaplib.mirror.verdict import Direction
from vtaplib.packets.flow import Flow
from vtaplib.packets.translation import Translation


class Crossing(NamedTuple):
    """An interface on the way of a flow's frames. `flow` is theirs at this place, and `translation` makes
    them so where they were captured at another.
    """

    interface_id: str
    direction: Direction
    flow: Flow
    passage: Passage
    translation: Translation | None = None


def crossings(journey: Journey, captured: Flow) -> Iterator[Crossing]:
    """The interfaces that frames pass, in order, captured as those of a flow."""
    if journey.source is not None and journey.leaves:
        yield Crossing(
            journey.source.id,
            Direction.EGRESS,
            journey.departure,
            Passage(is_denied=journey.drop is Drop.OUTBOUND_SECURITY),
            Translation.between(captured, journey.departure),
        )
    if journey.destination is not None and journey.arrives:
        is_denied = journey.drop is not None and journey.drop.stage is Stage.INBOUND_SECURITY
        yield Crossing(
            journey.destination.id,
            Direction.INGRESS,
            journey.arrival,
            Passage(is_denied, journey.is_answer),
            Translation.between(captured, journey.arrival),
        )
