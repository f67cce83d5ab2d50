"""The elements of a document as HTML.

A table has a caption, and headings that say which column or row they head. A long one scrolls in a frame of
its own, which the keyboard reaches, and can be sorted and filtered by `tables.js`; on paper it is whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from xml.etree.ElementTree import Element as Html

from vtaplib.model.policy import CONTROL_PLANE, DATA_PLANE, LIMITS, Setting, setting_text
from vtaplib.reports.document import (
    Cell,
    Column,
    Element,
    Grid,
    KeyFigures,
    Kind,
    Listing,
    Loads,
    NetworkPicture,
    Note,
    Paragraph,
    Phrase,
    Preformatted,
    Role,
    Settings,
    Share,
    Stack,
    Table,
    Tree,
    Words,
)
from vtaplib.reports.number import octets, share, three_digits
from vtaplib.reports.page.drawing import hue_class, picture
from vtaplib.reports.page.load_charts import load_charts
from vtaplib.reports.page.markup import Child, element

# Rows above which a table has a frame to scroll in, and the page's script sorts and filters it.
_LONG: Final = 20

_GROUPS: Final[Mapping[str, Mapping[str, Setting]]] = {
    "About packets": DATA_PLANE,
    "About resources": CONTROL_PLANE,
    "Limits": LIMITS,
}


def html_of(shown: Element) -> Iterator[Html]:
    """An element of a document, as elements of HTML one after the other."""
    match shown:
        case Table():
            yield _table(shown)
        case Paragraph(words, role):
            yield element("p", *children(words), class_=None if role is Role.PLAIN else role.value)
        case Note(text):
            yield element("p", text, class_="note")
        case Listing(items):
            yield element("ul", *(element("li", *children(one)) for one in items))
        case Grid():
            yield _grid(shown)
        case Preformatted(text):
            yield element("pre", text)
        case Tree():
            yield element("ul", _tree(shown), class_="tree")
        case Settings():
            yield from _settings(shown)
        case KeyFigures():
            yield _figures(shown)
        case Loads():
            yield from load_charts(shown)
        case NetworkPicture(graph):
            yield from picture(graph)


def listed(texts: Sequence[str]) -> Html:
    """Sentences as a list."""
    return element("ul", *(element("li", text) for text in texts), class_="listed")


def children(words: Words) -> Iterator[Child]:
    """The parts of a text."""
    for one in words if isinstance(words, tuple) else (words,):
        yield element("span", one.text, class_=one.role.value) if isinstance(one, Phrase) else one


def _table(table: Table) -> Html:
    rows = len(table.rows)
    long = rows > _LONG
    made = element(
        "table",
        # The title stays where it is when a table scrolls to the side.
        element(
            "caption",
            element("span", table.title, data_rows=f"{rows:,} rows, scroll for more" if long else None),
        ),
        element(
            "thead",
            element(
                "tr", *(element("th", one.name, scope="col", class_=_class(one)) for one in table.columns)
            ),
        ),
        element("tbody", *(_row(table.columns, row, is_sortable=long) for row in table.rows)),
    )
    return element(
        "div",
        made,
        class_="scroll long" if long else "scroll",
        role="region",
        tabindex=0,
        aria_label=f"{table.title}, {rows:,} rows" if long else table.title,
    )


def _row(columns: Sequence[Column], cells: Sequence[Cell], *, is_sortable: bool) -> Html:
    return element(
        "tr",
        *(
            element(
                "td" if number else "th",
                *_cell(column, cell),
                scope=None if number else "row",
                class_=_class(column),
                data_value=_maybe_value(column, cell) if is_sortable else None,
            )
            for number, (column, cell) in enumerate(zip(columns, cells, strict=True))
        ),
    )


def _maybe_value(column: Column, cell: Cell) -> str | None:
    """The number that a cell is sorted by, where that is not the one that it shows."""
    if isinstance(cell, Share):
        return f"{cell.part / cell.whole:.6g}" if cell.whole else None
    return str(cell) if isinstance(cell, int) and column.kind is Kind.BYTES else None


def _cell(column: Column, cell: Cell) -> Iterator[Child]:
    match cell:
        case Share():
            yield _bar(cell)
        case int() if column.kind is Kind.BYTES:
            yield octets(cell)
        case int():
            yield f"{cell:,}"
        case float():
            yield three_digits(cell)
        case _:
            yield from children(cell)


def _bar(one: Share) -> Html:
    """A figure with a bar under it, which is full where the part is more than the whole."""
    width = min(100.0, 100 * one.part / one.whole) if one.whole else 0.0
    kind = hue_class(one.hue) if one.hue and one.role is Role.PLAIN else one.role.value
    return element(
        "span",
        share(one.part, one.whole),
        element(
            "span", element("span", style=f"width:{width:.1f}%"), class_=f"bar {kind}", aria_hidden="true"
        ),
        class_="measured",
    )


def _class(column: Column) -> str | None:
    return None if column.kind is Kind.TEXT else "number"


def _grid(grid: Grid) -> Html:
    return element(
        "div",
        *(element("div", *(element("div", *_grid_cell(cell)) for cell in row)) for row in grid.rows),
        class_="rows",
    )


def _grid_cell(cell: Words | Stack) -> Iterator[Child]:
    if not isinstance(cell, Stack):
        yield from children(cell)
        return
    for one in cell.elements:
        yield from html_of(one)


def _tree(tree: Tree) -> Html:
    below = element("ul", *map(_tree, tree.children)) if tree.children else None
    return element("li", *children(tree.words), below)


def _figures(figures: KeyFigures) -> Html:
    return element(
        "dl",
        *(
            element(
                "div",
                element("dt", one.name),
                element("dd", element("strong", one.figure), element("span", one.of) if one.of else None),
                class_=None if one.role is Role.PLAIN else one.role.value,
            )
            for one in figures.figures
        ),
        class_="figures",
    )


def _settings(settings: Settings) -> Iterator[Html]:
    """All settings in their groups, those that are not the default first and marked."""
    in_force, changed = settings.in_force, settings.changed
    if settings.heading:
        yield element("h3", settings.heading)
    yield element(
        "p",
        "Each behaviour that Azure does not document is a setting. These figures depend on the settings "
        "below; " + (f"{len(changed)} of them not the default." if changed else "all of them the default."),
        class_="note",
    )
    for heading, group in _GROUPS.items():
        yield element("h3", heading)
        names = sorted((name for name in group if name in in_force), key=lambda name: name not in changed)
        yield element(
            "ul",
            *(_setting(name, setting_text(in_force[name]), is_changed=name in changed) for name in names),
            class_="settings",
        )


def _setting(name: str, value: str, *, is_changed: bool) -> Html:
    return element(
        "li",
        element("code", name),
        element("span", f"{value} (not the default)" if is_changed else value, class_="value"),
        class_="changed" if is_changed else None,
    )
