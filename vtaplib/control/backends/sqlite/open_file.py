"""The file that a store is kept in: made, opened to be written or only to be read, copied while it is in use.

A cloud holds names, addresses and whatever users put into tags: its file is made for its owner alone. SQLite
gives the log and the index beside it the file's own permissions.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from vtaplib.control.backends.sqlite.connection import OpenFile, connect
from vtaplib.control.backends.sqlite.database_file import DatabaseFile, files_beside, identity, parts_of, size
from vtaplib.control.backends.sqlite.file_copy import copy_still, no_copy_error
from vtaplib.control.backends.sqlite.sqlite_error import NOT_WRITABLE, WAYS_OUT, StorageError, storage_error
from vtaplib.control.backends.sqlite.write_ahead_log import check_log
from vtaplib.errors import VtapError, words_of

MAGIC: Final = b"SQLite format 3\0"
"""The first bytes of every database (https://sqlite.org/fileformat2.html, section 1.3)."""
SMALLEST_PAGE_BYTES: Final = 512
"""No database is smaller (https://sqlite.org/fileformat2.html, section 1.3.2)."""
OWNER_ONLY: Final = 0o600


# Held while a descriptor of a new file is open: to close it drops the locks of this process's connections.
_making = threading.Lock()


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
    return OpenFile(connect(file, "mode=rw"))


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
            return _tried(OpenFile(connect(file, "mode=rw")), file.name)
        except StorageError as error:
            if error.code not in NOT_WRITABLE:
                raise
    if not any(map(size, parts_of(file.path)[1:])):
        return OpenFile(connect(file, "mode=ro&immutable=1"), as_it_stands=True)
    return open_copy(file)


def is_database(path: Path) -> bool:
    """Whether a file is SQLite's, or one that it has not finished: empty, or with a journal beside it. Not to
    be asked while this process has the file open: see `_making`.
    """
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(len(MAGIC))
    return head in (MAGIC, b"") or any(map(size, parts_of(path)[1:]))


def open_copy(file: DatabaseFile) -> OpenFile:
    """Opens a copy of a file and of what stands beside it, in a directory of its own."""
    # Only here, as elsewhere in this module: it costs the provider ten milliseconds at start.
    from tempfile import TemporaryDirectory

    try:
        directory = TemporaryDirectory(prefix="vtap-cloud-")
    except OSError as error:
        raise no_copy_error(file, error) from error
    try:
        own = file.copied_to(Path(directory.name, file.path.name))
        copy_still(file, own.path)
        check_log(own)
        return OpenFile(connect(own, "mode=rw"), copy=directory)
    except BaseException:
        directory.cleanup()
        raise


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


def _tried(opened: OpenFile, name: str) -> OpenFile:
    """An open file of which something was read: only that shows whether SQLite can. Raises `StorageError`."""
    try:
        opened.connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
    except sqlite3.DatabaseError as error:
        opened.close()
        raise storage_error(name, "opened", error) from error
    return opened


def _not_opened_error(file: DatabaseFile, error: OSError) -> VtapError:
    return VtapError(f"{file.name}: cannot be opened: {words_of(error)}; {WAYS_OUT[sqlite3.SQLITE_CANTOPEN]}")
