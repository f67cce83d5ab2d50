"""A view of resources that were read together: from a cloud, a plan, an export. Nothing comes after.

What was read may be a part of the world only. Then a lookup that finds nothing says nothing: a reference may
lead outside, and who else refers to what is outside is not known. So a part speaks of what is in it, and
leaves a rule undecided that needs more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from vtaplib.control.resource_index import ResourceIndex
from vtaplib.model import ids
from vtaplib.model.marks import DERIVED
from vtaplib.model.resource import Resource
from vtaplib.model.view import Identified, Missing, R, View


class ReadView(View):
    """Resources in memory, found by dictionary. Of several with one ID the last counts. `whole`: there is
    nothing else in the world.
    """

    def __init__(self, resources: Iterable[Resource], *, whole: bool) -> None:
        self.whole = whole
        self._index = ResourceIndex(resources)
        self._derived: dict[str, Sequence[str]] = {}
        """The names of the derived fields of a type."""

    def __len__(self) -> int:
        return len(self._index)

    def __iter__(self) -> Iterator[Resource]:
        return (self._index[key].value for key in self._index)

    @property
    def complete(self) -> bool:
        return True

    def find(self, resource_id: str) -> Resource | None:
        return self._index.get(ids.key(resource_id))

    def list(self, kind: type[R], within: str = "") -> Iterator[R]:
        return self._index.list(kind, within)

    def referrers(self, resource_id: str, kind: type[R], *, certain: bool = False) -> Iterator[R]:
        key = ids.key(resource_id)
        yield from self._index.referrers(key, kind)
        if not self.whole and not self._has_all_referrers(key, kind):
            raise Missing(f"not all was read that refers to {resource_id}")

    def _has_all_referrers(self, key: str, kind: type[Identified]) -> bool:
        """Whether a resource was read, or the one that this is a part of; and if the service has told who
        refers to it, they too.
        """
        resource = self._index.get(key) or self._index.get(ids.parent(key))
        return resource is not None and all(
            ids.key(one) in self._index
            for one in self._told_referrers(resource)
            if not kind.id_format or ids.parse(kind.id_format, one) is not None
        )

    def _told_referrers(self, resource: Resource) -> Iterator[str]:
        """The IDs in what was computed when the resource was read: those of who refers to it."""
        name = type(resource).__name__
        if name not in self._derived:
            fields = type(resource).fields().values()
            self._derived[name] = [one.name for one in fields if one.has(DERIVED)]
        for derived in self._derived[name]:
            value = resource.__dict__.get(derived)
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, str) and one.startswith("/"):
                    yield one

    def targets(self, prefix: str, *, certain: bool = False) -> Iterator[tuple[str, str]]:
        yield from self._index.targets(ids.key(prefix))

    def count_targets(self, prefix: str, first: str, last: str, *, certain: bool = False) -> int:
        low = ids.key(prefix)
        return self._index.count_targets(low + first, low + last)

    def usage(self, bucket: str, *, certain: bool = False) -> int:
        return self._index.usage[ids.key(bucket)]
