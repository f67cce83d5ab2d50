"""`vtap check` and `vtap diff` on what Terraform shows, damaged: an answer, or an error that says why."""

from __future__ import annotations

import json

import pytest

from tests.terraform.reattached import Workspace
from tests.terraform.test_check import planned
from tests.terraform.worlds import INTERFACES, group, interface, machine, tap, tapped
from tests.vtaplib.analysis.mutations import SEEDS, assert_answers, check_over_nothing, check_plan, diff_plan
from tests.vtaplib.cli.azurerm_plan import as_azurerm

pytestmark = pytest.mark.terraform

TAPPED = INTERFACES + interface("collector") + machine("vm", "collector") + tap("t", "collector")


def test_damaged_plans_and_states_of_real_terraform_have_an_answer(workspace: Workspace) -> None:
    workspace.write(TAPPED + tapped("m", "one", "t"))
    plan = planned(workspace)
    workspace.apply()
    state = json.loads(workspace.run("show", "-json"))
    workspace.write(TAPPED + tapped("m2", "two", "t") + group("other"))
    assert_answers(check_plan, as_azurerm(plan), SEEDS)
    assert_answers(check_over_nothing, plan, SEEDS)
    assert_answers(check_plan, state, SEEDS)
    assert_answers(diff_plan, planned(workspace), SEEDS)
