"""A database in a file of SQLite. This module knows all about SQLite and nothing about what is kept.

A write is one transaction that holds the file's write lock from its first read on, so that two processes
neither lose an update nor pass a check together that they would break together. Write-ahead logging lets
readers go on meanwhile; a process that is killed at any instant leaves the file as it was before or after its
transaction. Who has written brings the log back into the file when it closes, and when it has nothing to do
for a while: then the file alone, copied, is the whole database.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from vtaplib.control.backends.sqlite.connection import OpenFile
from vtaplib.control.backends.sqlite.database_file import DatabaseFile, files_beside
from vtaplib.control.backends.sqlite.file_copy import write_copy
from vtaplib.control.backends.sqlite.format import NO_MARK, Format, Mark
from vtaplib.control.backends.sqlite.idle_call import IdleCall
from vtaplib.control.backends.sqlite.open_file import (
    is_write_protected,
    no_cloud_yet,
    open_copy,
    open_to_read,
    open_to_write,
)
from vtaplib.control.backends.sqlite.sqlite_error import (
    LOCK_WAIT_SECONDS,
    WAYS_OUT,
    primary_code,
    storage_error,
)
from vtaplib.control.backends.sqlite.write_ahead_log import UNBIND, WriteAheadLog, binding_error
from vtaplib.errors import VtapError

SWITCH_PAUSE_SECONDS: Final = 0.01

IDLE_SECONDS: Final = 1.0
"""How long nothing was written when the log goes back into the file."""
CLOSE_WAIT_SECONDS: Final = 0.3
"""How long `close` waits: for other threads' transactions, and for readers that keep a part of the log from
the file. The provider has two seconds to end in all.
"""

BUGS: Final = (sqlite3.IntegrityError, sqlite3.ProgrammingError)
"""A broken constraint or a misuse is not the file's trouble but a bug of ours, and stays what it is."""


