"""The write-ahead log beside a cloud's file: whose it is, and when it goes back into the file.

SQLite does not bind a log to its file. It applies whatever log it finds: a copy restored beside the log of a
writer that was killed is undone or damaged without a word. So the file and its log carry a token, in the one
row of `BINDING`:

- A writer first *claims*: a transaction of its own gives the file a new token, and is brought into the file
  before anything else is written. No copy that was made before has that token.
- Every transaction writes the row, and the page that says where it is, for each may turn out to be a log's
  first. So a log tells its token whatever file it stands beside.
- While readers keep a claim out of the file, the file may still say the token before: `base`. Any other is
  another file's, and is refused before SQLite touches either.

Only `truncate` brings a log back (SQLite's own checkpoints are off): then the file alone is the whole cloud.
A checkpoint that readers hold up loses nothing. The next one does what is left.

The file itself is only ever opened through SQLite: to close a descriptor of its own would drop the locks of
every connection in the process (https://sqlite.org/howtocorrupt.html, section 2.2).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from vtaplib.control.sqlite_error import DAMAGED, LOCK_WAIT_SECONDS, primary_code, trouble
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
    """The log of an open file, written under the lock of whoever has the connection.

    `name` is the file as the user knows it.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, name: str) -> None:
        self._connection = connection
        self._path = path
        self._name = name
        self._log = log_of(path)
        self._bytes = 0
        self.claimed = False
        """Whether what is written now goes into a log that this writer has claimed."""
        self._settled = False
        self._place = _place(path)

    @property
    def long(self) -> bool:
        """Whether it was long enough, when last looked at, to be brought back though its writer goes on."""
        return self._bytes >= LONG_BYTES

    def look(self) -> bool:
        """Whether there is something in it: else the file alone is the whole cloud, and no log is claimed."""
        self._bytes = size(self._log)
        self.claimed &= self._bytes > 0
        return self._bytes > 0

    def refuse_if_moved(self) -> None:
        """Raises `VtapError` where what is written would not get into the file of this name."""
        if _place(self._path) != self._place:
            raise VtapError(
                f"{self._name}: was moved, replaced or deleted while it was open; nothing was written; end "
                "this process and begin again"
            )

    def claim(self) -> None:
        """Gives the file a new token, in the transaction that is open. `advance` then brings it in."""
        self._settle()
        self._connection.execute(
            "UPDATE binding SET token = lower(hex(randomblob(16))), writes = writes + 1 WHERE base = token"
        )

    def advance(self) -> None:
        """Brings a claim into the file, as far as readers let it."""
        self._checkpoint("PASSIVE")
        self.claimed = True
        self._settled = False

    def stamp(self, version: int) -> None:
        """Writes the row, and the page that says where it is, in the transaction that is open."""
        if not self._settled:
            self._settled = self._settle()
        self._connection.execute("UPDATE binding SET writes = writes + 1")
        # The version is where it was; what counts is that its page, the file's first, is in the log.
        self._connection.execute(f"PRAGMA user_version = {version}")

    def truncate(self, wait_seconds: float) -> bool:
        """Brings all of the log into the file; whether nothing is left in it. Waits so long for readers and
        writers, and then leaves the rest to the next one.
        """
        if not self.look():
            return True
        with _waiting(self._connection, wait_seconds):
            busy, pages, moved = self._checkpoint("TRUNCATE")
        if pages == moved:
            self.claimed = False  # The next write may begin the log anew.
        return not busy

    def _settle(self) -> bool:
        """Takes the file's own token for `base`; whether that is the token. Raises `VtapError` where the file
        was replaced.
        """
        said, file = _row(self._connection), read_file(self._path)
        if file is None:
            return False
        if file.token not in said:
            raise _foreign(self._name, self._log)
        self._connection.execute("UPDATE binding SET base = ?", (file.token,))
        return file.token == said.token

    def _checkpoint(self, mode: str) -> tuple[int, int, int]:
        """SQLite's answer: whether it was held up, the pages in the log, and those in the file."""
        try:
            answer: tuple[int, int, int] = self._connection.execute(
                f"PRAGMA wal_checkpoint({mode})"
            ).fetchone()
        except sqlite3.DatabaseError:  # such as a full disk: the log still has all
            return 1, -1, 0
        return answer


def log_of(path: Path) -> Path:
    """The name of a file's log."""
    return path.with_name(path.name + "-wal")


def check_log(path: Path, name: str) -> None:
    """Raises `VtapError` where a file and the log beside it do not belong together. Changes neither."""
    log = log_of(path)
    if size(log) == 0:
        return
    shown = log_of(Path(name))
    if size(path) == 0:
        raise _foreign(name, shown)
    # The log over the file; while this transaction is open nothing of the log goes into the file.
    try:
        with closing(_connect(path, "mode=ro")) as both:
            both.execute("BEGIN")
            said = _read(both)
            file = read_file(path)
    except sqlite3.DatabaseError as error:
        if primary_code(error) not in DAMAGED:
            raise trouble(name, "opened", error) from error
        if read_file(path) is None:
            return  # It is damaged without its log, too: whoever opens it says so.
        raise _foreign(name, shown) from error
    # A file that cannot be read without its log is one that was killed while the log went into it.
    if file is not None and file.token not in said:
        raise _foreign(name, shown)


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


def _foreign(name: str, log: Path) -> VtapError:
    return VtapError(
        f"{name}: does not belong together with {log}, which holds writes to another state of it; to keep "
        f"what {name} holds, delete {log}; to keep those writes, put back the file that they were made to"
    )


def _place(path: Path) -> tuple[int, int] | None:
    try:
        state = os.stat(path)
    except FileNotFoundError:
        return None
    return state.st_dev, state.st_ino


def size(path: Path | str) -> int:
    """A file's length in bytes; 0 where it is not there."""
    try:
        return os.stat(path).st_size
    except (FileNotFoundError, NotADirectoryError):
        return 0
