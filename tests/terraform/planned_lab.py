"""A lab of which Terraform makes a part: what a case puts into it, and the resource that the case is about.

The stock is in the cloud's file. So is what a case does to the cloud otherwise than by puts into the home
subscription, which no configuration says, and all that it put before. A plan holds what is there against what
it plans only where it is the plan's own: so what the case conflicts with is imported.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from provider_shim.identity import to_terraform_id
from tests.terraform.hcl import Body, Expression, is_blocks, resource
from tests.terraform.reattached import Workspace
from tests.terraform.resource_block import body, type_name
from tests.vtaplib.control.lab import HOME, Lab, stock
from tests.vtaplib.resources.rule_case import Make
from vtaplib import Cloud, Policy, Violation
from vtaplib.control import SubscriptionHandle
from vtaplib.model import ids
from vtaplib.model.base import Model
from vtaplib.model.general_rule import WHAT_IS_FIXED_STAYS
from vtaplib.model.marks import UNORDERED
from vtaplib.model.resource import Resource


@dataclass(frozen=True, slots=True)
class PlannedResource:
    """A resource that Terraform makes, or changes where it is there already."""

    name: str
    resource: Resource
    exists: bool
    violations: Sequence[Violation]
    """What a put of it says."""

    @property
    def address(self) -> str:
        return f"{type_name(self.resource)}.{self.name}"

    @property
    def key(self) -> str:
        return ids.key(self.resource.id)

    def block(self, before: Sequence[PlannedResource]) -> str:
        """The resource's block, which waits for what was put before; with an import block if it exists."""
        waits = {"depends_on": Expression(f"[{before[-1].address}]")} if before else {}
        text = resource(self.address, {**linked(body(self.resource), before), **waits})
        if self.exists:
            found = to_terraform_id(type(self.resource), self.resource.id)
            text = f'import {{\n  to = {self.address}\n  id = "{found}"\n}}\n{text}'
        return text

    def lines(self, violation: Violation) -> Sequence[str]:
        """How the line may start that shows a violation: with the innermost of its path's names that is
        written. Where that is a block, and no certain one of its name, what it is in may be shown.
        """
        around = found = 'resource "'
        model: type[Model] | None = type(self.resource)
        value: Any = body(self.resource)
        for step in violation.path:
            if isinstance(step, int):
                around, value = found, value[step] if step < len(value) else None
                continue
            field = model.fields().get(step) if model is not None else None
            if field is None or value is None or value.get(step) is None:
                break
            around, found, value, model = found, step, value[step], field.block
            if field.has(UNORDERED):
                break
        return (around, found) if is_blocks(value) else (found,)


@dataclass(frozen=True, slots=True)
class PlannedWorld:
    """What Terraform makes of a side of a case, in order; the last is what the case is about."""

    resources: Sequence[PlannedResource]
    subscription_id: str
    policy: Policy

    @property
    def subject(self) -> PlannedResource:
        return self.resources[-1]

    def write(self, workspace: Workspace) -> None:
        """Writes the configuration."""
        blocks = "".join(one.block(self.resources[:n]) for n, one in enumerate(self.resources))
        workspace.write(blocks, policy=settings(self.policy), subscription_id=self.subscription_id)


def linked(value: Any, before: Sequence[PlannedResource]) -> Any:
    """A value with references in the place of IDs of resources, and of their parts."""
    if isinstance(value, Mapping):
        return {name: linked(one, before) for name, one in value.items()}
    if isinstance(value, list):
        return [linked(one, before) for one in value]
    for one in reversed(before):  # a part after what it is a part of
        if isinstance(value, str) and f"{value}/".startswith(f"{one.resource.id}/"):
            return Expression(f'"${{{one.address}.id}}{value.removeprefix(one.resource.id)}"')
    return value


def settings(policy: Policy) -> Body:
    """The settings of a policy that are not the default."""
    values = {one.name: getattr(policy, one.name) for one in fields(policy)}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value != getattr(Policy(), name)
    }


