"""Rules while something is not known yet: undecided, and silent. What is known is still judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from tests.vtaplib.control.lab import Lab, ip, nic, subnet, subnet_id
from tests.vtaplib.resources.rule_case import Case, Make
from tests.vtaplib.resources.rule_cases import CASES
from tests.vtaplib.resources.test_rules import made
from vtaplib import Violation
from vtaplib.control.service_defaults import with_value
from vtaplib.model import UNKNOWN, Undecided
from vtaplib.model.base import Model, Shape
from vtaplib.model.resource import Resource
from vtaplib.model.violation import Path

EACH = [
    pytest.param(case, make, id=f"{'.'.join(key)}-{number}-{outcome}")
    for key, case in CASES.items()
    for number, pair in enumerate(case.pairs)
    for outcome, make in (("broken", pair.broken), ("valid", pair.valid))
]


def fields(model: Model) -> Iterator[Path]:
    """The path of every field, those of nested blocks included."""
    for name, field in model.fields().items():
        yield (name,)
        value = getattr(model, name)
        if field.block is None or value is None:
            continue
        for position, block in enumerate((value,) if field.shape is Shape.BLOCK else value):
            yield from ((name, position, *path) for path in fields(block))


def has_id(resource: Resource) -> bool:
    try:
        return bool(resource.id)
    except Undecided:
        return False


def told(violations: Sequence[Violation]) -> set[tuple[str, str, Path]]:
    """What violations are about. The message may name a value that is not known."""
    return {(one.rule, one.code, one.path) for one in violations}


@pytest.mark.sampled(8)
@pytest.mark.parametrize(("case", "make"), EACH)
def test_a_rule_never_says_of_what_is_unknown_what_it_does_not_say_of_the_known(
    case: Case, make: Make
) -> None:
    lab = Lab(case.policy)
    resource, into = made(lab, make)
    placed = into.place(resource)
    known = told(lab.broken_by(placed))
    for path in fields(placed):
        unknown = with_value(placed, path, UNKNOWN)
        overlay = lab.cloud.overlay(complete=False)
        if has_id(unknown):
            violations = overlay.put(unknown)[1]
        else:
            violations = list(unknown.check(overlay, lab.cloud.policy))
        assert told(violations) <= known, path


@pytest.mark.sampled(8)
@pytest.mark.parametrize(("case", "make"), EACH)
def test_a_rule_is_silent_about_a_world_that_a_plan_has_not_reached(case: Case, make: Make) -> None:
    lab = Lab(case.policy)
    resource, into = made(lab, make)
    placed = into.place(resource)
    known = told(lab.broken_by(placed))
    assert told(lab.cloud.overlay(complete=False).put(placed)[1]) <= known
    empty = Lab(case.policy, stocked=False)
    assert told(empty.cloud.overlay(complete=False).put(placed)[1]) <= known


def test_what_is_known_is_judged_beside_what_is_not() -> None:
    lab = Lab()
    half = nic("new", ip(subnet_id("app"), "10.9.9.9"), ip(None, name="second")).replace(tags=UNKNOWN)
    rules = {one.rule for one in lab.cloud.overlay(complete=False).put(lab.home.place(half))[1]}
    assert {"addresses_are_in_the_subnet", "ipv4_configurations_name_a_subnet"} <= rules


def test_what_is_assigned_from_the_unknown_is_unknown() -> None:
    lab = Lab()
    draft = lab.home.place(nic("new", ip(subnet_id("app")))).replace(ip_configuration=UNKNOWN)
    planned, violations = lab.cloud.overlay(complete=False).put(draft)
    assert list(violations) == []
    for name in ("private_ip_address", "private_ip_addresses", "internal_domain_name_suffix"):
        assert not planned.knows(name), name


def test_a_subnet_of_an_unknown_prefix_claims_nothing() -> None:
    lab = Lab()
    overlay = lab.cloud.overlay(complete=False)
    unknown = lab.home.place(subnet("app", "new", "10.1.9.0/24")).replace(address_prefixes=UNKNOWN)
    assert list(overlay.put(unknown)[1]) == []
    assert list(overlay.put(lab.home.place(subnet("app", "other", "10.1.9.0/24")))[1]) == []
