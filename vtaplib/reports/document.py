"""A document that people read: sections of tables, sentences and drawings.

It says what things are, never how they look: a text has a role and no colour, a cell is a number and not its
digits. Whatever a text holds is shown as text. A terminal shows a document from the top to the bottom, a page
shows it as HTML. What only a page can show (figures at a glance, curves, the picture of a network) says
nothing that is not in a table too.

Elements are named tuples, whose classes are made in a third of the time. A phrase is none: where there may be
a text, a tuple is one in parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from vtaplib.model.policy import Policy

if TYPE_CHECKING:
    from vtaplib.reports.network_graph import NetworkGraph


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


class Share(NamedTuple):
    """A part of a whole, with a bar as long as that where there is room for one. `hue` is the number of the
    colour of what it is the share of; 0 is none.
    """

    part: float
    whole: float
    role: Role = Role.PLAIN
    hue: int = 0


Cell: TypeAlias = "Words | int | float | Share"
"""What stands in a table. A column of numbers may have words where there is no number."""


class Column(NamedTuple):
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


class Table(NamedTuple):
    """A table. The first cell of a row heads it. A terminal shows `at_most` rows, and counts the rest."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    at_most: int | None = None


class Paragraph(NamedTuple):
    """Sentences."""

    words: Words
    role: Role = Role.PLAIN


class Note(NamedTuple):
    """Sentences that explain what is around them, for readers who were not there; a terminal has none."""

    text: str


class Listing(NamedTuple):
    """Texts below each other. A terminal shows `at_most` of them, and counts the rest."""

    items: Sequence[Words]
    at_most: int | None = None


class Preformatted(NamedTuple):
    """Lines as they are."""

    text: str


class Stack(NamedTuple):
    """Elements below each other in one cell."""

    elements: Sequence[Element]


class Grid(NamedTuple):
    """Rows without headings or lines, their cells in columns."""

    rows: Sequence[Sequence[Words | Stack]]


class Tree(NamedTuple):
    """What stands under what."""

    words: Words
    children: Sequence[Tree] = ()


class Settings(NamedTuple):
    """A policy in force, by the names of its settings; `heading` where there are several. A terminal shows
    those that are not the default.
    """

    in_force: Mapping[str, object]
    heading: str = ""

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of those that are not the default."""
        defaults = Policy()
        return tuple(name for name, value in self.in_force.items() if value != getattr(defaults, name))


class KeyFigure(NamedTuple):
    """A figure at a glance: its name, and what it is of. Its role says whether it is to be looked at."""

    name: str
    figure: str
    of: str = ""
    role: Role = Role.PLAIN


class KeyFigures(NamedTuple):
    """What a reader wants to see first; only on a page."""

    figures: Sequence[KeyFigure]


class Curve(NamedTuple):
    """A quantity by second of Unix time; of seconds that are left out it is 0."""

    unit: str
    values: Sequence[tuple[int, float]]
    average: float
    percentile_95: float
    peak: float


class Load(NamedTuple):
    """The curves of one place. `hue` is the number of its colour."""

    name: str
    hue: int
    curves: Sequence[Curve]


class Loads(NamedTuple):
    """Curves over time, to be compared; only on a page. All loads have the same units in the same order.
    `noun` is what each is the load of, and `nothing` what to say where none has anything.
    """

    loads: Sequence[Load]
    noun: str
    nothing: str


class NetworkPicture(NamedTuple):
    """A network and its streams; only on a page."""

    graph: NetworkGraph


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


class Section(NamedTuple):
    """What belongs together: `anchor` is its name in addresses. One without elements is not shown."""

    anchor: str
    heading: str
    elements: Sequence[Element]


class Document(NamedTuple):
    """A report for people. `lead` says what of, `notices` are what a reader must not miss: a page has them at
    its top, a terminal at its end. `warnings` are sentences without their full stops.
    """

    title: str
    lead: Words
    sections: Sequence[Section]
    warnings: Sequence[str] = ()
    notices: Sequence[Paragraph] = ()

    @property
    def warning_sentences(self) -> tuple[str, ...]:
        """The warnings with their full stops; one that ends in a sentence in brackets has its own."""
        return tuple(one if one.endswith(".)") else f"{one}." for one in self.warnings)
