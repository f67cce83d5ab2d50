"""HTML and SVG elements as values: text in them is text, whatever it holds, and what is opened is closed.

The serialiser is the standard library's, and escapes. What no page may hold at all, controls and what turns
the direction of text round, is made visible here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias
from xml.etree.ElementTree import Element, tostring

Child: TypeAlias = "Element | str | None"
Attribute: TypeAlias = "str | int | float | bool | None"

_CONTROL_PICTURES: Final = 0x2400
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"

# Tabs and line feeds are white space. Other controls get their pictures, where Unicode has one; surrogates,
# noncharacters and bidirectional controls (Unicode, chapter 23) have none.
_VISIBLE: Final[dict[int, int | str]] = {
    **{code: _CONTROL_PICTURES + code for code in range(0x20) if chr(code) not in "\t\n"},
    0x7F: "\N{SYMBOL FOR DELETE}",
    **dict.fromkeys(
        (
            *range(0x80, 0xA0),
            *range(0x202A, 0x202F),
            *range(0x2066, 0x206A),
            *range(0xD800, 0xE000),
            *range(0xFDD0, 0xFDF0),
            *(plane << 16 | code for plane in range(17) for code in (0xFFFE, 0xFFFF)),
        ),
        _REPLACEMENT,
    ),
}


def element(tag: str, *children: Child, **attributes: Attribute) -> Element:
    """An element. None among the children or as an attribute is left out; True is an attribute without value.

    An underscore in an attribute's name stands for a hyphen, and one at its end for nothing: `class_`.
    """
    made = Element(tag)
    for name, value in attributes.items():
        if value is not None and value is not False:
            made.set(name.rstrip("_").replace("_", "-"), "" if value is True else _text(value))
    extend(made, children)
    return made


def extend(parent: Element, children: Iterable[Child]) -> Element:
    """Put children at the end of an element; returns it."""
    for child in children:
        if isinstance(child, Element):
            parent.append(child)
        elif child is not None:
            text = child.translate(_VISIBLE)
            if len(parent):
                parent[-1].tail = (parent[-1].tail or "") + text
            else:
                parent.text = (parent.text or "") + text
    return parent


def to_html(root: Element) -> str:
    """A page, from the element `html`."""
    return "<!DOCTYPE html>\n" + tostring(root, encoding="unicode", method="html") + "\n"


def _text(value: str | float) -> str:
    """An attribute's value; coordinates with a digit after the point, which is finer than a screen."""
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return str(value).translate(_VISIBLE)
