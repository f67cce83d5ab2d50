"""The backlog: received datagrams that wait to be worked on, in a bounded number of arenas.

One thread fills, another takes. The one that fills is never kept waiting but by the backlog being full; the
one that takes gets what is there as soon as it asks, so that a lone datagram does not wait for company, while
all that comes during its work stands together in the next arenas. An arena that was just worked on is the
next to be filled, and what was not needed for a while is given back: memory in use follows the backlog.
"""

from __future__ import annotations

from collections import deque
from threading import Condition
from typing import Final

from vtaplib.collector.arena import ARENA_SLOTS, Arena

SPARE_ARENAS: Final = 8
"""Arenas that are kept for the next time, whether they were needed or not."""


class Backlog:
    """Room for at least `packets` waiting datagrams, in slots of so many octets."""

    def __init__(self, packets: int, slot: int, arena_slots: int = ARENA_SLOTS) -> None:
        self._slot = slot
        self._slots = min(arena_slots, packets)
        self._unmade = -(-packets // self._slots) + 1
        self.capacity = (self._unmade - 1) * self._slots
        """Datagrams that can wait while others are being worked on."""
        self.high_water = 0
        """The most datagrams that waited at once."""
        self.waiting = 0
        """Datagrams that wait."""
        self.times_full = 0
        """How often receiving stood still because there was no room."""
        self._is_ended = False
        self._is_busy = False
        self._current: Arena | None = None
        self._full: deque[Arena] = deque()
        self._free: list[Arena] = []
        self._least_free = 0
        self._changed = Condition()

    def begin(self, timeout: float) -> Arena | None:
        """The arena to receive into, whose slots are not all filled; `filled` must follow. None if there is
        none after `timeout` seconds.
        """
        with self._changed:
            if self._current is None and not self._has_room():
                self.times_full += 1
                self._changed.wait_for(self._has_room, timeout)
                if not self._has_room():
                    return None
            if self._current is None:
                self._current = self._free.pop() if self._free else self._make()
                self._least_free = min(self._least_free, len(self._free))
            self._is_busy = True
            return self._current

    def filled(self, count: int) -> None:
        """Tell that so many datagrams came into the arena that `begin` gave."""
        with self._changed:
            self._is_busy = False
            self.waiting += count
            self.high_water = max(self.high_water, self.waiting)
            if self._current is not None and self._current.count == self._current.slots:
                self._full.append(self._current)
                self._current = None
            if self.waiting:
                self._changed.notify_all()

    def end(self) -> None:
        """Tell that nothing more comes."""
        with self._changed:
            self._is_ended = True
            self._changed.notify_all()

    @property
    def is_over(self) -> bool:
        """Whether nothing waits and nothing more comes."""
        with self._changed:
            return self._is_ended and not self.waiting

    @property
    def arenas(self) -> int:
        """How many there are now, free or not."""
        with self._changed:
            return self.capacity // self._slots + 1 - self._unmade

    def take(self, timeout: float) -> Arena | None:
        """The arena that waited longest, for as long as the taker needs it: `release` must follow. None if
        nothing comes in `timeout` seconds, or nothing more will.
        """
        with self._changed:
            self._changed.wait_for(self._is_takeable, timeout)
            if self._full:
                arena = self._full.popleft()
            elif self._current is not None and self._current.count and not self._is_busy:
                arena, self._current = self._current, None
            else:
                return None
            self.waiting -= arena.count
            return arena

    def release(self, arena: Arena) -> None:
        """Let an arena be filled again."""
        with self._changed:
            arena.count = 0
            self._free.append(arena)
            self._changed.notify_all()

    def give_back(self) -> None:
        """Let go of a part of those arenas that were not needed since the last time this was asked for."""
        with self._changed:
            surplus = max(0, self._least_free - SPARE_ARENAS)
            count = -(-surplus // 4)
            given_back = self._free[:count]
            del self._free[:count]
            self._unmade += count
            self._least_free = len(self._free)
        # The system takes its time over this.
        given_back.clear()

    def _is_takeable(self) -> bool:
        if self._full or self._is_ended:
            return True
        return self._current is not None and self._current.count > 0 and not self._is_busy

    def _has_room(self) -> bool:
        return bool(self._current is not None or self._free or self._unmade)

    def _make(self) -> Arena:
        self._unmade -= 1
        return Arena(self._slot, self._slots)
