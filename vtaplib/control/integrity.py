"""Integrity: what a write must leave whole beside the resource's own rules.

References point at something of the right type; what cannot change stays; parts in use stay; and no rule of a
dependent is broken that held before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from vtaplib.model import ids
from vtaplib.model.base import Block, Field, Shape
from vtaplib.model.general_rule import (
    IDS_ARE_UNIQUE,
    PARTS_IN_USE_STAY,
    REFERENCES_EXIST,
    TYPE_STAYS,
    WHAT_IS_FIXED_STAYS,
)
from vtaplib.model.ids import label
from vtaplib.model.marks import ASSIGNED, CREATE_ONLY, INERT, OPTIONAL_ASSIGNED, SENSITIVE
from vtaplib.model.policy import Policy
from vtaplib.model.resource import OnDelete, Resource, kind_named, resource_kind
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Path, Violation, dotted


def missing_references(view: View, resource: Resource, *, whole: bool | None = None) -> Iterator[Violation]:
    """References to what is not there. Where the view is not the `whole` world (by default: where it is not
    complete) what it lacks may be elsewhere, or in the making.
    """
    whole = view.complete if whole is None else whole
    for reference in resource.references():
        if reference.claim:
            continue
        kind = kind_named(reference.kind)
        part = kind if issubclass(kind, Block) else None
        wanted = resource_kind(part.owner if part else reference.kind)
        owner = view.find(reference.owner)
        code, what = ErrorCode.INVALID_RESOURCE_REFERENCE, ""
        if owner is None and whole:
            code, what = (code if part else wanted.missing_code), "does not exist"
        elif owner is not None and not isinstance(owner, wanted):
            what = f"is a {type(owner).__name__}, not a {wanted.__name__}"
        elif owner is not None and part is not None and not _has_part(owner, part, reference.target):
            what = f"does not exist: {owner.label} has no {label(reference.target)}"
            if resource.fields()[str(reference.path[0])].has(ASSIGNED):
                continue  # the service derives it from another field, whose rule judges it
        if what:
            message = f"{resource.label}: {dotted(reference.path)} = {reference.target!r} {what}"
            yield Violation(code, message, reference.path, rule=REFERENCES_EXIST)


def used_twice(resource: Resource, path: Path, resource_id: str, other: str, other_id: str = "") -> Violation:
    """An ID that another object of a configuration has too. `resource_id`, `other_id`: as the configuration's
    user knows them. `other`: a clause that says who else has it.
    """
    spelled = (
        f". It is written {other_id!r} there, and IDs are compared without case"
        if other_id not in ("", resource_id)
        else ""
    )
    return Violation.of(
        ErrorCode.OPERATION_NOT_ALLOWED,
        f"{resource.label}: the plan has two objects with the ID {resource_id!r}: {other}{spelled}",
        f"Remove one of the two, or change its {' or '.join(naming_arguments(resource))}.",
        path,
        rule=IDS_ARE_UNIQUE,
    )


def naming_arguments(resource: Resource) -> list[str]:
    """The arguments that make up an ID, the nearest first."""
    return [name for name in reversed(ids.placeholders(resource.id_format)) if name != "subscription_id"]


def another_type(view: View, resource: Resource) -> Iterator[Violation]:
    """Another type's resource under the ID: where azurerm has several types for one of ARM's. A plan may go
    on to destroy it.
    """
    found = view.find(resource.id) if view.complete else None
    if found is not None and not isinstance(found, type(resource)):
        kinds = f"a {type(found).__name__}, and cannot become a {type(resource).__name__}"
        yield Violation.of(
            ErrorCode.PROPERTY_CHANGE_NOT_ALLOWED,
            f"{found.label}: is {kinds}",
            "delete it and create it again",
            rule=TYPE_STAYS,
        )


def parts_in_use(view: View, policy: Policy, resource: Resource, before: Resource) -> Iterator[Violation]:
    """Parts that a write takes away while something refers to them."""
    for name, field in before.fields().items():
        if field.block is None or not field.block.id_segment or not resource.knows(name):
            continue
        kept = {ids.key(block.name) for block in getattr(resource, name)}
        for block in getattr(before, name):
            if ids.key(block.name) not in kept:
                part_id = f"{before.id}/{field.block.id_segment}/{block.name}"
                yield from _users(view, policy, before, part_id, (name,))


def _users(view: View, policy: Policy, owner: Resource, part_id: str, path: Path) -> Iterator[Violation]:
    for user in view.referrers(part_id, Resource, certain=True):
        for reference in user.references():
            if ids.key(reference.target) != ids.key(part_id):
                continue
            deletion_outcome = user.when_target_goes(reference, type(owner).in_use_code, policy)
            if deletion_outcome.on_delete is OnDelete.REFUSE:
                problem = f"{label(part_id)}: cannot be removed while {user.label} uses it"
                way_out = "first let that use another one, or delete it"
                yield Violation.of(deletion_outcome.code, problem, way_out, path, rule=PARTS_IN_USE_STAY)


def _has_part(owner: Resource, kind: type[Block], part_id: str) -> bool:
    name = ids.key(ids.name(part_id))
    for field_name, field in owner.fields().items():
        if field.block is kind:
            try:
                return any(ids.key(block.name) == name for block in getattr(owner, field_name))
            except Undecided:
                return True
    return False


def changed_for_good(resource: Resource, before: Resource) -> Iterator[Violation]:
    """Fields that cannot change, changed. A secret is not kept, so that nobody can say whether it changes."""
    for path, field, past, value in _pairs(resource, before):
        kept = value is None and field.has(OPTIONAL_ASSIGNED)
        if not field.has(CREATE_ONLY) or field.has(SENSITIVE) or kept or _same(past, value):
            continue
        if path == ("location",):
            problem = f"{before.label}: exists in {past} and cannot be created in {value}"
            code = ErrorCode.INVALID_RESOURCE_LOCATION
        else:
            problem = f"{before.label}: {dotted(path)} is {past!r} and cannot become {value!r}"
            code = ErrorCode.PROPERTY_CHANGE_NOT_ALLOWED
        yield Violation.of(code, problem, "create it again", path, rule=WHAT_IS_FIXED_STAYS)


def _same(past: Any, value: Any) -> bool:
    if isinstance(past, str) and isinstance(value, str):
        return past.lower() == value.lower()
    return bool(past == value)


def _pairs(resource: Resource, before: Resource) -> Iterator[tuple[Path, Field, Any, Any]]:
    """Known fields of both, one by one, and those of a single nested block; not of repeated blocks."""
    for name, field in resource.fields().items():
        if not resource.knows(name) or not before.knows(name):
            continue
        value, past = getattr(resource, name), getattr(before, name)
        if field.block is None:
            yield (name,), field, past, value
        elif field.shape is Shape.BLOCK and value is not None and past is not None:
            for inner, inner_field in value.fields().items():
                if value.knows(inner) and past.knows(inner):
                    yield (name, 0, inner), inner_field, getattr(past, inner), getattr(value, inner)


def judge_dependents(view: View, policy: Policy, resource: Resource, before: Resource) -> list[Violation]:
    """Broken rules of those that read this resource, where it changes in a way that they could notice."""
    if not type(resource).dependents or not _differs(resource, before):
        return []
    return [
        # The field at fault is another resource's, so that the violation is about this one as a whole.
        replace(one, path=())
        for name in type(resource).dependents
        for other in view.referrers(resource.id, resource_kind(name), certain=True)
        for one in other.check(view, policy)
    ]


def _differs(resource: Resource, before: Resource) -> bool:
    """Whether a write changes anything that a rule could read."""
    return any(
        not field.has(INERT)
        and name != "tags"
        and (
            not resource.knows(name)
            or not before.knows(name)
            or getattr(resource, name) != getattr(before, name)
        )
        for name, field in resource.fields().items()
    )
