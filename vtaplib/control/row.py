"""Rows: what is stored of a resource, and the resource that is read from it.

A row may come from a file that somebody has edited, that a disk has damaged, or that another version of vtap
wrote. So no row is trusted: either it becomes a resource with everything that the row has, of which rules can
read every field, or it is an error. The rules themselves are not asked: a cloud that was written under other
rules can still be read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import inf, isfinite
from operator import contains
from types import NoneType
from typing import Any, Final, NamedTuple, NoReturn

from vtaplib.control.service_defaults import empty
from vtaplib.control.store import Row
from vtaplib.errors import VtapError
from vtaplib.model import ids
from vtaplib.model.base import Field, Model, Shape
from vtaplib.model.frozen import FrozenDict
from vtaplib.model.marks import DERIVED, INLINE, SENSITIVE, WRITE_ONLY
from vtaplib.model.resource import Resource
from vtaplib.model.validation import may_be_absent, structure_problems
from vtaplib.model.violation import Path, dotted
from vtaplib.resources import RESOURCE_TYPES

KINDS: Final = {kind.__name__: kind for kind in RESOURCE_TYPES}
"""The types that a row may be of, by the names that rows have for them."""
NOT_STORED: Final = (DERIVED, SENSITIVE, WRITE_ONLY, INLINE)
"""Marks of fields that no row has."""
FORMS: Final = {name: ids.globs(kind.id_format) for name, kind in KINDS.items()}
"""What the keys of each type look like, as patterns for `Store.stray`."""


class RowError(VtapError):
    """A row from which no resource can be read. The message is a clause that says what is wrong with it."""


def to_body(resource: Resource) -> str:
    """What a row has of a resource besides its key and its type."""
    return json.dumps(stored_values(resource), separators=(",", ":"), ensure_ascii=False)


def stored_values(resource: Resource) -> Mapping[str, Any]:
    """Plain values as they are stored: nothing secret, only sent, derived or null."""
    fields = resource.fields()
    return {
        name: _without_secrets(fields[name], value)
        for name, value in resource.values().items()
        if value is not None and not any(map(fields[name].has, NOT_STORED))
    }


def _without_secrets(field: Field, value: Any) -> Any:
    """A plain value with what is secret inside its blocks blank: a block stays whole."""
    if field.block is None:
        return value
    inner = field.block.fields()
    return [
        {name: _blank_if_secret(inner[name], one) for name, one in block.items()} for block in value or ()
    ]


def _blank_if_secret(field: Field, value: Any) -> Any:
    return empty(field) if value and field.has(SENSITIVE) else _without_secrets(field, value)


@lru_cache(maxsize=4096)
def cached_resource(row: Row) -> Resource:
    """As `to_resource`. Rules read the same rows over and over; no resource can change, so each is shared."""
    return to_resource(row)


def to_resource(row: Row) -> Resource:
    """The resource that a row holds. Raises RowError if it holds none, or one with another key."""
    key, kind_name, body = row
    kind = KINDS.get(kind_name)
    if kind is None:
        raise RowError(kind_problem(kind_name))
    values = _parsed(body)
    resource = kind.from_values(values)
    if not _fits(resource, values):
        for problem in _problems(kind, resource, values):
            raise RowError(problem)
    if ids.key(resource.id) != key:
        raise RowError(f"its contents are those of {resource.id}")
    return resource


def kind_problem(kind_name: str) -> str:
    """What is wrong with a row whose type is unknown, or not the one that its ID says."""
    if kind_name in KINDS:
        return f"its type is {kind_name}, but its ID is not that of one"
    return f"its type is {kind_name!r}, which this vtap does not know"


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        values = _DECODER.decode(body.decode())
        if b"\\" in body:  # a lone surrogate, which is not text, can only be written with one
            json.dumps(values, ensure_ascii=False).encode()
    except UnicodeError as error:
        raise RowError(f"its contents are not Unicode text: {error}") from error
    except (ValueError, RecursionError) as error:
        raise RowError(f"its contents are not JSON: {error}") from error
    if not isinstance(values, dict):
        raise RowError(f"its contents are not a JSON object: {body[:40].decode(errors='replace')}")
    return values


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"JSON has no number {name}")


def _finite(text: str) -> float:
    if not isfinite(number := float(text)):
        raise ValueError(f"the number {text} is too large")
    return number


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


def _problems(kind: type[Resource], resource: Resource, values: Mapping[str, Any]) -> Iterator[str]:
    """Why a resource is not all that the plain values say, or cannot be read by rules."""
    for path, problem in structure_problems(resource):
        yield f"{dotted(path)} {problem}"
    for path in _left_out(kind, values):
        yield f"it has a field {dotted(path)}, which this vtap does not know"


def _left_out(model: type[Model], values: Mapping[str, Any]) -> Iterator[Path]:
    """The paths of what a model does not take of plain values."""
    layout = _layout(model)
    for name in sorted(values.keys() - layout.names):
        yield (name,)
    for name, field, *_ in layout.nested:
        plain = values.get(name)
        if field.block is None or not isinstance(plain, list):
            continue
        for position, one in enumerate(plain):
            found = _left_out(field.block, one) if isinstance(one, dict) else [()]
            yield from ((name, position, *path) for path in found)


# Nearly every row is in order, and to go through all the rules of every field takes longer than to decode it.
# What follows is quick to say so, and never says so wrongly.


class Nested(NamedTuple):
    """A field whose values hold others."""

    name: str
    field: Field
    fewest: int
    most: float
    types: frozenset[type]
    """The types of what a value holds."""


class Layout(NamedTuple):
    """What plain values of a type may have, and what a model made of them holds if it is sound."""

    names: frozenset[str]
    types: Sequence[frozenset[type]]
    """The types of the values of each field, in order."""
    nested: Sequence[Nested]


_layouts: dict[type[Model], Layout] = {}


def _layout(model: type[Model]) -> Layout:
    if (known := _layouts.get(model)) is not None:
        return known
    fields = model.fields()
    left_out = NOT_STORED if issubclass(model, Resource) else ()
    _layouts[model] = Layout(
        names=frozenset(name for name, field in fields.items() if not any(map(field.has, left_out))),
        types=tuple(map(_types_of, fields.values())),
        nested=tuple(_nested(field) for field in fields.values() if field.shape is not Shape.SCALAR),
    )
    return _layouts[model]


def _types_of(field: Field) -> frozenset[type]:
    match field.shape:
        case Shape.LIST | Shape.BLOCKS:
            own: set[type] = {tuple}
        case Shape.MAP:
            own = {FrozenDict}
        case _:
            own = {field.block or field.scalar}
    return frozenset(own | {int} if field.scalar is float else own) | (
        {NoneType} if may_be_absent(field) else set()
    )


def _nested(field: Field) -> Nested:
    items = field.items
    fewest = max(items.minimum, items.minimum_if_set if field.block is None else 0)
    types = _types_of(field) if field.shape is Shape.BLOCK else frozenset({field.block or field.scalar})
    return Nested(field.name, field, fewest, inf if items.maximum is None else items.maximum, types)


def _fits(model: Model, values: Mapping[str, Any]) -> bool:
    """Whether a model that was made of plain values is surely sound, and has all that they have."""
    layout, state = _layout(type(model)), model.__dict__
    if not (values.keys() <= layout.names and all(map(contains, layout.types, map(type, state.values())))):
        return False
    for name, field, fewest, most, types in layout.nested:
        value = state[name]
        if value is None or not (value or fewest):
            if values.get(name):
                return False
            continue
        inside = value.values() if field.shape is Shape.MAP else value if type(value) is tuple else (value,)
        if not (fewest <= len(inside) <= most and types.issuperset(map(type, inside))):
            return False
        if field.block is not None:
            plain = values.get(name, ())
            if len(plain) != len(inside) or not all(map(_fits, inside, plain)):
                return False
    return True
