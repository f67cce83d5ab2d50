"""Every rule of every type: what breaks it, what just does not, and that none lacks either."""

from __future__ import annotations

import pytest

from tests.vtaplib.control.lab import Lab
from tests.vtaplib.resources.rule_case import Case, Make, Pair
from tests.vtaplib.resources.rule_cases import CASES, ELSEWHERE
from vtaplib import ArmError
from vtaplib.control import SubscriptionHandle
from vtaplib.model import Severity
from vtaplib.model.resource import Resource
from vtaplib.model.rule import Rule
from vtaplib.resources import RESOURCE_TYPES

RULES: dict[tuple[str, str], Rule] = {
    (kind.__name__, name): rule for kind in RESOURCE_TYPES for name, rule in kind.rules().items()
}


EACH = [
    pytest.param(key, case, pair, id=f"{'.'.join(key)}-{number}")
    for key, case in CASES.items()
    for number, pair in enumerate(case.pairs)
]


def made(lab: Lab, make: Make) -> tuple[Resource, SubscriptionHandle]:
    put = make(lab)
    return put if isinstance(put, tuple) else (put, lab.home)


def test_every_rule_has_cases_of_both_outcomes() -> None:
    assert CASES.keys() | ELSEWHERE.keys() == RULES.keys()
    assert not CASES.keys() & ELSEWHERE.keys()
    assert all(case.pairs for case in CASES.values())


def test_every_rule_says_what_it_demands_and_where_that_is_documented() -> None:
    for rule in RULES.values():
        assert rule.what.endswith(".")
        assert rule.source


@pytest.mark.parametrize(("key", "case", "pair"), EACH)
def test_a_rule_is_broken_by_what_it_forbids_and_no_other_rule_is(
    key: tuple[str, str], case: Case, pair: Pair
) -> None:
    lab = Lab(case.policy)
    resource, into = made(lab, pair.broken)
    violations = lab.broken_by(resource, into)
    assert {one.rule for one in violations} == {key[1], *case.also}, violations
    for one in (one for one in violations if one.rule == key[1]):
        assert one.code == case.code
        assert one.path
        assert one.path[0] in resource.fields()
        assert one.way_out
        assert one.message.startswith(one.problem)
        assert one.message.endswith(one.way_out)
    refused = {one for one in violations if one.severity is Severity.ERROR}
    if refused:
        with pytest.raises(ArmError) as error:
            into.put(resource)
        assert set(error.value.violations) == refused
        assert error.value.code == case.code
    else:
        into.put(resource)


@pytest.mark.parametrize(("key", "case", "pair"), EACH)
def test_the_nearest_neighbour_of_what_a_rule_forbids_is_accepted(
    key: tuple[str, str], case: Case, pair: Pair
) -> None:
    lab = Lab(case.policy)
    resource, into = made(lab, pair.valid)
    assert {one.rule for one in lab.broken_by(resource, into)} <= {*case.also}
    into.put(resource)
    assert lab.cloud.find(into.place(resource).id) is not None
