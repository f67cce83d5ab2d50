"""Tables of texts and numbers for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from vtaplib.capture.feed import EarlyEnd, SkippedEntry


def make_table(title: str, texts: Iterable[str], numbers: Iterable[str]) -> Table:
    """A table with columns of texts, which may be broken over lines, and of numbers, which are not."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for name in texts:
        table.add_column(name, overflow="fold")
    for name in numbers:
        # A heading takes a line a word: it must not make the column wider than the numbers.
        table.add_column(name.replace(" ", "\n"), justify="right", no_wrap=True)
    return table


def skipped_table(skipped: Sequence[SkippedEntry]) -> Table:
    """What was left out of a capture."""
    table = make_table(
        "Packets that are not Ethernet, left out and not counted above", ("link type",), ("packets",)
    )
    for one in skipped:
        table.add_row(one.link_type, f"{one.packets:,}")
    return table


def end_text(end: EarlyEnd) -> Text:
    """Where and why a capture could not be read on."""
    what = "The capture is cut off" if end.kind == "cut" else "The capture is damaged"
    return Text(f"{what}: {end.trouble}. What comes before it was read.", "yellow")
