"""Pages as another program reads them: parsed by the HTML standard's rules, every parse error an error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import html5lib


@dataclass(frozen=True)
class Page:
    """A parsed page."""

    root: Element

    @classmethod
    def of(cls, text: str) -> Page:
        """The page in a text. html5lib raises for whatever the standard calls a parse error."""
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        return cls(parser.parse(text))

    def all(self, *tags: str) -> Iterator[Element]:
        """The elements with one of these names, SVG's among them, in order."""
        for one in self.root.iter():
            if one.tag.rpartition("}")[2] in tags:
                yield one

    def section(self, anchor: str) -> Page:
        """The section with this anchor."""
        (found,) = [one for one in self.all("section") if one.get("id") == anchor]
        return Page(found)

    def rows(self, caption: str) -> list[list[str]]:
        """The rows of the table with this caption, headings left out, as texts."""
        (found,) = [one for one in self.all("table") if text_of(one.find("caption")) == caption]
        return [[text_of(cell) for cell in row] for row in found.findall("tbody/tr")]

    @property
    def captions(self) -> list[str]:
        """The captions of all tables."""
        return [text_of(one) for one in self.all("caption")]

    @property
    def attributes(self) -> Iterator[tuple[str, str]]:
        """Every attribute of every element."""
        for one in self.root.iter():
            yield from one.items()

    @property
    def text(self) -> str:
        """All text but style and script; what stands in one sentence is one text."""
        return " ".join(_texts(self.root))


def text_of(element: Element | None) -> str:
    """The text in an element and all that it holds."""
    assert element is not None
    return "".join(element.itertext())


def _texts(element: Element) -> Iterator[str]:
    if element.tag in ("style", "script"):
        return
    own = (element.text, *(child.tail for child in element))
    if any(text and not text.isspace() for text in own):
        yield text_of(element)
        return
    for child in element:
        yield from _texts(child)
