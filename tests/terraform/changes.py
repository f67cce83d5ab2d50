"""One change of one argument: what the subject of a world is before and after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an argument, by dotted path. `before` and `after` are laid over the world's subject; None
    leaves an argument out. What is in both besides the argument makes the change possible.
    """

    argument: str
    after: Mapping[str, Any]
    before: Mapping[str, Any] = field(default_factory=dict)


def values(argument: str, *in_turn: Any, **beside: Any) -> Change:
    """A change of a top-level argument between two values; with one, it is added."""
    before, after = in_turn if len(in_turn) == 2 else (None, in_turn[0])
    return Change(
        argument, {argument: after, **beside}, {argument: before, **beside} if before is not None else beside
    )


def switched(argument: str, *, on: bool, **beside: Any) -> Change:
    """A change of a top-level yes-or-no argument from its default."""
    return Change(argument, {argument: on, **beside}, beside)


def inside(
    block: str, common: Mapping[str, Any], argument: str, before: Any, after: Any, **beside: Any
) -> Change:
    """A change of an argument of a block, whose other arguments are `common`; None leaves it out."""
    one, other = ([{**common, argument: value}] for value in (before, after))
    return Change(f"{block}.{argument}", {block: other, **beside}, {block: one, **beside})
