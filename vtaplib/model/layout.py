"""The layout of models: what one holds that is sound, to tell quickly that it is.

Nearly every resource is, and to go through all the rules of every field takes longer than to make one. What
is here is quick to say so, and never says so wrongly. What is wrong is for `structure_problems` to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite
from operator import contains
from types import NoneType
from typing import NamedTuple

from vtaplib.model.base import Field, Model, Shape
from vtaplib.model.frozen import FrozenDict
from vtaplib.model.marks import ASSIGNED, DERIVED, OPTIONAL_ASSIGNED


class Nested(NamedTuple):
    """A field whose values hold others."""

    name: str
    shape: Shape
    has_blocks: bool
    fewest: int
    most: float
    types: frozenset[type]
    """The types of what a value holds."""


class Layout(NamedTuple):
    """What a sound model of a type holds."""

    names: tuple[str, ...]
    types: Sequence[frozenset[type]]
    """The types of the values of each field, in order."""
    nested: Sequence[Nested]


def is_surely_sound(model: Model) -> bool:
    """Whether a model is sound, as far as that can be told quickly."""
    layout, state = _layout(type(model)), model.__dict__
    values = state.values()
    if tuple(state) != layout.names or not all(map(contains, layout.types, map(type, values))):
        return False
    if not all(map(_is_plain, values)):
        return False
    for name, shape, has_blocks, fewest, most, types in layout.nested:
        value = state[name]
        if value is None or not (value or fewest):
            continue
        inside = value.values() if shape is Shape.MAP else value if type(value) is tuple else (value,)
        if not (fewest <= len(inside) <= most and types.issuperset(map(type, inside))):
            return False
        if shape is Shape.MAP and not all(type(key) is str and key.isascii() for key in value):
            return False
        if not all(map(is_surely_sound if has_blocks else _is_plain, inside)):
            return False
    return True


def _is_plain(value: object) -> bool:
    """Whether a single value surely is one that JSON can say in Unicode."""
    if type(value) is str:
        return value.isascii()
    return isfinite(value) if type(value) is float else True


def may_be_absent(field: Field) -> bool:
    """Whether a field may be None, be it that the service has yet to give it a value."""
    return field.nullable or any(map(field.has, (ASSIGNED, OPTIONAL_ASSIGNED, DERIVED)))


_layouts: dict[type[Model], Layout] = {}


def _layout(model: type[Model]) -> Layout:
    if (known := _layouts.get(model)) is not None:
        return known
    fields = model.fields()
    made = _layouts[model] = Layout(
        names=tuple(fields),
        types=tuple(map(_types_of, fields.values())),
        nested=tuple(_nested(field) for field in fields.values() if field.shape is not Shape.SCALAR),
    )
    return made


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
    items, has_blocks = field.items, field.block is not None
    fewest = max(items.minimum, 0 if has_blocks else items.minimum_if_set)
    types = _types_of(field) if field.shape is Shape.BLOCK else frozenset({field.block or field.scalar})
    most = inf if items.maximum is None else items.maximum
    return Nested(field.name, field.shape, has_blocks, fewest, most, types)
