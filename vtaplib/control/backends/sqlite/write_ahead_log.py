"""The write-ahead log beside a cloud's file: whose it is, and when it goes back into the file.

SQLite does not bind a log to its file. It applies whatever log it finds: a copy restored beside the log of a
writer that was killed is undone or damaged without a word. So the file and its log carry a token, in the one
row of `BINDING`:

- A writer first *claims*: a transaction of its own gives the file a new token, and is brought into the file
  before anything else is written. No copy that was made before has that token.
- Every transaction writes the row, and the page that says where it is, for each may turn out to be a log's
  first. So a log has its token, whatever file it is beside.
- While readers keep a claim out of the file, the file may still say the token before: `base`. Any other is
  another file's, and is refused before SQLite touches either.

Only `truncate` brings a log back (SQLite's own checkpoints are off): then the file alone is the whole cloud.
A checkpoint that readers hold up loses nothing. The next one does what is left.

The file itself is only ever opened through SQLite: to close a descriptor of its own would drop the locks of
every connection in the process (https://sqlite.org/howtocorrupt.html, section 2.2).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from vtaplib.control.backends.sqlite.database_file import DatabaseFile, identity, log_of, size
from vtaplib.control.backends.sqlite.sqlite_error import (
    DAMAGED,
    LOCK_WAIT_SECONDS,
    primary_code,
    storage_error,
)
from vtaplib.errors import VtapError

BINDING: Final = """
-- One row: which write-ahead log belongs to this file; see `write_ahead_log`.
CREATE TABLE binding (
    base   TEXT NOT NULL,    -- the token that the file itself may still have; empty where it had no row
    token  TEXT NOT NULL,    -- the token of the file and its log
    writes INTEGER NOT NULL  -- how often the file was written
);
INSERT INTO binding VALUES ('', lower(hex(randomblob(16))), 0);
"""
UNBIND: Final = "UPDATE binding SET base = '', token = lower(hex(randomblob(16)))"
"""What makes of a copy a file that no log belongs to."""
LONG_BYTES: Final = 4 << 20
"""From which size on a log is brought back at once: about SQLite's own thousand pages."""

_ATTEMPTS: Final = 5


class Tokens(NamedTuple):
    """What the row says."""

    base: str
    token: str


NO_TOKENS: Final = Tokens("", "")
"""What a file without the row says: one of an earlier version."""


class WriteAheadLog:
    """The log of an open file of which something was read, written under the lock of whoever has the
    connection.
    """

    def __init__(self, connection: sqlite3.Connection, file: DatabaseFile) -> None:
        self._connection = connection
        self._file = file
        self._log = log_of(file.path)
        self._bytes = 0
        self._is_claimed = False
        """Whether what is written now goes into a log that this writer has claimed."""
        self._base_is_token = False
        """Whether the claim is known to be in the file."""
        self._identities = self._found()

    @property
    def long(self) -> bool:
        """Whether it was long enough, when last looked at, to be brought back though its writer goes on."""
        return self._bytes >= LONG_BYTES

    def is_still_claimed(self) -> bool:
        """Whether what is written now goes into a log that this writer has claimed, and nobody emptied."""
        self._measure()
        return self._is_claimed

    def _measure(self) -> int:
        """How long it is now. Where it is empty the file alone is the whole cloud, and no log is claimed."""
        self._bytes = size(self._log)
        self._is_claimed &= self._bytes > 0
        return self._bytes

    def refuse_if_moved(self) -> None:
        """Raises `VtapError` where what is written would not get into the file of this name."""
        for found, opened, name in zip(
            self._found(), self._identities, (self._file.name, self._file.log_name), strict=True
        ):
            if found != opened:
                raise VtapError(
                    f"{name}: was moved, replaced or deleted while {self._file.name} was open; nothing was "
                    "written; end every process that has it open, and begin again"
                )

    def _found(self) -> tuple[tuple[int, int] | None, ...]:
        """Which files have the names of the file and of its log. SQLite keeps both while the file is open."""
        return identity(self._file.link), identity(self._log)

    def claim(self) -> None:
        """Gives the file a new token, in the transaction that is open. `advance` then brings it in. Raises
        `VtapError` where the file cannot have one.
        """
        self._update_base()
        self._connection.execute(
            "UPDATE binding SET token = lower(hex(randomblob(16))), writes = writes + 1 WHERE base = token"
        )

    def advance(self) -> None:
        """Brings a claim into the file, as far as readers let it."""
        self._checkpoint("PASSIVE")
        self._is_claimed = True
        self._base_is_token = False

    def bind(self, version: int) -> None:
        """Writes the row, and the page that says where it is, in the transaction that is open."""
        if not self._base_is_token:
            self._base_is_token = self._update_base()
        self._connection.execute("UPDATE binding SET writes = writes + 1")
        # The version is where it was; what counts is that its page, the file's first, is in the log.
        self._connection.execute(f"PRAGMA user_version = {version}")

    def truncate(self, wait_seconds: float) -> bool:
        """Brings all of the log into the file; whether nothing is left in it. Waits so long for readers and
        writers, and then leaves the rest to the next one.
        """
        if not self._measure():
            return True
        with _waiting(self._connection, wait_seconds):
            busy, pages, moved = self._checkpoint("TRUNCATE")
        if pages == moved:
            self._is_claimed = False  # The next write may begin the log anew.
        return not busy

    def _update_base(self) -> bool:
        """Takes the file's own token for `base`; whether that is the token. Raises `VtapError` where the file
        was replaced, or says no token.
        """
        tokens, file_tokens = _row(self._connection), read_file(self._file.path)
        if tokens == NO_TOKENS:
            raise binding_error(self._file.name)
        if file_tokens is None:
            return False
        if file_tokens.token not in tokens:
            raise _other_version_error(self._file)
        self._connection.execute("UPDATE binding SET base = ?", (file_tokens.token,))
        return file_tokens.token == tokens.token

    def _checkpoint(self, mode: str) -> tuple[int, int, int]:
        """SQLite's answer: whether it was held up, the pages in the log, and those in the file."""
        try:
            answer: tuple[int, int, int] = self._connection.execute(
                f"PRAGMA wal_checkpoint({mode})"
            ).fetchone()
        except sqlite3.DatabaseError:  # such as a full disk: the log still has all
            return 1, -1, 0
        return answer


