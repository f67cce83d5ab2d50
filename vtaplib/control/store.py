"""The store: two tables in SQLite. This file knows all about SQLite and nothing about what is stored.

A write is one transaction that holds the file's write lock from its first read on, so that two processes
neither lose an update nor pass a check together that they would break together. Write-ahead logging lets
readers go on meanwhile; a process that is killed at any instant leaves the file as it was before or after its
transaction.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vtaplib.errors import VtapError

SCHEMA_VERSION = 1
SCHEMA = """
-- One row a resource.
CREATE TABLE resource (
    key  TEXT PRIMARY KEY,  -- the ID in lower case: IDs are compared without case
    kind TEXT NOT NULL,     -- the resource type, by class name
    body TEXT NOT NULL      -- its fields as JSON
) WITHOUT ROWID;
CREATE INDEX resource_by_kind ON resource (kind, key);

-- One row for each thing that a resource refers to. A claim (an address in a subnet, a prefix of a network)
-- is a reference to a name below the resource that has it to give.
CREATE TABLE reference (
    source TEXT NOT NULL REFERENCES resource (key) ON DELETE CASCADE,
    target TEXT NOT NULL,   -- key of a resource, of a part of one, or a claim
    owner  TEXT REFERENCES resource (key) DEFERRABLE INITIALLY DEFERRED,
                            -- the resource that the target is or belongs to, null where it is gone
    PRIMARY KEY (target, source)
) WITHOUT ROWID;
CREATE INDEX reference_by_owner ON reference (owner, source);
CREATE INDEX reference_by_source ON reference (source);
"""
LOCK_WAIT_SECONDS = 60
"""How long a write waits for other processes' writes. One takes milliseconds."""

Row = tuple[str, str]
"""A resource's kind and body."""
ReferenceRow = tuple[str, str | None]
"""A reference's target and owner."""


class Store:
    """A SQLite file, or memory where the path is None. Safe to use from several threads and processes."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.RLock()
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise VtapError(f"{path}: cannot make its directory: {error.strerror}") from error
        try:
            self._connection = sqlite3.connect(
                ":memory:" if path is None else path,
                timeout=LOCK_WAIT_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            self._prepare()
        except sqlite3.DatabaseError as error:
            raise VtapError(f"{path}: cannot be opened as a vtap cloud: {error}") from error

    def _prepare(self) -> None:
        execute = self._connection.execute
        execute("PRAGMA foreign_keys = ON")
        if self._path is not None:
            execute("PRAGMA journal_mode = WAL")
            execute("PRAGMA synchronous = NORMAL")
        if self._version() == 0:
            with self.writing():
                if self._version() == 0:
                    for statement in SCHEMA.split(";\n"):
                        execute(statement)
                    execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        if self._version() != SCHEMA_VERSION:
            raise VtapError(
                f"{self._path}: the file has version {self._version()}, this vtap reads version "
                f"{SCHEMA_VERSION}; use the vtap that wrote it, or begin a new file"
            )

    def _version(self) -> int:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        return int(version)

    def close(self) -> None:
        """Releases the file."""
        self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that no other writer overlaps; undone if the block raises."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                raise VtapError(f"{self._path}: cannot be written: {error}") from error
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            try:
                self._connection.execute("COMMIT")
            except sqlite3.DatabaseError as error:
                self._connection.execute("ROLLBACK")
                raise VtapError(f"{self._path}: cannot be written: {error}") from error

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A transaction in which every read sees the file as of one moment."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    def row(self, key: str) -> Row | None:
        """A resource's row."""
        return self._one("SELECT kind, body FROM resource WHERE key = ?", key)

    def rows_by_kind(self, kinds: Iterable[str], prefix: str) -> list[Row]:
        """The rows of some kinds whose keys start with a prefix, in order of keys."""
        names = list(kinds)
        return self._all(
            f"SELECT kind, body FROM resource WHERE kind IN ({_marks(names)}) AND key >= ? AND key < ? "
            "ORDER BY key",
            *names,
            prefix,
            _after(prefix),
        )

    def rows_by_reference(self, target: str, kinds: Iterable[str]) -> list[Row]:
        """The rows of some kinds that refer to a target or to what belongs to it, in order of keys."""
        names = list(kinds)
        return self._all(
            "SELECT kind, body FROM resource WHERE key IN (SELECT source FROM reference WHERE target = ? "
            f"UNION SELECT source FROM reference WHERE owner = ?) AND kind IN ({_marks(names)}) ORDER BY key",
            target,
            target,
            *names,
        )

    def targets(self, prefix: str) -> list[tuple[str, str]]:
        """The targets that start with a prefix, each with a source, in order."""
        return self._all(
            "SELECT target, source FROM reference WHERE target >= ? AND target < ? ORDER BY target",
            prefix,
            _after(prefix),
        )

    def count_targets(self, first: str, last: str) -> int:
        """How many references there are to targets from one to another, both included."""
        statement = "SELECT COUNT(*) FROM reference WHERE target BETWEEN ? AND ?"
        with self._lock:
            (count,) = self._connection.execute(statement, (first, last)).fetchone()
        return int(count)

    def put(self, key: str, kind: str, body: str, references: Iterable[ReferenceRow]) -> None:
        """Writes a resource's row and replaces its references. Inside `writing`."""
        execute = self._connection.execute
        execute(
            "INSERT INTO resource (key, kind, body) VALUES (?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, body = excluded.body",
            (key, kind, body),
        )
        execute("DELETE FROM reference WHERE source = ?", (key,))
        self._connection.executemany(
            "INSERT OR IGNORE INTO reference (source, target, owner) VALUES (?, ?, ?)",
            [(key, target, owner) for target, owner in references],
        )

    def orphans(self, key: str) -> list[str]:
        """The sources of references to a resource, or below it, that belong to nothing."""
        rows = self._all(
            "SELECT source, target FROM reference WHERE owner IS NULL AND (target = ? "
            "OR (target >= ? AND target < ?))",
            key,
            f"{key}/",
            _after(f"{key}/"),
        )
        return [source for source, _ in rows]

    def delete(self, key: str) -> None:
        """Deletes a row; what still refers to it refers to nothing from then on. Inside `writing`."""
        self._connection.execute(
            "UPDATE reference SET owner = NULL WHERE owner = ? AND source <> owner", (key,)
        )
        self._connection.execute("DELETE FROM resource WHERE key = ?", (key,))

    def _one(self, statement: str, *values: str) -> Row | None:
        with self._lock:
            row: Row | None = self._connection.execute(statement, values).fetchone()
        return row

    def _all(self, statement: str, *values: str) -> list[tuple[str, str]]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()


def _marks(values: list[str]) -> str:
    return ", ".join("?" * len(values))


def _after(prefix: str) -> str:
    """The first string that is past every string with this prefix."""
    return prefix + "\U0010ffff"
