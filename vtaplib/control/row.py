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
from math import isfinite
from typing import Any, Final, NoReturn

from vtaplib.control.backends.backend import KeyForms, Row
from vtaplib.control.service_defaults import empty
from vtaplib.errors import VtapError
from vtaplib.model import ids
from vtaplib.model.base import Block, Field, Model
from vtaplib.model.layout import is_surely_sound
from vtaplib.model.marks import DERIVED, INLINE, SENSITIVE, WRITE_ONLY
from vtaplib.model.resource import Resource
from vtaplib.model.validation import structure_problems
from vtaplib.model.violation import Path, dotted
from vtaplib.resources import RESOURCE_TYPES

KINDS: Final = {kind.__name__: kind for kind in RESOURCE_TYPES}
"""The types that a row may be of, by the names that rows have for them."""
NOT_STORED: Final = (DERIVED, SENSITIVE, WRITE_ONLY, INLINE)
"""Marks of fields that no row has."""
FORMS: Final[KeyForms] = {name: ids.globs(kind.id_format) for name, kind in KINDS.items()}
"""What the keys of each type look like, as patterns for `CloudBackend.stray`."""


class RowError(VtapError):
    """A row from which no resource can be read. The message is a clause that says what is wrong with it."""


def to_body(values: Mapping[str, Any]) -> str:
    """What a row has of a resource besides its key and its type, of its stored values."""
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)


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
    if not is_surely_sound(resource):
        for path, problem in structure_problems(resource):
            raise RowError(f"{dotted(path)} {problem}")
    for path in _left_out(kind, values):
        raise RowError(f"it has a field {dotted(path)}, which this vtap does not know")
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


def _left_out(model: type[Model], values: Mapping[str, Any]) -> Iterator[Path]:
    """The paths of what a model does not take of plain values."""
    names, blocks = _stored_fields(model)
    for name in sorted(values.keys() - names):
        yield (name,)
    for name, block in blocks:
        for position, one in enumerate(values.get(name) or ()):
            yield from ((name, position, *path) for path in _left_out(block, one))


StoredFields = tuple[frozenset[str], Sequence[tuple[str, type[Block]]]]
"""The names of what a row may have of a model, and those of them that hold nested blocks."""
_known_fields: dict[type[Model], StoredFields] = {}


def _stored_fields(model: type[Model]) -> StoredFields:
    if model not in _known_fields:
        left_out = NOT_STORED if issubclass(model, Resource) else ()
        fields = [one for one in model.fields().values() if not any(map(one.has, left_out))]
        blocks = [(one.name, one.block) for one in fields if one.block is not None]
        _known_fields[model] = frozenset(one.name for one in fields), blocks
    return _known_fields[model]
