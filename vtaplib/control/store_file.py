"""The file that a store is kept in: made, opened to be written or only to be read, copied while it is in use.

A cloud holds names, addresses and whatever users put into tags: its file is made for its owner alone. SQLite
gives the log and the index beside it the file's own permissions.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vtaplib.control.sqlite_error import LOCK_WAIT_SECONDS, WAYS_OUT, trouble
from vtaplib.control.write_ahead_log import check_log, log_of, size
from vtaplib.errors import VtapError, words_of

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

MAGIC: Final = b"SQLite format 3\0"
"""The first bytes of every database (https://sqlite.org/fileformat2.html, section 1.3)."""
SMALLEST_PAGE_BYTES: Final = 512
"""No database is smaller (https://sqlite.org/fileformat2.html, section 1.3.2)."""
OWNER_ONLY: Final = 0o600

_ATTEMPTS: Final = 20
_PAUSE_SECONDS: Final = 0.05
# Held while a descriptor of a new file is open: to close it drops the locks of this process's connections.
_making = threading.Lock()


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A connection to a file, or to a copy of it that is this process's own."""

    connection: sqlite3.Connection
    as_it_stands: bool = False
    """Whether nothing can be written: not even what SQLite writes to read."""
    copy: TemporaryDirectory[str] | None = None

    def close(self) -> None:
        """Releases the file, and removes the copy."""
        self.connection.close()
        if self.copy is not None:
            self.copy.cleanup()


def open_to_write(path: Path) -> OpenFile:
    """Opens a file, which is made if it is not there. Raises `VtapError` where it cannot be, where what is
    there is no database, or where the log beside it belongs to another file.
    """
    _refuse_others(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VtapError(
            f"{path}: cannot make its directory: {words_of(error)} ({error.filename}); name another file"
        ) from error
    check_log(path, str(path))
    _make(path)
    return OpenFile(_connect(path, str(path), "mode=rw"))


def open_to_read(path: Path) -> OpenFile:
    """Opens a file that is there. One that cannot be written is read as it stands, or, where a log stands
    beside it, as a copy of both. Raises `VtapError` as `open_to_write`.
    """
    _refuse_others(path)
    if size(path) == 0:
        raise holds_nothing(str(path))
    if os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK):
        check_log(path, str(path))
        return OpenFile(_connect(path, str(path), "mode=rw"))
    if not any(map(size, _beside(path))):
        return OpenFile(_connect(path, str(path), "mode=ro&immutable=1"), as_it_stands=True)
    return open_copy(path)


def is_store(path: Path) -> bool:
    """Whether a file is SQLite's, or one that it has not finished: empty, or with a journal beside it. Not to
    be asked while this process has the file open: see `_making`.
    """
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(len(MAGIC))
    return head in (MAGIC, b"") or any(map(size, _beside(path)))


def open_copy(path: Path) -> OpenFile:
    """Opens a copy of a file and of what stands beside it, in a directory of its own."""
    # Only here, as elsewhere in this module: it costs the provider ten milliseconds at start.
    from tempfile import TemporaryDirectory

    directory = TemporaryDirectory(prefix="vtap-cloud-")
    try:
        own = Path(directory.name, path.name)
        _copy_still(path, own)
        check_log(own, str(path))
        return OpenFile(_connect(own, str(path), "mode=rw"), copy=directory)
    except BaseException:
        directory.cleanup()
        raise


def write_copy(connection: sqlite3.Connection, target: Path, *statements: str) -> None:
    """Writes what a connection sees, as of one moment, into a file that stands alone, and there runs some
    statements. The file appears when it is whole. Raises `VtapError` where it cannot be written.
    """
    from tempfile import mkstemp

    from vtaplib.output_file import keep_permissions

    if (target.exists() and not target.is_file()) or target.is_symlink():
        raise VtapError(f"{target}: is not a file; name a new file for the copy")
    if log := next((one for one in _beside(target) if one.exists()), None):
        raise VtapError(
            f"{target}: is in use, or was left by a process that was killed: there is {log}; name a new file "
            "for the copy"
        )
    try:
        descriptor, part = mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.absolute().parent)
    except OSError as error:
        raise VtapError(f"{target}: cannot be written: {words_of(error)}; name another file") from error
    os.close(descriptor)
    try:
        with closing(_connect(Path(part), str(target), "mode=rw")) as copy:
            connection.backup(copy)
            for statement in statements:
                copy.execute(statement)
        with suppress(FileNotFoundError):
            keep_permissions(part, target.stat())
        os.replace(part, target)
    except sqlite3.DatabaseError as error:
        raise trouble(str(target), "written", error) from error
    except OSError as error:
        raise VtapError(f"{target}: cannot be written: {words_of(error)}; name another file") from error
    finally:
        for one in (Path(part), *_beside(Path(part))):
            one.unlink(missing_ok=True)


def holds_nothing(name: str) -> VtapError:
    """What is wrong with a file to be read in which there is nothing."""
    return VtapError(
        f"{name}: holds no cloud yet; apply a configuration first (vtap terraform apply), or name the file "
        "of an applied one"
    )


def _refuse_others(path: Path) -> None:
    if path.exists() and not path.is_file():
        kind = "a directory" if path.is_dir() else "not a file"
        raise VtapError(f"{path}: is {kind}; name a file in which to keep the cloud")
    if 0 < size(path) < SMALLEST_PAGE_BYTES:
        # SQLite takes some of these for empty, and would write over them.
        raise VtapError(f"{path}: is not a vtap cloud; name another file")


def _make(path: Path) -> None:
    with _making:
        if path.exists():
            return
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, OWNER_ONLY))
        except FileExistsError:
            return
        except OSError as error:
            way_out = WAYS_OUT[sqlite3.SQLITE_CANTOPEN]
            raise VtapError(f"{path}: cannot be opened: {words_of(error)}; {way_out}") from error


def _connect(path: Path, name: str, how: str) -> sqlite3.Connection:
    # As a URI: a relative path that reads ":memory:" would not name a file.
    try:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?{how}",
            uri=True,
            timeout=LOCK_WAIT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlite3.DatabaseError as error:
        raise trouble(name, "opened", error) from error


def _beside(path: Path) -> Sequence[Path]:
    """What holds a part of a file's contents, or undoes one: the log, and the journal of a half-made file."""
    return log_of(path), path.with_name(path.name + "-journal")


def _copy_still(path: Path, own: Path) -> None:
    """Copies a file and what stands beside it, at a moment at which nobody writes them."""
    import shutil

    pairs = list(zip((path, *_beside(path)), (own, *_beside(own)), strict=True))
    for _ in range(_ATTEMPTS):
        before = [_version(one) for one, _ in pairs]
        try:
            for (source, to), version in zip(pairs, before, strict=True):
                to.unlink(missing_ok=True)
                if version is not None:
                    shutil.copyfile(source, to)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise VtapError(
                f"{path}: cannot be read: {words_of(error)} ({error.filename}); make it readable, or name "
                "another file"
            ) from error
        if before == [_version(one) for one, _ in pairs]:
            return
        time.sleep(_PAUSE_SECONDS)
    raise VtapError(f"{path}: is written all the time by another process; try again when that has ended")


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return state.st_ino, state.st_size, state.st_mtime_ns
