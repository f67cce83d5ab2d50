"""The order in which resources are put that are given together: each after what it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from vtaplib.model import ids
from vtaplib.model.resource import Resource
from vtaplib.model.validation import is_sound

R = TypeVar("R", bound=Resource)


def in_order(resources: Sequence[R]) -> Iterator[R]:
    """The resources in the order given, but each after those of them that it refers to or is a part of."""
    if len(resources) < 2:
        yield from resources
        return
    by_key: dict[str, R] = {}
    for resource in resources:
        by_key.setdefault(ids.key(resource.id), resource)
    placed: set[int] = set()

    def place(resource: R) -> Iterator[R]:
        if id(resource) not in placed:
            placed.add(id(resource))
            for key in _needed(resource):
                if key in by_key:
                    yield from place(by_key[key])
            yield resource

    for resource in resources:
        yield from place(resource)


def _needed(resource: Resource) -> Iterator[str]:
    """The keys of what must be there before a resource, and of all that these are parts of."""
    needed = [ids.parent(resource.id)]
    if is_sound(resource):
        needed += [reference.owner for reference in resource.references()]
    for key in map(ids.key, needed):
        while "/" in key:  # what is no ID has no parent
            yield key
            key = ids.parent(key)
