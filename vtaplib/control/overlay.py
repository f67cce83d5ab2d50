"""An overlay: a view plus changes. What is planned, or proposed, seen as if it were so.

Every write goes through here. `Cloud.put` lays an overlay over the store, and writes its changes if no rule is broken;
a Terraform plan keeps one overlay for all that it plans; a what-if is an overlay that is thrown away. So the same rules
run everywhere.

An overlay for a plan is *not settled*: more may be planned after. A lookup that finds nothing leaves a rule undecided,
and an existing resource that the plan has not reached yet is not held against a planned one.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Any, cast

from vtaplib.control import inline, settlement
from vtaplib.control.policy import Policy
from vtaplib.model import ids
from vtaplib.model.base import Block, Field, Shape
from vtaplib.model.marks import CREATE_ONLY, INERT, INLINE
from vtaplib.model.resource import Departure, Reference, Resource, kind_named, label, resource_kind
from vtaplib.model.unknown import Undecided
from vtaplib.model.validation import validate
from vtaplib.model.view import R, View
from vtaplib.model.violation import ErrorCode, Evidence, Path, Violation


def owner_of(reference: Reference) -> str:
    """The ID of the resource that a reference's target is, or belongs to."""
    if reference.claim:
        return ids.parent(reference.target)
    return ids.parent(reference.target) if issubclass(kind_named(reference.kind), Block) else reference.target


