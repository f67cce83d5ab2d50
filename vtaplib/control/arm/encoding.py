"""Encoding: a resource as a GET of ARM's REST API shows it, with what is nested in it.

A value that is not there is left out, and so is an empty list, but where the field's mark says otherwise.
Secrets are never shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from vtaplib.control import service_defaults
from vtaplib.control.arm.arm_path import (
    ArmPath,
    Attachment,
    Steps,
    arm_paths,
    arm_type_of,
    attachments_of,
    canonical_word,
    children_of,
    has_properties,
    steps_of,
)
from vtaplib.model import ids
from vtaplib.model.base import Block, Model, Shape, blocks
from vtaplib.model.marks import ASSIGNED, DERIVED, OPTIONAL_ASSIGNED, SENSITIVE
from vtaplib.model.resource import Resource
from vtaplib.model.view import View

Json = dict[str, Any]

BY_THE_SERVICE = (ASSIGNED, OPTIONAL_ASSIGNED, DERIVED)
"""Fields in which "" stands for nothing."""
WITHOUT_ETAG = "Microsoft.Resources/"


def encode(resource: Resource, view: View) -> Json:
    """The resource as ARM's JSON, in the REST API's form. `view`: where the resource is, for what is nested
    in it or refers to it. Raises Undecided where a value is not known.
    """
    document = _document(resource, view)
    whole = view.find(_root_id(resource))
    outer = whole if isinstance(whole, Resource) and whole.id != resource.id else None
    _tell(document, _digest(document if outer is None else _document(outer, view)))
    return document


def _root_id(resource: Resource) -> str:
    """The ID of the resource that a child is nested in, the resource's own if in none."""
    depth = arm_type_of(type(resource)).count("/") - 1
    return resource.id.rsplit("/", 2 * depth)[0] if depth > 0 else resource.id


def _digest(document: Json) -> str:
    """An etag that changes with the document: a parent and what is nested in it have one."""
    return f'W/"{ids.guid("", json.dumps(document, sort_keys=True))}"'


def _tell(part: Any, tag: str) -> None:
    """Writes the etag wherever there is one."""
    if isinstance(part, dict):
        if "etag" in part:
            part["etag"] = tag
        for value in part.values():
            _tell(value, tag)
    elif isinstance(part, list):
        for value in part:
            _tell(value, tag)


def _document(resource: Resource, view: View) -> Json:
    """The resource, with etags left open."""
    arm_type = arm_type_of(type(resource))
    shown = service_defaults.apply(resource, resource.derive(view))
    document = _part(shown, resource.id, arm_type, view)
    for segment, child in children_of(arm_type).items():
        nested = [_document(one, view) for one in view.list(child, f"{resource.id}/{segment}/")]
        _put(document, ("properties", segment), nested)
    return document


def _part(model: Model, own_id: str, arm_type: str, view: View) -> Json:
    """A resource, or part of one that has an ID."""
    part: Json = {"id": own_id}
    if "name" in model.fields():
        part |= {"name": model.name, "type": arm_type}
        if not arm_type.startswith(WITHOUT_ETAG):
            part["etag"] = ""
    _fill(part, model, own_id, arm_type, view)
    for attachment in attachments_of(arm_type):
        _put_targets(part, attachment, own_id, view)
    if "name" in model.fields():
        _put(part, ("properties", "provisioningState"), "Succeeded")
    return part


def _fill(target: Json, model: Model, own_id: str, arm_type: str, view: View) -> None:
    """Writes a model's fields, and what ARM says besides."""
    for place in arm_paths(type(model)):
        field = place.field
        if field.name == "id" and has_properties(type(model)):
            continue
        if field.shape is Shape.BLOCK and getattr(model, field.name) is not None:
            _fill(_inner(target, place.steps), getattr(model, field.name), own_id, arm_type, view)
        elif field.shape is Shape.BLOCKS and (found := blocks(field, model) or place.arm.always):
            listed = found if isinstance(found, tuple) else ()
            _put(target, place.steps, [_block(one, own_id, arm_type, view) for one in listed])
        elif field.block is None and (value := _value(place, model)) is not None:
            _put(target, _steps(place, value), value)
            if place.arm.beside:
                path, beside = place.arm.beside
                _put(target, steps_of(path), beside)
            _mark_first(target, place)
    for path, said in type(model).arm_says.items():
        value = said(model, view) if callable(said) else said
        if value is not None:
            _put(target, steps_of(path), list(value) if isinstance(value, tuple) else value)


