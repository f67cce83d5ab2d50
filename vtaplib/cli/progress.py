"""How far a capture has been read: a bar on standard error, where that is a terminal and the end is known."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from io import FileIO
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self, cast

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID


class Progress:
    """A capture's file and the bar that says how far it has been read, and what is done with it. `source` is
    what to read from.

    The place in the file is asked for, not in the data: a zipped capture is done when its file is. `doing`
    says what for it is read.
    """

    def __init__(self, capture: str, doing: str = "replaying") -> None:
        self.source: str | BinaryIO = capture
        self._file: FileIO | None = None
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._undo = ExitStack()
        if sys.stderr.isatty() and os.path.isfile(capture):
            self._start(capture, doing)

    def _start(self, capture: str, doing: str) -> None:
        from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        from vtaplib.cli.output import make_console

        try:
            file = self._undo.enter_context(FileIO(capture))
        except OSError:
            # Whoever reads it says why it cannot be read.
            return
        self._file, self.source = file, cast(BinaryIO, file)
        self._bar = Bar(
            TextColumn(doing),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=make_console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("", total=os.fstat(file.fileno()).st_size)
        self._undo.enter_context(self._bar)

    def advance(self) -> None:
        """Show how far the file has been read by now."""
        if self._file is not None and self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._file.tell())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()
