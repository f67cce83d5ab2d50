"""Flow entries: what a replay keeps of a flow, so that its frames need no objects of their own."""

from __future__ import annotations

from collections.abc import Callable

from vtaplib.mirror.flow_counters import FlowCounters
from vtaplib.mirror.outer_header import WIRE_OVERHEAD, Encapsulation, HeaderTemplate
from vtaplib.packets.translation import Rewriting, Translation

# A tap point on a flow's way whose copies are made in bulk: the pieces of the outer header, the ports between
# them, and what takes the time and the copy.
BulkCopyAction = tuple[HeaderTemplate, bytes, Callable[[int], None], Callable[[bytes], None]]


# The way of a flow through the fabric: what counts its frames, and its copies. A bare tuple, for those are
# unpacked fastest.
FlowEntry = tuple[FlowCounters, tuple[BulkCopyAction, ...]]


# A tap point on a flow's way whose copies are made: to where, and what is done to a frame, the last first.
CopyAction = tuple[Encapsulation, tuple[Rewriting | Translation, ...]]


def rewriting_taker(
    rewriting: Rewriting | Translation, add_copy: Callable[[bytes], None]
) -> Callable[[bytes], None]:
    """What takes a copy and rewrites the frame in it first."""

    def take(copy: bytes) -> None:
        add_copy(copy[:WIRE_OVERHEAD] + rewriting.apply(copy[WIRE_OVERHEAD:]))

    return take
