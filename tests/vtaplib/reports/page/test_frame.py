from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.reports.page.reading import Page, text_of
from vtaplib.model.policy import Policy
from vtaplib.reports.document import (
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
)
from vtaplib.reports.page.frame import html_page


def shown(*elements: Element) -> Page:
    return Page.of(html_page(Document("title", "lead", (Section("here", "Here", elements),)))).section("here")


def everything(text: str) -> Document:
    """A document in which everything that can be is this text."""
    phrase = (text, Phrase(text, Role.BAD))
    curve = Curve(text, ((0, 1.0), (70, 2.0)), 1.0, 1.0, 2.0)
    elements: tuple[Element, ...] = (
        Paragraph(phrase, Role.WARNING),
        Note(text),
        Listing((text, phrase)),
        Preformatted(text),
        Table(text, (Column(text), Column(text, Kind.BYTES)), ((text, 7), (phrase, text))),
        Grid(((text, Stack((Paragraph(text), Grid(((text,),))))),)),
        Tree(text, (Tree(phrase),)),
        Settings(Policy().in_force(), text),
        KeyFigures((KeyFigure(text, text, text),)),
        Loads((Load(text, 1, (curve,)), Load(text, 2, (curve,))), text, text),
    )
    return Document(
        text,
        phrase,
        (Section("all", text, elements),),
        (text,),
        (Paragraph(text), Paragraph(text, Role.GOOD)),
    )


HOSTILE = """<script>alert(1)</script><img src=x onerror="alert(2)">'"&amp;</style></svg></title></pre>"""


def test_whatever_a_text_holds_is_shown_as_text() -> None:
    plain, hostile = Page.of(html_page(everything("text"))), Page.of(html_page(everything(HOSTILE)))
    assert [one.tag for one in hostile.root.iter()] == [one.tag for one in plain.root.iter()]
    assert [name for name, _ in hostile.attributes] == [name for name, _ in plain.attributes]
    assert hostile.text.count(HOSTILE) >= plain.text.count("text")


@given(st.text(max_size=20))
def test_any_text_makes_a_page(text: str) -> None:
    Page.of(html_page(everything(text)))


def test_the_first_cell_of_a_row_heads_it_and_numbers_stand_to_the_right() -> None:
    table = Table(
        "T", (Column("nic"), Column("bytes", Kind.BYTES)), (("nic-a", 1_150_000), ("nic-b", "none"))
    )
    here = shown(table)
    assert here.rows("T") == [["nic-a", "1.15 MB"], ["nic-b", "none"]]
    assert [one.get("scope") for one in here.all("th")] == ["col", "col", "row", "row"]
    assert [one.get("class") for one in here.all("td")] == ["number", "number"]


def test_a_share_has_a_bar_as_long_as_it_is_and_no_longer_than_the_whole() -> None:
    rows = [("a", Share(1, 4, hue=2)), ("b", Share(5, 4, Role.BAD)), ("c", Share(0, 0))]
    here = shown(Table("T", (Column("a"), Column("b", Kind.NUMBER)), rows))
    assert [row[1] for row in here.rows("T")] == ["25 %", "125 %", "–"]
    bars = [one for one in here.all("span") if (one.get("class") or "").startswith("bar")]
    assert [one.get("class") for one in bars] == ["bar hue-2", "bar bad", "bar plain"]
    assert [one[0].get("style") for one in bars] == ["width:25.0%", "width:100.0%", "width:0.0%"]


def test_a_page_has_every_row_and_every_item() -> None:
    rows = [(f"row {number}",) for number in range(30)]
    here = shown(Table("T", (Column("name"),), rows, at_most=2), Listing([one for (one,) in rows], at_most=2))
    assert len(here.rows("T")) == len(list(here.all("li"))) == 30


def test_warnings_come_after_the_first_section_and_notices_before_all() -> None:
    sections = [Section(name, name.title(), (Paragraph(name),)) for name in ("summary", "more")]
    notices = (Paragraph("It is cut off.", Role.WARNING), Paragraph("Nothing is lost.", Role.GOOD))
    whole = Page.of(
        html_page(Document("T", "lead", [*sections, Section("none", "None", ())], ("w",), notices))
    )
    assert [one.get("id") for one in whole.all("section")] == ["summary", "warnings", "more"]
    assert whole.section("warnings").text.split() == ["Warnings", "w."]
    (header,) = whole.all("header")
    assert [(text_of(one), one.get("class")) for one in header.findall("p")] == [
        ("vtap", "brand"),
        ("lead", "lead"),
        ("It is cut off.", "notice"),
        ("Nothing is lost.", "lead"),
    ]


def test_curves_have_one_scale_and_say_when_there_are_none() -> None:
    low, high = (Curve("Mbit/s", ((0, top), (3, top)), top, top, top) for top in (1.0, 8.0))
    charts = [
        one
        for one in shown(Loads((Load("a", 1, (low,)), Load("b", 2, (high,))), "collector", "")).all("svg")
        if one.get("class") == "chart"
    ]
    marks = [[text_of(one) for one in chart if one.tag.endswith("text")] for chart in charts]
    assert marks[0] == marks[1]
    nothing = Loads((Load("a", 1, (Curve("Mbit/s", (), 0.0, 0.0, 0.0),)),), "collector", "No copy arrives.")
    assert "No copy arrives." in shown(nothing).text
