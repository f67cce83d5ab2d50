"""An overlay: a view plus changes. What is planned, or proposed, seen as if it were so.

Every write goes through here. `Cloud.put` stages its change in an overlay over the store, and writes it if no
rule is broken; a Terraform plan keeps one overlay for all that it plans; a what-if is an overlay that is
thrown away. So the same rules run everywhere.

An overlay for a plan is *not complete*: more may be planned after. A lookup that finds nothing leaves a rule
undecided, and an existing resource that the plan has not reached yet is not held against a planned one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableSequence, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import NamedTuple, TypeVar, cast

import vtaplib.rules  # noqa: F401  # every rule is judged here: types must have those between them too
from vtaplib.control import deletion, inline, integrity, service_defaults
from vtaplib.control.resource_index import ResourceIndex
from vtaplib.model import ids
from vtaplib.model.marks import INLINE
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource, resource_kind
from vtaplib.model.unknown import Undecided
from vtaplib.model.validation import is_sound, validate
from vtaplib.model.view import R, View
from vtaplib.model.violation import Path, Violation

T = TypeVar("T", bound=Resource)


class Write(NamedTuple):
    """A resource that has been staged over the view, with what judging it needs."""

    resource: Resource
    before: Resource | None
    dependents_before: Sequence[Violation]
    """Rules that dependents broke already: the write is not to blame for them."""
    children: Sequence[tuple[Path, Write]]


class Overlay(View):
    """Changes over a view. `complete`: no more changes will come than what is put here."""

    def __init__(self, base: View, policy: Policy, *, complete: bool) -> None:
        self.base = base
        self.policy = policy
        self._complete = complete
        self._staged = ResourceIndex()
        self._gone: set[str] = set()
        self._asked: dict[str, int] = {}
        """When a plan asked about a resource, and was answered: what waits for an answer is asked later."""
        self._answered: dict[str, int] = {}
        self._moments = count(1)
        self._hidden = ResourceIndex()
        """What does not show of the view below, as it was when it was covered."""

    @property
    def complete(self) -> bool:
        return self._complete

    # Lookups

    def find(self, resource_id: str) -> Resource | None:
        key = ids.key(resource_id)
        staged = self._staged.get(key)
        if staged is not None or key in self._gone:
            return staged
        return cast("Resource | None", self.base.find(key))

    def existing(self, resource_id: str) -> Resource | None:
        return cast("Resource | None", self.base.existing(resource_id))

    def list(self, kind: type[R], within: str = "") -> Iterator[R]:
        found = {ids.key(one.id): one for one in self._staged.list(kind, within)}
        for one in self.base.list(kind, within):
            if not self._covers(key := ids.key(one.id)):
                found[key] = one
        yield from (found[key] for key in sorted(found))

    def referrers(self, resource_id: str, kind: type[R], *, certain: bool = False) -> Iterator[R]:
        key = ids.key(resource_id)
        yield from self._staged.referrers(key, kind)
        if self._complete or not certain:
            for resource in self.base.referrers(key, kind, certain=certain):
                if not self._covers(ids.key(resource.id)):
                    yield resource

    def targets(self, prefix: str, *, certain: bool = False) -> Iterator[tuple[str, str]]:
        low = ids.key(prefix)
        found = list(self._staged.targets(low))
        if self._complete or not certain:
            found += [pair for pair in self.base.targets(low, certain=certain) if not self._covers(pair[1])]
        yield from sorted(found)

    def count_targets(self, prefix: str, first: str, last: str, *, certain: bool = False) -> int:
        low, high = ids.key(prefix) + first, ids.key(prefix) + last
        count = self._staged.count_targets(low, high)
        if certain and not self._complete:
            return count
        hidden = self._hidden.count_targets(low, high)
        return count + self.base.count_targets(prefix, first, last, certain=certain) - hidden

    def usage(self, bucket: str, *, certain: bool = False) -> int:
        key = ids.key(bucket)
        below = self.base.usage(key, certain=certain) - self._hidden.usage[key]
        return self._staged.usage[key] + (below if self._complete or not certain else 0)

    def existing_usage(self, bucket: str) -> int:
        return self.base.existing_usage(bucket) if not self._complete else self.usage(bucket)

    def is_there_already(self, resource_id: str) -> bool:
        view = self if self._complete else self.base
        return view.find(resource_id) is not None

    def waits_for(self, resource_id: str, other_id: str) -> bool | None:
        key, other = ids.key(resource_id), ids.key(other_id)
        new = key in self._asked and self.base.find(key) is None and self.base.find(other) is None
        return False if new and self._asked[key] < self._answered.get(other, 0) else None

    def _covers(self, key: str) -> bool:
        return key in self._staged or key in self._gone

    # The order of a plan

    def asked(self, resource_id: str) -> None:
        """Notes that a plan asks about a resource."""
        self._asked[ids.key(resource_id)] = next(self._moments)

    def answered(self, resource_id: str) -> None:
        """Notes that a plan is answered about a resource: what waits for it can be asked from now on."""
        self._answered[ids.key(resource_id)] = next(self._moments)

    # Changes

    def changes(self) -> tuple[ResourceIndex, set[str]]:
        """What the overlay changes: the resources that are staged, and the keys of those that are gone."""
        return self._staged, self._gone

    def put(
        self, resource: T, *, strict_ids: bool = False, validated: bool = False
    ) -> tuple[T, Sequence[Violation]]:
        """Stages a resource. Returns it with what the service assigns, and every broken rule.
        With an error among those the overlay must not be written. `validated`: `validate` has been run.
        """
        sound = is_sound(resource)
        violations = [] if validated else self._validated(resource, sound=sound, strict_ids=strict_ids)
        if not sound:
            return resource, violations
        resource, write = self._write(resource, violations)
        self._judge(write, violations)
        return resource, list(dict.fromkeys(violations))

    def assigned(self, resource: T) -> T:
        """A resource with what the service would assign if it were put here. It may lack secrets that it must
        have, and else is sound.
        """
        before = self._before(resource)
        return service_defaults.assign(_canonical(resource, before), self, before)

    def keep(self, resource: Resource) -> Sequence[Violation]:
        """Stages what has the ID of a resource as it is, and what has those of its inline
        children: nobody writes them. Returns every rule that they break.
        """
        wanted: list[tuple[Path, Resource]] = [((), resource)]
        wanted += [((name, position), child) for name, position, child in inline.children(resource)]
        kept = [(path, found) for path, one in wanted if (found := self._before(one)) is not None]
        for _, one in kept:
            self.stage(one)
        violations: MutableSequence[Violation] = []
        for path, one in kept:
            violations += _under(path, [*integrity.missing_references(self, one)])
            violations += _under(path, [*one.check(self, self.policy, one)])
        return list(dict.fromkeys(violations))

    def _validated(
        self, resource: Resource, *, sound: bool, strict_ids: bool = False
    ) -> MutableSequence[Violation]:
        before = self._before(resource) if sound else None
        strict_ids = strict_ids or self.policy.arm_id_case == "strict"
        return list(validate(resource, before, strict_ids=strict_ids))

    def _before(self, resource: T) -> T | None:
        found = self.find(resource.id)
        return found if isinstance(found, type(resource)) else None

    def _write(self, resource: T, violations: MutableSequence[Violation]) -> tuple[T, Write]:
        """Stages a resource and its inline children, all before any of them is judged."""
        before = self._before(resource)
        violations += integrity.another_type(self, resource)
        resource = _canonical(resource, before)
        if before is not None:
            violations += integrity.changed_for_good(resource, before)
        resource = service_defaults.assign(resource, self, before)
        dependents = [] if before is None else integrity.judge_dependents(self, self.policy, resource, before)
        self.stage(inline.without(resource))
        children = inline.children(resource)
        violations += self._sweep(resource, [child for _, _, child in children])
        writes: MutableSequence[tuple[Path, Write]] = []
        for name, position, child in children:
            sound = is_sound(child)
            broken = self._validated(child, sound=sound)
            if sound:
                writes.append(((name, position), self._write(child, broken)[1]))
            violations += _under((name, position), broken)
        return resource, Write(resource, before, dependents, writes)

    def _judge(self, write: Write, violations: MutableSequence[Violation]) -> None:
        """Adds what a write breaks, and stages what it does to others."""
        resource, before, dependents_before, children = write
        for path, child in children:
            broken: MutableSequence[Violation] = []
            self._judge(child, broken)
            violations += _under(path, broken)
        violations += integrity.missing_references(self, resource)
        if before is not None:
            with suppress(Undecided):
                violations += tuple(integrity.parts_in_use(self, self.policy, resource, before))
        violations += resource.check(self, self.policy, before)
        with suppress(Undecided):  # an effect that depends on what is not known yet shows at apply
            for other in tuple(resource.effects(self, before)):
                self.stage(other)
            for other_id in tuple(resource.displaces(before)):
                self.remove(other_id)
        if before is not None:
            after = integrity.judge_dependents(self, self.policy, resource, before)
            violations += [one for one in after if one not in dependents_before]

    def _sweep(self, resource: Resource, children: Sequence[Resource]) -> Iterator[Violation]:
        """Deletes the child resources that an inline argument no longer lists."""
        for name, field in resource.fields().items():
            if field.block is None or not field.has(INLINE) or not resource.knows(name):
                continue
            blocks = getattr(resource, name)
            if blocks is None and resource.keeps_children(self.policy):
                continue
            if len(blocks or ()) != len(children):
                continue  # the name of one is not known yet, so nobody can say which are left out
            listed = {ids.key(child.id) for child in children}
            for child in tuple(self.list(resource_kind(field.block.child), resource.id + "/")):
                if ids.key(child.id) not in listed:
                    yield from _under((name,), self.delete(child.id))

    def delete(self, resource_id: str) -> Sequence[Violation]:
        """Takes a resource and its children away. Returns why that is refused, or nothing."""
        planned = deletion.deletion_of(self, self.policy, resource_id)
        if not planned.refusals:
            self._take_away(planned.leaving)
        return planned.refusals

    def _take_away(self, leaving: Mapping[str, Resource]) -> None:
        for key in leaving:
            self.remove(key)
        for resource in leaving.values():
            for other in tuple(resource.aftermath(self)):
                self.stage(other)

    def stage(self, resource: Resource) -> None:
        """Stages a resource without a check."""
        key = ids.key(resource.id)
        self.remove(key)
        self._gone.discard(key)
        self._staged.put(resource)

    def remove(self, resource_id: str) -> None:
        """Takes a resource away, without a check."""
        key = ids.key(resource_id)
        if not self._covers(key) and isinstance(hidden := self.base.find(key), Resource):
            self._hidden.put(hidden)
        self._gone.add(key)
        self._staged.discard(key)

    def unstage(self, resource_id: str) -> None:
        """Takes a resource away as a plan does that will destroy it; nothing is refused. What that does to
        others is not known: the plan may destroy them too.
        """
        resource = self.find(resource_id)
        if resource is None:
            return
        self.remove(resource_id)
        with suppress(Undecided):
            for other in tuple(resource.aftermath(self)):
                past = self.find(other.id)
                self.stage(other if past is None else service_defaults.unknown_where_they_differ(past, other))

    def reset(self, resource_id: str) -> None:
        """Drops what the overlay says about a resource, so that the view below shows."""
        key = ids.key(resource_id)
        self.remove(key)
        self._gone.discard(key)
        self._hidden.discard(key)


def _canonical(resource: T, before: T | None) -> T:
    """A resource in the form that is stored, its names cased as those of what it replaces."""
    made = service_defaults.canonical(resource)
    return made if before is None else service_defaults.named_as(made, before)


def _under(prefix: Path, violations: Sequence[Violation]) -> Iterator[Violation]:
    """Violations of a child, reported for its parent."""
    for one in violations:
        yield replace(one, path=prefix + one.path)
