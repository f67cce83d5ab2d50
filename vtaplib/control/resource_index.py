"""An index of resources: of what an overlay stages, or of what was read together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from vtaplib.control.reference_index import ReferenceIndex
from vtaplib.model import ids
from vtaplib.model.resource import Resource
from vtaplib.model.view import Identified, R


class ResourceIndex(ReferenceIndex[type[Resource], Resource]):
    """Resources by key, type, reference and quota."""

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        super().__init__()
        for one in resources:
            self.put(one)

    def put(self, resource: Resource) -> None:
        """Adds a resource, in place of one with the same ID."""
        references = [(ids.key(one.target), ids.key(one.owner)) for one in resource.references()]
        usage = [(one.bucket, one.amount) for one in resource.usage()]
        self.add(ids.key(resource.id), type(resource), resource, references, usage)

    def list(self, kind: type[R], within: str) -> Iterator[R]:
        """The resources of a type whose IDs start with `within`, in order of their IDs."""
        yield from cast("Sequence[R]", self.by_kind(_of_type(self.kinds, kind), ids.key(within)))

    def referrers(self, key: str, kind: type[R]) -> Iterator[R]:
        """The resources of a type that refer to what has a key, or to a part of it."""
        sources = self.sources(key)
        for one in _of_type(sources, kind):
            yield from cast("list[R]", [self[source].value for source in sources[one]])


def _of_type(types: Iterable[type[Resource]], kind: type[Identified]) -> list[type[Resource]]:
    return [one for one in types if issubclass(one, kind)]
