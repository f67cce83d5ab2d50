"""An index in memory: values by key and kind, who refers to what, and how much of each quota is used.

The values may be resources (see `resource_index`) or rows (see `backends.memory`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from typing import Final, Generic, NamedTuple, TypeVar

from sortedcontainers import SortedList

K = TypeVar("K")
V = TypeVar("V")

LAST: Final = "\U0010ffff"
"""What comes after every character that an ID has."""


class Indexed(NamedTuple, Generic[K, V]):
    """What the index has under a key."""

    value: V
    kind: K
    references: Sequence[tuple[str, str | None]]
    """What it refers to, each with its owner: what the target is or belongs to, if there is such a thing."""
    usage: Sequence[tuple[str, int]]
    """How much it uses of quotas."""

    def names(self) -> Iterator[str]:
        """The names under which it is found as one that refers to them."""
        yield from {name for reference in self.references for name in reference if name is not None}


class ReferenceIndex(Generic[K, V]):
    """Values by key, kind, reference and quota. `K`: what distinguishes kinds."""

    def __init__(self) -> None:
        self._indexed: dict[str, Indexed[K, V]] = {}
        self._keys: dict[K, SortedList[str]] = {}
        """The keys of each kind."""
        self._sources: dict[str, dict[K, dict[str, None]]] = {}
        """The keys of what refers to a target or to what belongs to it, by kind."""
        self._targets: SortedList[tuple[str, str]] = SortedList()
        """Targets, each with the key of what refers to it."""
        self.usage = Counter[str]()
        """How much is used of each quota."""

    def __len__(self) -> int:
        return len(self._indexed)

    def __contains__(self, key: str) -> bool:
        return key in self._indexed

    def __getitem__(self, key: str) -> Indexed[K, V]:
        return self._indexed[key]

    def __iter__(self) -> Iterator[str]:
        """The keys, in the order in which they were added."""
        return iter(self._indexed)

    @property
    def kinds(self) -> Collection[K]:
        """The kinds of what was added, be it there or not."""
        return self._keys.keys()

    def get(self, key: str) -> V | None:
        """The value under a key."""
        found = self._indexed.get(key)
        return None if found is None else found.value

    def add(
        self,
        key: str,
        kind: K,
        value: V,
        references: Iterable[tuple[str, str | None]],
        usage: Iterable[tuple[str, int]],
    ) -> None:
        """Puts a value under a key, in place of what was there."""
        self.discard(key)
        one = Indexed(value, kind, tuple(dict.fromkeys(references)), tuple(usage))
        self._indexed[key] = one
        self._keys.setdefault(kind, SortedList()).add(key)
        for target in dict(one.references):
            self._targets.add((target, key))
        for name in one.names():
            self._sources.setdefault(name, {}).setdefault(kind, {})[key] = None
        for quota, amount in one.usage:
            self.usage[quota] += amount

    def discard(self, key: str) -> None:
        """Removes what is under a key, if there is something."""
        one = self._indexed.pop(key, None)
        if one is None:
            return
        self._keys[one.kind].remove(key)
        for target in dict(one.references):
            self._targets.remove((target, key))
        for name in one.names():
            del self._sources[name][one.kind][key]
        for quota, amount in one.usage:
            self.usage[quota] -= amount

    def by_kind(self, kinds: Iterable[K], prefix: str) -> Sequence[V]:
        """The values of some kinds whose keys start with a prefix, in order of keys."""
        ranges = [self._keys[one].irange(prefix, prefix + LAST) for one in kinds if one in self._keys]
        return [self._indexed[key].value for key in merge(*ranges)]

    def sources(self, target: str) -> Mapping[K, Collection[str]]:
        """The keys of what refers to a target or to what belongs to it, by kind, in the order of adding."""
        return self._sources.get(target, {})

    def targets(self, prefix: str) -> Sequence[tuple[str, str]]:
        """The targets that start with a prefix, each with the key of what refers to it, in order."""
        return list(self._targets.irange((prefix, ""), (prefix + LAST, "")))

    def count_targets(self, first: str, last: str) -> int:
        """How many references there are to targets from one to another, both included."""
        return max(0, self._targets.bisect_right((last, LAST)) - self._targets.bisect_left((first, "")))
