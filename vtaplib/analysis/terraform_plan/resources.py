"""The resources of a plan or state, as they were and as they will be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from vtaplib.analysis.known_defaults import with_known_defaults
from vtaplib.analysis.terraform_plan import azapi
from vtaplib.analysis.terraform_plan.creation_order import CreationOrder
from vtaplib.analysis.terraform_plan.document import Instance, TerraformDocument
from vtaplib.analysis.terraform_plan.drafts import DraftReader
from vtaplib.analysis.terraform_plan.resource_types import kind_of
from vtaplib.analysis.terraform_plan.terraform_json import ShownConfiguration
from vtaplib.control import inline
from vtaplib.control.integrity import naming_arguments, used_twice
from vtaplib.model import ids
from vtaplib.model.resource import Resource
from vtaplib.model.validation import is_sound, validate
from vtaplib.model.violation import Path, Violation


@dataclass(frozen=True, slots=True)
class AddressedViolation:
    """What is wrong with a resource by itself. `address` is where it comes from."""

    address: str
    resource: Resource
    violation: Violation


@dataclass(frozen=True, slots=True)
class TerraformResources:
    """What was made of a document: resources by the key of their ID, and the addresses that they are from."""

    before: dict[str, Resource] = field(default_factory=dict)
    after: dict[str, Resource] = field(default_factory=dict)
    written: dict[str, Resource | None] = field(default_factory=dict)
    """What the plan writes: as it was, or None where it is made anew."""
    addresses: dict[str, str] = field(default_factory=dict)
    violations: list[AddressedViolation] = field(default_factory=list)
    """What is wrong with resources as they will be, each by itself."""
    unread: list[str] = field(default_factory=list)
    """Addresses of objects that could not be made a resource of."""
    not_modelled: Counter[str] = field(default_factory=Counter)
    """Objects of types that vtap does not model, by type."""
    order: CreationOrder = field(default_factory=lambda: CreationOrder(ShownConfiguration()))
    """The order in which a plan makes the objects."""


class _InstanceClaim(NamedTuple):
    """Who has an ID, as it is spelled there."""

    address: str
    resource_id: str
    is_new: bool


class _Claims:
    """Who has which ID, by key."""

    def __init__(self) -> None:
        self._claims: dict[str, _InstanceClaim] = {}

    def clash(self, instance: Instance, resource: Resource) -> Violation | None:
        """Claims an ID for an object; a violation if another has it, and one of the two is new. A state may
        have an object twice, each written as the other is.
        """
        key, is_new = ids.key(resource.id), instance.is_written and instance.before is None
        other = self._claims.get(key)
        if other is None or (is_new and not other.is_new):
            self._claims[key] = _InstanceClaim(instance.address, resource.id, is_new)
        if other is None or not (is_new or other.is_new):
            return None
        path = (naming_arguments(resource)[0],)
        return used_twice(resource, path, resource.id, f"{other.address} has it too", other.resource_id)


def read_resources(document: TerraformDocument, *, strict_ids: bool = False) -> TerraformResources:
    """The resources of a document. `strict_ids`: as `validate` takes it."""
    reader = DraftReader(document, strict_ids=strict_ids)
    read, claims = TerraformResources(order=CreationOrder(document.configuration)), _Claims()
    for instance in document.instances:
        if kind_of(instance) is None:
            if instance.after is not None:
                read.not_modelled[_type_shown(instance)] += 1
            continue
        drafts = reader.drafts(instance)
        now = [one.resource for one in drafts if one.resource is not None]
        then = now if instance.before == instance.after else reader.past(instance)
        past = {ids.key(one.id): one for one in then}
        violations = [
            AddressedViolation(instance.address, draft.resource or draft.given, violation)
            for draft in drafts
            for violation in draft.violations
        ]
        if now and (clash := claims.clash(instance, now[0])) is not None:
            violations.append(AddressedViolation(instance.address, now[0], clash))
        read.violations.extend(violations)
        is_lost = (not now and instance.after is not None) or (not then and instance.before is not None)
        if is_lost and not violations:
            read.unread.append(instance.address)
        for made, where in ((then, read.before), (now, read.after)):
            for resource in made:
                where[ids.key(resource.id)] = resource
                read.addresses.setdefault(ids.key(resource.id), instance.address)
        if instance.is_written:
            standing = {} if instance.is_replaced else past
            read.written.update({(key := ids.key(one.id)): standing.get(key) for one in now})
    _add_children(read.before, read.addresses)
    read.violations.extend(
        AddressedViolation(read.addresses[ids.key(parent.id)], child, replace(one, path=(*path, *one.path)))
        for parent, path, child in _add_children(read.after, read.addresses)
        for one in validate(child, child, strict_ids=strict_ids)
    )
    for where in (read.before, read.after):
        for tenant in reader.subscriptions():
            where.setdefault(ids.key(tenant.id), tenant)
    return read


def _add_children(
    resources: dict[str, Resource], addresses: dict[str, str]
) -> Sequence[tuple[Resource, Path, Resource]]:
    """Adds the resources that others carry, such as a network its subnets, unless they have a block too.
    Returns all of them as they are given, with their parents and places there.
    """
    carried = [
        (parent, (name, position), child)
        for parent in resources.values()
        for name, position, child in inline.children(parent)
    ]
    for parent, _, child in carried:
        key = ids.key(child.id)
        if key not in resources and is_sound(child):
            resources[key] = with_known_defaults(child)
            addresses.setdefault(key, addresses[ids.key(parent.id)])
    return carried


def _type_shown(instance: Instance) -> str:
    if instance.type != azapi.TYPE:
        return instance.type
    return f"{instance.type} {azapi.arm_type(instance.after or {})}".rstrip()
