"""The names of a database and of what SQLite has beside it at times.

SQLite follows a link to the database, and has its other files beside the file that the link leads to.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from vtaplib.errors import VtapError


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    """A database by its names, whether it is there or not."""

    name: str
    """As the user wrote it: what messages say."""
    path: Path
    """As found when it was opened: absolute, and no part of it a link."""
    link: Path
    """As the user wrote it, but absolute: may be a link."""

    @classmethod
    def named(cls, path: Path) -> DatabaseFile:
        """The database that a path leads to now. Raises `VtapError` where it is no path."""
        if "\0" in str(path):
            raise VtapError(f"{str(path)!r}: has a NUL character in it; name another file")
        return cls(str(path), Path(os.path.realpath(path)), path.absolute())

    def copied_to(self, path: Path) -> DatabaseFile:
        """A copy of it, which messages call what they call this one."""
        return DatabaseFile(self.name, path, path)

    @property
    def log_name(self) -> str:
        """What messages call its log."""
        return str(log_of(Path(self.name)))


def log_of(path: Path) -> Path:
    """The name of a database's write-ahead log."""
    return _beside(path, "-wal")


def journal_of(path: Path) -> Path:
    """The name of the journal of a database that is not written ahead, such as one that is half made."""
    return _beside(path, "-journal")


def files_beside(path: Path) -> tuple[Path, ...]:
    """The names of all that SQLite may have beside a database."""
    return log_of(path), _beside(path, "-shm"), journal_of(path)


def _beside(path: Path, suffix: str) -> Path:
    real = Path(os.path.realpath(path)) if path.is_symlink() else path
    return real.with_name(real.name + suffix)


def parts_of(path: Path) -> tuple[Path, ...]:
    """A file, its log, and the journal that undoes what a killed process has half made."""
    return path, log_of(path), journal_of(path)


def size(path: Path) -> int:
    """A file's length in bytes; 0 where it is not there or nobody can say."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def identity(path: Path) -> tuple[int, int] | None:
    """A file's device and inode, which tell it from any other; None where there is none."""
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_dev, state.st_ino