class SqliteDatabase:
    """A SQLite file. Safe to use from several threads and processes, and in a process that was forked from
    the one that opened it.

    `read_only`: the file must be there, and `writing` raises. Neither the file nor its directory need be
    writable. Where they are, the log that a killed writer left is brought back into the file, and a file of
    an earlier version can be upgraded. `create=False`: the file must be there, and may be written. A file
    that is write-protected is opened as if `read_only`.
    """

    def __init__(self, path: Path, format_: Format, *, read_only: bool, create: bool) -> None:
        self.name = str(path)
        """What messages call it: the file, as it was named."""
        # Once: links may lead elsewhere later, and this process may change its directory.
        self._names = DatabaseFile.named(path)
        self._format = format_
        self._read_only = read_only
        self._create = create and not read_only
        self._open()

    def _open(self) -> None:
        self._lock = threading.RLock()
        self._idle = IdleCall(self.checkpoint, IDLE_SECONDS)
        self._process = os.getpid()
        self._log: WriteAheadLog | None = None
        if self._read_only or is_write_protected(self._names):
            file = open_to_read(self._names)
        else:
            file = open_to_write(self._names, create=self._create)
        self._use(file)
        if file.as_it_stands and self._format.is_outdated(self._mark()):
            file.close()
            self._use(open_copy(self._names))

    def _use(self, file: OpenFile) -> None:
        self._file, self.connection = file, file.connection
        self._doing = "opened"
        try:
            self._prepare()
        except BaseException:
            file.close()
            raise
        self._doing = "read"

    def _prepare(self) -> None:
        """Looks whose file it is before anything is written to it, then makes it ours if it is nobody's."""
        execute = self.connection.execute
        execute("PRAGMA foreign_keys = ON")
        if self._mark() == NO_MARK:
            if not self._create:
                raise no_cloud_yet(self.name)
            with self._transaction():
                if self._mark() == NO_MARK:
                    self._run(self._format.new_statements())
        mark = self._mark()
        self._format.refuse_others(self.name, mark)
        if mark.version == self._format.version and not self.rows("SELECT 1 FROM binding"):
            raise binding_error(self.name)
        if self._file.is_shared and self._is_written_ahead():
            execute("PRAGMA synchronous = NORMAL")
            execute("PRAGMA wal_autocheckpoint = 0")
            self.rows("SELECT 1 FROM sqlite_schema LIMIT 1")  # SQLite makes the log when it first reads
            self._log = WriteAheadLog(self.connection, self._names)
        self._release = weakref.finalize(
            self, _release, self._file, self._log, self._lock, self._idle, self._process
        )

    def _mark(self) -> Mark:
        """The file's mark, read at one moment."""
        with self.reading():
            ((application_id,),) = self.rows("PRAGMA application_id")
            ((version,),) = self.rows("PRAGMA user_version")
            names = frozenset(str(name) for (name,) in self.rows("SELECT name FROM sqlite_schema"))
        return Mark(application_id, version, names)

    def _run(self, statements: Iterable[str]) -> None:
        for statement in statements:
            self.connection.execute(statement)

    def _is_inherited(self) -> bool:
        """Whether this process was forked from the one that opened the file: it needs its own connection."""
        return os.getpid() != self._process

    def _reopen_after_fork(self) -> None:
        """Opens the file anew in a process that was forked."""
        if self._is_inherited():
            # To close the other process's connection here would meddle with its locks.
            _inherited.append(self._file)
            self._open()

    def _is_written_ahead(self) -> bool:
        """Whether write-ahead logging is on. Who may write turns it on, unless the file system has none. It
        stays on in the file, so that only the first who open it do this.

        Another process may just be looking, under the write lock, whether the file is made. SQLite does not
        wait for that one here: it holds a read lock, and two that wait so would wait for each other.
        """
        if self._read_only:
            return self.rows("PRAGMA journal_mode") == [("wal",)]
        deadline = time.monotonic() + LOCK_WAIT_SECONDS
        while True:
            try:
                ((mode,),) = self.connection.execute("PRAGMA journal_mode = WAL").fetchall()
            except sqlite3.DatabaseError as error:
                if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise storage_error(self.name, "opened", error) from error
                time.sleep(SWITCH_PAUSE_SECONDS)
            else:
                return bool(mode == "wal")

    def close(self) -> None:
        """Releases the file. It holds all that was written, unless others still read or write it: then the
        last of them sees to that. A transaction that another thread does not end in time is undone.
        """
        if self._is_inherited():
            return  # There is nothing of this process to release.
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
            return self._log is None or self.connection.in_transaction or self._log.truncate(0)

    def copy(self, target: Path) -> None:
        """Writes all that is there, as of one moment, into a file that appears when it is whole. Others may
        write meanwhile. Raises `VtapError` where the target is the file itself, in use, or cannot be written.
        """
        if _is_one_of((self._names.path, *files_beside(self._names.path)), target):
            raise VtapError(f"{target}: is the cloud itself; name another file for the copy")
        with self.reading():
            write_copy(self.connection, target, UNBIND)

    # Transactions

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A transaction in which every read sees the file as of one moment."""
        self._reopen_after_fork()
        with self._lock:
            if self.connection.in_transaction:
                yield
                return
            self.connection.execute("BEGIN")
            try:
                yield
            finally:
                self._undo()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that no other writer overlaps; undone if the block raises."""
        self._reopen_after_fork()
        if self._read_only:
            raise VtapError(f"{self.name}: is open to be read only; open it without read_only to write")
        if not self._file.is_shared:
            raise VtapError(f"{self.name}: cannot be written: {WAYS_OUT[sqlite3.SQLITE_READONLY]}")
        with self._lock:
            with self._transaction(self._log):
                yield
            if self._log is not None:
                if self._log.long:
                    self._log.truncate(0)
                self._idle.postpone()

    @contextmanager
    def upgrading(self) -> Iterator[bool]:
        """A transaction that gives an outdated file this version. Yields whether the block is to count anew
        what is kept.
        """
        if not self._format.is_outdated(self._mark()):
            yield False
            return
        with self._transaction():
            version = self._mark().version
            self._run(self._format.upgrade_statements(version))
            yield any(one.counts_anew for one in self._format.upgrades_from(version))
        self.checkpoint()

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
                    log.bind(self._format.version)
                yield
                self.connection.execute("COMMIT")
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
                    f"{self.name}: cannot be written: another process empties its log again and again; "
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
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise storage_error(self.name, "written", error) from error

    def _fail(self, error: BaseException) -> None:
        """Undoes the transaction; raises `VtapError` where the error is the file's trouble."""
        self._undo()
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, BUGS):
            raise storage_error(self.name, "written", error) from error

    def _undo(self) -> None:
        """Ends the transaction as if it had not been. On a full disk SQLite has done that by itself."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    # Statements

    def rows(self, statement: str, *values: str) -> list[Any]:
        """What a statement that reads gives."""
        self._reopen_after_fork()
        with self._lock:
            try:
                return self.connection.execute(statement, values).fetchall()
            except BUGS:
                raise
            except sqlite3.DatabaseError as error:
                raise storage_error(self.name, self._doing, error) from error

    def write(self, statement: str, values: Iterable[tuple[str | int | None, ...]]) -> None:
        """Executes a statement that writes once for each tuple of values. Inside `writing`."""
        self.connection.executemany(statement, values)


def _is_one_of(files: Iterable[Path], target: Path) -> bool:
    """Whether a name leads to one of these files, by whatever way."""
    real = DatabaseFile.named(target).path
    return real in files or any(real.exists() and one.exists() and one.samefile(real) for one in files)


def _release(
    file: OpenFile, log: WriteAheadLog | None, lock: threading.RLock, idle: IdleCall, process: int
) -> None:
    """What a database does last, closed or not: at the latest when the process ends. Not while another thread
    uses the connection: SQLite crashes where one is closed under it.
    """
    if os.getpid() == process and lock.acquire(timeout=CLOSE_WAIT_SECONDS):
        try:
            idle.cancel()
            if log is not None:
                log.truncate(CLOSE_WAIT_SECONDS)
            file.close()
        finally:
            lock.release()


_inherited: Final[list[OpenFile]] = []
