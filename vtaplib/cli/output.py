"""What commands print: text and tables for people, one JSON document for machines.

Standard output is the result's alone. Nothing in a name is taken for markup, and a table that does not go to
a terminal is as wide as it needs to be.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import Console

# Where no terminal says how wide it is: wide enough that names and numbers stay on one line.
_WIDTH_WITHOUT_TERMINAL: Final = 200


def make_console(*, stderr: bool = False) -> Console:
    """A console on standard output, or on standard error."""
    from rich.console import Console

    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH_WITHOUT_TERMINAL
    return console


def write_json(document: object) -> None:
    """Write a dataclass as an indented JSON document on standard output."""
    # Only here: the rest of vtap does without pydantic, which costs 100 ms at start.
    from pydantic import TypeAdapter

    text = TypeAdapter(type(document)).dump_json(document, indent=2)
    sys.stdout.write(text.decode() + "\n")


def printable(name: str) -> str:
    """A name as text: bytes that are no UTF-8, which the system hands over as surrogates, are escaped."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
