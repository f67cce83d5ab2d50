"""A cloud in memory: the backend that is plain dictionaries, and the shortest account of what one does."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from vtaplib.control.backends.backend import KeyForms, NewRow, Row
from vtaplib.control.reference_index import ReferenceIndex


class MemoryBackend:
    """Rows that end with the process; see `CloudBackend`."""

    name = "the cloud in memory"

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._index = ReferenceIndex[str, Row]()
        self._orphans: dict[tuple[str, str], None] = {}
        """Targets and sources of references that have no owner."""
        self._before: dict[str, NewRow | None] = {}
        """What was there under the keys that the open transaction has written."""

    def close(self) -> None:
        """Nothing is held that would have to be released."""

    def copy(self, target: Path) -> None:
        # Only here, for whoever copies nothing: both take long to import.
        from tempfile import TemporaryDirectory

        from vtaplib.control.backends.sqlite.backend import SqliteBackend

        with TemporaryDirectory(prefix="vtap-cloud-") as directory:
            kept = SqliteBackend(Path(directory, "cloud.db"))
            try:
                with self._lock, kept.writing():
                    kept.put([self._entry(key) for key in self._index])
                kept.copy(target)
            finally:
                kept.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        with self._lock:
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except BaseException:
                for key, entry in self._before.items():
                    self._replace(key, entry)
                raise
            finally:
                self._before = {}

    @contextmanager
    def upgrading(self) -> Iterator[bool]:
        yield False

    def row(self, key: str) -> Row | None:
        return self._index.get(key)

    def rows(self) -> Iterator[Row]:
        yield from self.rows_by_kind(self._index.kinds, "")

    def rows_by_kind(self, kinds: Collection[str], prefix: str) -> Sequence[Row]:
        with self._lock:
            return self._index.by_kind(kinds, prefix)

    def rows_by_reference(self, target: str, kinds: Collection[str]) -> Sequence[Row]:
        with self._lock:
            sources = self._index.sources(target)
            return sorted(self._index[key].value for kind in kinds for key in sources.get(kind, ()))

    def targets(self, prefix: str) -> Sequence[tuple[str, str]]:
        with self._lock:
            return self._index.targets(prefix)

    def count_targets(self, first: str, last: str) -> int:
        with self._lock:
            return self._index.count_targets(first, last)

    def orphans(self, key: str) -> Sequence[str]:
        with self._lock:
            return [source for target, source in self._orphans if f"{target}/".startswith(f"{key}/")]

    def usage(self, quota: str) -> int:
        with self._lock:
            return self._index.usage[quota]

    def stray(self, forms: KeyForms) -> tuple[str, str] | None:
        """None: this process has written every row."""
        return None

    def put(self, entries: Sequence[NewRow]) -> None:
        for entry in entries:
            self._write(entry.key, entry)

    def delete(self, keys: Collection[str]) -> None:
        for key in keys:
            for source in [one for kind in self._index.sources(key).values() for one in kind]:
                entry = self._entry(source)
                kept = [(target, None if owner == key else owner) for target, owner in entry.references]
                self._write(source, entry._replace(references=kept))
            self._write(key, None)

    def _write(self, key: str, entry: NewRow | None) -> None:
        if key not in self._before:
            self._before[key] = self._entry(key) if key in self._index else None
        self._replace(key, entry)

    def _entry(self, key: str) -> NewRow:
        (_, kind, body), _, references, usage = self._index[key]
        return NewRow(key, kind, body.decode(), references, usage)

    def _replace(self, key: str, entry: NewRow | None) -> None:
        """Puts an entry in place of what is under a key; None: nothing."""
        if key in self._index:
            for target, _ in self._index[key].references:
                self._orphans.pop((target, key), None)
            self._index.discard(key)
        if entry is not None:
            row = (key, entry.kind, entry.body.encode())
            self._index.add(key, entry.kind, row, entry.references, entry.usage)
            self._orphans |= {(target, key): None for target, owner in entry.references if owner is None}
