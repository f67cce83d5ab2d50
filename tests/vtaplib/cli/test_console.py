"""A line that is broken says so where it goes on, and loses nothing."""

from __future__ import annotations

from io import StringIO

from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from vtaplib.cli.console import CONTINUED, VisibleConsole
from vtaplib.cli.table import make_table

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
    table = make_table("", ["name"], ["n"])
    table.add_row(text, "1")
    rows = [line for line in printed(width + 20, table)[4:] if line.strip()]
    assert all(line.lstrip(" ").startswith(CONTINUED.rstrip()) for line in rows[1:])
