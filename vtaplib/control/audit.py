"""An audit: every rule of every resource of a world, whoever wrote it and in whatever order.

A conflict of two resources has a rule on both sides, so that a write finds it whichever is written second.
An audit tells it once: it goes through the resources in order, and shows each rule about conflicts (one that
asks for `certain` referrers) only those that it has gone past. The last one is told of the conflict, so what
changes comes last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from vtaplib.control import integrity
from vtaplib.control.policy import Policy
from vtaplib.control.read_view import ReadView
from vtaplib.model import ids
from vtaplib.model.general_rule import PARTS_IN_USE_STAY
from vtaplib.model.resource import Departure, Resource, label
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import R, View
from vtaplib.model.violation import ErrorCode, Path, Violation, dotted
from vtaplib.resources import RESOURCE_TYPES


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a resource breaks."""

    resource: Resource
    violation: Violation


@dataclass(frozen=True, slots=True)
class Change:
    """What makes a world out of another, by key of IDs."""

    before: Mapping[str, Resource | None]
    """The resources that are written, as they were; None where they are new."""
    gone: Mapping[str, Resource]
    """Those that will not be there any more."""


NO_CHANGE: Final = Change({}, {})


def audit(view: View, policy: Policy, change: Change = NO_CHANGE) -> Iterator[Finding]:
    """Everything that is wrong in a settled view, in order: what stays as it is, then what is written, those
    that others refer to first. With a `change`, also what is wrong with changing so.
    """
    world = view if isinstance(view, ReadView) else ReadView(view.list(Resource), whole=True)
    past = _Past(world)
    exceeded: set[tuple[str, str]] = set()
    for resource in sorted(world, key=lambda one: (ids.key(one.id) in change.before, _ORDER[type(one)])):
        past.add(resource)
        for violation in _violations(resource, world, past, policy, change):
            if _is_told(violation, resource, exceeded):
                yield Finding(resource, violation)


_ORDER = {kind: position for position, kind in enumerate(RESOURCE_TYPES)}


def _is_told(violation: Violation, resource: Resource, exceeded: set[tuple[str, str]]) -> bool:
    """Whether a violation is told for the first time: all that count against a limit exceed it together."""
    rule = resource.rules().get(violation.rule)
    if rule is None or rule.quota is None:
        return True
    excess = (rule.name, violation.message.removeprefix(resource.label))
    is_first = excess not in exceeded
    exceeded.add(excess)
    return is_first


def _violations(
    resource: Resource, world: ReadView, past: View, policy: Policy, change: Change
) -> Iterator[Violation]:
    yield from integrity.missing_references(world, resource, whole=world.whole)
    key = ids.key(resource.id)
    before = change.before.get(key)
    same_type = before if isinstance(before, type(resource)) else None
    for rule in resource.rules().values():
        if rule.compares and key not in change.before:
            continue
        with suppress(Undecided):
            yield from resource.judge(rule, world if rule.compares else past, policy, same_type)
    if change.gone:
        yield from _left_behind(resource, policy, change.gone)


def _left_behind(resource: Resource, policy: Policy, gone: Mapping[str, Resource]) -> Iterator[Violation]:
    """References to what goes, of one that does not let it go."""
    for reference in resource.references():
        owner = gone.get(ids.key(reference.owner))
        if owner is None or reference.claim:
            continue
        farewell = resource.when_target_goes(reference, type(owner).in_use_code, policy)
        if farewell.departure is not Departure.DANGLE:
            yield _refused(farewell.code, resource, owner, reference.path)


def _refused(code: ErrorCode, resource: Resource, owner: Resource, path: Path) -> Violation:
    message = (
        f"{label(owner.id)}: cannot be deleted while {resource.label} uses it as {dotted(path)}; delete that "
        "too, or let it refer to another"
    )
    return Violation(code, message, path, rule=PARTS_IN_USE_STAY)


class _Past(View):
    """A world in which conflicts show with those resources only that an audit has gone past."""

    def __init__(self, world: ReadView) -> None:
        self._world = world
        self._past: set[str] = set()

    def add(self, resource: Resource) -> None:
        """Lets a resource show."""
        self._past.add(ids.key(resource.id))

    @property
    def settled(self) -> bool:
        return True

    def find(self, resource_id: str) -> Resource | None:
        return self._world.find(resource_id)

    def list(self, kind: type[R], within: str = "") -> Iterator[R]:
        return self._world.list(kind, within)

    def referrers(self, resource_id: str, kind: type[R], *, certain: bool = False) -> Iterator[R]:
        for one in self._world.referrers(resource_id, kind, certain=certain):
            if not certain or ids.key(one.id) in self._past:
                yield one

    def targets(self, prefix: str, *, certain: bool = False) -> Iterator[tuple[str, str]]:
        for target, source in self._world.targets(prefix):
            if not certain or source in self._past:
                yield target, source

    def taken(self, bucket: str, *, certain: bool = False) -> int:
        return self._world.taken(bucket)
