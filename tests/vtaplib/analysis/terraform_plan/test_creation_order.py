"""What a plan makes too early: a machine before its TAP, a tap configuration before its peerings.

The configuration of a plan says it with certainty, through modules, outputs, variables and data sources too.
What it leaves open (a local value) is no warning.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.vtaplib.cli.plans import Plan, constant, machine, network_id, references, tapped, tapped_plan
from vtaplib.analysis import FindingEntry, check, parse_terraform
from vtaplib.model.policy import Policy

MACHINE, MIRROR = "machine_waits_for_the_tap", "tap_configuration_waits_for_the_peerings"
TAP = "azurerm_virtual_network_tap.tap"
PEERINGS = ("azurerm_virtual_network_peering.app", "azurerm_virtual_network_peering.tools")


def found(plan: Plan, policy: Policy | None = None) -> list[FindingEntry]:
    document = parse_terraform("plan.json", json.dumps(plan.document).encode())
    return list(check(document, policy=policy).findings)


def told(plan: Plan, policy: Policy | None = None) -> set[str]:
    return {one.rule for one in found(plan, policy)} & {MACHINE, MIRROR}


def block(plan: Plan, address: str) -> dict[str, Any]:
    """A block of the root module."""
    kind, name = address.split(".")
    for one in plan.root["resources"]:
        if (one["type"], one["name"]) == (kind, name):
            assert isinstance(one, dict)
            return one
    raise AssertionError(address)


def unordered() -> Plan:
    """A plan in which nothing waits but for what it refers to."""
    plan = tapped_plan()
    for one in plan.root["resources"]:
        one["depends_on"] = []
    return plan


WEB = "azurerm_linux_virtual_machine.web"
MIRRORED = "azurerm_network_interface_tap_configuration.web"


def test_nothing_that_waits_is_told_at_its_address_with_what_to_write() -> None:
    machine_finding, mirror_finding = sorted(found(unordered()), key=lambda one: one.rule)
    assert (machine_finding.address, machine_finding.severity) == (MIRRORED, "warning")
    assert machine_finding.code == "NetworkInterfaceNotOnFastpath"
    assert "nothing makes virtualMachines/vm-web wait for virtualNetworkTaps/tap" in machine_finding.message
    assert machine_finding.way_out.startswith("Add to the machine: depends_on")
    assert (mirror_finding.address, mirror_finding.severity) == (MIRRORED, "warning")
    assert mirror_finding.code == "VirtualNetworkTapDestinationNotReachable"
    assert "virtualNetworkPeerings/to-tools of virtualNetworks/app and" in mirror_finding.message


def test_depends_on_is_enough() -> None:
    assert told(tapped_plan()) == set()


def test_one_peering_is_not_both() -> None:
    plan = tapped_plan()
    block(plan, MIRRORED)["depends_on"] = [PEERINGS[0]]
    (finding,) = found(plan)
    assert "virtualNetworkPeerings/to-app of virtualNetworks/tools" in finding.message
    assert "to-tools" not in finding.message


def over_a_data_source(plan: Plan) -> list[str]:
    plan.root["resources"].append(
        {
            "address": "data.azurerm_subscription.s",
            "mode": "data",
            "type": "azurerm_subscription",
            "name": "s",
            "depends_on": [TAP],
        }
    )
    return ["data.azurerm_subscription.s"]


def over_another_resource(plan: Plan) -> list[str]:
    plan.configure("null_resource.n", {"triggers": references(f"{TAP}.id")})
    return ["null_resource.n"]


def over_an_output(plan: Plan) -> list[str]:
    """A module is given the TAP's ID, and gives it back."""
    module = plan.module("m", expressions={"tap_id": references(f"{TAP}.id")})
    module["outputs"] = {"id": {"expression": references("var.tap_id")}, "none": {"expression": {}}}
    return ["module.m.id"]


def over_the_depends_on_of_an_output(plan: Plan) -> list[str]:
    module = plan.module("m", expressions={})
    module["resources"] = [{"type": "null_resource", "name": "n", "provisioners": [], "depends_on": []}]
    module["outputs"] = {"id": {"expression": constant("x"), "depends_on": ["null_resource.n"]}}
    module["resources"][0]["provisioners"] = [
        {"type": "local-exec", "expressions": {"command": references("var.tap_id")}}
    ]
    plan.module("m", expressions={"tap_id": references(f"{TAP}.id")})
    return ["module.m.id"]


