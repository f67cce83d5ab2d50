"""Decoding: from one of ARM's JSON documents to the resources in it.

What a document nests (a network's subnets, a load balancer's rules) is a resource of its own here, and so
is what attaches one resource to another. Values are taken as they are, for rules to judge; only what is of
another JSON type is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vtaplib.control.arm.arm_path import (
    ArmPath,
    Steps,
    arm_paths,
    arm_type_of,
    attachments_of,
    canonical_word,
    children_of,
    kinds_of,
    steps_of,
)
from vtaplib.control.arm.document import DocumentError, Element
from vtaplib.model import ids
from vtaplib.model.base import Field, Model, Shape
from vtaplib.model.resource import Resource
from vtaplib.model.wording import TYPE_WORDS

SUBSCRIPTION = re.compile(r"/subscriptions/([^/]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Decoded:
    """The contents of a document."""

    resources: Sequence[Resource]
    """The resource first, then what is nested in it or attached to it."""
    unread: Sequence[str]
    """The paths of what vtap has no place for, with all that is there; all of it, where the type is none."""


def decode(document: Mapping[str, Any], resource_id: str = "") -> Decoded:
    """The resources in a JSON document of ARM's, or of the Azure CLI's.

    `resource_id`: the ID, where the document has none, as the body of a PUT. What vtap does not model is left
    out and named in `unread`. Raises DocumentError, a VtapError, where a value is of another type than ARM's,
    or where there is no ID.
    """
    root = Element(document)
    found_id = _text(root, ("id",)) or resource_id
    if found_id == "":
        raise DocumentError(("id",), "is missing, and it says which resource this is")
    readings = []
    for kind in kinds_of(found_id):
        element = Element(document)
        resources = tuple(_resources(kind, element, found_id))
        readings.append(Decoded(resources, tuple(element.unread())))
    return min(readings, key=lambda reading: len(reading.unread), default=Decoded((), ("",)))


def _resources(kind: type[Resource], element: Element, resource_id: str) -> Iterator[Resource]:
    named = kind.parse_id(resource_id)
    if named is None:
        raise DocumentError((*element.path, "id"), f"{ids.format_problem(kind.id_format, resource_id)}")
    name = _text(element, ("name",))
    if name.lower() == named.get("name", "").lower():
        named["name"] = name  # IDs in answers may be in another case than the name was given in
    values = _values(kind, element) | _of_subscription(resource_id) | named
    resource = kind.from_values(values).requested()
    yield resource
    arm_type = arm_type_of(kind)
    for segment, child in children_of(arm_type).items():
        found = element.find(("properties", segment))
        for part in found.elements() if found is not None else ():
            yield from _resources(child, part, _text(part, ("id",)) or _below(resource.id, segment, part))
    yield from _attached(arm_type, element, resource.id)
    for place in arm_paths(kind):
        block = place.field.block
        if block is not None and block.id_segment:
            for part in _elements(element, place.steps):
                part_id = _below(resource.id, block.id_segment, part)
                yield from _attached(f"{arm_type}/{block.id_segment}", part, part_id)


def _below(resource_id: str, segment: str, part: Element) -> str:
    return f"{resource_id}/{segment}/{_text(part, ('name',))}"


def _attached(arm_type: str, element: Element, owner_id: str) -> Iterator[Resource]:
    """The attachments that an object describes. An object without a name can have none."""
    for attachment in attachments_of(arm_type):
        named = ids.parse(attachment.owner_format, owner_id)
        for target in _targets(element, attachment.place) if named is not None else ():
            values = {**_of_subscription(owner_id), **(named or {}), attachment.place.field.name: target}
            yield attachment.kind.from_values(values)


def _targets(element: Element, place: ArmPath) -> Sequence[str]:
    return [_scalar(one, place.field) for one in _all(element, place.steps)]


def _all(element: Element, steps: Steps) -> Sequence[Element]:
    """What a path leads to, whether it goes through a list or not."""
    if "[]" in steps:
        return _elements(element, steps)
    found = element.find(steps)
    return [] if found is None else [found]


def _of_subscription(resource_id: str) -> dict[str, str]:
    found = SUBSCRIPTION.match(resource_id)
    return {"subscription_id": found[1]} if found else {}


def _values(model: type[Model], element: Element) -> dict[str, Any]:
    """Plain values of the fields that an object has, and of what it says besides noted that it is known."""
    for path, said in model.arm_says.items():
        for found in _all(element, steps_of(path)):
            if said is None or callable(said) or _same(found.value, said):
                found.take()
    values = {}
    for place in arm_paths(model):
        value = _value(place, element)
        if value is not None:
            values[place.field.name] = value
    return values


def _value(place: ArmPath, element: Element) -> Any:
    field, arm = place.field, place.arm
    if field.block is not None:
        return _blocks(place, element)
    value: Any
    if field.shape is Shape.LIST:
        value = [_scalar(one, field) for one in _elements(element, place.steps, first=arm.first)] or None
    elif field.shape is Shape.MAP:
        value = _map(place, element)
    else:
        found = element.find(place.steps)
        value = None if found is None else _scalar(found, field, place)
    for _, path in arm.elsewhere:
        if value is None and (found := element.find(steps_of(path))) is not None:
            value = _scalar(found, field)
    if arm.beside and value is not None and (beside := element.find(steps_of(arm.beside[0]))) is not None:
        beside.take()
    if arm.also and (other := element.find(steps_of(arm.also))) is not None:
        single = _scalar(other, field)
        if value is None:
            value = [single] if field.shape is Shape.LIST else single
    return value


def _blocks(place: ArmPath, element: Element) -> list[dict[str, Any]] | None:
    field = place.field
    assert field.block is not None
    if field.shape is Shape.BLOCKS:
        return [_values(field.block, one) for one in _elements(element, (*place.steps, "[]"))]
    found = element.find(place.steps)
    if found is None or _is_off(field.block, found):
        return None
    needed = [one.name for one in field.block.fields().values() if one.required]
    tried = _values(field.block, Element(found.value, found.path))
    return [_values(field.block, found)] if all(name in tried for name in needed) else None


def _is_off(block: type[Model], element: Element) -> bool:
    """Whether an object says that the block is not there: it has a switch, and that is off."""
    for path, said in block.arm_says.items():
        found = element.find(steps_of(path))
        if said is True and found is not None and found.value is False:
            element.take()
            return True
    return False


def _elements(element: Element, steps: Steps, *, first: str = "") -> list[Element]:
    """What a path with a list in it leads to: the elements, or what the path goes on to in each."""
    if steps[-1] == "*":
        found = element.find(steps[:-1])
        names = [] if found is None else list(found.members())
        if found is not None:
            found.take()
        return [Element(name, (*element.path, name)) for name in names]
    split = steps.index("[]") if "[]" in steps else len(steps)
    found = element.find(steps[:split])
    if found is None:
        return []
    elements = list(found.elements())
    if first:
        elements.sort(key=lambda one: not _flag(one, first))
    rest = steps[split + 1 :]
    return [part for one in elements if (part := one.find(rest)) is not None]


def _flag(element: Element, path: str) -> bool:
    found = element.find(steps_of(path))
    return found is not None and found.take() is True


def _map(place: ArmPath, element: Element) -> dict[str, str] | None:
    found = element.find(place.steps)
    if found is None:
        return None
    if place.arm.pairs:
        key, value = place.arm.pairs
        return {_text(one, (key,)): _text(one, (value,)) for one in found.elements()} or None
    found.read = True
    return {name: _text(found, (name,)) for name in found.members()}


def _text(element: Element, steps: Steps) -> str:
    """The text at the end of a path; "" if there is none."""
    found = element.find(steps)
    if found is None:
        return ""
    if not isinstance(found.value, str):
        raise found.error(TYPE_WORDS[str])
    return str(found.take())


def _scalar(element: Element, field: Field, place: ArmPath | None = None) -> Any:
    """A single value in our words; None, and unread, for a word that nobody here knows."""
    arm = place.arm if place is not None else None
    value = element.value
    if arm is not None and arm.words:
        for ours, theirs in arm.words:
            if _same(value, theirs):
                element.take()
                return ours
        if isinstance(value, str | bool):
            return None
        raise element.error("one of " + ", ".join(str(theirs) for _, theirs in arm.words))
    types = (int, float) if field.scalar is float else (field.scalar,)
    if not isinstance(value, types) or (isinstance(value, bool) and field.scalar is not bool):
        raise element.error(TYPE_WORDS[field.scalar])
    if arm is not None and arm.text:
        parsed = ids.parse(arm.text, str(value))
        element.read = parsed is not None
        return parsed[field.name] if parsed is not None else None
    element.take()
    return canonical_word(field, value)


def _same(value: Any, said: Any) -> bool:
    if isinstance(value, str) and isinstance(said, str):
        return value.lower() == said.lower()
    return type(value) is type(said) and bool(value == said)
