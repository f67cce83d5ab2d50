"""What a check is doing: a line on standard error, where that is a terminal."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from vtaplib.visible_text import one_line

if TYPE_CHECKING:
    from rich.status import Status


class Steps:
    """A line that says which step a check is at, gone when the check is done."""

    def __init__(self) -> None:
        self._undo = ExitStack()
        self._status: Status | None = None

    def begin(self, text: str) -> None:
        """Show that a step begins."""
        if self._status is not None:
            self._status.update(one_line(text))

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from vtaplib.cli.output import make_console

            self._status = self._undo.enter_context(make_console(stderr=True).status("reading"))
        return self

    def __exit__(self, *exception: object) -> None:
        self._undo.close()
