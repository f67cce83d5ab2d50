"""azurerm's own phrases in what is refused: each is said where its rule is broken, and only there."""

from __future__ import annotations

from typing import Final

import pytest

from provider_shim.azurerm_phrases import ALREADY_EXISTS, GROUP_IN_USE, NOT_LISTED, PHRASES
from provider_shim.diagnostics import Diagnostic
from provider_shim.reports import diagnostic
from tests.vtaplib.control.lab import Lab, lb, machine, nic_id
from tests.vtaplib.resources.rule_cases import CASES
from vtaplib.model.general_rule import SECRETS_ARE_GIVEN
from vtaplib.model.resource import Resource

ELSEWHERE: Final = {ALREADY_EXISTS, GROUP_IN_USE, NOT_LISTED, SECRETS_ARE_GIVEN}
"""What is no rule's; see the tests with Terraform."""


def told(lab: Lab, resource: Resource) -> list[Diagnostic]:
    return [diagnostic(type(resource), one) for one in lab.broken_by(resource)]


@pytest.mark.parametrize(
    ("rule", "argument"),
    [(rule, argument) for rule in sorted(PHRASES.keys() - ELSEWHERE) for argument in PHRASES[rule]],
)
def test_a_broken_rule_is_told_with_the_phrase(rule: str, argument: str) -> None:
    found = []
    for (_, name), case in CASES.items():
        for pair in case.pairs if name == rule else ():
            lab = Lab(case.policy)
            broken = pair.broken(lab)
            resource = broken[0] if isinstance(broken, tuple) else broken
            found += [one for one in told(lab, resource) if argument in one.path]
    assert found
    assert all(PHRASES[rule][argument] in one.detail for one in found), found


def test_a_word_that_is_not_listed_is_told_as_the_sdk_tells_it() -> None:
    lab = Lab()
    (said,) = told(lab, lb("new", sku="Premium"))
    assert 'expected sku to be one of ["Basic" "Standard" "Gateway"]' in said.detail
    (said,) = told(lab, machine("new", nic_id("spare"), extensions_time_budget="P1D"))
    assert "azurerm" not in said.detail
