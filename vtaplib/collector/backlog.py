"""The backlog: received datagrams that wait to be worked on, bounded in number.

One thread fills, another takes. The one that fills is never kept waiting but by the backlog being full; the
one that takes gets what is there as soon as it asks, so that a lone datagram does not wait for company, while
all that comes during its work stands together. A few arenas go round and round; where more would have to
wait, what is in them is packed, so that memory in use follows what waits.
"""

from __future__ import annotations

from collections import deque
from threading import Condition
from typing import Final

from vtaplib.collector.arena import ARENA_SLOTS, Arena, Datagrams, PackedArena

ARENAS: Final = 6
"""Arenas that go round: one that is filled, one that is worked on, and some that need not be packed when work
takes a moment longer.
"""


class Backlog:
    """Room for at least `packets` waiting datagrams, received into slots of so many octets."""

    def __init__(self, packets: int, slot: int, arena_slots: int = ARENA_SLOTS, arenas: int = ARENAS) -> None:
        self._slot = slot
        self._slots = min(arena_slots, packets)
        self._most_full = -(-packets // self._slots)
        self.capacity = self._most_full * self._slots
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
        self._full: deque[Datagrams] = deque()
        self._free: list[Arena] = []
        self._unmade = arenas
        self._changed = Condition()

    def begin(self, timeout: float) -> Arena | None:
        """The arena to receive into, whose slots are not all filled; `filled` must follow. None if there is
        no room after `timeout` seconds.
        """
        with self._changed:
            if not self._has_room():
                self.times_full += 1
                self._changed.wait_for(self._has_room, timeout)
                if not self._has_room():
                    return None
            if self._current is None:
                if self._free:
                    self._current = self._free.pop()
                else:
                    self._unmade -= 1
                    self._current = Arena(self._slot, self._slots)
            self._is_busy = True
            return self._current

    def filled(self, count: int) -> None:
        """Tell that so many datagrams came into the arena that `begin` gave."""
        full: Datagrams | None = None
        arena = self._current
        if arena is not None and arena.count == arena.slots:
            with self._changed:
                is_last = not self._free and self._unmade <= 0
            # While it is busy nobody else touches it.
            full = PackedArena(arena) if is_last else arena
        with self._changed:
            self._is_busy = False
            self.waiting += count
            self.high_water = max(self.high_water, self.waiting)
            if full is not None:
                self._full.append(full)
                if full is not arena and arena is not None:
                    self._free.append(arena)
                self._current = None
            if self.waiting:
                self._changed.notify_all()

    def end(self) -> None:
        """Tell that nothing more comes."""
        with self._changed:
            self._is_ended = True
            # Who filled may have failed between `begin` and `filled`.
            self._is_busy = False
            self._changed.notify_all()

    @property
    def is_over(self) -> bool:
        """Whether nothing waits and nothing more comes."""
        with self._changed:
            return self._is_ended and not self._full and not self._is_partly_filled()

    def take(self, timeout: float) -> Datagrams | None:
        """What waited longest, for as long as the taker needs it: `release` must follow. None if nothing
        comes in `timeout` seconds, or nothing more will.
        """
        with self._changed:
            self._changed.wait_for(self._is_takeable, timeout)
            taken: Datagrams
            if self._full:
                taken = self._full.popleft()
            elif self._is_partly_filled() and self._current is not None:
                taken, self._current = self._current, None
            else:
                return None
            self.waiting = max(self.waiting - taken.count, 0)
            self._changed.notify_all()
            return taken

    def release(self, datagrams: Datagrams) -> None:
        """Let what was taken be filled again, or go."""
        with self._changed:
            if isinstance(datagrams, Arena):
                datagrams.count = 0
                self._free.append(datagrams)

    def _is_takeable(self) -> bool:
        return bool(self._full) or self._is_ended or self._is_partly_filled()

    def _is_partly_filled(self) -> bool:
        return self._current is not None and self._current.count > 0 and not self._is_busy

    def _has_room(self) -> bool:
        return self._current is not None or len(self._full) < self._most_full
