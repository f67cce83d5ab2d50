"""The store: a few tables in SQLite. This file knows all about SQLite and nothing about what is stored.

A write is one transaction that holds the file's write lock from its first read on, so that two processes
neither lose an update nor pass a check together that they would break together. Write-ahead logging lets
readers go on meanwhile; a process that is killed at any instant leaves the file as it was before or after its
transaction.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from vtaplib.errors import VtapError

APPLICATION_ID: Final = int.from_bytes(b"vtap", "big")
"""What says in the header of a SQLite file whose it is."""
SCHEMA_VERSION = 2
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
TAKINGS = """
-- One row for each limit that a resource counts against, and how much all take of a limit together.
CREATE TABLE taking (
    source TEXT NOT NULL REFERENCES resource (key) ON DELETE CASCADE,
    bucket TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (source, bucket)
) WITHOUT ROWID;
CREATE TABLE tally (
    bucket TEXT PRIMARY KEY,
    amount INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER taking_begins AFTER INSERT ON taking BEGIN
    INSERT INTO tally (bucket, amount) VALUES (new.bucket, new.amount)
        ON CONFLICT (bucket) DO UPDATE SET amount = amount + excluded.amount; END;
CREATE TRIGGER taking_ends AFTER DELETE ON taking BEGIN
    UPDATE tally SET amount = amount - old.amount WHERE bucket = old.bucket; END;
"""
SMALLEST_PAGE_BYTES: Final = 512
"""No database is smaller (https://sqlite.org/fileformat2.html, section 1.3.2)."""
LOCK_WAIT_SECONDS = 60
"""How long a write waits for other processes' writes. One takes milliseconds."""

SWITCH_PAUSE_SECONDS = 0.01

WAYS_OUT: Final[Mapping[int, str]] = {
    sqlite3.SQLITE_NOTADB: "it is not a vtap cloud; name another file",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restore a copy, or begin a new file",
    sqlite3.SQLITE_FULL: "nothing was written; make room and try again",
    sqlite3.SQLITE_IOERR: "the disk refuses; see to it and try again",
    sqlite3.SQLITE_READONLY: "it can only be read; make it and its directory writable, or use a copy",
    sqlite3.SQLITE_PERM: "it may not be used; make it and its directory readable and writable",
    sqlite3.SQLITE_CANTOPEN: "make it and its directory readable and writable, or name another file",
    sqlite3.SQLITE_BUSY: f"another process has held it for {LOCK_WAIT_SECONDS} s; end that one and try again",
}
"""What to do about an error, by SQLite's primary result code (https://sqlite.org/rescode.html)."""

BUGS: Final = (sqlite3.IntegrityError, sqlite3.ProgrammingError)
"""A broken constraint or a misuse is not the file's trouble but a bug of ours, and stays what it is."""

Row = tuple[str, str]
"""A resource's kind and body."""
ReferenceRow = tuple[str, str | None]
"""A reference's target and owner."""


class Mark(NamedTuple):
    """What a SQLite file says about itself."""

    application_id: int
    version: int
    tables: int


NOTHING: Final = Mark(0, 0, 0)
"""The mark of a file that is new, or empty."""
WITHOUT_TAKINGS: Final = (1, 5)
"""The version, and the number of tables and indexes, of a file from before there were takings."""


class Store:
    """A SQLite file, or memory where the path is None. Safe to use from several threads and processes.

    Every method raises `VtapError` where the file cannot be read or written; a write that cannot be finished
    leaves nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._name = "the cloud in memory" if path is None else str(path)
        self._lock = threading.RLock()
        if path is not None:
            _make_room(path)
        try:
            # The absolute path: a relative one that reads ":memory:" would not name a file.
            self._connection = sqlite3.connect(
                ":memory:" if path is None else path.absolute(),
                timeout=LOCK_WAIT_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
        except sqlite3.DatabaseError as error:
            raise self._trouble("opened", error) from error
        try:
            self._prepare(in_file=path is not None)
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, *, in_file: bool) -> None:
        """Looks whose file it is before anything is written to it, then makes it ours if it is nobody's."""
        execute = self._connection.execute
        execute("PRAGMA foreign_keys = ON")
        if self._mark() == NOTHING:
            with self.writing():
                if self._mark() == NOTHING:
                    self._run(SCHEMA, TAKINGS)
                    execute(f"PRAGMA application_id = {APPLICATION_ID}")
        mark = self._mark()
        if mark.application_id != APPLICATION_ID:
            raise VtapError(
                f"{self._name}: is not a vtap cloud, but a database of something else; name another file"
            )
        if mark.version != SCHEMA_VERSION and not self.outdated:
            raise VtapError(
                f"{self._name}: the file has version {mark.version}, this vtap reads version "
                f"{SCHEMA_VERSION}; use the vtap that wrote it, or begin a new file"
            )
        if in_file:
            self._write_ahead()
            execute("PRAGMA synchronous = NORMAL")

    @property
    def outdated(self) -> bool:
        """Whether the file is from before there were takings; see `upgrading`."""
        return self._mark() == Mark(APPLICATION_ID, *WITHOUT_TAKINGS)

    @contextmanager
    def upgrading(self) -> Iterator[bool]:
        """A transaction that gives an outdated file this version. Yields whether that is still to be done;
        then the block writes every resource anew.
        """
        with self.writing():
            due = self.outdated
            if due:
                self._run(TAKINGS)
            yield due

    def _run(self, *scripts: str) -> None:
        """Makes what scripts define, after which the file is of this version."""
        for script in scripts:
            for statement in _statements(script):
                self._connection.execute(statement)
        self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _mark(self) -> Mark:
        """The file's mark, read at one moment."""
        with self.reading():
            ((application_id,),) = self._rows("PRAGMA application_id")
            ((version,),) = self._rows("PRAGMA user_version")
            ((tables,),) = self._rows("SELECT COUNT(*) FROM sqlite_schema")
        return Mark(application_id, version, tables)

    def _write_ahead(self) -> None:
        """Turns write-ahead logging on. It stays on in the file, so that only the first who open it do this.

        Another process may just be looking, under the write lock, whether the file is made. SQLite does not
        wait for that one here: it holds a read lock, and two that wait so would wait for each other.
        """
        deadline = time.monotonic() + LOCK_WAIT_SECONDS
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.DatabaseError as error:
                if _primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise self._trouble("opened", error) from error
                time.sleep(SWITCH_PAUSE_SECONDS)
            else:
                return

    def close(self) -> None:
        """Releases the file."""
        self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that no other writer overlaps; undone if the block raises."""
        execute = self._connection.execute
        with self._lock:
            try:
                execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                raise self._trouble("written", error) from error
            try:
                yield
                execute("COMMIT")
            except BaseException as error:
                self._undo()
                if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, BUGS):
                    raise self._trouble("written", error) from error
                raise

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
                self._undo()

    def _undo(self) -> None:
        """Ends the transaction as if it had not been. On a full disk SQLite has done that by itself."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def row(self, key: str) -> Row | None:
        """A resource's row."""
        rows = self._rows("SELECT kind, body FROM resource WHERE key = ?", key)
        return rows[0] if rows else None

    def rows_by_kind(self, kinds: Iterable[str], prefix: str) -> list[Row]:
        """The rows of some kinds whose keys start with a prefix, in order of keys."""
        names = list(kinds)
        return self._rows(
            f"SELECT kind, body FROM resource WHERE kind IN ({_marks(names)}) AND key >= ? AND key < ? "
            "ORDER BY key",
            *names,
            prefix,
            _after(prefix),
        )

    def rows_by_reference(self, target: str, kinds: Iterable[str]) -> list[Row]:
        """The rows of some kinds that refer to a target or to what belongs to it, in order of keys."""
        names = list(kinds)
        return self._rows(
            "SELECT kind, body FROM resource WHERE key IN (SELECT source FROM reference WHERE target = ? "
            f"UNION SELECT source FROM reference WHERE owner = ?) AND kind IN ({_marks(names)}) ORDER BY key",
            target,
            target,
            *names,
        )

    def targets(self, prefix: str) -> list[tuple[str, str]]:
        """The targets that start with a prefix, each with a source, in order."""
        return self._rows(
            "SELECT target, source FROM reference WHERE target >= ? AND target < ? ORDER BY target",
            prefix,
            _after(prefix),
        )

    def count_targets(self, first: str, last: str) -> int:
        """How many references there are to targets from one to another, both included."""
        statement = "SELECT COUNT(*) FROM reference WHERE target BETWEEN ? AND ?"
        ((count,),) = self._rows(statement, first, last)
        return int(count)

    def taken(self, bucket: str) -> int:
        """How much resources take of a limit together."""
        rows = self._rows("SELECT amount FROM tally WHERE bucket = ?", bucket)
        return int(rows[0][0]) if rows else 0

    def put(
        self,
        key: str,
        kind: str,
        body: str,
        references: Iterable[ReferenceRow],
        takings: Iterable[tuple[str, int]] = (),
    ) -> None:
        """Writes a resource's row and replaces its references and takings. Inside `writing`."""
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
        execute("DELETE FROM taking WHERE source = ?", (key,))
        self._connection.executemany(
            "INSERT INTO taking (source, bucket, amount) VALUES (?, ?, ?)",
            [(key, bucket, amount) for bucket, amount in takings],
        )

    def orphans(self, key: str) -> list[str]:
        """The sources of references to a resource, or below it, that belong to nothing."""
        rows = self._rows(
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

    def _rows(self, statement: str, *values: str) -> list[Any]:
        with self._lock:
            try:
                return self._connection.execute(statement, values).fetchall()
            except BUGS:
                raise
            except sqlite3.DatabaseError as error:
                raise self._trouble("read", error) from error

    def _trouble(self, done: str, error: sqlite3.DatabaseError) -> VtapError:
        way_out = WAYS_OUT.get(_primary_code(error), "if it is a vtap cloud it is damaged; restore a copy")
        return VtapError(f"{self._name}: cannot be {done}: {error}; {way_out}")


def _make_room(path: Path) -> None:
    """Makes a file's directory. Raises `VtapError` if it cannot, or if what is there is no database."""
    if path.exists() and not path.is_file():
        kind = "a directory" if path.is_dir() else "not a file"
        raise VtapError(f"{path}: is {kind}; name a file in which to keep the cloud")
    if path.exists() and 0 < path.stat().st_size < SMALLEST_PAGE_BYTES:
        # SQLite takes some of these for empty, and would write over them.
        raise VtapError(f"{path}: is not a vtap cloud; name another file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VtapError(
            f"{path}: cannot make its directory: {error.strerror} ({error.filename}); name another file"
        ) from error


def _primary_code(error: sqlite3.DatabaseError) -> int:
    """The error's result code without what SQLite adds in the upper bits; 0 if Python raised it by itself."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, in which a statement ends with its line."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _marks(values: list[str]) -> str:
    return ", ".join("?" * len(values))


def _after(prefix: str) -> str:
    """The first string that is past every string with this prefix."""
    return prefix + "\U0010ffff"
