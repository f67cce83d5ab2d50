from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from vtaplib.model.policy import Policy
from vtaplib.reports.document import (
    Cell,
    Column,
    Curve,
    Document,
    Element,
    Grid,
    KeyFigure,
    KeyFigures,
    Kind,
    Listing,
    Load,
    Loads,
    NetworkPicture,
    Note,
    Paragraph,
    Phrase,
    Preformatted,
    Role,
    Section,
    Settings,
    Share,
    Stack,
    Table,
    Tree,
    Words,
    bars,
    numbers,
)
from vtaplib.reports.network_graph import NetworkGraph
from vtaplib.reports.terminal import renderables


def printed(document: Document, *, colours: bool = False, width: int = 100) -> str:
    """What a terminal of this width shows."""
    console = Console(
        file=StringIO(), width=width, markup=False, emoji=False, highlight=False, force_terminal=colours
    )
    for one in renderables(document):
        console.print(one)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def of(*elements: Element) -> Document:
    return Document("title", "lead", (Section("here", "Here", elements),))


@pytest.mark.parametrize(
    ("kind", "cell", "text"),
    [
        (Kind.TEXT, "[bold]nic[/bold]", "[bold]nic[/bold]"),
        (Kind.TEXT, ("a ", Phrase("b", Role.GOOD)), "a b"),
        (Kind.NUMBER, 1_148_067, "1,148,067"),
        (Kind.NUMBER, 0.0123456, "0.0123"),
        (Kind.NUMBER, "not known", "not known"),
        (Kind.NUMBER, Share(1, 3), "33.3 %"),
        (Kind.BYTES, 1_148_067, "1.15 MB"),
    ],
)
def test_a_cell_is_written_as_its_column_has_it(kind: Kind, cell: Cell, text: str) -> None:
    lines = printed(of(Table("T", (Column("name"), Column("value", kind)), (("row", cell),)))).splitlines()
    (row,) = [line for line in lines if "row" in line]
    assert row.split("row")[1].strip() == text


def test_the_heading_of_numbers_has_a_line_for_each_word_and_no_number_is_broken() -> None:
    table = Table("T", (Column("interface"), *numbers("Frames in")), (("nic" * 20, 10**12),))
    lines = printed(of(table), width=40).splitlines()
    assert not any("Frames in" in line for line in lines)
    assert any("1,000,000,000,000" in line for line in lines)


def test_what_is_only_there_at_a_glance_is_left_out_of_a_table() -> None:
    table = Table("T", (Column("name"), bars("Share"), *numbers("Frames")), (("nic", Share(1, 4), 7),))
    text = printed(of(table))
    assert "nic" in text
    assert "7" in text
    assert "25 %" not in text


def test_rows_and_items_beyond_the_most_are_counted() -> None:
    rows = [(f"row {number}",) for number in range(5)]
    text = printed(of(Table("T", (Column("name"),), rows, at_most=2)))
    assert "row 1" in text
    assert "row 2" not in text
    assert "and 3 more; --json has all" in text
    text = printed(of(Listing([name for (name,) in rows], at_most=4)))
    assert "row 3" in text
    assert "and 1 more; --json has all" in text
    assert "more" not in printed(of(Listing(["a", "b"], at_most=2)))


def test_what_only_a_page_can_show_is_left_out() -> None:
    curve = Curve("Mbit/s", ((0, 1.0),), 1.0, 1.0, 1.0)
    document = of(
        KeyFigures((KeyFigure("Frames", "7"),)),
        Note("Explained."),
        Loads((Load("nic", 1, (curve,)),), "collector", "nothing"),
        NetworkPicture(NetworkGraph((), (), (), (), (), ())),
    )
    assert printed(document) == "lead\n"


def test_warnings_and_what_must_not_be_missed_come_last() -> None:
    document = Document(
        "title",
        ("capture ", Phrase("a.pcap", Role.STRONG)),
        (Section("one", "One", (Paragraph("first"),)), Section("two", "Two", (Paragraph("second"),))),
        warnings=("too much", "too little. (It is known.)"),
        notices=(Paragraph("It is cut off.", Role.WARNING),),
    )
    assert printed(document).splitlines() == [
        "capture a.pcap",
        "",
        "first",
        "",
        "second",
        "Warning: too much.",
        "Warning: too little. (It is known.)",
        "It is cut off.",
    ]


def test_a_grid_has_elements_in_its_cells() -> None:
    inner = Grid((("10.0.0.4", Phrase("healthy", Role.GOOD)),))
    rows: tuple[tuple[Words | Stack, ...], ...] = (
        ("1", "ok", Stack((Paragraph("chosen"), inner))),
        ("2", "LOST", "gone"),
    )
    text = printed(of(Grid(rows)))
    assert [line.split() for line in text.splitlines()[2:]] == [
        ["1", "ok", "chosen"],
        ["10.0.0.4", "healthy"],
        ["2", "LOST", "gone"],
    ]


def test_a_tree_shows_what_stands_under_what() -> None:
    text = printed(of(Tree(("cloud ", Phrase("a.db", Role.STRONG)), (Tree("tenant", (Tree("group"),)),))))
    assert "cloud a.db\n└── tenant\n    └── group\n" in text


def test_lines_stay_as_they_are() -> None:
    assert "a\n  b\n" in printed(of(Preformatted("a\n  b")))


def test_of_a_policy_only_what_is_not_the_default_is_shown_and_where_all_is() -> None:
    policy = Policy(oversize="drop", vnet_put_without_subnets="delete")
    text = printed(of(Settings(Policy().in_force(), "Before"), Settings(policy.in_force())), width=10_000)
    assert text.splitlines()[-3:] == [
        "Before: every setting is the default",
        "Policy in force: vnet_put_without_subnets=delete, oversize=drop; every other setting is the default",
        "--json lists every setting.",
    ]


def test_a_role_is_a_colour() -> None:
    words = [(role, printed(of(Paragraph("x", role)), colours=True)) for role in Role]
    assert len({shown for _, shown in words}) == len(Role)
