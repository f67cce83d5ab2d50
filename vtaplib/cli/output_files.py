"""The files that a command writes: none of them is one that it reads, and all are there in the end, or none.

Files are compared, not names: by device and inode, through links and whatever else leads to them; one that is
not there yet by its directory and its name in that. Character devices are no files here: who reads from a
terminal may write to it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias

from vtaplib.cli.input_directory import Input, InputDirectory, input_files
from vtaplib.errors import VtapError, words_of
from vtaplib.output_file import OutputFile

STANDARD_STREAM: Final = "-"

_Identities: TypeAlias = frozenset[tuple[int | str, ...]]


class OutputFiles:
    """What a command writes. As a context manager it puts all of it in its place when all is well, and leaves
    nothing when not.

    `inputs` are the files that the command reads, whether they are there or not, and directories; `-` is
    standard input. Raises `FileError` for a directory without what is read of it.
    """

    def __init__(self, inputs: Iterable[Input]) -> None:
        self._files: list[tuple[OutputFile, str | Path, str]] = []
        self._taken: list[tuple[_Identities, str]] = []
        given = tuple(inputs)
        self._directories = [one for one in given if isinstance(one, InputDirectory)]
        for one in input_files(given):
            name = "standard input" if str(one) == STANDARD_STREAM else str(one)
            self._take(0 if str(one) == STANDARD_STREAM else one, f"{name}, which is read")
        self._inputs = len(self._taken)
        self._take(1, "standard output")
        self._take(2, "standard error")

    def open(self, path: str | Path, option: str) -> OutputFile:
        """Begin a file that an option names. Raises `VtapError` where it is read, or written already, or
        cannot be written.
        """
        self.claim(path, option)
        file = OutputFile(path)
        # First known, then there: a signal that comes in between finds what it has to remove.
        self._files.append((file, path, option))
        file.open()
        return file

    def claim(self, path: str | Path, option: str) -> None:
        """Say that a file is written, by whatever means. Raises `VtapError` where it is read, or written
        already.
        """
        self._refuse_taken(path, option)
        self._take(path, f"what {option} writes")

    def make_directory(self, path: Path, option: str) -> None:
        """Make a directory for files to be opened in, unless it is there. Raises `VtapError` likewise."""
        self._refuse_taken(path, option)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise VtapError(f"{option} {path}: cannot be made a directory: {words_of(error)}") from error

    def maybe_open(self, path: str | Path | None, option: str) -> OutputFile | None:
        """As `open`, if a file is named."""
        return None if path is None else self.open(path, option)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._commit()
        finally:
            for file, _, _ in self._files:
                # Does nothing to those that are in their places.
                file.discard()

    def _commit(self) -> None:
        for file, _, _ in self._files:
            file.finish()
        # Look once more: some files exist only now, and some file systems take two names for one file.
        del self._taken[self._inputs :]
        for file, path, option in self._files:
            self._refuse_taken(path, option)
            file.commit()
            self._take(path, f"what {option} wrote")

    def _take(self, file: int | str | Path, words: str) -> None:
        self._taken.append((_identities(file), words))

    def _refuse_taken(self, path: str | Path, option: str) -> None:
        if str(path) == STANDARD_STREAM:
            raise VtapError(f"{option} -: standard output has the report; name a file")
        wanted = _identities(path)
        for identities, words in self._taken:
            if wanted & identities:
                raise VtapError(f"{option} {path}: is the same file as {words}; name another file")
        for directory in self._directories:
            if directory.would_read(path):
                raise VtapError(
                    f"{option} {path}: the next run would read it, as it reads all of {directory.path}; name "
                    "a file elsewhere"
                )


def is_standard_output(path: str) -> bool:
    """Whether what is written there comes out of standard output, whatever leads there."""
    return path == STANDARD_STREAM or bool(_identities(path) & _identities(1))


def _identities(file: int | str | Path) -> _Identities:
    """What a file is told by: more than one thing, for it may come to be, or go, while it is looked at."""
    found: set[tuple[int | str, ...]] = set()
    with suppress(OSError, ValueError):
        state = os.stat(file)
        if stat.S_ISCHR(state.st_mode):
            return frozenset()
        found.add((state.st_dev, state.st_ino))
    if not isinstance(file, int):
        folder, name = os.path.split(os.path.realpath(file))
        with suppress(OSError, ValueError):
            state = os.stat(folder)
            found.add((state.st_dev, state.st_ino, name))
    return frozenset(found)
