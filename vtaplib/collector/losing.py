"""Frames that an output could not keep, counted by why."""

from __future__ import annotations

from vtaplib.mirror.count import Count
from vtaplib.packets.block import PacketBlock


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
    """Count frames of which no block tells any more."""
    if frames:
        lost.setdefault(reason, Count()).add(frames, octets)