def check_log(file: DatabaseFile) -> None:
    """Raises `VtapError` where a file and the log beside it do not belong together, and `StorageError` where
    that cannot be found out. Changes neither.
    """
    if size(log_of(file.path)) == 0:
        return
    if size(file.path) == 0:
        raise _other_version_error(file)
    # The log over the file; while this transaction is open nothing of the log goes into the file.
    try:
        with closing(_connect(file.path, "mode=ro")) as both:
            both.execute("BEGIN")
            tokens = _read(both)
            file_tokens = read_file(file.path)
    except sqlite3.DatabaseError as error:
        if primary_code(error) not in DAMAGED:
            raise storage_error(file.name, "opened", error) from error
        if read_file(file.path) is None:
            return  # It is damaged without its log, too: whoever opens it says so.
        raise _other_version_error(file) from error
    # A file that cannot be read without its log is one that was killed while the log went into it.
    if file_tokens is not None and file_tokens.token not in tokens:
        raise _other_version_error(file)


def read_file(path: Path) -> Tokens | None:
    """The row in a file itself, whatever stands beside it; None where it cannot be read."""
    for _ in range(_ATTEMPTS):
        try:
            with closing(_connect(path, "mode=ro&immutable=1")) as alone:
                return _read(alone)
        except sqlite3.DatabaseError:  # another process may just be writing the very page
            continue
    return None


def _read(connection: sqlite3.Connection) -> Tokens:
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'binding'").fetchall():
        return _row(connection)
    return NO_TOKENS


def _row(connection: sqlite3.Connection) -> Tokens:
    rows = connection.execute("SELECT base, token FROM binding").fetchall()
    return Tokens(*rows[0]) if rows else NO_TOKENS


def _connect(path: Path, how: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{how}"
    return sqlite3.connect(uri, uri=True, timeout=LOCK_WAIT_SECONDS, isolation_level=None)


@contextmanager
def _waiting(connection: sqlite3.Connection, seconds: float) -> Iterator[None]:
    connection.execute(f"PRAGMA busy_timeout = {round(1000 * seconds)}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout = {1000 * LOCK_WAIT_SECONDS}")


def binding_error(name: str) -> VtapError:
    """What is wrong with a file that no log can be bound to."""
    return VtapError(f"{name}: is damaged: its table `binding` is empty; restore a copy, or begin a new file")


def _other_version_error(file: DatabaseFile) -> VtapError:
    name, log = file.name, file.log_name
    return VtapError(
        f"{log} belongs to another version of {name}. To keep {name}, delete {log}. To keep the changes in "
        f"{log}, restore the {name} they were made on."
    )