def _block(block: Model, owner_id: str, arm_type: str, view: View) -> Json:
    if isinstance(block, Block) and block.id_segment:
        own_id = f"{owner_id}/{block.id_segment}/{block.name}"
        return _part(block, own_id, f"{arm_type}/{block.id_segment}", view)
    part: Json = {}
    _fill(part, block, owner_id, arm_type, view)
    return part


def _value(place: ArmPath, model: Model) -> Any:
    """What ARM has for a field that is no block; None if it has nothing."""
    field, arm = place.field, place.arm
    value = getattr(model, field.name)
    if field.has(SENSITIVE) or value is None or value == arm.unset:
        return [] if arm.always and value is None else None
    if value == "" and any(map(field.has, BY_THE_SERVICE)):
        return None
    if arm.text:
        return arm.text.format_map(vars(model))
    if isinstance(value, tuple):
        return [canonical_word(field, one) for one in value] if value or arm.always else None
    if isinstance(value, Mapping):
        if arm.pairs:
            return [dict(zip(arm.pairs, pair, strict=True)) for pair in value.items()] or None
        return dict(value)
    return dict(arm.words).get(value, value) if arm.words else canonical_word(field, value)


def _steps(place: ArmPath, value: Any) -> Steps:
    """Where a value of the field is."""
    return next(
        (steps_of(path) for start, path in place.arm.elsewhere if value.startswith(start)), place.steps
    )


def _put_targets(part: Json, attachment: Attachment, owner_id: str, view: View) -> None:
    """Writes what is attached to an owner."""
    targets = list(_targets(attachment, owner_id, view))
    if targets:
        steps = attachment.place.steps
        _put(part, steps, targets if "[]" in steps else targets[0])


def _targets(attachment: Attachment, owner_id: str, view: View) -> Iterator[str]:
    named = ids.parse(attachment.owner_format, owner_id) or {}
    opening = ids.placeholders(attachment.owner_format)[0]
    for one in view.referrers(named[opening], attachment.kind):
        if ids.key(attachment.owner_format.format_map(vars(one))) == ids.key(owner_id):
            yield getattr(one, attachment.place.field.name)


def _mark_first(target: Json, place: ArmPath) -> None:
    """Marks the first element of a list."""
    if place.arm.first:
        split = place.steps.index("[]")
        for position, element in enumerate(_inner(target, place.steps[: split - 1])[place.steps[split - 1]]):
            _put(element, steps_of(place.arm.first), position == 0)


def _inner(target: Json, steps: Steps) -> Json:
    """The object at a path, made where it is not there yet."""
    for step, following in zip(steps, (*steps[1:], ""), strict=True):
        if following == "[0]":
            [target] = target.setdefault(step, [{}])
        elif step != "[0]":
            target = target.setdefault(step, {})
    return target


def _put(target: Json, steps: Steps, value: Any) -> None:
    """Writes a value at a path; where that goes through a list, the elements of the value."""
    name, *rest = steps
    if not rest:
        target[name] = value
    elif rest[0] == "[]":
        target[name] = [_at(tuple(rest[1:]), one) for one in value]
    elif rest[0] == "[0]":
        target[name] = [_at(tuple(rest[1:]), value)]
    elif rest[0] == "*":
        target[name] = {one: {} for one in value}
    else:
        _put(target.setdefault(name, {}), tuple(rest), value)


def _at(steps: Steps, value: Any) -> Any:
    """A value inside of objects that lead to it."""
    if not steps:
        return value
    made: Json = {}
    _put(made, steps, value)
    return made
