"""How messages call values and their types: in words of JSON and of Terraform's language, not of Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from vtaplib.model.unknown import UNKNOWN

TYPE_WORDS: Final[Mapping[type, str]] = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}
"""The types of single values, as they follow "is not"."""

_LONGEST: Final = 200
"""Characters of a value that a message shows."""
_LARGEST: Final = 10**_LONGEST
"""Python refuses to write out the largest numbers that it can hold."""


def shown(value: Any) -> str:
    """A value as a message shows it, cut where it is long. What cannot be printed is escaped."""
    text = _text(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _text(value: Any) -> str:
    if value is UNKNOWN:
        return "(known after apply)"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST else value[:_LONGEST])
    if isinstance(value, int):
        return str(value) if abs(value) < _LARGEST else f"a number of more than {_LONGEST} digits"
    if isinstance(value, float):
        return f"{value:g}" if value.is_integer() else str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(name)}: {_text(one)}" for name, one in _first(value.items())) + "}"
    if isinstance(value, list | tuple | set | frozenset):
        return "[" + ", ".join(map(_text, _first(value))) + "]"
    return "a block"


def _first(values: Any) -> list[Any]:
    """As many elements as a message can show."""
    return [one for one, _ in zip(values, range(_LONGEST), strict=False)]
