"""A machine that is created before there is a TAP cannot be tapped; a plan says how to order them."""

from __future__ import annotations

import pytest

from tests.terraform.hcl import Expression
from tests.terraform.reattached import Outcome, Workspace
from tests.terraform.worlds import AFTER_THE_TAP, INTERFACES, interface, machine, tap, tapped

pytestmark = pytest.mark.terraform

CODE = "NetworkInterfaceNotOnFastpath"
SITE = INTERFACES + interface("collector")
TAPPED = tap("tap", "collector") + tapped("mirror", "one", "tap")


def told(outcome: Outcome) -> list[tuple[str, str, str]]:
    return [(one.severity, one.summary, one.address) for one in outcome.diagnostics if one.summary == CODE]


MIRROR = "azurerm_network_interface_tap_configuration.mirror"


def test_a_new_machine_that_does_not_wait_for_the_tap_is_a_warning(workspace: Workspace) -> None:
    workspace.write(SITE + TAPPED + machine("vm", "one"))
    outcome = workspace.plan()
    assert told(outcome) == [("warning", CODE, MIRROR)]
    (warning,) = [one for one in outcome.diagnostics if one.summary == CODE]
    assert warning.line.startswith("network_interface_id")
    assert "depends_on = [azurerm_virtual_network_tap.…]" in warning.detail


@pytest.mark.parametrize("waits_for", ["azurerm_virtual_network_tap.tap", MIRROR])
def test_a_new_machine_that_waits_is_none(workspace: Workspace, waits_for: str) -> None:
    workspace.write(SITE + TAPPED + machine("vm", "one", depends_on=Expression(f"[{waits_for}]")))
    assert told(workspace.plan()) == []
    assert told(workspace.apply()) == []
    workspace.plans_nothing()


def test_an_existing_machine_is_refused_in_the_plan_until_it_was_started_anew(workspace: Workspace) -> None:
    workspace.write(SITE + machine("vm", "one"))
    workspace.apply()
    workspace.write(SITE + machine("vm", "one") + TAPPED)
    outcome = workspace.plan()
    assert outcome.codes == [CODE]
    assert "vtap machine deallocate vm" in outcome.told
    with workspace.cloud() as cloud:
        vm = workspace.state()["azurerm_linux_virtual_machine.vm"]["id"]
        cloud.deallocate(vm)
        cloud.start(vm)
    assert workspace.plan().codes == [CODE], "there is no TAP yet"
    workspace.write(SITE + machine("vm", "one") + tap("tap", "collector"))
    workspace.apply()
    with workspace.cloud() as cloud:
        cloud.deallocate(vm)
        cloud.start(vm)
    workspace.write(SITE + machine("vm", "one") + TAPPED)
    workspace.apply()
    workspace.plans_nothing()


def test_an_existing_machine_that_the_plan_replaces_is_not_held_against_it(workspace: Workspace) -> None:
    workspace.write(SITE + machine("vm", "one"))
    workspace.apply()
    workspace.write(SITE + machine("vm", "one", zone="2", **AFTER_THE_TAP) + TAPPED)
    assert workspace.plan().codes == []
    workspace.apply()
    workspace.plans_nothing()


def test_a_machine_is_fine_once_there_was_a_tap(workspace: Workspace) -> None:
    workspace.write(SITE + tap("tap", "collector"))
    workspace.apply()
    workspace.write(SITE + TAPPED + machine("vm", "one"))
    assert told(workspace.plan()) == []
    workspace.apply()


@pytest.mark.parametrize(("check", "severities"), [("warn", ["warning"]), ("off", [])])
def test_the_policy_says_what_it_is(workspace: Workspace, check: str, severities: list[str]) -> None:
    workspace.write(SITE + machine("vm", "one"))
    workspace.apply()
    workspace.write(SITE + machine("vm", "one") + TAPPED, policy={"fastpath_check": check})
    outcome = workspace.plan()
    assert [one.severity for one in outcome.diagnostics if one.summary == CODE] == severities
    workspace.apply()
