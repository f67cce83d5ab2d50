"""What SQLite's errors mean to the person who named the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

from vtaplib.errors import VtapError

LOCK_WAIT_SECONDS: Final = 60
"""How long a write waits for other processes' writes. One takes milliseconds."""

DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""The primary codes of a file whose bytes are not what they should be."""
NOT_WRITABLE: Final = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_CANTOPEN,
)
"""The primary codes where SQLite cannot write: not even its index of the log, which it needs to read."""

WAYS_OUT: Final[Mapping[int, str]] = {
    sqlite3.SQLITE_NOTADB: "it is not a vtap cloud; name another file",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restore a copy, or begin a new file",
    sqlite3.SQLITE_FULL: "make room on its disk and try again",
    sqlite3.SQLITE_IOERR: "its disk is full or faulty; make room, or check the disk, and try again",
    sqlite3.SQLITE_READONLY: "it can only be read; make it and its directory writable, or use a copy",
    sqlite3.SQLITE_PERM: "it may not be used; make it and its directory readable and writable",
    sqlite3.SQLITE_CANTOPEN: "make it and its directory readable and writable, or name another file",
    sqlite3.SQLITE_BUSY: f"another process has held it for {LOCK_WAIT_SECONDS} s; end that one and try again",
}
"""What to do about an error, by SQLite's primary result code (https://sqlite.org/rescode.html)."""


class StorageError(VtapError):
    """A file that SQLite cannot open, read or write. `code` is SQLite's primary result code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def storage_error(name: str, done: str, error: sqlite3.DatabaseError) -> StorageError:
    """The error as a user reads it: the file of this name cannot be `done`, why, and the way out."""
    code = primary_code(error)
    outcome = "nothing was written; " if done == "written" else ""
    way_out = WAYS_OUT.get(code, "if it is a vtap cloud it is damaged; restore a copy")
    return StorageError(f"{name}: cannot be {done}: {error}; {outcome}{way_out}", code)


def primary_code(error: sqlite3.DatabaseError) -> int:
    """The error's result code without what SQLite adds in the upper bits; 0 if Python raised it by itself."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
