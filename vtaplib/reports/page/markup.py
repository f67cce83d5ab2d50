"""HTML and SVG elements as values: text in them is text, whatever it holds, and what is opened is closed.

The serialiser is the standard library's, and escapes. What does not show, or turns the direction of text
round, gets a sign here: a control its picture, where Unicode has one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias
from xml.etree.ElementTree import Element, tostring

from vtaplib.visible_text import replace_hidden

Child: TypeAlias = "Element | str | None"
Attribute: TypeAlias = "str | int | float | bool | None"

_CONTROL_PICTURES: Final = 0x2400


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
            text = _shown(child)
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
    return _shown(str(value))


def _shown(text: str) -> str:
    return replace_hidden(text, _sign)


def _sign(hidden: str) -> str:
    if hidden == "\t":
        return hidden
    if hidden < " ":
        return chr(_CONTROL_PICTURES + ord(hidden))
    return "\N{SYMBOL FOR DELETE}" if hidden == "\x7f" else "\N{REPLACEMENT CHARACTER}"
