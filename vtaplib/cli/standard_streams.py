"""The standard streams of the command.

They say themselves how it ends when they cannot be read or written. Libraries have ideas of their own: rich
and Typer end with 1 when nobody reads any more, which here means that something was found. They never see
such an error.

They are also the last net under what is printed: no control character passes but line breaks and what rich
draws with. Names are made visible before, where reports are printed.
"""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from vtaplib.cli.exit_code import ExitCode
from vtaplib.errors import VtapError, words_of
from vtaplib.visible_text import laid_out

_MODES: Final = (os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)
"""How the stand-in of a closed stream is opened: so that its use fails as that of a closed one does."""


_DRAWN: Final = re.compile(r"(\r?\x1b\[(?:[\d;]*m|\?25[hl]|2K|\d*A))")
"""What rich draws with (ECMA-48): colours and styles, the cursor shown or not, lines erased, and upwards."""


def set_up_streams() -> None:
    """Replace the three streams of `sys`; a closed one gets a stand-in."""
    for number, stream in enumerate((sys.stdin, sys.stdout, sys.stderr)):
        if stream is None:
            # Or the next file that is opened would get its number, and what is printed.
            os.open(os.devnull, _MODES[number])
    sys.stdin = io.TextIOWrapper(io.BufferedReader(_Input(0, closefd=False)))
    sys.stdout = _opened(_Output, 1, sys.stdout, line_buffering=os.isatty(1))
    sys.stderr = _opened(_Remarks, 2, sys.stderr, line_buffering=True)


def discard(stream: TextIO) -> None:
    """Let what an output still holds, and whatever else is written to it, go nowhere. Without this the
    interpreter would try once more as it ends.
    """
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


class _Input(io.FileIO):
    """Standard input."""

    def readinto(self, room: memoryview) -> int | None:  # type: ignore[override]  # a buffer's type has no name yet
        """What is read next. Raises `VtapError`."""
        with _reading():
            return super().readinto(room)

    def readall(self) -> bytes:
        """All that is left. Raises `VtapError`."""
        with _reading():
            return super().readall()


class _Output(io.TextIOWrapper):
    """Standard output: raises `VtapError` where it cannot be written, and ends the command where nobody reads
    any more.
    """

    def write(self, text: str, /) -> int:
        """Write a text."""
        try:
            super().write(_without_controls(text))
        except OSError as error:
            self._fail(error)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        try:
            super().flush()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        discard(self)
        if error.errno == errno.EPIPE:
            sys.exit(ExitCode.READER_GONE)
        raise VtapError(f"standard output: {_words(error, 'written')}") from error


class _Remarks(_Output):
    """Standard error: what cannot be said there is left unsaid, and the command goes on."""

    def _fail(self, error: OSError) -> None:
        discard(self)


def _opened(kind: type[_Output], number: int, before: TextIO | None, *, line_buffering: bool) -> _Output:
    return kind(
        io.BufferedWriter(io.FileIO(number, "wb", closefd=False)),
        encoding=None if before is None else before.encoding,
        # A name may hold bytes that are no text; it is shown escaped rather than not at all.
        errors="backslashreplace",
        line_buffering=line_buffering,
    )


def _without_controls(text: str) -> str:
    drawn_and_told = _DRAWN.split(text) if "\x1b" in text else [text]
    drawn_and_told[::2] = map(laid_out, drawn_and_told[::2])
    return "".join(drawn_and_told)


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise VtapError(f"standard input: {_words(error, 'read')}") from error


def _words(error: OSError, done: str) -> str:
    return "it is closed" if error.errno == errno.EBADF else f"it cannot be {done}: {words_of(error)}"
