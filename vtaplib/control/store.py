"""The store: a few tables in SQLite. This file knows all about SQLite and nothing about what is stored.

A write is one transaction that holds the file's write lock from its first read on, so that two processes
neither lose an update nor pass a check together that they would break together. Write-ahead logging lets
readers go on meanwhile; a process that is killed at any instant leaves the file as it was before or after its
transaction. Who has written brings the log back into the file when it closes, and when it has nothing to do
for a while: then the file alone, copied, is the whole cloud.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from vtaplib.control.idle_call import IdleCall
from vtaplib.control.sqlite_error import LOCK_WAIT_SECONDS, primary_code, trouble
from vtaplib.control.store_file import (
    OpenFile,
    holds_nothing,
    open_copy,
    open_to_read,
    open_to_write,
    write_copy,
)
from vtaplib.control.write_ahead_log import BINDING, UNBIND, WriteAheadLog
from vtaplib.errors import VtapError

APPLICATION_ID: Final = int.from_bytes(b"vtap", "big")
"""What says in the header of a SQLite file whose it is."""
SCHEMA_VERSION = 3
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
KINDS = """
-- Each kind that there is, found by as many steps in the index as there are kinds.
WITH RECURSIVE step (kind) AS (
    SELECT min(kind) FROM resource
    UNION ALL
    SELECT (SELECT min(kind) FROM resource WHERE kind > step.kind) FROM step WHERE step.kind IS NOT NULL
)
SELECT kind FROM step WHERE kind IS NOT NULL
"""
ROWS_AT_A_TIME: Final = 1_000
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
SWITCH_PAUSE_SECONDS = 0.01

IDLE_SECONDS = 1.0
"""How long nothing was written when the log goes back into the file."""
CLOSE_WAIT_SECONDS = 0.3
"""How long `close` waits: for other threads' transactions, and for readers that keep a part of the log from
the file. The provider has two seconds to end in all.
"""

BUGS: Final = (sqlite3.IntegrityError, sqlite3.ProgrammingError)
"""A broken constraint or a misuse is not the file's trouble but a bug of ours, and stays what it is."""

Row = tuple[str, str, bytes]
"""A resource's key, kind and body."""
ROW: Final = "key, kind, CAST(body AS BLOB)"
"""The columns of a row. The body may be no text: to find that out, and to say where, is not for SQLite."""
ReferenceRow = tuple[str, str | None]
"""A reference's target and owner."""


class Mark(NamedTuple):
    """What a SQLite file says about itself."""

    application_id: int
    version: int
    tables: int


NOTHING: Final = Mark(0, 0, 0)
"""The mark of a file that is new, or empty."""
UPGRADES: Final[Mapping[int, str]] = {1: TAKINGS, 2: BINDING}
"""What brings a file of an earlier version to the next one."""