def over_a_whole_module(plan: Plan) -> list[str]:
    module = plan.module("outer.inner", expressions={})
    module["resources"] = [{"type": "null_resource", "name": "n"}]
    plan.module("outer", depends_on=[TAP])
    return ["module.outer"]


def over_how_many_there_are(plan: Plan) -> list[str]:
    plan.configure("null_resource.n", {}, count_expression=references(f"{TAP}.name"))
    return ["null_resource.n"]


WAYS: list[Callable[[Plan], list[str]]] = [
    over_a_data_source,
    over_another_resource,
    over_an_output,
    over_the_depends_on_of_an_output,
    over_a_whole_module,
    over_how_many_there_are,
]


@pytest.mark.parametrize("way", WAYS)
def test_a_machine_waits_over_whatever_leads_to_the_tap(way: Callable[[Plan], list[str]]) -> None:
    plan = tapped_plan()
    block(plan, WEB)["depends_on"] = way(plan)
    assert told(plan) == set()


def test_a_reference_makes_wait_as_depends_on_does() -> None:
    plan = unordered()
    block(plan, WEB)["expressions"]["tags"] = references(f"{TAP}.id")
    assert told(plan) == {MIRROR}


def test_the_other_outputs_of_a_module_do_not_make_wait() -> None:
    plan = unordered()
    over_an_output(plan)
    block(plan, WEB)["expressions"]["tags"] = references("module.m.none")
    assert told(plan) == {MACHINE, MIRROR}


def test_what_a_local_value_refers_to_is_not_known_so_nothing_is_said() -> None:
    plan = unordered()
    for address in (WEB, MIRRORED):
        block(plan, address)["expressions"]["tags"] = references("local.tags")
    assert told(plan) == set()


def test_a_machine_in_a_module_waits_for_what_its_call_waits_for() -> None:
    plan = unordered()
    machines = [one for one in plan.root["resources"] if one["type"] == "azurerm_linux_virtual_machine"]
    interfaces = {"one_id": references("azurerm_network_interface.web.id")}
    for one in machines:
        plan.root["resources"].remove(one)
    for one in plan.changes:
        if one["type"] == "azurerm_linux_virtual_machine":
            one["address"], one["module_address"] = f'module.vms["a"].{one["address"]}', 'module.vms["a"]'
    module = plan.module("vms", expressions=interfaces)
    module["resources"] = machines
    for one in machines:
        one["expressions"] = {"network_interface_ids": references("var.one_id")}
    machines[1]["expressions"] = {"network_interface_ids": references("azurerm_network_interface.none.id")}
    assert told(plan) == {MACHINE, MIRROR}
    plan.module("vms", depends_on=[TAP])
    assert told(plan) == {MIRROR}


def test_a_tap_or_a_peering_that_is_there_already_is_waited_for_by_nobody() -> None:
    plan = unordered()
    for change in plan.changes:
        if change["type"] in ("azurerm_virtual_network_tap", "azurerm_virtual_network_peering"):
            values = {**change["change"]["after"], "id": network_id("any", change["name"])}
            change["change"] = {"actions": ["no-op"], "before": values, "after": values, "after_unknown": {}}
    assert told(plan) == set()


def test_another_tap_of_the_region_that_the_machine_waits_for_is_enough() -> None:
    plan = unordered()
    values = next(one for one in plan.changes if one["address"] == TAP)["change"]["after"]
    plan.create("azurerm_virtual_network_tap.first", {**values, "name": "first"})
    plan.configure("azurerm_virtual_network_tap.first", {})
    block(plan, WEB)["depends_on"] = ["azurerm_virtual_network_tap.first"]
    assert MACHINE not in told(plan)


def test_the_policy_says_whether_it_matters() -> None:
    assert told(unordered(), Policy(fastpath_check="off")) == {MIRROR}
    assert told(unordered(), Policy(reachability_check="warn")) == {MACHINE}


def test_a_state_makes_nothing() -> None:
    plan = Plan()
    machine(plan, "web")
    tapped(plan, "web")
    assert told(plan) == set()
