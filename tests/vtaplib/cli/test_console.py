"""A line that is broken says so where it goes on, and loses nothing."""

from __future__ import annotations

from io import StringIO

from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from vtaplib.cli.console import CONTINUED, VisibleConsole
from vtaplib.reports.document import Column, Document, Section, Table, numbers
from vtaplib.reports.terminal import renderables

words = st.text(st.sampled_from("ab é\u4e2d"), max_size=200)
widths = st.integers(8, 60)


def printed(width: int, renderable: object) -> list[str]:
    console = VisibleConsole(width=width, file=StringIO(), markup=False, emoji=False, highlight=False)
    console.print(renderable)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().removesuffix("\n").split("\n")


def letters(text: str) -> str:
    return "".join(text.split())


@given(words, st.integers(0, 30), widths)
def test_only_its_beginning_begins_a_line(text: str, indentation: int, width: int) -> None:
    first, *rest = printed(width, Text(" " * indentation + text))
    assert all(line.lstrip(" ").startswith(CONTINUED.rstrip()) for line in rest)
    assert letters(first + "".join(line.lstrip(" ").removeprefix(CONTINUED) for line in rest)) == letters(
        text
    )
    assert all(Text(line).cell_len <= width for line in (first, *rest))


@given(st.text("ab ", min_size=1, max_size=200).filter(str.strip), widths)
def test_a_cell_of_a_table_has_one_row(text: str, width: int) -> None:
    table = Table("", (Column("name"), *numbers("n")), [(text, 1)])
    (shown,) = renderables(Document("", "", (Section("rows", "Rows", (table,)),)))
    rows = [line for line in printed(width + 20, shown)[4:] if line.strip()]
    assert all(line.lstrip(" ").startswith(CONTINUED.rstrip()) for line in rows[1:])
