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

from vtaplib.control.database_file import DatabaseFile, files_beside
from vtaplib.control.idle_call import IdleCall
from vtaplib.control.sqlite_error import LOCK_WAIT_SECONDS, WAYS_OUT, primary_code, storage_error
from vtaplib.control.store_file import (
    OpenFile,
    is_write_protected,
    no_cloud_yet,
    open_copy,
    open_to_read,
    open_to_write,
    write_copy,
)
from vtaplib.control.write_ahead_log import BINDING, UNBIND, WriteAheadLog, binding_error
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
    names: frozenset[str]
    """Its tables, indexes, views and triggers."""


NOTHING: Final = Mark(0, 0, frozenset())
"""The mark of a file that is new, or empty."""
UPGRADES: Final[Mapping[int, str]] = {1: TAKINGS, 2: BINDING}
"""What brings a file of an earlier version to the next one."""
TABLES: Final[Mapping[int, frozenset[str]]] = {
    1: frozenset({"resource", "reference"}),
    2: frozenset({"taking", "tally"}),
    3: frozenset({"binding"}),
}
"""The tables that each version added."""


class Store:
    """A SQLite file, or memory where the path is None. Safe to use from several threads and processes, and
    in a process that was forked from the one that opened it.

    `read_only`: the file must hold a store, and `writing` raises. Neither the file nor its directory need be
    writable. Where they are, the log that a killed writer left is brought back into the file, and a file of
    an earlier version can be upgraded. `create=False`: the file must hold a store, and may be written. A file
    that is write-protected is opened as if `read_only`.

    Every method raises `VtapError` where the file cannot be read or written; a write that cannot be finished
    leaves nothing.
    """

    def __init__(self, path: Path | None, *, read_only: bool = False, create: bool = True) -> None:
        self._name = "the cloud in memory" if path is None else str(path)
        # Once: links may lead elsewhere later, and this process may change its directory.
        self._names = None if path is None else DatabaseFile.named(path)
        self._read_only = read_only
        self._create = create and not read_only
        self._open()

    def _open(self) -> None:
        self._lock = threading.RLock()
        self._idle = IdleCall(self.checkpoint, IDLE_SECONDS)
        self._process = os.getpid()
        self._log: WriteAheadLog | None = None
        if self._names is None:
            file = OpenFile(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False))
        elif self._read_only or is_write_protected(self._names):
            file = open_to_read(self._names)
        else:
            file = open_to_write(self._names, create=self._create)
        self._use(file)
        if file.as_it_stands and self.outdated:
            assert self._names is not None
            file.close()
            self._use(open_copy(self._names))

    def _use(self, file: OpenFile) -> None:
        self._file, self._connection = file, file.connection
        self._doing = "opened"
        try:
            self._prepare()
        except BaseException:
            file.close()
            raise
        self._doing = "read"

    def _prepare(self) -> None:
        """Looks whose file it is before anything is written to it, then makes it ours if it is nobody's."""
        execute = self._connection.execute
        execute("PRAGMA foreign_keys = ON")
        if self._mark() == NOTHING:
            if not self._create:
                raise no_cloud_yet(self._name)
            with self._transaction():
                if self._mark() == NOTHING:
                    self._run(SCHEMA, *UPGRADES.values())
                    execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._refuse_others(self._mark())
        if self._names is not None and self._file.is_shared and self._is_written_ahead():
            execute("PRAGMA synchronous = NORMAL")
            execute("PRAGMA wal_autocheckpoint = 0")
            self._rows("SELECT 1 FROM sqlite_schema LIMIT 1")  # SQLite makes the log when it first reads
            self._log = WriteAheadLog(self._connection, self._names)
        self._release = weakref.finalize(self, _release, self._file, self._log, self._process)

    def _refuse_others(self, mark: Mark) -> None:
        """Raises `VtapError` for a file that is not ours, is of a version that we do not know, or has not the
        tables of its version.
        """
        if mark.application_id != APPLICATION_ID:
            raise VtapError(
                f"{self._name}: is not a vtap cloud, but a database of something else; name another file"
            )
        if mark.version not in TABLES:
            raise VtapError(
                f"{self._name}: the file has version {mark.version}, this vtap reads version "
                f"{SCHEMA_VERSION}; use the vtap that wrote it, or begin a new file"
            )
        expected = {name for version, names in TABLES.items() if version <= mark.version for name in names}
        tables = mark.names & frozenset().union(*TABLES.values())
        if tables != expected:
            missing = expected - tables
            wrong = ", ".join(sorted(missing or tables - expected))
            raise VtapError(
                f"{self._name}: is damaged, or not a vtap cloud: it says that it has version {mark.version}, "
                f"but {'lacks tables of it' if missing else 'has tables of a later one'} ({wrong}); "
                "restore a copy, or name another file"
            )
        if mark.version == SCHEMA_VERSION and not self._rows("SELECT 1 FROM binding"):
            raise binding_error(self._name)

    def _is_inherited(self) -> bool:
        """Whether this process was forked from the one that opened the file: it needs its own connection."""
        return self._names is not None and os.getpid() != self._process

    def _reopen_after_fork(self) -> None:
        """Opens the file anew in a process that was forked."""
        if self._is_inherited():
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
            names = frozenset(str(name) for (name,) in self._rows("SELECT name FROM sqlite_schema"))
        return Mark(application_id, version, names)

    def _is_written_ahead(self) -> bool:
        """Whether write-ahead logging is on. Who may write turns it on, unless the file system has none. It
        stays on in the file, so that only the first who open it do this.

        Another process may just be looking, under the write lock, whether the file is made. SQLite does not
        wait for that one here: it holds a read lock, and two that wait so would wait for each other.
        """
        if self._read_only:
            return self._rows("PRAGMA journal_mode") == [("wal",)]
        deadline = time.monotonic() + LOCK_WAIT_SECONDS
        while True:
            try:
                ((mode,),) = self._connection.execute("PRAGMA journal_mode = WAL").fetchall()
            except sqlite3.DatabaseError as error:
                if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise storage_error(self._name, "opened", error) from error
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
        if self._is_inherited():
            return  # There is nothing of this process to release.
        self._idle.cancel()
        if self._lock.acquire(timeout=CLOSE_WAIT_SECONDS):
            try:
                self._release()
                self._log = None
            finally:
                self._lock.release()

    def checkpoint(self) -> bool:
        """Brings the log back into the file as far as nobody else is in the way; whether all of it is."""
        self._reopen_after_fork()
        with self._lock:
            return self._log is None or self._connection.in_transaction or self._log.truncate(0)

    def copy(self, target: Path) -> None:
        """Writes all that is there, as of one moment, into a file that appears when it is whole. Others may
        write meanwhile. Raises `VtapError` where the target is the file itself, in use, or cannot be written.
        """
        if self._names is not None and _is_one_of(
            (self._names.path, *files_beside(self._names.path)), target
        ):
            raise VtapError(f"{target}: is the cloud itself; name another file for the copy")
        with self.reading():
            write_copy(self._connection, target, UNBIND)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that no other writer overlaps; undone if the block raises."""
        self._reopen_after_fork()
        if self._read_only:
            raise VtapError(f"{self._name}: is open to be read only; open it without read_only to write")
        if not self._file.is_shared:
            raise VtapError(f"{self._name}: cannot be written: {WAYS_OUT[sqlite3.SQLITE_READONLY]}")
        with self._lock:
            with self._transaction(self._log):
                yield
            if self._log is not None:
                if self._log.long:
                    self._log.truncate(0)
                self._idle.postpone()

    @contextmanager
    def _transaction(self, log: WriteAheadLog | None = None) -> Iterator[None]:
        """A write transaction. Where a log is given, it is claimed first."""
        with self._lock:
            before, self._doing = self._doing, "written"
            try:
                if log is None:
                    self._begin()
                else:
                    self._begin_in_claimed(log)
                    log.bind(SCHEMA_VERSION)
                yield
                self._connection.execute("COMMIT")
            except BaseException as error:
                self._fail(error)
                raise
            finally:
                self._doing = before

    def _begin_in_claimed(self, log: WriteAheadLog) -> None:
        """Begins a transaction in a log that is claimed. Raises `VtapError` where it cannot be."""
        deadline = time.monotonic() + LOCK_WAIT_SECONDS
        while not self._begins_in_claimed(log):
            if time.monotonic() > deadline:
                raise VtapError(
                    f"{self._name}: cannot be written: another process empties its log again and again; "
                    "nothing was written; end every process that has the file open, and begin again"
                )
            with self._transaction():
                log.claim()
            log.advance()

    def _begins_in_claimed(self, log: WriteAheadLog) -> bool:
        """Begins a transaction, unless the log is still to be claimed."""
        log.refuse_if_moved()
        if not log.is_still_claimed():
            return False
        self._begin()
        # From here on no other process can empty it again.
        if log.is_still_claimed():
            return True
        self._undo()
        return False

    def _begin(self) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise storage_error(self._name, "written", error) from error

    def _fail(self, error: BaseException) -> None:
        """Undoes the transaction; raises `VtapError` where the error is the file's trouble."""
        self._undo()
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, BUGS):
            raise storage_error(self._name, "written", error) from error

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A transaction in which every read sees the file as of one moment."""
        self._reopen_after_fork()
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
            before, last = last, rows[-1][0]
            if not (isinstance(last, str) and before < last):  # what follows would be what was there before
                raise VtapError(
                    f"{self._name}: cannot be read: it is damaged: its resources are out of order at "
                    f"{last!r}; restore a copy, or begin a new file"
                )

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

    def usage(self, bucket: str) -> int:
        """How much resources take of a limit together."""
        rows = self._rows("SELECT amount FROM tally WHERE bucket = ?", bucket)
        return int(rows[0][0]) if rows else 0

    def put(
        self,
        key: str,
        kind: str,
        body: str,
        references: Iterable[ReferenceRow],
        usages: Iterable[tuple[str, int]] = (),
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
            [(key, bucket, amount) for bucket, amount in usages],
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
        self._reopen_after_fork()
        with self._lock:
            try:
                return self._connection.execute(statement, values).fetchall()
            except BUGS:
                raise
            except sqlite3.DatabaseError as error:
                raise storage_error(self._name, self._doing, error) from error


def _is_one_of(files: Iterable[Path], target: Path) -> bool:
    """Whether a name leads to one of these files, by whatever way."""
    real = DatabaseFile.named(target).path
    return real in files or any(real.exists() and one.exists() and one.samefile(real) for one in files)


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
