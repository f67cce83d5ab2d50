"""A document on a terminal, from the top to the bottom. What must not be missed comes last, where the eye is.

It makes what rich draws, and draws nothing itself. Colours are roles. A table is as narrow as its numbers let
it be: texts may be broken over lines, numbers may not, and the heading of numbers has a line for each word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text
from rich.tree import Tree as RichTree

from vtaplib.model.policy import setting_text
from vtaplib.reports.document import (
    Cell,
    Column,
    Document,
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

_STYLES: Final = {
    Role.PLAIN: "",
    Role.STRONG: "bold",
    Role.MUTED: "dim",
    Role.GOOD: "green",
    Role.WARNING: "yellow",
    Role.BAD: "bold red",
}


_PAGE_ONLY: Final = (Note, KeyFigures, Loads, NetworkPicture)


def renderables(document: Document) -> Iterator[RenderableType]:
    """What rich is to print, one after the other."""
    if document.lead:
        yield _text(document.lead)
    was_table = not document.lead
    for section in document.sections:
        for number, element in enumerate(one for one in section.elements if not isinstance(one, _PAGE_ONLY)):
            # A table has room around it.
            if not number and not was_table and not isinstance(element, Table):
                yield Text()
            yield _drawn(element)
            was_table = isinstance(element, Table)
        if any(isinstance(one, Settings) for one in section.elements):
            yield Text("--json lists every setting.", _STYLES[Role.MUTED])
    for warning in document.warning_sentences:
        yield Text(f"Warning: {warning}", _STYLES[Role.WARNING])
    yield from map(_drawn, document.notices)


def _drawn(element: Element) -> RenderableType:
    match element:
        case Table():
            return _table(element)
        case Paragraph(words, role):
            return _text(words, role)
        case Listing():
            return _listing(element)
        case Grid():
            return _grid(element)
        case Preformatted(text):
            return Text(text)
        case Tree():
            return _tree(element)
        case Settings():
            return _settings(element)
        case _:
            return Group()


def _table(table: Table) -> RenderableType:
    made = RichTable(title=table.title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    shown = [number for number, one in enumerate(table.columns) if not one.page_only]
    for column in map(table.columns.__getitem__, shown):
        if column.kind is Kind.TEXT:
            made.add_column(column.name, overflow="fold")
        else:
            # A heading takes a line a word: it must not make the column wider than the numbers.
            made.add_column(column.name.replace(" ", "\n"), justify="right", no_wrap=True)
    for row in table.rows[: table.at_most]:
        made.add_row(*(_cell(table.columns[number], row[number]) for number in shown))
    return Group(made, *_more(table.rows, table.at_most))


def _cell(column: Column, cell: Cell) -> Text:
    match cell:
        case Share(part, whole, role):
            return Text(share(part, whole), _STYLES[role] if role is Role.BAD else "")
        case int() if column.kind is Kind.BYTES:
            return Text(octets(cell))
        case int():
            return Text(f"{cell:,}")
        case float():
            return Text(three_digits(cell))
        case _:
            return _text(cell)


def _listing(listing: Listing) -> RenderableType:
    shown = (Text("  ").append_text(_text(one)) for one in listing.items[: listing.at_most])
    return Group(*shown, *_more(listing.items, listing.at_most))


def _more(things: Sequence[object], at_most: int | None) -> Iterator[Text]:
    left_out = len(things) - len(things[:at_most])
    if left_out:
        yield Text(f"  and {left_out:,} more; --json has all")


def _grid(grid: Grid) -> RenderableType:
    made = RichTable.grid(padding=(0, 2, 0, 0))
    for _ in max(grid.rows, key=len, default=()):
        made.add_column(overflow="fold")
    for row in grid.rows:
        made.add_row(
            *(Group(*map(_drawn, one.elements)) if isinstance(one, Stack) else _text(one) for one in row)
        )
    return Padding(made, (0, 0, 0, 2), expand=False)


def _tree(tree: Tree) -> RichTree:
    made = RichTree(_text(tree.words))
    for child in tree.children:
        made.add(_tree(child))
    return made


def _settings(settings: Settings) -> Text:
    """The settings that are not the default, in a line."""
    text = Text(f"{settings.heading or 'Policy in force'}: ")
    changed = [f"{name}={setting_text(settings.in_force[name])}" for name in settings.changed]
    if not changed:
        return text.append("every setting is the default")
    return text.append(", ".join(changed), _STYLES[Role.STRONG]).append(
        "; every other setting is the default"
    )


def _text(words: Words, role: Role = Role.PLAIN) -> Text:
    text = Text(style=_STYLES[role])
    for one in words if isinstance(words, tuple) else (words,):
        text.append(one.text, _STYLES[one.role]) if isinstance(one, Phrase) else text.append(one)
    return text
