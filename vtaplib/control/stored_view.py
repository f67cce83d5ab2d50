"""A backend as a view: what is kept, decoded."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import cast

from vtaplib.control.backends.backend import CloudBackend, Row
from vtaplib.control.row import FORMS, KINDS, RowError, cached_resource, kind_problem
from vtaplib.errors import VtapError
from vtaplib.model import ids
from vtaplib.model.ids import label
from vtaplib.model.resource import Resource
from vtaplib.model.view import Identified, R, View


class StoredView(View):
    """What a backend keeps. Raises `VtapError` where it comes upon a row that holds no resource."""

    def __init__(self, backend: CloudBackend) -> None:
        self._backend = backend

    @property
    def complete(self) -> bool:
        return True

    def check_kinds(self) -> None:
        """Raises `VtapError` if a row would be left out of a list of every type, or be in one of another."""
        stray = self._backend.stray(FORMS)
        if stray is not None:
            key, kind = stray
            raise self._unreadable(key, kind_problem(kind))

    def all(self) -> Iterator[Resource]:
        """All resources, in order of their IDs. A few are read at a time."""
        return map(self._resource, self._backend.rows())

    def find(self, resource_id: str) -> Resource | None:
        row = self._backend.row(ids.key(resource_id))
        return None if row is None else self._resource(row)

    def list(self, kind: type[R], within: str = "") -> Iterator[R]:
        for row in self._backend.rows_by_kind(_names(kind), ids.key(within)):
            yield cast(R, self._resource(row))

    def referrers(self, resource_id: str, kind: type[R], *, certain: bool = False) -> Iterator[R]:
        for row in self._backend.rows_by_reference(ids.key(resource_id), _names(kind)):
            yield cast(R, self._resource(row))

    def targets(self, prefix: str, *, certain: bool = False) -> Iterator[tuple[str, str]]:
        yield from self._backend.targets(ids.key(prefix))

    def count_targets(self, prefix: str, first: str, last: str, *, certain: bool = False) -> int:
        low = ids.key(prefix)
        return self._backend.count_targets(low + first, low + last)

    def usage(self, bucket: str, *, certain: bool = False) -> int:
        return self._backend.usage(ids.key(bucket))

    def _resource(self, row: Row) -> Resource:
        try:
            return cached_resource(row)
        except RowError as error:
            raise self._unreadable(row[0], str(error)) from error

    def _unreadable(self, key: str, problem: str) -> VtapError:
        """What to raise where a row cannot be read. `problem`: a clause that says what is wrong with it."""
        return VtapError(
            f"{self._backend.name}: {label(key)} cannot be read: {problem} ({key}); restore a copy of "
            "the file, or use the vtap that wrote it"
        )


_names_of: dict[type[Identified], Collection[str]] = {}


def _names(kind: type[Identified]) -> Collection[str]:
    """What rows call the types that are of a type."""
    if kind not in _names_of:
        _names_of[kind] = [name for name, one in KINDS.items() if issubclass(one, kind)]
    return _names_of[kind]
