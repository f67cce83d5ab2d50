"""How far the work has got, on standard error where that is a terminal: a bar while a file is read, else a
line that says the step.

The bar follows the position in the file, not in the data: a zipped capture is done when its file is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from typing import BinaryIO, cast

from vtaplib.capture import CaptureReader, CaptureSource, open_capture


@contextmanager
def reading(capture: str, doing: str) -> Iterator[CaptureReader]:
    """A capture that is open, and a bar; `-` is standard input, `doing` what the bar says. Packets that are
    not Ethernet are left out. Raises `CaptureError` for what cannot be opened, or is no capture.
    """
    with watched(capture, doing) as source, open_capture(source, skip_other_link_types=True) as reader:
        yield reader


@contextmanager
def watched(path: str, doing: str) -> Iterator[CaptureSource]:
    """What to read a file from, so that a bar shows how far it has been read."""
    if not sys.stderr.isatty() or not os.path.isfile(path):
        yield path
        return
    try:
        file = _WatchedFile(path)
    except OSError:
        # Whoever reads it says why it cannot be read.
        yield path
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from vtaplib.cli.output import make_console

    columns = TextColumn(doing), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with file, Progress(*columns, console=make_console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=os.fstat(file.fileno()).st_size)
        file.on_read = lambda position: bar.update(task, completed=position)
        yield cast(BinaryIO, file)


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """What is told each step of the work as it begins, and shows it."""
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    from vtaplib.cli.output import make_console
    from vtaplib.visible_text import one_line

    with make_console(stderr=True).status("reading") as status:
        yield lambda step: status.update(one_line(step))


class _WatchedFile(FileIO):
    """A file that tells how far it has been read."""

    on_read: Callable[[int], None]

    def read(self, size: int | None = -1, /) -> bytes:
        """As of any file."""
        piece = super().read(size)
        self.on_read(self.tell())
        return piece
