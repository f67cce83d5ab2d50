"""The documentation of fields: the docstring under each, read from the source when somebody asks for it."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Mapping
from functools import cache

from vtaplib.model.base import Model
from vtaplib.model.excerpt import Excerpt

_METHODS = ("    def ", "    @")


def field_descriptions(cls: type[Model]) -> Mapping[str, str]:
    """The text under each field of a model, bases included; empty where the source is not at hand."""
    found: dict[str, str] = {}
    if issubclass(cls, Excerpt) and cls.shows:
        found.update(field_descriptions(cls.of))
    for base in reversed(cls.__mro__):
        if issubclass(base, Model) and base is not Model:
            found.update(class_descriptions(base))
    return found


def class_descriptions(cls: type) -> Mapping[str, str]:
    """The text under each field that a class declares itself; empty where the source is not at hand."""
    return _in_module(cls.__module__).get(cls.__qualname__, {})


@cache
def _in_module(name: str) -> Mapping[str, Mapping[str, str]]:
    module = importlib.import_module(name)
    try:
        source = inspect.getsource(module)
    except OSError:
        return {}
    tree = ast.parse(_declarations(source))
    return {node.name: _in_class(node) for node in tree.body if isinstance(node, ast.ClassDef)}


def _declarations(source: str) -> str:
    """The classes of a module without what comes after their fields: most of a module, and slow to parse."""
    kept: list[str] = []
    inside = False
    for line in source.splitlines():
        if line.startswith("class "):
            inside = True
        elif (line and not line.startswith((" ", ")"))) or line.startswith(_METHODS):
            inside = False
        if inside:
            kept.append(line)
    return "\n".join(kept)


def _in_class(node: ast.ClassDef) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for field, text in zip(node.body, node.body[1:], strict=False):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if (
            isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            found[field.target.id] = " ".join(text.value.value.split())
    return found
