"""Interface hops: where on its path trace a frame passes an interface, and what it looks like there.

A copy of what goes out is taken past the security groups of the source, a copy of what comes in past those of
the destination. A frame that these drop passes all the same, and is marked as denied: the policy chooses.
What is dropped before it gets to an interface does not pass it.
"""

from __future__ import annotations

from typing import NamedTuple

from vtaplib.fabric.path_trace import Drop, PathTrace
from vtaplib.fabric.topology import Interface
from vtaplib.mirror.verdict import Direction
from vtaplib.packets.flow import Flow
from vtaplib.packets.translation import Translation


class FrameContext(NamedTuple):
    """What the fabric says of a frame where it passes an interface, and the mirror cannot know: that sees it
    there, and not its way.

    `is_denied`: a security group in force at the interface drops it. `is_answer`: it comes from the end of
    its conversation that did not begin it.
    """

    is_denied: bool = False
    is_answer: bool = False


ORDINARY = FrameContext()
"""A frame that passes, and answers nothing."""

DENIED = FrameContext(is_denied=True)


class InterfaceHop(NamedTuple):
    """An interface on the way of a flow's frames. `flow` is theirs at this place, and `translation` makes
    them so where they were captured at another.
    """

    interface_id: str
    direction: Direction
    flow: Flow
    context: FrameContext
    translation: Translation | None = None


def interface_hops(trace: PathTrace, captured: Flow) -> tuple[InterfaceHop, ...]:
    """The interfaces that frames pass, in order, captured as those of a flow."""
    source, destination, drop = trace.source, trace.destination, trace.drop
    found: tuple[InterfaceHop, ...] = ()
    if source is not None and trace.leaves:
        context = DENIED if drop is Drop.OUTBOUND_SECURITY else ORDINARY
        found += (_hop(source, Direction.EGRESS, captured, trace.departure, context),)
    if destination is not None and trace.arrives:
        context = FrameContext(drop is not None, trace.is_answer) if drop or trace.is_answer else ORDINARY
        found += (_hop(destination, Direction.INGRESS, captured, trace.arrival, context),)
    return found


def _hop(
    interface: Interface, direction: Direction, captured: Flow, flow: Flow, context: FrameContext
) -> InterfaceHop:
    translation = None if flow is captured else Translation.between(captured, flow)
    return InterfaceHop(interface.id, direction, flow, context, translation)
