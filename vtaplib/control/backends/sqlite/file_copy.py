"""Copies of a file that others may be writing."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from vtaplib.control.backends.sqlite.connection import connect
from vtaplib.control.backends.sqlite.database_file import DatabaseFile, files_beside, parts_of
from vtaplib.control.backends.sqlite.sqlite_error import storage_error
from vtaplib.errors import VtapError, words_of

NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says of a disk, or of one's share of it, that is full."""

_ATTEMPTS: Final = 20
_PAUSE_SECONDS: Final = 0.05


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
        with closing(connect(part, "mode=rw")) as copy:
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


def copy_still(file: DatabaseFile, own: Path) -> None:
    """Copies a file and what stands beside it, at a moment at which nobody writes them."""
    import shutil

    pairs = list(zip(parts_of(file.path), parts_of(own), strict=True))
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
                raise no_copy_error(file, error) from error
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


def _not_written_error(target: Path, error: OSError) -> VtapError:
    return VtapError(f"{target}: cannot be written: {words_of(error)}; name another file")


def no_copy_error(file: DatabaseFile, error: OSError) -> VtapError:
    return VtapError(
        f"{file.name}: can only be read from a copy, and there is no space for one: {words_of(error)}; make "
        "room, or set TMPDIR to a directory that has room"
    )
