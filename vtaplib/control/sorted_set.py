"""A set in order, of which ranges are looked up.

What is added waits until somebody looks: a few are inserted where they belong, many are sorted together.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from typing import Final, Generic, TypeVar

T = TypeVar("T", str, tuple[str, str])

FEW: Final = 8
"""How many are inserted one by one: sorting looks at all that is there."""


class SortedSet(Generic[T]):
    """Strings, or pairs of them, in order."""

    def __init__(self) -> None:
        self._items: list[T] = []
        self._waiting: dict[T, None] = {}
        """What was added and is not in its place yet."""

    def add(self, item: T) -> None:
        """Adds an item that is not there."""
        self._waiting[item] = None

    def remove(self, item: T) -> None:
        """Removes an item that is there."""
        if item in self._waiting:
            del self._waiting[item]
        else:
            del self._items[bisect_left(self._items, item)]

    def between(self, low: T, high: T) -> Sequence[T]:
        """The items from one to another, both included."""
        items = self._sorted()
        return items[bisect_left(items, low) : bisect_right(items, high)]

    def count_between(self, low: T, high: T) -> int:
        """How many items there are from one to another, both included."""
        items = self._sorted()
        return max(0, bisect_right(items, high) - bisect_left(items, low))

    def _sorted(self) -> list[T]:
        if len(self._waiting) > FEW:
            self._items += self._waiting
            self._items.sort()
        else:
            for item in self._waiting:
                insort(self._items, item)
        self._waiting.clear()
        return self._items
