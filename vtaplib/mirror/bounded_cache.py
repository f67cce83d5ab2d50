"""What is remembered of flows, in bounded memory: the newest, and what was asked for again.

There are two generations. A look-up is the dictionary's own, in the younger; what is found only in the older
becomes young again. When the younger is full it becomes the older, and what was there is forgotten: at no
time all that is in use.
"""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class BoundedCache(dict[K, V], Generic[K, V]):
    """A dictionary of at most `room` entries, and as many again that `recall` finds; None is no value."""

    __slots__ = ("_older", "_room")

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room
        self._older: dict[K, V] = {}

    def recall(self, key: K) -> V | None:
        """What was remembered longer ago; it is remembered anew."""
        value = self._older.pop(key, None)
        if value is not None:
            self.remember(key, value)
        return value

    def remember(self, key: K, value: V) -> None:
        """Remember, and forget what has not been asked for in a long time."""
        if len(self) >= self._room:
            self._older = dict(self)
            self.clear()
        self[key] = value
