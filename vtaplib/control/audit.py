"""An audit: every rule of every resource of a cloud, written by anybody in any order.

A conflict of two resources has a rule on both sides, so that a write finds it whichever is written second.
An audit would find it on both. It reports it once: of the one that is written, where one is, else of the
one that comes later in the order of types and IDs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import vtaplib.rules  # noqa: F401  # every rule is judged here: types must have those between them too
from vtaplib.control import integrity
from vtaplib.control.read_view import ReadView
from vtaplib.model import ids
from vtaplib.model.general_rule import PARTS_IN_USE_STAY
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.resource import OnDelete, Resource
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Path, Violation, dotted
from vtaplib.resources import RESOURCE_TYPES


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a resource breaks."""

    resource: Resource
    violation: Violation


@dataclass(frozen=True, slots=True)
class CloudChange:
    """What makes a world out of another, by key of IDs."""

    before: Mapping[str, Resource | None]
    """The resources that are written, as they were; None where they are new."""
    gone: Mapping[str, Resource]
    """Those that will not be there any more."""


NO_CHANGE: Final = CloudChange({}, {})


def audit(view: View, policy: Policy, change: CloudChange = NO_CHANGE) -> Iterator[Finding]:
    """Everything that is wrong in a complete view, in order: what stays as it is, then what is written, those
    that others refer to first. With a `change`, also what is wrong with changing so.
    """
    world = view if isinstance(view, ReadView) else ReadView(view.list(Resource), whole=True)
    found = _Findings()
    for resource in sorted(world, key=lambda one: _place(one, change), reverse=True):
        for violation in _violations(resource, world, policy, change):
            found.add(Finding(resource, violation))
    yield from reversed(found.findings)


_ORDER: Final = {kind: position for position, kind in enumerate(RESOURCE_TYPES)}


def _place(resource: Resource, change: CloudChange) -> tuple[bool, int, str]:
    """Where a resource comes in the order of an audit."""
    key = ids.key(resource.id)
    return key in change.before, _ORDER[type(resource)], key


class _Findings:
    """The findings so far, each conflict once."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._by_name: dict[tuple[ErrorCode, str], list[Finding]] = {}
        """Findings by their code and what their resource is called in messages."""
        self._exceeded: set[tuple[str, str]] = set()

    def add(self, finding: Finding) -> None:
        """Adds a finding, unless it says what another has said from the other side."""
        if self._is_excess_again(finding) or self._is_conflict_again(finding):
            return
        self.findings.append(finding)
        key = (finding.violation.code, _bare(finding.resource.label))
        self._by_name.setdefault(key, []).append(finding)

    def _is_excess_again(self, finding: Finding) -> bool:
        """Whether it is about a limit that was exceeded before: all that count against it exceed it."""
        rule = finding.resource.rules().get(finding.violation.rule)
        if rule is None or not rule.is_shared_limit:
            return False
        excess = (rule.name, finding.violation.message.removeprefix(finding.resource.label))
        is_again = excess in self._exceeded
        self._exceeded.add(excess)
        return is_again

    def _is_conflict_again(self, finding: Finding) -> bool:
        """Whether two resources name each other in findings of one code."""
        mine = _bare(finding.resource.label)
        return any(
            mine in _words(other.violation.message)
            for theirs in _words(finding.violation.message) - {mine}
            for other in self._by_name.get((finding.violation.code, theirs), ())
        )


def _words(message: str) -> set[str]:
    return set(map(_bare, message.split()))


def _bare(word: str) -> str:
    return word.strip(",:;.()")


def _violations(
    resource: Resource, world: ReadView, policy: Policy, change: CloudChange
) -> Iterator[Violation]:
    yield from integrity.missing_references(world, resource, whole=world.whole)
    key = ids.key(resource.id)
    before = change.before.get(key)
    same_type = before if isinstance(before, type(resource)) else None
    if same_type is not None:
        yield from integrity.changed_for_good(resource, same_type)
    for rule in resource.rules().values():
        if rule.compares and not rule.judges_new and key not in change.before:
            continue
        if rule.on_create and key not in change.before:
            continue  # it is there, and may have been written since it was created
        with suppress(Undecided):
            # A limit counts all that is there, whoever exceeded it.
            yield from resource.judge(rule, world, policy, None if rule.judges_new else same_type)
    if change.gone:
        yield from _left_behind(resource, policy, change.gone)


def _left_behind(resource: Resource, policy: Policy, gone: Mapping[str, Resource]) -> Iterator[Violation]:
    """References to what goes, of one that does not let it go."""
    for reference in resource.references():
        owner = gone.get(ids.key(reference.owner))
        if owner is None or reference.claim:
            continue
        deletion_outcome = resource.when_target_goes(reference, type(owner).in_use_code, policy)
        if deletion_outcome.on_delete is not OnDelete.DANGLE:
            yield _refused(deletion_outcome.code, resource, owner, reference.path)


def _refused(code: ErrorCode, resource: Resource, owner: Resource, path: Path) -> Violation:
    problem = f"{label(owner.id)}: cannot be deleted while {resource.label} uses it as {dotted(path)}"
    way_out = "delete that too, or let it refer to another resource"
    return Violation.of(code, problem, way_out, path, rule=PARTS_IN_USE_STAY)
