"""Where ARM's JSON has what a resource type declares.

A type's fields, the types that are nested in it and those that only it can tell of: what decoding and
encoding both go by, gathered once per type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from vtaplib.control.arm.naming import OUTSIDE, default_path
from vtaplib.model import ids
from vtaplib.model.base import Block, Field, Model
from vtaplib.model.marks import INLINE, NOT_IN_ARM, Arm, OneOf
from vtaplib.model.resource import Resource, id_format_of, resource_kind
from vtaplib.resources import RESOURCE_TYPES

Steps = tuple[str, ...]
"""A path in JSON: names, `[]` (each element of a list), `[0]` (the only one), `*` (an object's names)."""

PLAIN = Arm()


def steps_of(path: str) -> Steps:
    """The steps of a path: `a.b[].c` is `("a", "b", "[]", "c")`."""
    return tuple(path.replace("[", ".[").split(".")) if path else ()


@dataclass(frozen=True, slots=True)
class ArmPath:
    """A field, and where it is in ARM's JSON."""

    field: Field
    steps: Steps
    arm: Arm


def arm_paths(model: type[Model]) -> Sequence[ArmPath]:
    """The fields that ARM's JSON has, in order. What an ID says is not among them, but for the name."""
    if model not in _places:
        _places[model] = tuple(_found(model))
    return _places[model]


_places: dict[type[Model], Sequence[ArmPath]] = {}


def _found(model: type[Model]) -> Iterator[ArmPath]:
    named = ids.placeholders(model.id_format)[:-1] if issubclass(model, Resource) else ()
    for field in model.fields().values():
        if field.name not in named and not field.has(NOT_IN_ARM) and not field.has(INLINE):
            yield ArmPath(field, _steps(model, field), field.arm or PLAIN)


def _steps(model: type[Model], field: Field) -> Steps:
    path = field.arm.path if field.arm else ""
    if path:
        return steps_of(path.format_map(model.arm_words) if "{" in path else path)
    if field.name == "id":
        return ("id",)
    inside = has_properties(model) and field.name not in OUTSIDE
    return (("properties",) if inside else ()) + steps_of(default_path(field))


def has_properties(model: type[Model]) -> bool:
    """Whether ARM has the model as a resource, or part of one, with an ID and properties."""
    return issubclass(model, Resource) or (issubclass(model, Block) and bool(model.id_segment))


def canonical_word(field: Field, value: Any) -> Any:
    """A word of a closed list as the list spells it; every other value as it is."""
    if isinstance(value, str):
        for constraint in (*field.constraints, *field.element_constraints):
            if isinstance(constraint, OneOf):
                return next((word for word in constraint.values if word.lower() == value.lower()), value)
    return value


def full_format(id_format: str, model: type[Model]) -> str:
    """An ID format in which the whole ID that may open it is written out."""
    opening = ids.placeholders(id_format)[0]
    field = model.fields().get(opening)
    if not id_format.startswith("{") or field is None or field.ref is None:
        return id_format
    owner = resource_kind(field.ref.kind)
    whole = full_format(id_format_of(field.ref.kind), owner)
    return whole + id_format.removeprefix("{" + opening + "}")


def arm_type_of(kind: type[Resource]) -> str:
    """The ARM type of a resource type; "" for one that ARM keeps in another's JSON."""
    if kind.arm_owner:
        return ""
    full = full_format(kind.id_format, kind)
    if "/providers/" in full:
        return ids.arm_type(full)
    return f"Microsoft.Resources/{full.rsplit('/', 2)[1]}"


def kinds_of(resource_id: str) -> Sequence[type[Resource]]:
    """The resource types that an ID may be of: that of a machine is of two."""
    return [kind for kind in _kinds(ids.arm_type(resource_id).lower()) if kind.parse_id(resource_id)]


@cache
def _kinds(arm_type: str) -> Sequence[type[Resource]]:
    """The resource types of an ARM type; those whose IDs tell none, for ""."""
    found_types = {
        kind: ids.arm_type(full_format(kind.id_format, kind)) for kind in RESOURCE_TYPES if arm_type_of(kind)
    }
    return [kind for kind, found in found_types.items() if found.lower() == arm_type]


@cache
def children_of(arm_type: str) -> Mapping[str, type[Resource]]:
    """The types that ARM nests in documents of a type, by the name of the list among the properties."""
    return {
        segment: kind
        for kind in RESOURCE_TYPES
        for above, _, segment in [arm_type_of(kind).rpartition("/")]
        if above.lower() == arm_type.lower() and "/" in above
    }


@dataclass(frozen=True, slots=True)
class Attachment:
    """A resource type that ARM does not have, and where it keeps what that says."""

    kind: type[Resource]
    owner_format: str
    place: ArmPath
    """The one field that is not in the owner's ID."""


@cache
def attachments_of(arm_type: str) -> Sequence[Attachment]:
    """The attachments that documents of a type, or parts of them, tell of."""
    return tuple(
        _attachment(kind)
        for kind in RESOURCE_TYPES
        if kind.arm_owner and ids.arm_type(full_format(kind.arm_owner, kind)).lower() == arm_type.lower()
    )


def _attachment(kind: type[Resource]) -> Attachment:
    named = ids.placeholders(kind.arm_owner)
    target = next(
        field for field in kind.fields().values() if field.name not in named and not field.has(NOT_IN_ARM)
    )
    return Attachment(kind, kind.arm_owner, ArmPath(target, _steps(kind, target), target.arm or PLAIN))
