"""Text from outside as a person may see it: what does not show is spelled out.

Names, tags, plans, captures, arguments and the environment may be an attacker's. Printed as they are, control
characters would steer the terminal, bidirectional ones would reorder what stands beside them, and a line
break would begin a line that looks like ours. So what does not show is spelled as in a literal of Python's:
`\\x1b`, `\\n`, `\\u202e`; a byte of a name that is no UTF-8 as `\\xff`.

What does not show: what Unicode calls control, format, surrogate, private use or unassigned (categories C…),
its line and paragraph separators, and fillers. Names in every script stay readable: a joiner between two
characters that show, as in Persian, Hindi and many emoji, and one variation selector behind one, stay.

There are three measures: a name (`visible`), a line (`one_line`) and what is laid out in lines (`laid_out`).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from copy import copy
from enum import Enum
from typing import Any, Final, TypeVar
from unicodedata import category

T = TypeVar("T")

LINES: Final = {"lines": True}
"""The metadata of a report's field whose line breaks are ours."""

_ESCAPED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}

# The system's bytes that are no UTF-8, as Python has them in text (PEP 383).
_FIRST_BYTE, _LAST_BYTE, _BYTES = "\udc80", "\udcff", 0xDC00

# Default_Ignorable_Code_Point of DerivedCoreProperties.txt, as far as Unicode does not call them format
# characters: the grapheme joiner, Hangul's fillers and two vowels of Khmer.
_FILLERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_JOINERS: Final = frozenset("\u200c\u200d")
_SELECTORS: Final = frozenset(
    map(chr, (*range(0x180B, 0x180E), 0x180F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)

# Whatever needs a closer look. Printable ASCII does not.
_IN_NAME: Final = re.compile(r"\\|[^ -~]+")
_IN_LINE: Final = re.compile(r"[^ -~]+")
_IN_LAYOUT: Final = re.compile(r"[^\n -~]+")


def visible(name: str) -> str:
    """A name in one line. No two names look alike: a backslash of its own is doubled."""
    return _sub(_IN_NAME, name, spelled_out)


def one_line(text: str) -> str:
    """A sentence, with names in it or not, in one line."""
    return _sub(_IN_LINE, text, spelled_out)


def laid_out(text: str) -> str:
    """Lines: their breaks stay."""
    return _sub(_IN_LAYOUT, text, spelled_out)


def replace_hidden(text: str, replacement: Callable[[str], str]) -> str:
    """A text of which each character that does not show, but for line breaks, is replaced."""
    return _sub(_IN_LAYOUT, text, replacement)


def spelled_out(one: str) -> str:
    """A character as Python's literals have it."""
    code = ord(one)
    if one in _ESCAPED:
        return _ESCAPED[one]
    if _FIRST_BYTE <= one <= _LAST_BYTE:
        return f"\\x{code - _BYTES:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible_report(report: T) -> T:
    """A report as it is printed: every text in it is `visible`."""
    return map_texts(report, visible, laid_out)


def map_texts(value: T, change: Callable[[str], str], change_lines: Callable[[str], str] | None = None) -> T:
    """A value of dataclasses, mappings, sequences and sets with every text in it changed, keys too; fields
    with the metadata `LINES` by `change_lines`. Where nothing changes it is the very value.
    """
    changed = _mapped(value, change, change_lines or change)
    return value if changed == value else changed


def _mapped(value: Any, change: Callable[[str], str], change_lines: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return value if isinstance(value, Enum) else change(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        made = copy(value)
        for field in dataclasses.fields(value):
            how = change_lines if field.metadata.get("lines") else change
            # Reports are frozen; this copy is not a report yet.
            object.__setattr__(made, field.name, _mapped(getattr(value, field.name), how, change_lines))
        return made
    if isinstance(value, Mapping):
        return {
            _mapped(key, change, change_lines): _mapped(one, change, change_lines)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(_mapped(one, change, change_lines) for one in value)
    return value


def _sub(suspect: re.Pattern[str], text: str, replacement: Callable[[str], str]) -> str:
    return suspect.sub(lambda found: _replaced(found[0], replacement), text)


def _replaced(run: str, replacement: Callable[[str], str]) -> str:
    if run != "\\" and run.isprintable() and _FILLERS.isdisjoint(run) and _SELECTORS.isdisjoint(run):
        return run
    shown = []
    # What a joiner or a selector may follow: a character that shows, without or with a selector.
    is_base = is_selected = False
    for place, one in enumerate(run):
        if one in _SELECTORS and is_base:
            is_base, is_selected = False, True
        elif one in _JOINERS and (is_base or is_selected) and _shows(run[place + 1 : place + 2]):
            is_base = is_selected = False
        elif _shows(one):
            is_base, is_selected = not one.isspace(), False
        else:
            shown.append(replacement(one))
            is_base = is_selected = False
            continue
        shown.append(one)
    return "".join(shown)


def _shows(one: str) -> bool:
    """Whether a character has a glyph of its own, or is a space."""
    if one == "\\" or one in _FILLERS or one in _SELECTORS:
        return False
    return one.isprintable() if one.isascii() else one.isprintable() or category(one) == "Zs"
