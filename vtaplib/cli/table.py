"""Tables of texts and numbers for people."""

from __future__ import annotations

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.table import Table


def make_table(title: str, texts: Iterable[str], numbers: Iterable[str]) -> Table:
    """A table with columns of texts, which may be broken over lines, and of numbers, which are not."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for name in texts:
        table.add_column(name, overflow="fold")
    for name in numbers:
        # A heading takes a line a word: it must not make the column wider than the numbers.
        table.add_column(name.replace(" ", "\n"), justify="right", no_wrap=True)
    return table
