"""`vtap check` and `vtap diff` on damaged plans and exports: an answer, or an error that says what is wrong.

VTAP_MUTATIONS says how many ways of damage to try on each document, VTAP_MUTATIONS_FROM where to begin.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.vtaplib.analysis.mutations import SEEDS, assert_answers, check_export, check_plan, diff_plan
from tests.vtaplib.analysis.terraform_plan.test_azapi import azapi_plan
from tests.vtaplib.cli.plans import tapped_plan
from tests.vtaplib.control.arm.full_world import world
from vtaplib.analysis import check, parse_terraform
from vtaplib.control.arm import encode

PLAN, AZAPI = tapped_plan().document, azapi_plan().document
EXPORT = [encode(one, world()) for one in world()]


@pytest.mark.parametrize(
    ("use", "document"),
    [
        pytest.param(check_plan, PLAN, id="plan"),
        pytest.param(check_plan, AZAPI, id="azapi"),
        pytest.param(check_export, EXPORT, id="export"),
        pytest.param(diff_plan, PLAN, id="diff"),
    ],
)
def test_a_damaged_document_has_an_answer_or_an_error_that_names_it(
    use: Callable[[bytes], None], document: Any
) -> None:
    assert_answers(use, document, SEEDS)


def calls_itself(references: list[str]) -> dict[str, Any]:
    """A plan with a module whose variable is its own output."""
    plan = tapped_plan()
    module = plan.module("loop", expressions={"x": {"references": references}})
    module["outputs"] = {"y": {"expression": {"references": ["var.x", "var.x.id", "module.loop"]}}}
    for one in plan.changes:
        if one["type"] == "azurerm_network_interface_tap_configuration":
            one["module_address"] = "module.loop"
    tapped = plan.root["resources"].pop()
    tapped["expressions"] = {"network_interface_id": {"references": ["var.x"]}}
    module["resources"] = [tapped]
    return plan.document


@pytest.mark.parametrize(
    "references", [["module.loop.y"], ["module.loop.y.a", "module.loop.y.b", "module.loop"]]
)
def test_modules_that_refer_to_each_other_without_end_tell_nothing(references: list[str]) -> None:
    document = parse_terraform("plan.json", json.dumps(calls_itself(references)).encode())
    report = check(document)
    assert report.not_read == ("azurerm_network_interface_tap_configuration.web",)
