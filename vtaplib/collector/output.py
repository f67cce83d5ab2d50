"""Outputs: what a collector does with the frames that it took."""

from __future__ import annotations

from typing import Protocol

from vtaplib.mirror.count import Count
from vtaplib.packets.block import PacketBlock

EVERY_OUTPUT = -1
"""In place of an output's number: the packets of all of them."""


class Output(Protocol):
    """What takes frames. It raises `CollectorError` only for what ends a run: a frame that it cannot keep it
    counts as lost, and goes on.
    """

    taken: Count
    """Frames that are kept, shown or handed on, and their octets."""

    lost: dict[str, Count]
    """Frames that could not be, by the reason in words."""

    def write(self, block: PacketBlock, output: int = EVERY_OUTPUT) -> None:
        """Take the packets of a block that go to this output number."""

    def tick(self, now_ns: int) -> None:
        """What is due at a time (nanoseconds since 1970), also while nothing comes: flush, rotate."""

    def close(self) -> None:
        """Finish: everything taken is where it belongs. A second call does nothing."""


def count_lost(lost: dict[str, Count], reason: str, block: PacketBlock, first: int, output: int) -> None:
    """Count the packets of a block from number `first` on that were for this output (-1: all of them)."""
    lengths = block.lengths[first : block.count]
    if output >= 0:
        outputs = block.outputs[first : block.count]
        chosen = [length for length, one in zip(lengths, outputs, strict=True) if one == output]
        add_lost(lost, reason, len(chosen), sum(chosen))
    else:
        add_lost(lost, reason, len(lengths), sum(lengths))


def add_lost(lost: dict[str, Count], reason: str, frames: int, octets: int) -> None:
    """Count frames that no block has any more."""
    if frames:
        lost.setdefault(reason, Count()).add(frames, octets)
