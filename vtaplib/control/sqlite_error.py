"""What SQLite's errors mean to whoever named the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

from vtaplib.errors import VtapError

LOCK_WAIT_SECONDS: Final = 60
"""How long a write waits for other processes' writes. One takes milliseconds."""

DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""The primary codes of a file whose bytes are not what they should be."""

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


def trouble(name: str, done: str, error: sqlite3.DatabaseError) -> VtapError:
    """The error as a user reads it: the file of this name cannot be `done`, why, and the way out."""
    way_out = WAYS_OUT.get(primary_code(error), "if it is a vtap cloud it is damaged; restore a copy")
    return VtapError(f"{name}: cannot be {done}: {error}; {way_out}")


def primary_code(error: sqlite3.DatabaseError) -> int:
    """The error's result code without what SQLite adds in the upper bits; 0 if Python raised it by itself."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
