"""What was read of a resource, with what follows from that: canonical values, defaults, IDs of its parts."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from vtaplib.control import service_defaults
from vtaplib.control.overlay import Overlay
from vtaplib.control.read_view import ReadView
from vtaplib.model.base import Block, Field, Model, Shape
from vtaplib.model.marks import ASSIGNED, INTERNAL
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource

M = TypeVar("M", bound=Model)
R = TypeVar("R", bound=Resource)

_NOTHING: Final = Overlay(ReadView((), whole=False), Policy(), complete=False)
"""A view in which the service gives only what follows from the resource itself."""


def with_known_defaults(resource: R) -> R:
    """The resource as the service would show it, as far as that follows from itself. What was read stays."""
    resource = service_defaults.canonical(resource)
    return filled(resource, service_defaults.assign(resource, _NOTHING, None))


def filled(given: M, other: M) -> M:
    """A model with the values of another where its own are not known, or are not there."""
    changes: dict[str, Any] = {}
    for name, one in given.fields().items():
        if not other.knows(name):
            continue
        theirs = getattr(other, name)
        mine = getattr(given, name) if given.knows(name) else None
        if mine is theirs and given.knows(name):
            continue
        if mine is None:
            if given.knows(name) or not _only_the_service_knows(one):
                changes[name] = theirs
        elif isinstance(mine, Block) and isinstance(theirs, Block):
            changes[name] = filled(mine, theirs)
        elif one.shape is Shape.BLOCKS and isinstance(theirs, tuple) and len(mine) == len(theirs):
            changes[name] = [filled(*pair) for pair in zip(mine, theirs, strict=True)]
    return given.replace(**changes) if changes else given


def _only_the_service_knows(one: Field) -> bool:
    """Whether what the service gives is more than a default, or a function of names."""
    return one.has(INTERNAL) or (one.has(ASSIGNED) and one.ref is None and one.name != "id")
