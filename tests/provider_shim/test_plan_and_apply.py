"""What a plan of a whole configuration accepts, with everything known, its apply accepts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import HealthCheck, event, given, settings

from provider_shim.diagnostics import DiagnosticSeverity
from provider_shim.lifecycle import Provider
from provider_shim.types import RESOURCE_TYPES
from tests.examples import part_of
from tests.fake_core import Process, RefusedError
from tests.provider_shim.configurations import Values, provider_block
from tests.provider_shim.drawn_configuration import Planned, drawn_configurations

Orders = tuple[Sequence[Planned], Sequence[Planned]]

RACES = frozenset({"PrivateIPAddressIsAllocated"})
"""A Static address may be taken by an interface that asks for any, and that the apply reaches first."""


@settings(max_examples=part_of(60), suppress_health_check=[HealthCheck.too_slow])
@given(drawn_configurations())
def test_what_the_plan_of_a_configuration_accepts_the_apply_accepts(
    tmp_path_factory: pytest.TempPathFactory, orders: Orders
) -> None:
    block = provider_block(tmp_path_factory.getbasetemp() / f"planned{next(_numbers)}.db")
    accepted = without_what_is_refused(block, orders[0])
    event(f"tapped: {any('tap_configuration' in one.type_name for one in accepted)}")
    kept = {one.address for one in accepted}
    process = Process(Provider(), block)
    missing: set[str] = set()
    for one in orders[1]:
        if one.address not in kept:
            continue
        codes = set() if one.refers & missing else refusal(process, one, apply=True)
        assert codes <= RACES | unknowable(one.type_name), (one, codes)
        if codes or one.refers & missing:
            missing.add(one.address)


def without_what_is_refused(block: Values, order: Sequence[Planned]) -> Sequence[Planned]:
    """What a plan accepts of a configuration, in its order, when somebody leaves out what is refused, and all
    that refers to it, until nothing is.
    """
    while True:
        process = Process(Provider(), block)
        refused = next((one for one in order if refusal(process, one, apply=False)), None)
        if refused is None:
            return order
        gone = {refused.address}
        for one in order:
            gone |= {one.address} if one.refers & gone else set()
        order = [one for one in order if one.address not in gone]


def refusal(process: Process, one: Planned, *, apply: bool) -> set[str]:
    """The codes that a resource is refused with."""
    try:
        process.validate(one.type_name, one.config)
        plan = process.plan(one.type_name, None, one.config)
        if apply:
            process.apply(plan, one.config)
    except RefusedError as error:
        return {each.summary for each in error.diagnostics if each.severity is DiagnosticSeverity.ERROR}
    return set()


def unknowable(type_name: str) -> set[str]:
    """The codes that a plan may let pass with all values known."""
    return {str(rule.code) for rule in RESOURCE_TYPES[type_name].rules().values() if rule.at_apply}


_numbers = count()