class PlannedLab(Lab):
    """The whole lab, in a file of its own; the cloud of the workspace lacks what Terraform is to make."""

    def __init__(self, stock_file: Path, workspace: Workspace, policy: Policy) -> None:
        path = workspace.directory / "lab.db"
        shutil.copy(stock_file, path)
        super().__init__(cloud=Cloud.open(path, policy=policy))
        shutil.copy(stock_file, workspace.cloud_path)
        self._there = Cloud.open(workspace.cloud_path, policy=policy)
        self._cloud_path = workspace.cloud_path
        self._given: list[PlannedResource] = []
        self._is_kept = True
        self._put = {ids.key(one.id): one for one in map(self.home.place, stock())}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Leaves whole files, which another lab may be put in the place of."""
        self._there.close()
        self._cloud.close()

    @property
    def cloud(self) -> Cloud:
        """The lab's cloud, to do what no configuration says."""
        self.keep()
        return self._cloud

    @cloud.setter
    def cloud(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def keep(self) -> None:
        self._given, self._is_kept = [], False

    def put(self, *resources: Resource, into: SubscriptionHandle | None = None) -> None:
        for one in resources:
            if into not in (None, self.home):
                self.keep()
            else:
                planned = self._planned(one, self.home)
                self._given.append(planned)
                self._put[planned.key] = planned.resource
            super().put(one, into=into)

    def world(self, make: Make) -> PlannedWorld:
        """What is to be made for a side of a case."""
        put = make(self)
        resource, into = put if isinstance(put, tuple) else (put, self.home)
        if into.subscription_id != HOME:
            self.keep()
        subject = replace(self._planned(resource, into), name="subject")
        conflicting = self._conflicting(self._there, self._given, subject)
        self._there.close()
        resources = (*conflicting, *self._given, subject)
        return PlannedWorld(resources, into.subscription_id, self._cloud.policy)

    def changed(self, world: PlannedWorld, resource: Resource) -> PlannedWorld | None:
        """What is to be made where the subject of a world, which has been made, changes into a resource. None
        where that is another one, or the same, or needs a new one.
        """
        was = world.subject
        placed = resource.replace(subscription_id=was.resource.subscription_id)
        if (type(placed), ids.key(placed.id)) != (type(was.resource), was.key):
            return None
        if body(placed) == body(was.resource):
            return None
        self._cloud.put(was.resource)
        violations = self._cloud.check(placed)
        if any(one.rule == WHAT_IS_FIXED_STAYS for one in violations):
            return None
        subject = replace(was, resource=placed, violations=violations)
        conflicting = self._conflicting(self._cloud, world.resources[:-1], subject)
        return replace(world, resources=(*conflicting, *world.resources[:-1], subject))

    def _planned(self, resource: Resource, into: SubscriptionHandle) -> PlannedResource:
        placed = into.place(resource)
        if any(one.key == ids.key(placed.id) for one in self._given):
            self.keep()
        if not self._is_kept:
            self._copy()
        exists = self._there.view.find(placed.id) is not None
        return PlannedResource(f"given{len(self._given)}", placed, exists, self._cloud.check(placed))

    def _copy(self) -> None:
        """Makes the workspace's cloud what the lab is now."""
        self._there.close()
        self._cloud_path.unlink()
        self._cloud.copy(self._cloud_path)
        self._there = Cloud.open(self._cloud_path, policy=self._cloud.policy)
        self._is_kept = True

    def _conflicting(
        self, cloud: Cloud, given: Sequence[PlannedResource], subject: PlannedResource
    ) -> Sequence[PlannedResource]:
        """What a cloud has that a plan must have too, to say of a subject all that a plan can say."""
        own = {one.key for one in (*given, subject)}
        there = {key: one for key, one in self._put.items() if key not in own and cloud.view.find(key)}

        def said(keys: Sequence[str]) -> Counter[Any]:
            overlay = cloud.overlay(complete=False)
            for key in keys:
                overlay.keep(there[key])
            for one in given:
                overlay.put(one.resource)
            return Counter((one.rule, one.path) for one in overlay.put(subject.resource)[1])

        most = said([*there]) if subject.violations else Counter()
        found = needed(lambda keys: not said(keys) >= most, [], [*there])
        names = {key: f"stock{number}" for number, key in enumerate(self._put)}
        return [PlannedResource(names[key], there[key], exists=True, violations=()) for key in found]


def needed(
    lacks: Callable[[Sequence[str]], bool], rest: Sequence[str], among: Sequence[str]
) -> Sequence[str]:
    """Those of some keys without which, beside the rest, something is lacking."""
    if not lacks(rest):
        return []
    if len(among) == 1:
        return among
    middle = len(among) // 2
    first = needed(lacks, [*rest, *among[middle:]], among[:middle])
    return [*first, *needed(lacks, [*rest, *first], among[middle:])]
