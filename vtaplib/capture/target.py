"""Where a capture is written: a file that appears whole or not at all, standard output, or a binary stream.

A file grows under a temporary name beside its place and is renamed when all is well; what fails leaves
neither half a capture nor a damaged old one.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from typing import BinaryIO, TypeAlias

from vtaplib.capture.source import name_of
from vtaplib.errors import CaptureError

CaptureTarget: TypeAlias = "str | os.PathLike[str] | BinaryIO"

# What `open` would give, less the umask; mkstemp gives 0600.
_FILE_MODE = 0o666


class Target:
    """A place for bytes: `write` as often as needed, then `commit`, or `discard`."""

    def __init__(self, target: CaptureTarget, *, fsync: bool = False) -> None:
        self.name = name_of(target)
        self._fsync = fsync
        self._path = ""
        self._temporary = ""
        self._owned = False
        self._finished = False
        if isinstance(target, (str, os.PathLike)):
            path = os.fspath(target)
            if path == "-":
                self.name = "standard output"
                self._stream: BinaryIO = sys.stdout.buffer
            else:
                self._stream = self._open_beside(path)
                self._owned = True
        else:
            self._stream = target

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write all of `data`; raise `CaptureError` where the system refuses."""
        try:
            self._stream.write(data)
        except (OSError, ValueError) as error:
            raise CaptureError(self.name, f"cannot be written: {_words(error)}") from error

    def commit(self) -> None:
        """Finish: flush, and put the file in its place; streams that were given stay open.

        Does nothing where it was finished or discarded before.
        """
        if self._finished:
            return
        try:
            self._stream.flush()
            if self._fsync and self._temporary:
                os.fsync(self._stream.fileno())
            if self._owned:
                self._stream.close()
            if self._temporary:
                os.replace(self._temporary, self._path)
            self._finished = True
        except (OSError, ValueError) as error:
            self.discard()
            raise CaptureError(self.name, f"cannot be written: {_words(error)}") from error

    def discard(self) -> None:
        """Remove what was written, if it is a file of ours; whatever was there before stays."""
        if self._finished:
            return
        self._finished = True
        if self._owned:
            with contextlib.suppress(OSError):
                self._stream.close()
        if self._temporary:
            with contextlib.suppress(OSError):
                os.unlink(self._temporary)

    def _open_beside(self, path: str) -> BinaryIO:
        # A link stays one: the file it names is replaced.
        self._path = os.path.realpath(path)
        if os.path.exists(self._path) and not os.path.isfile(self._path):
            if os.path.isdir(self._path):
                raise CaptureError(self.name, "is a directory; name a file in it")
            # A device or a named pipe cannot be replaced, only written to.
            return self._open_directly()
        folder, base = os.path.split(self._path)
        try:
            descriptor, self._temporary = tempfile.mkstemp(prefix=f".{base}.", suffix=".part", dir=folder)
            os.fchmod(descriptor, _FILE_MODE & ~_umask())
            # The writers collect large pieces themselves; a buffer as large would copy them once more.
            return os.fdopen(descriptor, "wb", buffering=1 << 16)
        except (OSError, ValueError) as error:
            raise CaptureError(self.name, f"cannot be written: {_words(error)}") from error

    def _open_directly(self) -> BinaryIO:
        try:
            return open(self._path, "wb")
        except OSError as error:
            raise CaptureError(self.name, f"cannot be written: {_words(error)}") from error


def _umask() -> int:
    # There is no way to ask but to set it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _words(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return str(error)
