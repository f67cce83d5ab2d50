"""A whole page: title, style, a way past the navigation, and a rule that nothing is loaded.

The rule is the page's content security policy: no request is made, and no script runs but the page's own,
which is named by its hash, whatever else is in the page. Without that script the page is still whole.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from typing import Final
from xml.etree.ElementTree import Element

from vtaplib.errors import require_type
from vtaplib.reports.document import Document, Paragraph, Role
from vtaplib.reports.page.elements import children, html_of, listed
from vtaplib.reports.page.markup import element, to_html
from vtaplib.version import __version__

_SECURITY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)


def html_page(document: Document) -> str:
    """A document as the text of one HTML file."""
    require_type("a document", document, Document, "make one of a report, such as replay_document(report)")
    style, script = map(_own, ("style.css", "tables.js"))
    script_hash = b64encode(sha256(script.encode()).digest()).decode()
    sections = list(_sections(document))
    links = (element("li", element("a", text, href=f"#{anchor}")) for anchor, text, _ in sections)
    return to_html(
        element(
            "html",
            element(
                "head",
                element("meta", charset="utf-8"),
                _meta("Content-Security-Policy", _SECURITY.format(script_hash)),
                element("meta", name="viewport", content="width=device-width, initial-scale=1"),
                element("meta", name="color-scheme", content="light dark"),
                element("meta", name="generator", content=f"vtap {__version__}"),
                element("title", document.title),
                # A browser would ask for an icon otherwise.
                element("link", rel="icon", href="data:,"),
                element("style", style),
            ),
            element(
                "body",
                element("a", "To the content", href="#content", class_="skip"),
                element(
                    "header",
                    element("p", "vtap", class_="brand"),
                    element("h1", document.title),
                    element("p", *children(document.lead), class_="lead") if document.lead else None,
                    *map(_notice, document.notices),
                    element("nav", element("ul", *links), aria_label="Sections"),
                ),
                element("main", *(_section(*one) for one in sections), id="content"),
                element(
                    "footer",
                    element(
                        "p", f"Made by vtap {__version__}. Nothing on this page is loaded from elsewhere."
                    ),
                ),
                element("script", script),
            ),
            lang="en",
        )
    )


def _own(name: str) -> str:
    """A file of this package that stands in every page."""
    return files("vtaplib.reports.page").joinpath(name).read_text(encoding="utf-8")


def _sections(document: Document) -> Iterator[tuple[str, str, list[Element]]]:
    """Anchor, heading and content of each section that has any; warnings come after the first."""
    sections = [
        (one.anchor, one.heading, [made for shown in one.elements for made in html_of(shown)])
        for one in document.sections
    ]
    if document.warnings:
        sections.insert(1, ("warnings", "Warnings", [listed(document.warning_sentences)]))
    return (one for one in sections if one[2])


def _notice(one: Paragraph) -> Element:
    """What a reader must not miss."""
    if one.role is Role.GOOD:
        return element("p", *children(one.words), class_="lead")
    return element("p", *children(one.words), class_="notice", role="note")


def _section(anchor: str, heading: str, content: list[Element]) -> Element:
    heading_id = f"{anchor}-heading"
    return element(
        "section",
        element("h2", heading, id=heading_id),
        *content,
        id=anchor,
        aria_labelledby=heading_id,
    )


def _meta(name: str, content: str) -> Element:
    return element("meta", http_equiv=name, content=content)
