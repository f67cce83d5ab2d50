"""Every case of every rule in Terraform: a plan says of it what a put says, at the line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from provider_shim.configured import AS_IT_STANDS
from provider_shim.types import RESOURCE_TYPES
from tests.terraform.planned_lab import PlannedLab, PlannedResource, PlannedWorld
from tests.terraform.reattached import Diagnostic, Outcome, Workspace
from tests.vtaplib.resources.rule_case import Case, Pair
from tests.vtaplib.resources.rule_cases import CASES, ELSEWHERE
from tests.vtaplib.resources.test_rules import EACH, RULES, made
from vtaplib import Policy, Violation

pytestmark = pytest.mark.terraform

LEFT_TO_THE_APPLY: Final = {
    ("Subnet", "sent_security_group_exists"),
    ("VirtualNetworkPeering", "remote_side_is_not_disconnected"),
    ("VirtualNetworkPeering", "named_subnets_exist"),
    ("VirtualNetworkTap", "frontend_has_a_rule"),
    ("VirtualNetworkTap", "pool_has_a_backend"),
    ("VirtualNetworkTap", "collector_has_a_machine"),
    ("NetworkSecurityRule", "security_groups_let_copies_in"),
}
"""The rules that no plan tells of their cases, by what they say of themselves: the apply refuses what is an
error, and the plan after it warns of the rest.
"""

every_pair = pytest.mark.parametrize(("key", "case", "pair"), EACH)
Key = tuple[str, str]
NewLab = Callable[[Policy], PlannedLab]
Told = Counter[tuple[str, str]]
"""How often something was said, by severity and code."""


@pytest.fixture
def new_lab(workspace: Workspace, stock: Path) -> NewLab:
    """Makes a lab whose plan is the workspace's."""
    return lambda policy: PlannedLab(stock, workspace, policy)


def test_every_rule_of_every_type_has_a_case_or_a_reason() -> None:
    rules = {(kind.__name__, name) for kind in RESOURCE_TYPES.values() for name in kind.rules()}
    assert rules == CASES.keys() | ELSEWHERE.keys()


def test_what_is_left_to_the_apply_says_why() -> None:
    assert {key for key in LEFT_TO_THE_APPLY if not RULES[key].at_apply} == set()


@pytest.mark.sampled(16)
@every_pair
def test_a_plan_says_of_what_is_new_what_a_put_says(
    workspace: Workspace, new_lab: NewLab, key: Key, case: Case, pair: Pair
) -> None:
    with new_lab(case.policy) as lab:
        world = lab.world(pair.broken)
    world.write(workspace)
    is_told(workspace, world, key)


@pytest.mark.sampled(16)
@every_pair
def test_the_nearest_neighbour_is_applied_and_changes_as_a_put_says(
    workspace: Workspace, new_lab: NewLab, key: Key, case: Case, pair: Pair
) -> None:
    with new_lab(case.policy) as lab:
        broken, _ = made(lab, pair.broken)
    with new_lab(case.policy) as lab:
        world = lab.world(pair.valid)
        changed = lab.changed(world, broken)
    world.write(workspace)
    agrees(each_once(workspace.apply()), world.resources)
    stands(workspace)
    if changed is not None:
        changed.write(workspace)
        is_told(workspace, changed, key)
        if not changed.subject.violations:
            workspace.apply()
            stands(workspace)


def is_told(workspace: Workspace, world: PlannedWorld, key: Key) -> None:
    """Holds a plan to what a put says of its subject, and where it leaves that to the apply, that."""
    outcome = workspace.plan()
    subject = world.subject
    left = [one for one in subject.violations if (key[0], one.rule) in LEFT_TO_THE_APPLY]
    at_once = [one for one in subject.violations if one not in left]
    agrees(outcome, world.resources)
    assert told(outcome, subject) == gist(at_once), f"{subject}\n{outcome.told}"
    if left:
        is_told_by_the_apply(workspace, subject, left)


def is_told_by_the_apply(workspace: Workspace, subject: PlannedResource, left: Sequence[Violation]) -> None:
    outcome = workspace.try_apply()
    expected = gist(left)
    assert told(outcome, subject) == Counter({one: n for one, n in expected.items() if one[0] == "error"})
    points_at_lines(outcome, [subject])
    standing = {
        (one.severity, one.summary)
        for one in workspace.plan().diagnostics
        if one.detail.startswith(f"{AS_IT_STANDS}{subject.resource.label}")
    }
    assert standing >= {one for one in expected if one[0] == "warning"}, outcome.told


def agrees(outcome: Outcome, resources: Sequence[PlannedResource]) -> None:
    """Holds a plan to say nothing of what it plans that puts do not say, nor of anything else."""
    for one in resources:
        assert told(outcome, one) <= gist(one.violations), f"{one}\n{outcome.told}"
    addresses = {one.address for one in resources}
    assert {one.address for one in of_plan(outcome)} <= addresses, outcome.told
    points_at_lines(outcome, resources)


def points_at_lines(outcome: Outcome, resources: Sequence[PlannedResource]) -> None:
    lines = {
        (one.address, str(violation.code), line)
        for one in resources
        for violation in one.violations
        for line in one.lines(violation)
    }
    for told in of_plan(outcome):
        starts = [line for address, code, line in lines if (address, code) == (told.address, told.summary)]
        assert told.line.startswith(tuple(starts)), f"{told}\n{starts}"


def stands(workspace: Workspace) -> None:
    """Holds the state to what is configured, of which a plan says nothing but how things are."""
    outcome = workspace.plan()
    assert (outcome.code, outcome.actions, of_plan(outcome)) == (0, {}, []), outcome.told


def of_plan(outcome: Outcome) -> list[Diagnostic]:
    """What is said of what is planned, not of what is."""
    return [one for one in outcome.diagnostics if not one.detail.startswith(AS_IT_STANDS)]


def told(outcome: Outcome, planned: PlannedResource) -> Told:
    return Counter((one.severity, one.summary) for one in of_plan(outcome) if one.address == planned.address)


def gist(violations: Iterable[Violation]) -> Told:
    return Counter((one.severity.value, str(one.code)) for one in violations)


def each_once(outcome: Outcome) -> Outcome:
    """An apply's outcome without what it says twice: as it plans, and again before it writes."""
    return replace(outcome, diagnostics=tuple(dict.fromkeys(outcome.diagnostics)))