class Overlay(View):
    """Changes over a view. `settled`: no more changes will come than what is put here."""

    def __init__(self, base: View, policy: Policy, *, settled: bool) -> None:
        self.base = base
        self.policy = policy
        self._settled = settled
        self._present: dict[str, Resource] = {}
        self._gone: set[str] = set()
        self._sources: dict[str, dict[str, None]] = {}
        self._targets: list[tuple[str, str]] = []

    @property
    def settled(self) -> bool:
        return self._settled

    # Lookups

    def find(self, resource_id: str) -> Resource | None:
        key = ids.key(resource_id)
        if key in self._present:
            return self._present[key]
        return None if key in self._gone else self.base.find(key)

    def list(self, kind: type[R], within: str = "") -> Iterator[R]:
        found = {ids.key(one.id): one for one in self.base.list(kind, within)}
        for key in self._gone:
            found.pop(key, None)
        for key, resource in self._present.items():
            if isinstance(resource, kind) and key.startswith(ids.key(within)):
                found[key] = resource
        yield from (found[key] for key in sorted(found))

    def referrers(self, resource_id: str, kind: type[R], *, certain: bool = False) -> Iterator[R]:
        key = ids.key(resource_id)
        for source in tuple(self._sources.get(key, ())):
            resource = self._present[source]
            if isinstance(resource, kind):
                yield resource
        if self._settled or not certain:
            for resource in self.base.referrers(key, kind, certain=certain):
                if not self._covers(ids.key(resource.id)):
                    yield resource

    def targets(self, prefix: str, *, certain: bool = False) -> Iterator[tuple[str, str]]:
        low = ids.key(prefix)
        found: list[tuple[str, str]] = []
        for pair in self._targets[bisect_left(self._targets, (low, "")) :]:
            if not pair[0].startswith(low):
                break
            found.append(pair)
        if self._settled or not certain:
            found += [pair for pair in self.base.targets(low, certain=certain) if not self._covers(pair[1])]
        yield from sorted(found)

    def _covers(self, key: str) -> bool:
        return key in self._present or key in self._gone

    # Changes

    def changes(self) -> tuple[dict[str, Resource], set[str]]:
        """What the overlay changes: resources by key, and the keys of those that are gone."""
        return self._present, self._gone

    def put(
        self, resource: R, *, strict_ids: bool = False, validated: bool = False
    ) -> tuple[R, list[Violation]]:
        """Lays a resource over the view. Returns it with what the service assigns, and every broken rule. With an
        error among those the overlay must not be written.
        """
        found = self.find(resource.id)
        before = found if isinstance(found, type(resource)) else None
        violations = [] if validated else list(validate(resource, before, strict_ids=strict_ids))
        resource = settlement.canonical(resource)
        if before is not None:
            violations += _changed_for_good(resource, before)
        if any("not of type" in one.message for one in violations):
            return resource, violations
        resource = settlement.assign(resource, self, before)
        judged_before = self._judge_dependents(resource, before)
        children = inline.children(resource)
        self.lay(inline.without(resource))
        for field, position, child in children:
            _, broken = self.put(child)
            violations += [_under((field, position), one) for one in broken]
        violations += self._sweep_children(resource, children)
        violations += self._missing_references(resource)
        violations += self._parts_in_use(resource, before)
        violations += resource.check(self, self.policy, before)
        try:
            for other in tuple(resource.effects(self, before)):
                self.lay(other)
        except Undecided:
            pass  # an effect that depends on what is not known yet shows at apply
        violations += self._judge_dependents(resource, before) - judged_before
        return cast(R, resource), _each_once(violations)

    def delete(self, resource_id: str) -> list[Violation]:
        """Takes a resource and its children away. Returns why that is refused, or nothing."""
        root = self.find(resource_id)
        if root is None:
            return []
        leaving = {ids.key(root.id): root}
        violations: list[Violation] = []
        pending = [root]
        while pending:
            resource = pending.pop()
            for other in tuple(self.referrers(resource.id, Resource)):
                if ids.key(other.id) in leaving:
                    continue
                departure, violation = self._farewell(other, resource, leaving)
                if departure is Departure.CASCADE:
                    leaving[ids.key(other.id)] = other
                    pending.append(other)
                elif violation is not None:
                    violations.append(violation)
        violations = [one for one in violations if one.rule not in leaving]
        if not violations:
            for key in leaving:
                self.remove(key)
            for resource in leaving.values():
                for other in tuple(resource.aftermath(self)):
                    self.lay(other)
        return _each_once(violations)

    def _farewell(
        self, other: Resource, target: Resource, leaving: dict[str, Resource]
    ) -> tuple[Departure, Violation | None]:
        """What becomes of a resource that refers to one that is about to go."""
        if ids.key(other.id).startswith(ids.key(target.id) + "/"):
            return Departure.CASCADE, None
        for reference in other.references():
            if ids.key(owner_of(reference)) != ids.key(target.id):
                continue
            farewell = other.when_target_goes(reference, type(target).in_use_code, self.policy)
            if farewell.departure is not Departure.REFUSE:
                return farewell.departure, None
            message = f"{target.label}: cannot be deleted while {other.label} uses it"
            # The user's key stands in for a rule's name until it is known whether the user goes too.
            return Departure.REFUSE, Violation(farewell.code, message, (), rule=ids.key(other.id))
        return Departure.DANGLE, None

    def lay(self, resource: Resource) -> None:
        """Lays a resource over the view, without a check."""
        key = ids.key(resource.id)
        self.remove(key)
        self._gone.discard(key)
        self._present[key] = resource
        for target, owner in _keys(resource):
            insort(self._targets, (target, key))
            for name in {target, owner}:
                self._sources.setdefault(name, {})[key] = None

    def remove(self, resource_id: str) -> None:
        """Takes a resource away, without a check."""
        key = ids.key(resource_id)
        self._gone.add(key)
        resource = self._present.pop(key, None)
        if resource is None:
            return
        for target, owner in _keys(resource):
            position = bisect_left(self._targets, (target, key))
            if self._targets[position : position + 1] == [(target, key)]:
                del self._targets[position]
            for name in (target, owner):
                self._sources.get(name, {}).pop(key, None)

    def vacate(self, resource_id: str) -> None:
        """Takes a resource away as a plan does that will destroy it: others see it gone, nothing is refused."""
        resource = self.find(resource_id)
        if resource is None:
            return
        self.remove(resource_id)
        try:
            for other in tuple(resource.aftermath(self)):
                self.lay(other)
        except Undecided:
            pass  # what the deletion does to others shows at apply

    def changes_anything_about(self, resource_id: str) -> bool:
        """Whether the overlay says something else about a resource than the view below."""
        return self._covers(ids.key(resource_id))

    def forget(self, resource_id: str) -> None:
        """Drops what the overlay says about a resource, so that the view below shows."""
        self.remove(resource_id)
        self._gone.discard(ids.key(resource_id))

    # What `put` checks beside the resource's own rules

    def _missing_references(self, resource: Resource) -> Iterator[Violation]:
        """References to what is not there. In a plan that is left for the apply: another may be creating it."""
        for reference in resource.references():
            if reference.claim:
                continue
            kind = kind_named(reference.kind)
            owner = self.find(owner_of(reference))
            part = issubclass(kind, Block)
            wanted = resource_kind(kind.owner) if issubclass(kind, Block) else kind
            if owner is None and self._settled:
                code = (
                    ErrorCode.INVALID_RESOURCE_REFERENCE if part else cast(type[Resource], kind).missing_code
                )
                yield _reference_violation(resource, reference, code, "does not exist")
            elif owner is not None and not isinstance(owner, wanted):
                what = f"is a {type(owner).__name__}, not a {wanted.__name__}"
                yield _reference_violation(resource, reference, ErrorCode.INVALID_RESOURCE_REFERENCE, what)
            elif (
                owner is not None and part and not _has_part(owner, cast(type[Block], kind), reference.target)
            ):
                if not _is_assigned(resource, reference.path):
                    what = f"does not exist: {owner.label} has no {label(reference.target)}"
                    yield _reference_violation(
                        resource, reference, ErrorCode.INVALID_RESOURCE_REFERENCE, what
                    )

    def _parts_in_use(self, resource: Resource, before: Resource | None) -> Iterator[Violation]:
        """Parts that a write takes away while something refers to them."""
        if before is None:
            return
        for name, field in before.fields().items():
            if field.block is None or not field.block.id_segment or not resource.knows(name):
                continue
            kept = {ids.key(block.name) for block in getattr(resource, name)}
            for block in getattr(before, name):
                if ids.key(block.name) in kept:
                    continue
                part_id = f"{before.id}/{field.block.id_segment}/{block.name}"
                for other in self.referrers(part_id, Resource, certain=True):
                    for reference in other.references():
                        if ids.key(reference.target) != ids.key(part_id):
                            continue
                        farewell = other.when_target_goes(reference, type(before).in_use_code, self.policy)
                        if farewell.departure is Departure.REFUSE:
                            message = f"{label(part_id)}: cannot be removed while {other.label} uses it"
                            yield Violation(farewell.code, message, (name,), rule="parts_in_use")

    def _judge_dependents(self, resource: Resource, before: Resource | None) -> _Judged:
        """The rules of those that read this resource, where a change of it may break them."""
        if before is None or not type(resource).dependents or not _differs(resource, before):
            return _Judged()
        return _Judged(
            violation
            for name in type(resource).dependents
            for other in self.referrers(resource.id, resource_kind(name), certain=True)
            for violation in other.check(self, self.policy)
        )

    def _sweep_children(self, resource: Resource, children: inline.Children) -> Iterator[Violation]:
        """Deletes the child resources that an inline argument no longer lists."""
        for name, field in resource.fields().items():
            if not field.has(INLINE) or not resource.knows(name):
                continue
            assert field.block is not None
            listed = {ids.key(child.id) for _, _, child in children}
            if getattr(resource, name) is None and self.policy.vnet_put_without_subnets == "keep":
                continue
            for child in tuple(self.list(resource_kind(field.block.child), resource.id + "/")):
                if ids.key(child.id) not in listed:
                    yield from (_under((name,), one) for one in self.delete(child.id))


