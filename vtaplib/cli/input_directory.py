"""A directory that is given as an input: which files in it a command reads, now and the next time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from vtaplib.errors import FileError

Input: TypeAlias = "str | Path | InputDirectory"
"""What a command reads; `-` is standard input."""


@dataclass(frozen=True, slots=True)
class InputDirectory:
    """A directory whose files with certain suffixes are read; `when_empty` is what to say of one without
    any.
    """

    path: Path
    suffixes: tuple[str, ...]
    when_empty: str
    is_deep: bool = False
    """Whether the directories in it are looked into too."""

    def files(self) -> list[Path]:
        """Those that are there, in the order of their paths. Raises `FileError` if there are none."""
        inside = self.path.rglob("*") if self.is_deep else self.path.iterdir()
        found = sorted(one for one in inside if one.name.endswith(self.suffixes) and one.is_file())
        if not found:
            raise FileError(str(self.path), self.when_empty)
        return found

    def would_read(self, path: str | Path) -> bool:
        """Whether a file that is written there would be one of them: by this path, or by what it leads to."""
        folder, name = os.path.split(path)
        real = Path(os.path.realpath(self.path))
        return any(
            one.name.endswith(self.suffixes) and (real in one.parents if self.is_deep else real == one.parent)
            for one in (Path(os.path.realpath(folder), name), Path(os.path.realpath(path)))
        )


def input_files(inputs: Iterable[Input]) -> Iterator[str | Path]:
    """The files among inputs, and those in directories. Raises `FileError` for a directory without any."""
    for one in inputs:
        yield from one.files() if isinstance(one, InputDirectory) else [one]