class Store:
    """A SQLite file, or memory where the path is None. Safe to use from several threads and processes, and
    in a process that was forked from the one that opened it.

    `read_only`: the file must be there, is not written, and need not be writable. Every method raises
    `VtapError` where the file cannot be read or written; a write that cannot be finished leaves nothing.
    """

    def __init__(self, path: Path | None, *, read_only: bool = False) -> None:
        self._name = "the cloud in memory" if path is None else str(path)
        self._path = path
        self._read_only = read_only
        self._idle = IdleCall(self.checkpoint, IDLE_SECONDS)
        self._open()

    def _open(self) -> None:
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._log: WriteAheadLog | None = None
        if self._path is None:
            file = OpenFile(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False))
        else:
            file = open_to_read(self._path) if self._read_only else open_to_write(self._path)
        self._use(file)
        if file.as_it_stands and self.outdated:
            assert self._path is not None
            file.close()
            self._use(open_copy(self._path))

    def _use(self, file: OpenFile) -> None:
        self._file, self._connection = file, file.connection
        try:
            self._prepare()
        except BaseException:
            file.close()
            raise

    def _prepare(self) -> None:
        """Looks whose file it is before anything is written to it, then makes it ours if it is nobody's."""
        execute = self._connection.execute
        execute("PRAGMA foreign_keys = ON")
        if self._mark() == NOTHING:
            if self._read_only:
                raise holds_nothing(self._name)
            with self._transaction():
                if self._mark() == NOTHING:
                    self._run(SCHEMA, *UPGRADES.values())
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
        if self._path is not None and not self._file.as_it_stands and self._write_ahead():
            execute("PRAGMA synchronous = NORMAL")
            execute("PRAGMA wal_autocheckpoint = 0")
            self._log = WriteAheadLog(self._connection, self._path, self._name)
        self._release = weakref.finalize(self, _release, self._file, self._log, self._process)

    def _settle_in_process(self) -> None:
        """Opens the file anew in a process that was forked: SQLite's connections are of one process."""
        if self._path is not None and os.getpid() != self._process:
            # To close the other process's connection here would meddle with its locks.
            _inherited.append(self._file)
            self._open()

    @property
    def outdated(self) -> bool:
        """Whether the file is of an earlier version; see `upgrading`."""
        mark = self._mark()
        return mark.application_id == APPLICATION_ID and mark.version in UPGRADES

    @contextmanager
    def upgrading(self) -> Iterator[bool]:
        """A transaction that gives an outdated file this version. Yields whether the block is to write every
        resource anew, which then counts against limits.
        """
        with self._transaction():
            version = self._mark().version
            self._run(*(script for earlier, script in UPGRADES.items() if earlier >= version))
            yield version in UPGRADES and UPGRADES[version] == TAKINGS
        self.checkpoint()

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

    def _write_ahead(self) -> bool:
        """Turns write-ahead logging on. It stays on in the file, so that only the first who open it do this.
        Returns whether it is on: not where the file cannot be written, or the file system has none.

        Another process may just be looking, under the write lock, whether the file is made. SQLite does not
        wait for that one here: it holds a read lock, and two that wait so would wait for each other.
        """
        deadline = time.monotonic() + LOCK_WAIT_SECONDS
        while True:
            try:
                ((mode,),) = self._connection.execute("PRAGMA journal_mode = WAL").fetchall()
            except sqlite3.DatabaseError as error:
                if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise trouble(self._name, "opened", error) from error
                time.sleep(SWITCH_PAUSE_SECONDS)
            else:
                return bool(mode == "wal")

    @property
    def name(self) -> str:
        """What messages call it: the file, as it was named."""
        return self._name

    def close(self) -> None:
        """Releases the file. It holds all that was written, unless others still read or write it: then the
        last of them sees to that. A transaction that another thread does not end in time is undone.
        """
        self._idle.cancel()
        if self._lock.acquire(timeout=CLOSE_WAIT_SECONDS):
            try:
                self._release()
                self._log = None
            finally:
                self._lock.release()

    def checkpoint(self) -> bool:
        """Brings the log back into the file as far as nobody else is in the way; whether all of it is."""
        self._settle_in_process()
        with self._lock:
            return self._log is None or self._connection.in_transaction or self._log.truncate(0)

    def copy(self, target: Path) -> None:
        """Writes all that is there, as of one moment, into a file that appears when it is whole. Others may
        write meanwhile. Raises `VtapError` where the target is the file itself, in use, or cannot be written.
        """
        if self._path is not None and target.exists() and self._path.samefile(target):
            raise VtapError(f"{target}: is the cloud itself; name another file for the copy")
        with self.reading():
            write_copy(self._connection, target, UNBIND)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that no other writer overlaps; undone if the block raises."""
        self._settle_in_process()
        if self._read_only:
            raise VtapError(f"{self._name}: is open to be read only; open it without read_only to write")
        with self._lock:
            log = self._log
            if log is None:
                self._begin()
            else:
                log.refuse_if_moved()
                while not self._begin_claimed(log):
                    with self._transaction():
                        log.claim()
                    log.advance()
            try:
                if log is not None:
                    log.stamp(SCHEMA_VERSION)
                yield
                self._connection.execute("COMMIT")
            except BaseException as error:
                self._fail(error)
                raise
            if log is not None:
                if log.long:
                    log.truncate(0)
                self._idle.postpone()

    def _begin_claimed(self, log: WriteAheadLog) -> bool:
        """Begins a transaction, unless the log is still to be claimed."""
        if not log.claimed:
            return False
        self._begin()
        # From here on no other process can empty it again.
        if log.look():
            return True
        self._undo()
        return False

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """A write transaction, whatever becomes of the log."""
        with self._lock:
            self._begin()
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException as error:
                self._fail(error)
                raise

    def _begin(self) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise trouble(self._name, "written", error) from error

    def _fail(self, error: BaseException) -> None:
        """Undoes the transaction; raises `VtapError` where the error is the file's trouble."""
        self._undo()
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, BUGS):
            raise trouble(self._name, "written", error) from error

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A transaction in which every read sees the file as of one moment."""
        self._settle_in_process()
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
        rows = self._rows(f"SELECT {ROW} FROM resource WHERE key = ?", key)
        return rows[0] if rows else None

    def rows(self) -> Iterator[Row]:
        """All rows, in order of keys. A few are in memory at a time."""
        last = ""
        statement = f"SELECT {ROW} FROM resource WHERE key > ? ORDER BY key LIMIT {ROWS_AT_A_TIME}"
        while rows := self._rows(statement, last):
            yield from rows
            last = rows[-1][0]

    def stray(self, forms: Mapping[str, tuple[str, str]]) -> tuple[str, str] | None:
        """The key and kind of a row that is of none of these kinds, or whose key is not of its kind's form;
        None if there is none. It reads an index, and no row. A form: the GLOB that a key must match, and the
        one that it must not.
        """
        misplaced = "NOT (typeof(key) = 'text' AND key GLOB ? AND key NOT GLOB ?)"
        for (kind,) in self._rows(KINDS):
            statement = f"SELECT key, kind FROM resource WHERE kind = ? AND {misplaced} LIMIT 1"
            for key, _ in self._rows(statement, kind, *forms.get(kind, ("", ""))):
                return str(key), str(kind)
        return None

    def rows_by_kind(self, kinds: Iterable[str], prefix: str) -> list[Row]:
        """The rows of some kinds whose keys start with a prefix, in order of keys."""
        names = list(kinds)
        return self._rows(
            f"SELECT {ROW} FROM resource WHERE kind IN ({_marks(names)}) AND key >= ? AND key < ? "
            "ORDER BY key",
            *names,
            prefix,
            _after(prefix),
        )

    def rows_by_reference(self, target: str, kinds: Iterable[str]) -> list[Row]:
        """The rows of some kinds that refer to a target or to what belongs to it, in order of keys."""
        names = list(kinds)
        return self._rows(
            f"SELECT {ROW} FROM resource WHERE key IN (SELECT source FROM reference WHERE target = ? "
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
        self._settle_in_process()
        with self._lock:
            try:
                return self._connection.execute(statement, values).fetchall()
            except BUGS:
                raise
            except sqlite3.DatabaseError as error:
                raise trouble(self._name, "read", error) from error


def _release(file: OpenFile, log: WriteAheadLog | None, process: int) -> None:
    """What a store does last, closed or not: at the latest when the process ends."""
    if os.getpid() == process:
        if log is not None:
            log.truncate(CLOSE_WAIT_SECONDS)
        file.close()


_inherited: Final[list[OpenFile]] = []


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
