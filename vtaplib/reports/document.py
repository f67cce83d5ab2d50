"""A document that people read: sections of tables, sentences and drawings.

It says what things are, never how they look: a text has a role and no colour, a cell is a number and not its
digits. Whatever a text holds is shown as text. A terminal shows a document from the top to the bottom, a page
shows it as HTML. What only a page can show (figures at a glance, curves, the picture of a network) says
nothing that is not in a table too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from vtaplib.reports.network_graph import Graph


class Role(StrEnum):
    """What a text is to its reader."""

    PLAIN = "plain"
    STRONG = "strong"
    MUTED = "muted"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of a sentence that has a role of its own."""

    text: str
    role: Role


Words: TypeAlias = "str | Phrase | tuple[str | Phrase, ...]"
"""A text, or its parts one after the other."""


class Kind(StrEnum):
    """What the cells of a column are. Numbers stand to the right; bytes have the unit that fits them."""

    TEXT = "text"
    NUMBER = "number"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, with a bar as long as that where there is room for one. `hue` is the number of the
    colour of what it is the share of; 0 is none.
    """

    part: float
    whole: float
    role: Role = Role.PLAIN
    hue: int = 0


Cell: TypeAlias = "Words | int | float | Share"
"""What stands in a table. A column of numbers may have words where there is no number."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. One that is `page_only` says what others say, at a glance."""

    name: str
    kind: Kind = Kind.TEXT
    page_only: bool = False


def numbers(*names: str) -> tuple[Column, ...]:
    """Columns of numbers with these names."""
    return tuple(Column(name, Kind.NUMBER) for name in names)


def bars(name: str) -> Column:
    """A column of shares, for their bars."""
    return Column(name, Kind.NUMBER, page_only=True)


@dataclass(frozen=True, slots=True)
class Table:
    """A table. The first cell of a row heads it. A terminal shows `at_most` rows, and counts the rest."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences."""

    words: Words
    role: Role = Role.PLAIN


@dataclass(frozen=True, slots=True)
class Note:
    """Sentences that explain what is around them, for readers who were not there; a terminal has none."""

    text: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Texts below each other. A terminal shows `at_most` of them, and counts the rest."""

    items: Sequence[Words]
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Preformatted:
    """Lines as they are."""

    text: str


@dataclass(frozen=True, slots=True)
class Stack:
    """Elements below each other in one cell."""

    elements: Sequence[Element]


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows without headings or lines, their cells in columns."""

    rows: Sequence[Sequence[Words | Stack]]


@dataclass(frozen=True, slots=True)
class Tree:
    """What stands under what."""

    words: Words
    children: Sequence[Tree] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """A policy in force, by the names of its settings; `heading` where there are several."""

    in_force: Mapping[str, object]
    heading: str = ""


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A figure at a glance: its name, and what it is of."""

    name: str
    figure: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """What a reader wants to see first; only on a page."""

    figures: Sequence[KeyFigure]


@dataclass(frozen=True, slots=True)
class Curve:
    """A quantity by second of Unix time; of seconds that are left out it is 0."""

    unit: str
    values: Sequence[tuple[int, float]]
    average: float
    percentile_95: float
    peak: float


@dataclass(frozen=True, slots=True)
class Load:
    """The curves of one place. `hue` is the number of its colour."""

    name: str
    hue: int
    curves: Sequence[Curve]


@dataclass(frozen=True, slots=True)
class Loads:
    """Curves over time, to be compared; only on a page. All loads have the same units in the same order.
    `noun` is what each is the load of, and `nothing` what to say where none has anything.
    """

    loads: Sequence[Load]
    noun: str
    nothing: str


@dataclass(frozen=True, slots=True)
class NetworkPicture:
    """A network and its streams; only on a page."""

    graph: Graph


Element: TypeAlias = (
    Paragraph
    | Note
    | Listing
    | Preformatted
    | Table
    | Grid
    | Tree
    | Settings
    | KeyFigures
    | Loads
    | NetworkPicture
)
"""What a section is made of."""


@dataclass(frozen=True, slots=True)
class Section:
    """What belongs together: `anchor` is its name in addresses. One without elements is not shown."""

    anchor: str
    heading: str
    elements: Sequence[Element]


@dataclass(frozen=True, slots=True)
class Document:
    """A report for people. `lead` says what of, `notices` are what a reader must not miss: a page has them at
    its top, a terminal at its end. `warnings` are sentences without their full stops.
    """

    title: str
    lead: Words
    sections: Sequence[Section]
    warnings: Sequence[str] = ()
    notices: Sequence[Paragraph] = ()
