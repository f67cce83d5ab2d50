"""What the service makes of a resource that it is given: canonical values, and the values that it assigns."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from vtaplib.control import inline
from vtaplib.model import ids
from vtaplib.model.base import Field, Model, Shape
from vtaplib.model.marks import ASSIGNED, DERIVED, INLINE, OPTIONAL_ASSIGNED, UNORDERED
from vtaplib.model.resource import Assignment, Resource
from vtaplib.model.unknown import UNKNOWN, Undecided
from vtaplib.model.view import View
from vtaplib.model.violation import Path

M = TypeVar("M", bound=Model)
R = TypeVar("R", bound=Resource)
Fields = tuple[tuple[str, Field], ...]


def canonical(model: M, *, compared: bool = False) -> M:
    """The model with every value in the form that is stored. `compared`: in the form in which equal means the
    same, where that is another.
    """
    changes: dict[str, Any] = {}
    for name, field in _marked(type(model)).formed:
        if not model.knows(name):
            continue
        value = getattr(model, name)
        if value is not None:
            made = _canonical_value(field, value, compared=compared)
            if made is not value:
                changes[name] = made
    return model.replace(**changes) if changes else model


def _canonical_value(field: Field, value: Any, *, compared: bool) -> Any:
    if field.block is not None:
        blocks = (value,) if field.shape is Shape.BLOCK else tuple(value)
        made = tuple(canonical(block, compared=compared) for block in blocks)
        if field.has(UNORDERED):
            made = tuple(sorted(made, key=repr))
        return made[0] if field.shape is Shape.BLOCK else made
    form = field.canonical.form if field.canonical else None
    if field.canonical and field.canonical.keeps_spelling and not compared:
        form = None
    if field.shape is Shape.LIST:
        elements = tuple(map(form, value)) if form else value
        return tuple(sorted(set(elements))) if field.has(UNORDERED) else elements
    return form(value) if form and field.shape is not Shape.MAP else value


def named_as(resource: R, before: R) -> R:
    """The resource with the names in its ID cased as when it was created."""
    names = ids.placeholders(resource.id_format)
    return resource.replace(**{name: getattr(before, name) for name in names})


def assign(resource: R, view: View, before: R | None) -> R:
    """The resource with what the service gives it; what depends on something unknown is unknown."""
    blank = _kept(_left_out(_blank(resource)), before)
    made, done = blank, set[Path]()
    try:
        for assignment in blank.assign(view, before):
            made = apply(made, (assignment,))
            done.add(assignment[0])
    except Undecided:
        # What the service gives depends on something unknown: what it would have given from here on too.
        made = _rest_unknown(made, done)
    return _emptied(made)


def derive(resource: R, view: View) -> R:
    """The resource with what is computed at a read."""
    whole: R = inline.gathered(resource, view, derive)
    return apply(whole, resource.derive(view))


def apply(resource: R, assignments: Iterable[Assignment]) -> R:
    """The resource with some assignments made, in order."""
    for path, give in assignments:
        try:
            value = give(resource)
        except Undecided:
            value = UNKNOWN
        with suppress(Undecided):  # the part of a block that is not known is not known either
            resource = with_value(resource, path, value)
    return resource


def unknown_where_they_differ(one: R, other: R) -> R:
    """A resource of which two views are held, with what they agree on."""
    return one.replace(
        **{
            name: UNKNOWN
            for name in one.fields()
            if one.knows(name) and (not other.knows(name) or getattr(one, name) != getattr(other, name))
        }
    )


def with_value(model: M, path: Path, value: Any) -> M:
    """The model with the value at a path replaced."""
    name, *rest = path
    assert isinstance(name, str)
    if not rest:
        return model.replace(**{name: value})
    current = getattr(model, name)
    position, *inner = rest
    if isinstance(current, Model):
        return model.replace(**{name: with_value(current, tuple(inner), value)})
    blocks = list(current)
    assert isinstance(position, int)
    blocks[position] = with_value(blocks[position], tuple(inner), value)
    return model.replace(**{name: blocks})


def _rest_unknown(model: M, done: Container[Path], at: Path = ()) -> M:
    """The model with what the service may give unknown, but for the paths where it is already done."""
    changes: dict[str, Any] = {}
    for name, field in model.fields().items():
        if not model.knows(name):
            continue
        value = getattr(model, name)
        if field.has(ASSIGNED) or (field.has(OPTIONAL_ASSIGNED) and value is None and not field.has(INLINE)):
            if (*at, name) not in done:
                changes[name] = UNKNOWN
        elif field.block is not None and value is not None:
            blocks = (value,) if field.shape is Shape.BLOCK else value
            made = [_rest_unknown(block, done, (*at, name, n)) for n, block in enumerate(blocks)]
            changes[name] = made[0] if field.shape is Shape.BLOCK else made
    return model.replace(**changes) if changes else model


def _blank(model: M) -> M:
    """The model without what only the service can say: derived values are for reads."""
    derived = _marked(type(model)).derived
    return model.replace(**derived) if derived else model


def _left_out(model: M) -> M:
    """The model with null where "" is written for what the service gives: it means the same."""
    changes: dict[str, Any] = {}
    marked = _marked(type(model))
    for name, field in marked.blocks:
        value = getattr(model, name) if model.knows(name) else None
        if value:
            blocks = (value,) if field.shape is Shape.BLOCK else value
            made = tuple(map(_left_out, blocks))
            changes[name] = made[0] if field.shape is Shape.BLOCK else made
    for name, _ in marked.optional:
        if model.knows(name) and getattr(model, name) == "":
            changes[name] = None
    return model.replace(**changes) if changes else model


def _kept(model: M, before: M | None) -> M:
    """The model with what the user leaves out as it was."""
    if before is None:
        return model
    changes: dict[str, Any] = {}
    marked = _marked(type(model))
    for name, _ in marked.optional:
        if model.knows(name) and before.knows(name) and getattr(model, name) is None:
            changes[name] = getattr(before, name)
    for name, field in marked.blocks:
        if field.shape is Shape.BLOCK and model.knows(name) and before.knows(name):
            value = getattr(model, name)
            if value is not None:
                changes[name] = _kept(value, getattr(before, name))
    return model.replace(**changes) if changes else model


def _emptied(resource: R) -> R:
    """The resource with what nobody gives empty."""
    changes = {
        name: empty(field)
        for name, field in _marked(type(resource)).optional
        if resource.knows(name) and getattr(resource, name) is None
    }
    return resource.replace(**changes) if changes else resource


class Marked(NamedTuple):
    """The fields of a type by what the service does to them."""

    formed: Fields
    """Those with a canonical form, and nested blocks."""
    blocks: Fields
    """Nested blocks that are no resources of their own."""
    optional: Fields
    """Those that the service gives where the user leaves them out."""
    derived: Mapping[str, None]
    """Those that are computed at a read."""


_marked_fields: dict[type[Model], Marked] = {}


def _marked(model: type[Model]) -> Marked:
    if model not in _marked_fields:
        _marked_fields[model] = _marked_anew(model)
    return _marked_fields[model]


def _marked_anew(model: type[Model]) -> Marked:
    fields = tuple(model.fields().items())
    own = tuple((name, field) for name, field in fields if not field.has(INLINE))
    return Marked(
        tuple(
            (name, field) for name, field in fields if field.block or field.canonical or field.has(UNORDERED)
        ),
        tuple((name, field) for name, field in own if field.block),
        tuple((name, field) for name, field in own if field.has(OPTIONAL_ASSIGNED)),
        {name: None for name, field in fields if field.has(DERIVED)},
    )


def empty(field: Field) -> Any:
    """What the service says for nothing: azurerm has empty strings and lists there, not null."""
    if field.shape in (Shape.LIST, Shape.BLOCKS):
        return ()
    if field.shape is Shape.MAP:
        return {}
    return {str: "", bool: False, int: 0, float: 0}[field.scalar] if field.shape is Shape.SCALAR else None