class _Judged(list[Violation]):
    """Violations of dependents, to be compared before and after a change."""

    def __sub__(self, past: _Judged) -> list[Violation]:
        """Those that are new, told about the changed resource as a whole: the field at fault is another's."""
        return [
            Violation(one.code, one.message, (), one.severity, one.rule, one.evidence)
            for one in self
            if one not in past
        ]


def _keys(resource: Resource) -> Iterator[tuple[str, str]]:
    for reference in resource.references():
        yield ids.key(reference.target), ids.key(owner_of(reference))


def _reference_violation(resource: Resource, reference: Reference, code: ErrorCode, what: str) -> Violation:
    message = f"{resource.label}: {_dotted(reference.path)} = {reference.target!r} {what}"
    return Violation(code, message, reference.path, rule="references_exist", evidence=Evidence.DOCUMENTED)


def _dotted(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def _has_part(owner: Resource, kind: type[Block], part_id: str) -> bool:
    name = ids.name(part_id).lower()
    for field_name, field in owner.fields().items():
        if field.block is kind:
            try:
                return any(block.name.lower() == name for block in getattr(owner, field_name))
            except Undecided:
                return True
    return False


def _is_assigned(resource: Resource, path: Path) -> bool:
    return "assigned" in resource.fields()[str(path[0])].flags


def _changed_for_good(resource: Resource, before: Resource) -> Iterator[Violation]:
    """Fields that cannot change, changed."""
    for path, field, past, value in _pairs(resource, before):
        if field.has(CREATE_ONLY) and value is not None and past != value and not _only_case(past, value):
            if path == ("location",):
                message = f"{before.label}: exists in {past}, cannot be created in {value}"
                yield Violation(ErrorCode.INVALID_RESOURCE_LOCATION, message, path)
            elif "sensitive" not in field.flags:
                message = (
                    f"{before.label}: {_dotted(path)} is {past!r} and cannot become {value!r}; create it anew"
                )
                yield Violation(ErrorCode.PROPERTY_CHANGE_NOT_ALLOWED, message, path)


def _only_case(past: Any, value: Any) -> bool:
    return isinstance(past, str) and isinstance(value, str) and past.lower() == value.lower()


def _pairs(resource: Resource, before: Resource) -> Iterator[tuple[Path, Field, Any, Any]]:
    """Known fields of both, one by one; nested blocks as a whole where there is one, not where there are many."""
    for name, field in resource.fields().items():
        if not resource.knows(name) or not before.knows(name):
            continue
        value, past = getattr(resource, name), getattr(before, name)
        if field.block is not None:
            if field.shape is Shape.BLOCK and value is not None and past is not None:
                for inner, inner_field in value.fields().items():
                    if value.knows(inner) and past.knows(inner):
                        yield (name, 0, inner), inner_field, getattr(past, inner), getattr(value, inner)
            continue
        yield (name,), field, past, value


def _differs(resource: Resource, before: Resource) -> bool:
    """Whether a write changes anything that a rule could read."""
    return any(
        not field.has(INERT)
        and name != "tags"
        and (not resource.knows(name) or getattr(resource, name) != getattr(before, name))
        for name, field in resource.fields().items()
    )


def _under(prefix: Path, violation: Violation) -> Violation:
    return Violation(
        violation.code,
        violation.message,
        prefix + violation.path,
        violation.severity,
        violation.rule,
        violation.evidence,
    )


def _each_once(violations: list[Violation]) -> list[Violation]:
    return list(dict.fromkeys(violations))
