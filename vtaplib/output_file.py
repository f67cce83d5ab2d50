"""A file that appears whole or not at all.

It grows under a temporary name beside its place and is renamed when all is well. What fails, and what a
signal ends, leaves neither half a file nor a damaged old one: the temporary name is chosen before there is a
file that bears it, so that `discard` always knows what to remove. Whoever could read and write the old one
can read and write the new one.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from types import TracebackType
from typing import BinaryIO, Final, Self, TypeAlias

from vtaplib.errors import FileError, words_of

OutputTarget: TypeAlias = "str | os.PathLike[str] | BinaryIO"
"""A path, `-` for standard output, or a binary stream."""

FILE_MODE: Final = 0o666
"""What the system's own programs ask for; the umask takes away what the user wants it to."""

# So much of a file's name is in that of its temporary file: the longest name has 255 bytes.
_NAME_PART: Final = 40

# Writers of captures collect large pieces themselves; a buffer as large would copy them once more.
_BUFFER: Final = 1 << 16


class OutputFile:
    """A place for bytes: `open`, `write` as often as needed, then `commit`, or `discard`. As a context
    manager it is opened, and committed when all is well.

    Streams stay open, and devices and pipes are written directly: they cannot be replaced. `mode` is that of
    the file, less the umask; without it a file that is replaced keeps its own. `beside` is the directory that
    the file grows in, its own unless said; it must be on the same file system. Where the system refuses
    something, an `error` is raised with the file's name.
    """

    def __init__(
        self,
        target: OutputTarget,
        *,
        fsync: bool = False,
        mode: int | None = None,
        beside: str | os.PathLike[str] | None = None,
        error: type[FileError] = FileError,
    ) -> None:
        self._path: str | None = None
        self._given: BinaryIO | None = None
        if not isinstance(target, (str, os.PathLike)):
            name = getattr(target, "name", None)
            self.name = name if isinstance(name, str) else "output"
            self._given = target
        elif os.fspath(target) == "-":
            self.name = "standard output"
            self._given = sys.stdout.buffer
        else:
            self.name = self._path = os.fspath(target)
        self._fsync = fsync
        self._mode = mode
        self._beside = beside
        self._error = error
        self._stream: BinaryIO | None = None
        self._temporary = ""
        self._place = ""
        self._is_finished = False
        self._is_over = False

    def open(self) -> None:
        """Begin to write."""
        if self._path is None:
            self._stream = self._given
            return
        try:
            self._stream = self._open(self._path)
        except (OSError, ValueError) as error:
            self.discard()
            raise self._trouble(error) from error
        except BaseException:
            self.discard()
            raise

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write all of `data`."""
        try:
            self._opened.write(data)
        except (OSError, ValueError) as error:
            raise self._trouble(error) from error

    def finish(self) -> None:
        """Have the system take all that was written. `commit` does it too; of several files, all are finished
        before the first is put in its place. Does nothing where that was done before.
        """
        if self._is_finished or self._is_over:
            return
        try:
            self._opened.flush()
            if self._fsync and self._temporary:
                os.fsync(self._opened.fileno())
            if self._path is not None:
                # Some file systems say as late as this that there is no room.
                self._opened.close()
            self._is_finished = True
        except (OSError, ValueError) as error:
            self.discard()
            raise self._trouble(error) from error

    def commit(self) -> None:
        """Finish, and put the file in its place. Does nothing where that was done, or it was discarded."""
        self.finish()
        if self._is_over:
            return
        try:
            if self._temporary:
                os.replace(self._temporary, self._place)
            self._is_over = True
        except OSError as error:
            self.discard()
            raise self._trouble(error) from error

    def discard(self) -> None:
        """Remove what was written, if it is a file of ours; whatever was there before stays."""
        if self._is_over:
            return
        self._is_over = True
        if self._path is not None and self._stream is not None:
            with suppress(OSError):
                self._stream.close()
        if self._temporary:
            with suppress(OSError):
                os.unlink(self._temporary)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.commit()
        finally:
            # Does nothing to a file that is in its place.
            self.discard()

    @property
    def _opened(self) -> BinaryIO:
        if self._stream is None:
            raise ValueError("is not open")
        return self._stream

    def _open(self, path: str) -> BinaryIO:
        # Asked of the name as it was given: /dev/stdout and /dev/fd/63 may lead to a pipe, which has no path.
        try:
            before = os.stat(path)
        except FileNotFoundError:
            before = None
        if before is not None and stat.S_ISDIR(before.st_mode):
            raise self._error(self.name, "is a directory; name a file in it")
        if before is not None and not stat.S_ISREG(before.st_mode):
            return open(path, "wb")
        # A link stays one: the file that it names is replaced.
        self._place = os.path.realpath(path)
        folder, base = os.path.split(self._place)
        self._temporary = os.path.join(
            self._beside or folder, f".{base[:_NAME_PART]}.{os.urandom(6).hex()}.part"
        )
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        mode = FILE_MODE if self._mode is None else self._mode
        stream = os.fdopen(os.open(self._temporary, flags, mode), "wb", buffering=_BUFFER)
        if before is not None and self._mode is None:
            keep_permissions(stream.fileno(), before)
        return stream

    def _trouble(self, error: OSError | ValueError) -> FileError:
        return self._error(self.name, f"cannot be written: {words_of(error)}")


def keep_permissions(file: int | str | os.PathLike[str], before: os.stat_result) -> None:
    """Gives a file, by descriptor or path, the mode of the one that it replaces, and its owner and group
    where that is allowed.
    """
    # Not all file systems have them.
    with suppress(OSError):
        os.chown(file, before.st_uid, before.st_gid)
    with suppress(OSError):
        os.chmod(file, stat.S_IMODE(before.st_mode) & 0o777)
