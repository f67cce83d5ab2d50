"""What commands print: text and tables for people, one JSON document for machines. Nothing else prints.

Standard output is the result's alone. Nothing in a name is taken for markup, nothing from outside reaches the
terminal but as visible text, and a table that does not go to a terminal is as wide as it needs to be.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from vtaplib.reports.json_document import json_text
from vtaplib.visible_text import one_line, visible_report

if TYPE_CHECKING:
    from rich.console import Console

    from vtaplib.reports.document import Document

Report = TypeVar("Report")

# Where no terminal says how wide it is: wide enough that names and numbers stay on one line.
_WIDTH_WITHOUT_TERMINAL: Final = 200

_SIZE: Final = re.compile("[1-9][0-9]{0,3}")


def ignore_impossible_sizes() -> None:
    """Forget a size of the terminal in the environment that is none: rich and Typer would fail."""
    for name in ("COLUMNS", "LINES", "TERMINAL_WIDTH"):
        if not _SIZE.fullmatch(os.environ.get(name, "80")):
            del os.environ[name]


def make_console(*, stderr: bool = False) -> Console:
    """A console on standard output, or on standard error."""
    from vtaplib.cli.console import VisibleConsole

    console = VisibleConsole(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH_WITHOUT_TERMINAL
    return console


def print_report(
    report: Report, shown_as: Callable[[Report], Document | str], *, stderr: bool = False
) -> None:
    """Print a report for people: the document that is made of it, or lines that a terminal may break."""
    from vtaplib.reports.terminal import renderables

    console = make_console(stderr=stderr)
    shown = shown_as(visible_report(report))
    if isinstance(shown, str):
        console.print(shown, soft_wrap=True)
        return
    for part in renderables(shown):
        console.print(part)


def write_json(report: object) -> None:
    """Write a dataclass as a JSON document on standard output."""
    sys.stdout.write(json_text(report) + "\n")


def print_line(text: str) -> None:
    """Print a line, or several of ours, on standard output."""
    sys.stdout.write(f"{text}\n")


def say(sentence: str) -> None:
    """Say something on standard error, in one line."""
    sys.stderr.write(f"vtap: {one_line(sentence)}\n")


def say_usage(*lines: str) -> None:
    """Say on standard error how a command is used, before it is said what is wrong."""
    sys.stderr.write("".join(f"{line}\n" for line in lines))


def say_what_is_logged() -> None:
    """Say on standard error what modules log, from level INFO."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("vtap: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """The record in one line."""
        return one_line(super().format(record))
