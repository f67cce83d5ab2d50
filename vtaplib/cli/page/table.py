"""Tables: a caption, headings that say which column or row they head, numbers to the right.

A long table scrolls in a frame of its own, which the keyboard reaches; on paper it is whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from xml.etree.ElementTree import Element

from vtaplib.reports.page.markup import Child, element

Cell: TypeAlias = "Child | int"

# Rows from which on a table has a frame to scroll in.
_LONG: Final = 18


@dataclass(frozen=True, slots=True)
class Column:
    """A column. Numbers stand to the right, and `heads` says that its cells head their rows."""

    name: str
    is_number: bool = False
    heads: bool = False


def table(caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> Element:
    """A table in its frame. Whole numbers are written with commas."""
    long = len(rows) > _LONG
    made = element(
        "table",
        element("caption", caption, data_rows=f"{len(rows):,} rows, scroll for more" if long else None),
        element(
            "thead",
            element("tr", *(element("th", one.name, scope="col", class_=_class(one)) for one in columns)),
        ),
        element("tbody", *(_row(columns, row) for row in rows)),
    )
    return element(
        "div",
        made,
        class_="scroll long" if long else "scroll",
        role="region",
        tabindex=0,
        aria_label=f"{caption}, {len(rows):,} rows" if long else caption,
    )


def bar(text: str, part: int, whole: int, kind: str) -> Element:
    """A figure with a bar under it, as long as the part is of the whole."""
    width = 100 * part / whole if whole else 0.0
    return element(
        "span",
        text,
        element(
            "span", element("span", style=f"width:{width:.1f}%"), class_=f"bar {kind}", aria_hidden="true"
        ),
        class_="measured",
    )


def _row(columns: Sequence[Column], cells: Sequence[Cell]) -> Element:
    return element("tr", *(_cell(column, cell) for column, cell in zip(columns, cells, strict=True)))


def _cell(column: Column, cell: Cell) -> Element:
    child = f"{cell:,}" if isinstance(cell, int) else cell
    if column.heads:
        return element("th", child, scope="row", class_=_class(column))
    return element("td", child, class_=_class(column))


def _class(column: Column) -> str | None:
    return "number" if column.is_number else None
