"""A view of resources that were read together: from a cloud, a plan, an export. Nothing comes after.

What was read may be a part of the world only. Then a lookup that finds nothing says nothing: a reference may
lead outside, and who else refers to what is outside is not known. So a part speaks of what is in it, and
leaves a rule undecided that needs more.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import cast

from vtaplib.model import ids
from vtaplib.model.marks import DERIVED
from vtaplib.model.resource import Resource
from vtaplib.model.view import Identified, Missing, R, View, count_between


class ReadView(View):
    """Resources in memory, found by dictionary. Of several with one ID the last counts. `whole`: there is
    nothing else in the world.
    """

    def __init__(self, resources: Iterable[Resource], *, whole: bool) -> None:
        self.whole = whole
        self._resources = {ids.key(one.id): one for one in resources}
        self._sources: dict[str, dict[type[Resource], dict[str, Resource]]] = {}
        self._targets: list[tuple[str, str]] = []
        self._derived: dict[str, Sequence[str]] = {}
        """The names of the derived fields of a type."""
        for key, resource in self._resources.items():
            for reference in resource.references():
                target = ids.key(reference.target)
                self._targets.append((target, key))
                for name in {target, ids.key(reference.owner)}:
                    self._sources.setdefault(name, {}).setdefault(type(resource), {})[key] = resource
        self._targets.sort()

    def __len__(self) -> int:
        return len(self._resources)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._resources.values())

    @property
    def complete(self) -> bool:
        return True

    @cached_property
    def _keys(self) -> Sequence[str]:
        return sorted(self._resources)

    def find(self, resource_id: str) -> Resource | None:
        return self._resources.get(ids.key(resource_id))

    def list(self, kind: type[R], within: str = "") -> Iterator[R]:
        low = ids.key(within)
        for key in self._keys:
            resource = self._resources[key]
            if isinstance(resource, kind) and key.startswith(low):
                yield resource

    def referrers(self, resource_id: str, kind: type[R], *, certain: bool = False) -> Iterator[R]:
        key = ids.key(resource_id)
        for cls, sources in self._sources.get(key, {}).items():
            if issubclass(cls, kind):
                yield from cast("Iterable[R]", sources.values())
        if not self.whole and not self._has_all_referrers(key, kind):
            raise Missing(f"not all was read that refers to {resource_id}")

    def _has_all_referrers(self, key: str, kind: type[Identified]) -> bool:
        """Whether a resource was read, or the one that this is a part of; and if the service has told who
        refers to it, they too.
        """
        resource = self._resources.get(key) or self._resources.get(ids.parent(key))
        return resource is not None and all(
            ids.key(one) in self._resources
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
        low = ids.key(prefix)
        for position in range(bisect_left(self._targets, (low, "")), len(self._targets)):
            if not self._targets[position][0].startswith(low):
                return
            yield self._targets[position]

    def count_targets(self, prefix: str, first: str, last: str, *, certain: bool = False) -> int:
        low = ids.key(prefix)
        return count_between(self._targets, low + first, low + last)

    def usage(self, bucket: str, *, certain: bool = False) -> int:
        return self._usage[ids.key(bucket)]

    @cached_property
    def _usage(self) -> Counter[str]:
        total: Counter[str] = Counter()
        for resource in self._resources.values():
            for usage in resource.usage():
                total[usage.bucket] += usage.amount
        return total
