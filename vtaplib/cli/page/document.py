"""What every page has around it: title, style, a way past the navigation, and a rule that nothing is loaded.

The rule is the page's content security policy: no script runs and no request is made, whatever is in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final
from xml.etree.ElementTree import Element

from vtaplib.capture.feed import EarlyEnd, SkippedEntry
from vtaplib.reports.number import counted
from vtaplib.reports.page.markup import Child, element, to_html
from vtaplib.version import __version__

_SECURITY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a page: `anchor` is its name in addresses, `children` what is below its heading."""

    anchor: str
    heading: str
    children: tuple[Child, ...]


def page(title: str, headline: Sequence[Child], sections: Sequence[Section]) -> str:
    """A whole page. `headline` stands below the title."""
    style = files("vtaplib.reports.page").joinpath("style.css").read_text(encoding="utf-8")
    links = (element("li", element("a", one.heading, href=f"#{one.anchor}")) for one in sections)
    return to_html(
        element(
            "html",
            element(
                "head",
                element("meta", charset="utf-8"),
                _meta("Content-Security-Policy", _SECURITY),
                element("meta", name="viewport", content="width=device-width, initial-scale=1"),
                element("meta", name="color-scheme", content="light dark"),
                element("meta", name="generator", content=f"vtap {__version__}"),
                element("title", title),
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
                    element("h1", title),
                    *headline,
                    element("nav", element("ul", *links), aria_label="Sections"),
                ),
                element("main", *map(_section, sections), id="content"),
                element(
                    "footer",
                    element(
                        "p", f"Made by vtap {__version__}. Nothing on this page is loaded from elsewhere."
                    ),
                ),
            ),
            lang="en",
        )
    )


def figures(*shown: tuple[str, str, str]) -> Element:
    """Figures that are seen first: for each its name, the figure, and what it is of."""
    return element(
        "dl",
        *(
            element(
                "div",
                element("dt", name),
                element("dd", element("strong", figure), element("span", of) if of else None),
            )
            for name, figure, of in shown
        ),
        class_="figures",
    )


def notice(*children: Child) -> Element:
    """What a reader must not miss."""
    return element("p", *children, class_="notice", role="note")


def ending(end: EarlyEnd | None, skipped: Iterable[SkippedEntry]) -> Iterator[Element]:
    """What of a capture could not be read."""
    if end is not None:
        what = "is cut off" if end.kind == "cut" else "is damaged"
        yield notice(f"The capture {what}: {end.trouble}. What comes before it was read.")
    for one in skipped:
        yield notice(
            f"{counted(one.packets, 'packet')} of link type {one.link_type} left out: not Ethernet, and not "
            "counted below."
        )


def listed(texts: Iterable[str]) -> Iterator[Element]:
    """Sentences without their full stops as a list, if there are any."""
    items = [element("li", f"{text}.") for text in texts]
    if items:
        yield element("ul", *items, class_="listed")


def note(*children: Child) -> Element:
    """What explains."""
    return element("p", *children, class_="note")


def _section(section: Section) -> Element:
    heading = f"{section.anchor}-heading"
    return element(
        "section",
        element("h2", section.heading, id=heading),
        *section.children,
        id=section.anchor,
        aria_labelledby=heading,
    )


def _meta(name: str, content: str) -> Element:
    return element("meta", http_equiv=name, content=content)
