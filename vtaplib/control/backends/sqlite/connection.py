"""Connections to a file, or to a copy of it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vtaplib.control.backends.sqlite.database_file import DatabaseFile
from vtaplib.control.backends.sqlite.sqlite_error import LOCK_WAIT_SECONDS, storage_error

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A connection to a file, or to a copy of it that is this process's own."""

    connection: sqlite3.Connection
    as_it_stands: bool = False
    """Whether nothing can be written: not even what SQLite writes to read."""
    copy: TemporaryDirectory[str] | None = None

    @property
    def is_shared(self) -> bool:
        """Whether it is the file itself, with the log and the locks that all who use the file have."""
        return not self.as_it_stands and self.copy is None

    def close(self) -> None:
        """Releases the file, and removes the copy."""
        self.connection.close()
        if self.copy is not None:
            self.copy.cleanup()


def connect(file: DatabaseFile, how: str) -> sqlite3.Connection:
    """A connection to a file that is there; `how`: what SQLite's URI says after the question mark. Raises
    `StorageError` where SQLite does not open it.
    """
    # As a URI: a relative path that reads ":memory:" would not name a file.
    try:
        return sqlite3.connect(
            f"{file.path.as_uri()}?{how}",
            uri=True,
            timeout=LOCK_WAIT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlite3.DatabaseError as error:
        raise storage_error(file.name, "opened", error) from error
