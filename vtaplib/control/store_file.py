"""The file that a store is kept in: made, opened to be written or only to be read, copied while it is in use.

A cloud holds names, addresses and whatever users put into tags: its file is made for its owner alone. SQLite
gives the log and the index beside it the file's own permissions.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vtaplib.control.database_file import DatabaseFile, files_beside, identity, journal_of, log_of, size
from vtaplib.control.sqlite_error import (
    LOCK_WAIT_SECONDS,
    NOT_WRITABLE,
    WAYS_OUT,
    StorageError,
    storage_error,
)
from vtaplib.control.write_ahead_log import check_log
from vtaplib.errors import VtapError, words_of

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

MAGIC: Final = b"SQLite format 3\0"
"""The first bytes of every database (https://sqlite.org/fileformat2.html, section 1.3)."""
SMALLEST_PAGE_BYTES: Final = 512
"""No database is smaller (https://sqlite.org/fileformat2.html, section 1.3.2)."""
OWNER_ONLY: Final = 0o600

NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says of a disk, or of one's share of it, that is full."""

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

    @property
    def is_shared(self) -> bool:
        """Whether it is the file itself, with the log and the locks that all who use the file have."""
        return not self.as_it_stands and self.copy is None

    def close(self) -> None:
        """Releases the file, and removes the copy."""
        self.connection.close()
        if self.copy is not None:
            self.copy.cleanup()


def open_to_write(file: DatabaseFile, *, create: bool) -> OpenFile:
    """Opens a file, which is made if it is not there, unless `create` is False. Raises `VtapError` where it
    cannot be, where what is there is no database, or where the log beside it belongs to another file.
    """
    _refuse_others(file)
    if not create and size(file.path) == 0:
        raise no_cloud_yet(file.name)
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VtapError(
            f"{file.name}: cannot make its directory: {words_of(error)} ({error.filename}); name another file"
        ) from error
    for one in _not_usable(file):
        raise VtapError(
            f"{file.name}: cannot be opened: you may not read and write {one}; make it and its directory "
            "readable and writable"
        )
    check_log(file)
    _make(file)
    return OpenFile(_connect(file, "mode=rw"))


def is_write_protected(file: DatabaseFile) -> bool:
    """Whether a file holds something and may not be written. SQLite would open it nevertheless, and leave a
    log beside it that may not be written either.
    """
    return size(file.path) > 0 and not os.access(file.path, os.W_OK)


def open_to_read(file: DatabaseFile) -> OpenFile:
    """Opens a file that is there. One that cannot be written, or that has no room on its disk for what SQLite
    writes to read, is read as it stands, or, where a log stands beside it, as a copy of both. Raises
    `VtapError` as `open_to_write`.
    """
    _refuse_others(file)
    if size(file.path) == 0:
        raise no_cloud_yet(file.name)
    if all(os.access(one, os.W_OK) for one in (file.path, file.path.parent)) and not any(_not_usable(file)):
        try:
            check_log(file)
            return _tried(OpenFile(_connect(file, "mode=rw")), file.name)
        except StorageError as error:
            if error.code not in NOT_WRITABLE:
                raise
    if not any(map(size, _parts(file.path)[1:])):
        return OpenFile(_connect(file, "mode=ro&immutable=1"), as_it_stands=True)
    return open_copy(file)


def is_store(path: Path) -> bool:
    """Whether a file is SQLite's, or one that it has not finished: empty, or with a journal beside it. Not to
    be asked while this process has the file open: see `_making`.
    """
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(len(MAGIC))
    return head in (MAGIC, b"") or any(map(size, _parts(path)[1:]))


def open_copy(file: DatabaseFile) -> OpenFile:
    """Opens a copy of a file and of what stands beside it, in a directory of its own."""
    # Only here, as elsewhere in this module: it costs the provider ten milliseconds at start.
    from tempfile import TemporaryDirectory

    try:
        directory = TemporaryDirectory(prefix="vtap-cloud-")
    except OSError as error:
        raise _no_copy_error(file, error) from error
    try:
        own = file.copied_to(Path(directory.name, file.path.name))
        _copy_still(file, own.path)
        check_log(own)
        return OpenFile(_connect(own, "mode=rw"), copy=directory)
    except BaseException:
        directory.cleanup()
        raise


def write_copy(connection: sqlite3.Connection, target: Path, *statements: str) -> None:
    """Writes what a connection sees, as of one moment, into a file that stands alone, and there runs some
    statements. The file appears when it is whole; one that was there is replaced, and keeps its mode. Raises
    `VtapError` where it cannot be written.
    """
    from tempfile import mkstemp

    from vtaplib.output_file import keep_permissions

    file = DatabaseFile.named(target)
    try:
        before = file.path.stat()
    except (FileNotFoundError, NotADirectoryError):
        before = None
    except OSError as error:
        raise _not_written_error(target, error) from error
    if before is not None and not stat.S_ISREG(before.st_mode):
        raise VtapError(f"{target}: is not a file; name a new file for the copy")
    if beside := next((one for one in files_beside(target) if one.exists()), None):
        raise VtapError(
            f"{target}: is in use, or was left by a process that was killed: there is {beside}; name a new "
            "file for the copy"
        )
    try:
        descriptor, name = mkstemp(prefix=f".{file.path.name}.", suffix=".part", dir=file.path.parent)
    except OSError as error:
        raise _not_written_error(target, error) from error
    os.close(descriptor)
    part = file.copied_to(Path(name))
    try:
        with closing(_connect(part, "mode=rw")) as copy:
            connection.backup(copy)
            for statement in statements:
                copy.execute(statement)
        if before is not None:
            keep_permissions(part.path, before)
        os.replace(part.path, file.path)
    except sqlite3.DatabaseError as error:
        raise storage_error(file.name, "written", error) from error
    except OSError as error:
        raise _not_written_error(target, error) from error
    finally:
        for one in (part.path, *files_beside(part.path)):
            one.unlink(missing_ok=True)


def no_cloud_yet(name: str) -> VtapError:
    """What is wrong with a file that must hold a cloud and in which there is nothing."""
    return VtapError(
        f"{name}: holds no cloud yet; apply a configuration first (vtap terraform apply), or name the file "
        "of an applied one"
    )


def _refuse_others(file: DatabaseFile) -> None:
    """Raises `VtapError` where there is something that is surely no database."""
    try:
        state = file.path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise _not_opened_error(file, error) from error
    if not stat.S_ISREG(state.st_mode):
        kind = "a directory" if stat.S_ISDIR(state.st_mode) else "not a file"
        raise VtapError(f"{file.name}: is {kind}; name a file in which to keep the cloud")
    if 0 < state.st_size < SMALLEST_PAGE_BYTES:
        # SQLite takes some of these for empty, and would write over them.
        raise VtapError(f"{file.name}: is not a vtap cloud; name another file")


def _not_usable(file: DatabaseFile) -> Iterator[Path]:
    """What stands beside a file and may not be read and written, as the user knows it."""
    for shown, one in zip(files_beside(Path(file.name)), files_beside(file.path), strict=True):
        found = identity(one)
        # What another process just removes may not be read either, and is no trouble.
        if found is not None and not os.access(one, os.R_OK | os.W_OK) and identity(one) == found:
            yield shown


def _make(file: DatabaseFile) -> None:
    with _making:
        if file.path.exists():
            return
        try:
            os.close(os.open(file.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, OWNER_ONLY))
        except FileExistsError:
            return
        except OSError as error:
            raise _not_opened_error(file, error) from error


def _connect(file: DatabaseFile, how: str) -> sqlite3.Connection:
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


def _tried(opened: OpenFile, name: str) -> OpenFile:
    """An open file of which something was read: only that shows whether SQLite can. Raises `StorageError`."""
    try:
        opened.connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
    except sqlite3.DatabaseError as error:
        opened.close()
        raise storage_error(name, "opened", error) from error
    return opened


def _parts(path: Path) -> tuple[Path, ...]:
    """A file, its log, and the journal that undoes what a killed process has half made."""
    return path, log_of(path), journal_of(path)


def _copy_still(file: DatabaseFile, own: Path) -> None:
    """Copies a file and what stands beside it, at a moment at which nobody writes them."""
    import shutil

    pairs = list(zip(_parts(file.path), _parts(own), strict=True))
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
            if error.errno in NO_ROOM:
                raise _no_copy_error(file, error) from error
            raise VtapError(
                f"{file.name}: cannot be read: {words_of(error)}: {error.filename}; make {error.filename} "
                "readable, or name another file"
            ) from error
        if before == [_version(one) for one, _ in pairs]:
            return
        time.sleep(_PAUSE_SECONDS)
    raise VtapError(f"{file.name}: is written all the time by another process; try again when that has ended")


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return state.st_ino, state.st_size, state.st_mtime_ns


def _not_opened_error(file: DatabaseFile, error: OSError) -> VtapError:
    return VtapError(f"{file.name}: cannot be opened: {words_of(error)}; {WAYS_OUT[sqlite3.SQLITE_CANTOPEN]}")


def _not_written_error(target: Path, error: OSError) -> VtapError:
    return VtapError(f"{target}: cannot be written: {words_of(error)}; name another file")


def _no_copy_error(file: DatabaseFile, error: OSError) -> VtapError:
    return VtapError(
        f"{file.name}: can only be read from a copy, and there is no space for one: {words_of(error)}; make "
        "room, or set TMPDIR to a directory that has room"
    )
