"""Talkers: which pairs of addresses the copies of a TAP are about, by bytes, in bounded memory.

Past `PAIRS_KEPT` the half with fewest bytes is given up and summed up as others. A pair that is large
throughout is never among them; one that is given up and comes again starts anew, so that what is shown of it
is the least that it can have had.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from vtaplib.mirror.count import Count

PAIRS_KEPT = 1 << 16


class Pair(NamedTuple):
    """A TAP, and inner source and destination: packed IP addresses, or MAC addresses of what is not IP."""

    tap_id: str
    source: bytes
    destination: bytes


@dataclass(slots=True)
class Talkers:
    """Copies by pair, and those of pairs that were given up."""

    pairs: dict[Pair, Count] = field(default_factory=dict)
    others: Count = field(default_factory=Count)

    def add(self, pair: Pair, frames: int, octets: int) -> None:
        """Count copies."""
        count = self.pairs.get(pair)
        if count is None:
            if len(self.pairs) >= PAIRS_KEPT:
                self._give_up()
            count = self.pairs[pair] = Count()
        count.add(frames, octets)

    def largest(self, tap_id: str, limit: int) -> list[tuple[Pair, Count]]:
        """The pairs of a TAP with most bytes, the first first."""
        of_tap = [(pair, count) for pair, count in self.pairs.items() if pair.tap_id == tap_id]
        return sorted(of_tap, key=lambda one: (-one[1].octets, one[0]))[:limit]

    def _give_up(self) -> None:
        by_size = sorted(self.pairs.items(), key=lambda one: one[1].octets)
        for pair, count in by_size[: PAIRS_KEPT // 2 or 1]:
            self.others.add(count.frames, count.octets)
            del self.pairs[pair]
