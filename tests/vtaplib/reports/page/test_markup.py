from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.reports.page.reading import Page, text_of
from vtaplib.reports.page.markup import element, to_html

texts = st.text() | st.lists(
    st.sampled_from(
        ["<", ">", "&", '"', "'", "</style>", "</title>", "<script>", "<!--", "-->", "&amp;", "\0", "\r"]
    )
).map("".join)

# What is no text in HTML (the standard's preprocessing of the input stream) or lies about its order.
UNWANTED = [
    "\0",
    "\x1b",
    "\r",
    "\x7f",
    "\x85",
    "\ud800",
    "\ufdd0",
    "\uffff",
    "\U0010ffff",
    "\u202e",
    "\u2066",
]


def page(*children: object, **attributes: str) -> str:
    body = element("body", element("p", *children, **attributes))  # type: ignore[arg-type] # texts and elements
    return to_html(element("html", element("head", element("title", "A page")), body, lang="en"))


@given(texts, texts)
def test_any_text_and_any_attribute_is_read_as_text_and_nothing_else(text: str, attribute: str) -> None:
    parsed = Page.of(page(text, title=attribute))
    assert [one.tag for one in parsed.root.iter()] == ["html", "head", "title", "body", "p"]
    (paragraph,) = parsed.all("p")
    kept = [(text, text_of(paragraph)), (attribute, paragraph.get("title"))]
    for given_text, found in kept:
        assert found is not None
        assert len(found) == len(given_text)
        for wanted, got in zip(given_text, found, strict=True):
            assert got == wanted or not wanted.isprintable()


@pytest.mark.parametrize("character", UNWANTED)
def test_what_a_page_cannot_hold_is_shown_by_something_that_it_can(character: str) -> None:
    (paragraph,) = Page.of(page(f"a{character}b")).all("p")
    shown = text_of(paragraph)
    assert character not in shown
    assert (shown[0], len(shown), shown[2]) == ("a", 3, "b")


def test_children_and_attributes_that_are_none_are_left_out() -> None:
    made = element("td", "one", None, element("b", "two"), " three", class_=None, hidden=False, data_x=1.0)
    assert made.attrib == {"data-x": "1"}
    assert "".join(made.itertext()) == "onetwo three"


def test_a_true_attribute_has_no_value() -> None:
    assert element("input", disabled=True).attrib == {"disabled": ""}
