"""Frozen values: what a model holds, so that nothing that is reached from it can be changed in place.

A sequence becomes a tuple, a set a frozenset, a mapping a `FrozenDict`, at any depth. All that is left are
values that have no contents to change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import singledispatch
from types import NoneType
from typing import Any, Final, NoReturn, TypeVar

K = TypeVar("K")
V = TypeVar("V")

ATOMIC_TYPES: Final = frozenset({str, bool, int, float, NoneType})
"""The types of most values. They are frozen as they are, and quick to tell."""


class FrozenDict(dict[K, V]):
    """A dict that does not change, and so can be hashed. It equals a dict with the same items, and `|` with
    one makes a dict.

    It derives from dict because json, pydantic, rich and `isinstance(…, dict)` take nothing else for one.
    """

    __slots__ = ()

    def __new__(cls, items: Mapping[K, V] | None = None) -> FrozenDict[K, V]:
        self = super().__new__(cls)
        dict.update(self, items or {})
        return self

    def __init__(self, items: Mapping[K, V] | None = None) -> None:
        """Does nothing: a second call must not change what the first one made."""

    def __hash__(self) -> int:  # type: ignore[override]  # the one thing that a dict is not and this is
        return hash(frozenset(self.items()))

    def __ior__(self, other: Any) -> Any:  # type: ignore[misc]  # unlike a dict's, it gives what `|` does
        return self | other

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)


def _refuse(self: object, *arguments: Any, **items: Any) -> NoReturn:
    raise TypeError("this mapping does not change; make another with `mapping | {…}`")


for _name in ("__setitem__", "__delitem__", "clear", "pop", "popitem", "setdefault", "update"):
    setattr(FrozenDict, _name, _refuse)


def frozen(value: Any) -> Any:
    """A value as a model holds it."""
    return value if type(value) in ATOMIC_TYPES else _frozen(value)


@singledispatch
def _frozen(value: Any) -> Any:
    return value


@_frozen.register(str)
@_frozen.register(bytes)
def _(value: Any) -> Any:
    return value


@_frozen.register
def _(value: Sequence) -> Any:  # type: ignore[type-arg]  # a type to dispatch on has no parameters
    return tuple(value) if ATOMIC_TYPES.issuperset(map(type, value)) else tuple(map(frozen, value))


@_frozen.register
def _(value: AbstractSet) -> Any:  # type: ignore[type-arg]  # as above
    return frozenset(value)


@_frozen.register
def _(value: Mapping) -> Any:  # type: ignore[type-arg]  # as above
    return FrozenDict({name: frozen(one) for name, one in value.items()})
