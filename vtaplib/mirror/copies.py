"""Who gets the copies of a replay, and how they are given: as blocks, or as lists for those who want few."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from vtaplib.packets.copy_block import CopyBlock


class Copies(NamedTuple):
    """The copies for one collector, in order: outer Ethernet frames and their times in nanoseconds."""

    timestamps: list[int]
    frames: list[bytes]


class CopyTaker(Protocol):
    """What takes copies: of collectors, which it numbers."""

    def output_of(self, collector_id: str) -> int:
        """The number that a collector's copies have as output, from 0 on."""
        ...

    def take(self, copies: CopyBlock) -> None:
        """Take copies, which are good until this returns; then there are none in the block any more."""
        ...


class CopyLists:
    """Takes copies into lists by the ID of the collector's interface."""

    def __init__(self) -> None:
        self._collectors: dict[str, int] = {}
        self._taken: dict[str, Copies] = {}

    def output_of(self, collector_id: str) -> int:
        """The number of a collector: they are numbered as they are met."""
        return self._collectors.setdefault(collector_id, len(self._collectors))

    def take(self, copies: CopyBlock) -> None:
        """Add copies to the lists."""
        collectors = list(self._collectors)
        block = copies.packets()
        for index in range(block.count):
            taken = self._taken.setdefault(collectors[block.outputs[index]], Copies([], []))
            taken.timestamps.append(block.times_ns[index])
            taken.frames.append(block.packet(index))

    def taken(self) -> dict[str, Copies]:
        """What was taken since this was last asked for."""
        taken, self._taken = self._taken, {}
        return taken
