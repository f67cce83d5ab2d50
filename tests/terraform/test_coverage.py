"""Eligibility and coverage in real Terraform: beside what they speak of, before and after it is there."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.terraform.hcl import Expression, data, resource
from tests.terraform.reattached import SUBSCRIPTION, Workspace
from tests.terraform.worlds import SUBNETS, interface

pytestmark = pytest.mark.terraform

OURS: Final = {"provider": Expression("azurerm")}
ONE: Final = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lab/providers/Microsoft.Network/networkInterfaces/one"
)
TAP: Final = resource(
    "azurerm_virtual_network_tap.tap",
    {
        "name": "tap",
        "resource_group_name": Expression("azurerm_resource_group.lab.name"),
        "location": Expression("azurerm_resource_group.lab.location"),
        "destination_network_interface_ip_configuration_id": Expression(
            "azurerm_network_interface.two.ip_configuration[0].id"
        ),
    },
)
MIRROR: Final = resource(
    "azurerm_network_interface_tap_configuration.mirror",
    {
        "name": "mirror",
        "network_interface_id": Expression("azurerm_network_interface.one.id"),
        "virtual_network_tap_id": Expression("azurerm_virtual_network_tap.tap.id"),
    },
)
WORLD: Final = SUBNETS + interface("one") + interface("two") + TAP


def eligibility(name: str, of: str, **more: Any) -> str:
    body = {**OURS, "network_interface_id": Expression(f"azurerm_network_interface.{of}.id"), **more}
    return data(f"vtap_eligibility.{name}", body)


def coverage(**body: Any) -> str:
    return data("vtap_coverage.found", {**OURS, **body})


TO_TAP: Final = {"virtual_network_tap_id": Expression("azurerm_virtual_network_tap.tap.id")}


def test_eligibility_is_read_in_the_plan_of_what_exists(workspace: Workspace) -> None:
    workspace.write(WORLD)
    workspace.apply()
    workspace.write(
        WORLD
        + eligibility("source", "one", **TO_TAP)
        + eligibility("open", "one")
        + eligibility("itself", "two", **TO_TAP)
    )
    outcome = workspace.plan()
    assert (outcome.errors, outcome.actions) == ([], {})
    workspace.apply()
    state = workspace.state()
    source, itself = state["data.vtap_eligibility.source"], state["data.vtap_eligibility.itself"]
    assert (source["eligible"], source["reasons"]) == (True, [])
    assert itself["eligible"] is False
    assert "copied without end" in itself["reasons"][0]
    (broken,) = [one for one in itself["rules"] if one["messages"] == itself["reasons"]]
    assert (broken["outcome"], broken["severity"], broken["code"]) == (
        "violated",
        "error",
        "VirtualNetworkTapSourceIsDestination",
    )
    outcomes = {one["name"]: one["outcome"] for one in state["data.vtap_eligibility.open"]["rules"]}
    assert outcomes["source_is_in_the_same_region"] == "needs a TAP"
    assert outcomes["source_network_is_not_encrypted"] == "holds"
    workspace.settles()


def test_what_the_same_apply_makes_is_judged_after_it(workspace: Workspace) -> None:
    waits = {"depends_on": [Expression("azurerm_network_interface_tap_configuration.mirror")]}
    workspace.write(WORLD + MIRROR + eligibility("source", "one", **TO_TAP, **waits) + coverage(**waits))
    workspace.apply()
    state = workspace.state()
    assert state["data.vtap_eligibility.source"]["eligible"] is True
    assert state["data.vtap_coverage.found"]["interface_count"] == 2
    workspace.settles()
    workspace.destroy()


def test_what_is_only_planned_is_said_to_need_depends_on(workspace: Workspace) -> None:
    workspace.write(
        WORLD
        + data("vtap_eligibility.source", {**OURS, "network_interface_id": ONE})
        + coverage(scope_ids=[ONE])
    )
    errors = {one.address: one for one in workspace.plan().errors}
    assert errors.keys() == {"data.vtap_eligibility.source", "data.vtap_coverage.found"}
    assert all("depends_on" in one.detail for one in errors.values())


def test_a_scope_that_is_not_there_is_an_error_at_its_line(workspace: Workspace) -> None:
    missing = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/nowhere"
    workspace.write(coverage(scope_ids=[missing]))
    (error,) = workspace.plan().errors
    assert (error.summary, error.line) == ("ResourceNotFound", f'scope_ids = ["{missing}"]')


def test_coverage_of_an_empty_subscription_is_empty_and_complete(workspace: Workspace) -> None:
    workspace.write(coverage())
    workspace.apply()
    found = workspace.state()["data.vtap_coverage.found"]
    assert (found["complete"], found["interface_count"], found["interfaces"]) == (True, 0, [])


def test_coverage_tells_each_interface_and_counts_them(workspace: Workspace) -> None:
    workspace.write(WORLD + MIRROR + interface("three", tags={"env": "prod"}))
    workspace.apply()
    body = WORLD + MIRROR + interface("three", tags={"env": "prod"})
    workspace.write(body + coverage(name_pattern="*"))
    workspace.apply()
    state = workspace.state()
    found = state["data.vtap_coverage.found"]
    one, three, two = found["interfaces"]
    assert [each["standing"] for each in (one, two, three)] == ["silent", "collector", "eligible"]
    assert "no machine is attached" in one["reasons"][0]
    assert one["virtual_network_tap_ids"] == [state["azurerm_virtual_network_tap.tap"]["id"]]
    assert one["destination_ids"] == [
        state["azurerm_network_interface.two"]["ip_configuration"][0].get("id")
        or f"{two['id']}/ipConfigurations/ip"
    ]
    assert found["gap_interface_ids"] == [one["id"], three["id"]]
    counts = {name: value for name, value in found.items() if name.endswith("_count")}
    assert counts == {
        "interface_count": 3,
        "tapped_count": 0,
        "silent_count": 1,
        "collector_count": 1,
        "eligible_count": 1,
        "ineligible_count": 0,
        "virtual_machine_count": 0,
    }
    assert found["complete"] is False
    workspace.write(body + coverage(tags={"env": "prod"}, location="West Europe"))
    workspace.apply()
    narrowed = workspace.state()["data.vtap_coverage.found"]
    assert [each["id"] for each in narrowed["interfaces"]] == [three["id"]]
    workspace.settles()
