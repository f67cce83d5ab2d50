"""The pages of the Python API: what each package gives, with signatures, from the docstrings.

Names come from the package's own list, texts from where they stand in the code: a page cannot say something
else.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from types import ModuleType
from typing import Final

from provider_shim.types import RESOURCE_TYPES
from vtaplib.model.base import Block
from vtaplib.model.documentation import class_descriptions

TOP: Final = importlib.import_module("vtaplib")
PACKAGES: Final = (
    "vtaplib.errors",
    "vtaplib.resources",
    "vtaplib.model",
    "vtaplib.control",
    "vtaplib.analysis",
    "vtaplib.loading",
    "vtaplib.reports",
    "vtaplib.fabric",
    "vtaplib.mirror",
    "vtaplib.capture",
    "vtaplib.collector",
    "vtaplib.collector.broker",
    "vtaplib.testing",
)

ADDRESS: Final = re.compile(r" at 0x[0-9a-f]+")
PAGES: Final = {kind: name for name, kind in RESOURCE_TYPES.items()}
"""The page of a resource type, which tells of its fields."""


def api_pages() -> dict[str, Iterator[str]]:
    """The index and a page per package, by path."""
    return {"api/README.md": _index(), **{f"api/{name}.md": _page(name) for name in PACKAGES}}


def _index() -> Iterator[str]:
    yield from ("# Python API", "", "What each package of vtap gives. All else is internal, and may change.")
    yield from ("", "## `vtaplib`", "", *_text(TOP), "")
    for one in _names(TOP):
        value = getattr(TOP, one)
        home = next(name for name in PACKAGES if one in importlib.import_module(name).__all__)
        yield f"- [`{one}`]({home}.md#{one.lower()}): {_sentence(value)}"
    for name in PACKAGES:
        package = importlib.import_module(name)
        yield from ("", f"## [`{name}`]({name}.md)", "", *_paragraphs(package)[:1], "")
        yield ", ".join(f"[`{one}`]({name}.md#{one.lower()})" for one in _names(package))


def _page(name: str) -> Iterator[str]:
    package = importlib.import_module(name)
    yield from (f"# `{name}`", "", *_text(package))
    for one in _names(package):
        yield from ("", f"## `{one}`", "", *_entry(name, one, getattr(package, one)))


def _names(package: ModuleType) -> list[str]:
    return [one for one in package.__all__ if not one.startswith("__")]


def _entry(package: str, name: str, value: object) -> Iterator[str]:
    if not (inspect.isclass(value) or inspect.isroutine(value)):
        yield _constant(name, value)
        return
    home = "vtaplib" if name in TOP.__all__ else package
    call = () if inspect.isclass(value) and issubclass(value, Enum) else ("", _signature(name, value))
    yield from ("```python", f"from {home} import {name}", *call, "```", "")
    yield from _text(value)
    if not inspect.isclass(value):
        return
    if value in PAGES:
        yield from ("", f"Its fields: [`{PAGES[value]}`](../resources/{PAGES[value]}.md).")
        return
    if issubclass(value, Block):
        return
    if issubclass(value, Enum):
        yield from ("", *(f"- `{member.name}`: {member.value}" for member in value))
        return
    fields = class_descriptions(value)
    if fields:
        yield from ("", *(f"- `{field}`: {text}" for field, text in fields.items()))
    yield from _members(value)


def _members(cls: type) -> Iterator[str]:
    """The public methods and properties that a class declares itself."""
    for name, member in vars(cls).items():
        inner = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        if name.startswith("_") or not (inspect.isroutine(inner) or isinstance(inner, property)):
            continue
        what = f"`{name}`" if isinstance(inner, property) else f"`{_signature(name, inner)}`"
        yield from ("", f"### {what}", "", *_text(inner))


def _signature(name: str, value: object) -> str:
    """A call as it is written, on one line if it is short."""
    try:
        signature = inspect.signature(value)  # type: ignore[arg-type]  # what is no callable raises
    except (TypeError, ValueError):
        return name
    kept = [one for one in signature.parameters.values() if one.name not in ("self", "cls")]
    if inspect.isclass(value):
        signature = signature.replace(return_annotation=inspect.Signature.empty)
    shown = f"{name}{signature.replace(parameters=kept)}"
    return ADDRESS.sub("", re.sub(r"(?<=: )'([^']*)'|(?<=-> )'([^']*)'", r"\1\2", shown))


def _constant(name: str, value: object) -> str:
    """A name that is neither class nor function: its value, or what kind of thing it is."""
    if isinstance(value, int | str):
        return f"`{name} = {value!r}`"
    return f"A `{type(value).__name__}`{_number(value)}."


def _number(value: object) -> str:
    return f" of {len(value)}" if isinstance(value, tuple) else ""


def _text(value: object) -> Iterator[str]:
    for position, paragraph in enumerate(_paragraphs(value)):
        yield from (("",) if position else ())
        yield paragraph


def _sentence(value: object) -> str:
    """The first sentence of a docstring."""
    first = " ".join(_paragraphs(value)[0].split())
    return re.split(r"(?<=\.) (?=[A-Z`])", first)[0]


def _paragraphs(value: object) -> list[str]:
    """The paragraphs of a docstring. One whose lines are code stays as it is, between fences."""
    paragraphs = (inspect.getdoc(value) or "").split("\n\n")
    return [f"```python\n{one}\n```" if _is_code(one) else one for one in paragraphs]


def _is_code(paragraph: str) -> bool:
    try:
        return any(isinstance(node, ast.Assign) for node in ast.parse(paragraph).body)
    except SyntaxError:
        return False
