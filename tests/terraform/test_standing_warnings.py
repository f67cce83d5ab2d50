"""What a plan cannot warn of while it makes things, it warns of once they stand: when it reads them."""

from __future__ import annotations

import pytest

from tests.terraform.conflicts import BALANCED, SINK, TO_BALANCER, balanced
from tests.terraform.reattached import Outcome, Workspace
from tests.terraform.worlds import interface, machine, tap

pytestmark = pytest.mark.terraform

TAP = "azurerm_virtual_network_tap"
LOST = "VirtualNetworkTapStreamLost"


def lost(outcome: Outcome) -> list[tuple[str, str]]:
    return [(one.severity, one.address) for one in outcome.diagnostics if one.summary == LOST]


def test_a_collector_without_a_machine_is_told_of_when_it_stands(workspace: Workspace) -> None:
    workspace.write(SINK)
    assert lost(workspace.apply()) == []
    outcome = workspace.plan()
    assert (lost(outcome), outcome.actions) == ([("warning", f"{TAP}.tap")], {})
    workspace.write(SINK + machine("vm", "collector"))
    workspace.apply()
    assert lost(workspace.plan()) == []


def test_a_frontend_without_a_rule_is_told_of_when_it_stands(workspace: Workspace) -> None:
    site = BALANCED + interface("collector") + tap("tap", "collector", **TO_BALANCER)
    workspace.write(site)
    workspace.apply()
    outcome = workspace.plan()
    assert lost(outcome) == [("warning", f"{TAP}.tap")]
    assert "no rule there covers UDP 4789" in outcome.told
    workspace.write(site + balanced("r1", 4789, 4789))
    workspace.apply()
    assert "no rule there covers UDP 4789" not in workspace.plan().told
