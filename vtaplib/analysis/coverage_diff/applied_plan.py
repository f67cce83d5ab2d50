"""The world that a plan leaves, with what only its apply gives: addresses, MAC addresses, states.

Each resource that the plan writes is staged over what stays, in the order of references, and given what the
service would give it. No rule is judged, so that a broken plan can be looked at too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from vtaplib.analysis.coverage_diff.design import AssumedAddress
from vtaplib.analysis.terraform_plan.planned_cloud import PlannedCloud
from vtaplib.control import inline, service_defaults
from vtaplib.control.overlay import Overlay
from vtaplib.control.read_view import ReadView
from vtaplib.model import ids
from vtaplib.model.base import Model, Shape
from vtaplib.model.marks import ASSIGNED, OPTIONAL_ASSIGNED
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.resources.addressed_resource import AddressedResource, AddressHolder

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class AppliedPlan:
    """The world after an apply, and the addresses in it that are assumed."""

    view: View
    assumed: tuple[AssumedAddress, ...]


def apply_plan(world: PlannedCloud, policy: Policy) -> AppliedPlan:
    """What the apply of a plan makes of a world."""
    written = {ids.key(one.id): one for one in world.after if _is_written(one, world)}
    standing = {ids.key(one.id): one for one in world.after if ids.key(one.id) not in written}
    for key in written:
        past = world.before.find(key)
        if past is not None and not _is_replaced(key, world):
            standing[key] = past
    overlay = Overlay(ReadView(standing.values(), whole=True), policy, complete=True)
    assumed: list[AssumedAddress] = []
    for resource in _in_order(written):
        staged = _stage(resource, overlay)
        assumed += _assumed(resource, staged)
    return AppliedPlan(overlay, tuple(assumed))


def _is_written(resource: Resource, world: PlannedCloud) -> bool:
    key = ids.key(resource.id)
    return key in world.change.before or world.before.find(key) != resource


def _is_replaced(key: str, world: PlannedCloud) -> bool:
    return key in world.change.before and world.change.before[key] is None


def _in_order(written: Mapping[str, Resource]) -> Iterator[Resource]:
    """What is referred to before what refers to it."""
    begun: set[str] = set()
    pending = list(written)[::-1]
    while pending:
        key = pending.pop()
        if key.endswith(_DONE):
            yield written[key.removesuffix(_DONE)]
        elif key in written and key not in begun:
            begun.add(key)
            pending.append(key + _DONE)
            pending += [ids.key(reference.owner) for reference in written[key].references()]


_DONE = "\n"
"""Ends the key of a resource all of whose targets have had their turn; no ID has a line break."""


def _stage(resource: Resource, overlay: Overlay) -> Resource:
    found = overlay.find(resource.id)
    past = found if isinstance(found, type(resource)) else None
    staged = service_defaults.assign(service_defaults.canonical(_as_sent(resource)), overlay, past)
    overlay.stage(inline.without(staged))
    with suppress(Undecided):
        for other in tuple(staged.effects(overlay, past)):
            overlay.stage(other)
        for other_id in tuple(staged.displaces(past)):
            overlay.remove(other_id)
    return staged


def _as_sent(model: M) -> M:
    """A model with nothing where a plan leaves it to the service."""
    changes: dict[str, Any] = {}
    for name, one in model.fields().items():
        if not model.knows(name):
            if one.has(ASSIGNED) or one.has(OPTIONAL_ASSIGNED):
                changes[name] = None
        elif one.shape is Shape.BLOCKS and getattr(model, name):
            changes[name] = [_as_sent(block) for block in getattr(model, name)]
        elif one.shape is Shape.BLOCK and getattr(model, name) is not None:
            changes[name] = _as_sent(getattr(model, name))
    return model.replace(**changes) if changes else model


def _assumed(planned: Resource, staged: Resource) -> Iterator[AssumedAddress]:
    """The addresses that a resource is given and its plan does not know."""
    if not isinstance(planned, AddressedResource) or not isinstance(staged, AddressedResource):
        return
    with suppress(Undecided):
        for before, after in zip(planned.holders, staged.holders, strict=True):
            if after.private_ip_address and not _has_address(before):
                yield AssumedAddress(staged.id, after.private_ip_address)


def _has_address(holder: AddressHolder) -> bool:
    with suppress(Undecided):
        return bool(holder.private_ip_address)
    return False
