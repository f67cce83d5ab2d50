"""`vtap check`: what a plan of the real azurerm provider breaks, and how that is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from provider_shim.types import RESOURCE_TYPES
from tests.vtaplib.cli.command import Outcome, Vtap
from tests.vtaplib.cli.plans import (
    IN_LAB,
    UNKNOWN,
    Plan,
    group_id,
    interface,
    network_id,
    peer,
    references,
    subnet_values,
    tapped_plan,
)
from vtaplib.analysis.terraform_plan.resource_types import TYPES
from vtaplib.model.policy import Policy

WEB = "azurerm_network_interface.web"
TAP = "azurerm_virtual_network_tap.tap"
TAPPED = "azurerm_network_interface_tap_configuration.web"
NOT_REACHABLE = "VirtualNetworkTapDestinationNotReachable"


def checked(vtap: Vtap, plan: Plan, *arguments: str, code: int = 0) -> Any:
    """The JSON document of a check."""
    return vtap("check", plan.write(vtap.directory), "--json", *arguments, code=code).document


def told(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The findings of a report: where, and which."""
    return sorted((one["address"], one["code"]) for one in report["findings"])


def test_every_type_of_the_provider_is_read() -> None:
    assert TYPES == RESOURCE_TYPES


def test_a_plan_that_breaks_nothing_is_clean_and_says_what_it_taps(vtap: Vtap) -> None:
    report = checked(vtap, tapped_plan())
    assert (report["errors"], report["warnings"], report["findings"]) == (0, 0, [])
    (newly,) = report["coverage"]["newly_tapped"]
    assert newly["address"] == WEB
    assert [one.rpartition("/")[2] for one in newly["taps"] + newly["collectors"]] == ["tap", "collector"]
    assert report["coverage"] | {"newly_tapped": []} == {
        "interfaces": 2,
        "tapped": 1,
        "silent": 0,
        "newly_tapped": [],
        "no_longer_tapped": [],
        "newly_silent": [],
    }
    assert report["read"]["NetworkInterface"] == 2
    assert report["policy"] == json.loads(json.dumps(Policy().in_force()))


def test_a_broken_rule_is_told_at_its_address_with_what_it_does_to_coverage(vtap: Vtap) -> None:
    report = checked(vtap, tapped_plan(peered=False), code=1)
    assert told(report) == [(TAPPED, NOT_REACHABLE)]
    (finding,) = report["findings"]
    assert (finding["severity"], finding["rule"]) == ("error", "destination_is_reachable")
    assert finding["field"] == "virtual_network_tap_id"
    assert finding["what"].startswith("The destination is in the source's network")
    (silent,) = report["coverage"]["newly_silent"]
    assert silent["address"] == WEB
    assert "no open peering" in silent["silent_because"]


def test_people_see_the_findings_by_address_the_summary_and_the_policy(vtap: Vtap) -> None:
    plan = tapped_plan(peered=False).write(vtap.directory)
    shown = vtap("check", plan, "--policy", "region_check=off", code=1).stdout
    lines = shown.splitlines()
    assert lines[0] == TAPPED
    assert NOT_REACHABLE in shown
    assert f"plan {plan}: 1 error, 0 warnings in 12 resources" in shown
    assert f"newly silent: 1\n    {WEB} to tap (" in shown
    assert "Policy in force: region_check=off; every other setting is the default" in shown


def test_warnings_are_violations_only_under_strict(vtap: Vtap) -> None:
    plan = tapped_plan(peered=False).write(vtap.directory)
    lenient = ("check", plan, "--policy", "reachability_check=warn")
    assert "0 errors, 1 warning" in vtap(*lenient).stdout
    assert "(strict: warnings count)" in vtap(*lenient, "--strict", code=1).stdout


def test_a_conflict_of_two_resources_is_told_once(vtap: Vtap) -> None:
    plan = tapped_plan()
    for name in ("a", "b"):
        block = {"private_ip_address_allocation": "Static", "private_ip_address": "10.1.1.9"}
        blocks = [{"name": "ip", "private_ip_address_version": "IPv4", "subnet_id": UNKNOWN, **block}]
        interface(plan, name, references("azurerm_subnet.app.id"), ip_configuration=blocks)
    assert told(checked(vtap, plan, code=1)) == [
        ("azurerm_network_interface.b", "PrivateIPAddressIsAllocated")
    ]


def test_a_conflict_is_told_of_the_resource_that_the_plan_makes(vtap: Vtap) -> None:
    plan = Plan()
    network = {"name": "z", **IN_LAB, "address_space": ["10.0.0.0/16"]}
    plan.keep("azurerm_virtual_network.z", {"id": network_id("virtualNetworks", "z"), **network})
    subnet = {"resource_group_name": "lab", "virtual_network_name": "z", "address_prefixes": ["10.0.0.0/24"]}
    there = network_id("virtualNetworks", "z/subnets/there")
    plan.keep("azurerm_subnet.there", {"id": there, "name": "there", **subnet})
    plan.create("azurerm_subnet.a", {"name": "a", **subnet})
    report = checked(vtap, plan, code=1)
    assert told(report) == [("azurerm_subnet.a", "NetcfgSubnetRangesOverlap")]
    # A new resource is in the subscription of what is there.
    assert report["findings"][0]["resource_id"] == there.replace("subnets/there", "subnets/a")


def test_what_leads_outside_is_counted_and_no_violation(vtap: Vtap) -> None:
    plan = Plan()
    elsewhere = network_id("virtualNetworks", "hub/subnets/nics")
    plan.create(
        WEB,
        {
            "name": "web",
            **IN_LAB,
            "ip_configuration": [
                {"name": "ip", "private_ip_address_allocation": "Dynamic", "subnet_id": elsewhere}
            ],
        },
    )
    plan.create("azurerm_kubernetes_cluster.k", {"name": "k"})
    report = checked(vtap, plan)
    assert report["outside"] == {
        "references": 2,
        "targets": sorted([elsewhere, network_id("", "").partition("/providers")[0]], key=str.lower),
    }
    assert report["not_modelled"] == {"azurerm_kubernetes_cluster": 1}
    shown = vtap("check", vtap.directory / "plan.json").stdout
    assert "2 references to resources that were not read:" in shown
    assert "Not modelled, so not checked: 1 azurerm_kubernetes_cluster" in shown


def test_a_collector_in_a_network_of_another_state_may_be_peered_there(vtap: Vtap) -> None:
    plan = tapped_plan(peered=False)
    plan.changes = [one for one in plan.changes if one["address"] != "azurerm_virtual_network.tools"]
    assert checked(vtap, plan)["errors"] == 0


def test_a_destination_that_the_plan_destroys_is_not_let_go_by_its_tap(vtap: Vtap) -> None:
    plan = Plan()
    for name in ("web", "collector"):
        values: dict[str, Any] = {"id": network_id("networkInterfaces", name), "name": name, **IN_LAB}
        subnet = network_id("virtualNetworks", "hub/subnets/nics")
        block = {"name": "ip", "private_ip_address_allocation": "Dynamic", "subnet_id": subnet}
        address = "10.0.0.4" if name == "web" else "10.0.0.5"
        values["ip_configuration"] = [{**block, "private_ip_address": address}]
        (plan.delete if name == "collector" else plan.keep)(f"azurerm_network_interface.{name}", values)
    tap_id = network_id("virtualNetworkTaps", "tap")
    to = network_id("networkInterfaces", "collector/ipConfigurations/ip")
    plan.keep(
        "azurerm_virtual_network_tap.tap",
        {
            "id": tap_id,
            "name": "tap",
            **IN_LAB,
            "destination_network_interface_ip_configuration_id": to,
            "destination_port": 4789,
        },
    )
    source = network_id("networkInterfaces", "web")
    plan.keep(
        TAPPED,
        {
            "id": f"{source}/tapConfigurations/mirror",
            "name": "mirror",
            "network_interface_id": source,
            "virtual_network_tap_id": tap_id,
        },
    )
    report = checked(vtap, plan, code=1)
    assert ("azurerm_virtual_network_tap.tap", "VirtualNetworkTapDestinationInUse") in told(report)
    assert report["errors"] == 1
    (silent,) = report["coverage"]["newly_silent"]
    assert (silent["address"], "does not exist" in silent["silent_because"]) == (WEB, True)


def test_an_interface_that_is_tapped_no_longer_is_told(vtap: Vtap) -> None:
    before = tapped_plan()
    state = as_state(vtap, before)
    plan = Plan()
    for address, values in state.items():
        (plan.delete if address == TAPPED else plan.keep)(address, values)
    report = checked(vtap, plan)
    assert [one["address"] for one in report["coverage"]["no_longer_tapped"]] == [WEB]
    assert report["coverage"]["tapped"] == 0


def as_state(vtap: Vtap, plan: Plan) -> dict[str, dict[str, Any]]:
    """The values of a plan's objects once they are made, as far as the checks need them."""
    from vtaplib.analysis.terraform_plan.resources import read_resources
    from vtaplib.loading import load_terraform
    from vtaplib.model.unknown import UNKNOWN as NOT_KNOWN

    reading = read_resources(load_terraform(str(plan.write(vtap.directory, "made.json"))))

    def without_unknown(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: without_unknown(one) for name, one in value.items() if one is not NOT_KNOWN}
        return [without_unknown(one) for one in value] if isinstance(value, list) else value

    return {
        reading.addresses[key]: {"id": one.id, **without_unknown(one.values())}
        for key, one in reading.after.items()
    }


def test_a_state_is_checked_like_a_plan(vtap: Vtap) -> None:
    resources = [
        {"address": address, "type": address.split(".")[0], "name": address.split(".")[1], "values": values}
        for address, values in as_state(vtap, tapped_plan(peered=False)).items()
    ]
    child = {"address": "module.m", "resources": resources}
    document = {"format_version": "1.0", "values": {"root_module": {"child_modules": [child]}}}
    outcome = vtap("check", "-", "--json", stdin=json.dumps(document).encode(), code=1)
    assert told(outcome.document) == [(TAPPED, NOT_REACHABLE)]
    assert outcome.document["checked"] == "state standard input"
    assert outcome.document["coverage"]["newly_tapped"] == []


def test_an_empty_state_has_nothing_wrong(vtap: Vtap) -> None:
    document = vtap("check", "-", "--json", stdin=b'{"format_version": "1.0"}').document
    assert (document["read"], document["findings"]) == ({}, [])


def test_a_cloud_alone_is_checked_as_a_whole(vtap: Vtap, quickstart: Path) -> None:
    document = vtap("check", "--cloud", quickstart, "--json").document
    assert (document["errors"], document["checked"]) == (0, f"cloud {quickstart}")
    assert (document["coverage"]["tapped"], document["coverage"]["interfaces"]) == (2, 3)
    assert document["outside"]["references"] == 0


def test_a_plan_is_laid_over_a_cloud(vtap: Vtap, quickstart: Path) -> None:
    plan = Plan(provider={"subscription_id": {"constant_value": "11111111-1111-1111-1111-111111111111"}})
    where = {"resource_group_name": "rg-test", "virtual_network_name": "vnet-app"}
    plan.create("azurerm_subnet.a", {"name": "a", **where, "address_prefixes": ["10.10.1.128/25"]})
    plan.configure("azurerm_subnet.a", {})
    assert told(checked(vtap, plan)) == []
    over = checked(vtap, plan, "--cloud", str(quickstart), "--policy", "region_check=off", code=1)
    assert told(over) == [("azurerm_subnet.a", "NetcfgSubnetRangesOverlap")]


def test_a_peering_that_a_plan_adds_connects_the_one_that_is_there(vtap: Vtap) -> None:
    plan = tapped_plan(peered=False)
    assert checked(vtap, plan, code=1)["errors"] == 1
    peer(plan, "tools", "app")
    assert checked(vtap, plan)["errors"] == 0


def test_the_rules_of_the_fast_path_are_left_open_in_a_plan(vtap: Vtap) -> None:
    state = as_state(vtap, tapped_plan())
    plan = Plan()
    for address, values in state.items():
        plan.keep(address, values)
    assert told(checked(vtap, plan)) == []


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04\x14\x00", "is Terraform's own plan file"),
        (b'{"format_version": "1.2", "resource_cha', "is cut off at line 1"),
        (b"Plan: 1 to add", "is not JSON"),
        (b"\xff\xd8\xff\xe0", "is not JSON"),
        (b"[1]", "the document is [1], not an object"),
        (b'{"version": 4, "serial": 1, "lineage": "x"}', "is a state file"),
        (b'{"@level": "info"}', "is the log of terraform plan -json"),
        (b'{"a": 1}', "has no format_version"),
        (b'{"format_version": "2.0"}', "has format_version '2.0'; vtap reads"),
        (
            b'{"format_version": "1.0", "resource_changes": [{"address": 1}]}',
            "[0].address is 1, not a string",
        ),
        (b'{"resource_changes": [{}]}', "resource_changes[0] has no address"),
        (b'{"configuration": "x"}', "configuration is 'x', not an object"),
        (b'{"configuration": {"root_module": 5}}', "configuration.root_module is 5, not an object"),
        (b'{"values": {"root_module": {"resources": [null]}}}', "resources[0] is null, not an object"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"a": ' + b"9" * 100_000 + b"}", "is not JSON (number out of range"),
        (b'{"a": "\\ud800"}', "is not JSON"),
        (b'{"a": "\0"}', "is not JSON"),
    ],
)
def test_what_is_no_plan_is_refused_with_how_to_make_one(vtap: Vtap, content: bytes, trouble: str) -> None:
    path = vtap.directory / "plan.json"
    path.write_bytes(content)
    message = vtap.refuses("check", path)
    assert trouble in message
    assert "terraform show -json" in message or "vtap reads" in message


def test_a_file_that_is_not_there_is_named(vtap: Vtap) -> None:
    assert vtap.refuses("check", "missing.json") == "missing.json: no such file or directory"
    assert vtap.refuses("check", ".") == ".: is a directory"
    assert "there is no such file" in vtap.refuses("check")


def test_a_plan_that_a_shell_of_windows_wrote_is_read(vtap: Vtap) -> None:
    text = json.dumps(tapped_plan().document)
    for encoding in ("utf-16", "utf-8-sig"):
        path = vtap.directory / f"{encoding}.json"
        path.write_text(text, encoding=encoding)
        assert vtap("check", path, "--json").document["errors"] == 0


def test_help_has_examples(vtap: Vtap) -> None:
    shown = vtap("check", "--help").stdout
    assert "terraform show -json plan.bin > plan.json" in shown
    assert "vtap check plan.json" in shown


def test_sarif_has_a_rule_for_each_code_and_a_result_for_each_finding(vtap: Vtap) -> None:
    plan = tapped_plan(peered=False)
    plan.create("azurerm_virtual_network.bad", {"name": "bad", **IN_LAB, "address_space": ["127.0.0.0/8"]})
    outcome = sarif_of(vtap, plan)
    (run,) = outcome["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert {one["id"] for one in rules} == {NOT_REACHABLE, "InvalidAddressSpace"}
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == "error"
    (first,) = (one for one in run["results"] if one["ruleId"] == NOT_REACHABLE)
    assert first["message"]["text"].startswith(f"{TAPPED}: tapConfigurations/mirror: ")
    (location,) = first["locations"]
    assert location["logicalLocations"][0]["fullyQualifiedName"] == TAPPED
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "plan.json"
    described = {one["id"]: one["help"]["text"] for one in rules}
    assert described[NOT_REACHABLE].startswith("The destination is in the source's network")


def sarif_of(vtap: Vtap, plan: Plan) -> Any:
    """The SARIF log of a check, held to what the standard demands of what is in it."""
    plan.write(vtap.directory)
    outcome: Outcome = vtap("check", "plan.json", "--sarif", "out.sarif", code=1)
    assert "error" in outcome.stdout
    log = json.loads((vtap.directory / "out.sarif").read_text())
    # SARIF 2.1.0, sections 3.13, 3.14, 3.19, 3.27, 3.49: what must be there, and what values may be.
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    for run in log["runs"]:
        driver = run["tool"]["driver"]
        assert driver["name"]
        assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
        assert len({one["id"] for one in driver["rules"]}) == len(driver["rules"])
        for rule in driver["rules"]:
            assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
            assert all(rule[name]["text"] for name in ("shortDescription", "fullDescription", "help"))
        for result in run["results"]:
            assert result["level"] in ("none", "note", "warning", "error")
            assert result["message"]["text"]
            assert all(isinstance(one, str) for one in result["partialFingerprints"].values())
            for location in result["locations"]:
                assert location["physicalLocation"]["region"]["startLine"] >= 1
        for invocation in run["invocations"]:
            assert isinstance(invocation["executionSuccessful"], bool)
    return log


def test_a_stream_of_which_a_part_is_lost_is_not_silent(vtap: Vtap) -> None:
    plan = tapped_plan()
    (web,) = [one for one in plan.changes if one["address"] == WEB]
    six = {
        "name": "six",
        "private_ip_address_allocation": "Dynamic",
        "private_ip_address_version": "IPv6",
        "subnet_id": network_id("virtualNetworks", "app") + "/subnets/one",
    }
    (four,) = web["change"]["after"]["ip_configuration"]
    web["change"]["after"]["ip_configuration"] = [four | {"primary": True}, six]
    web["change"]["after_unknown"]["ip_configuration"].append({})
    report = checked(vtap, plan)
    assert "its IPv6 traffic is not" in " ".join(one["message"] for one in report["findings"])
    assert report["coverage"]["silent"] == 0


def test_what_a_put_would_refuse_of_a_resource_by_itself_is_told_at_its_address(vtap: Vtap) -> None:
    plan = tapped_plan()
    block = {"name": "ip", "private_ip_address_allocation": "Sometimes", "private_ip_address_version": "IPv4"}
    plan.create("azurerm_network_interface.bad", {"name": "nic web/§", **IN_LAB, "ip_configuration": [block]})
    plan.create(
        "azurerm_virtual_network.bad",
        {"name": "bad", **IN_LAB, "address_space": ["10.3.0.0/16"], "tags": {"a": None}},
    )
    plan.create("azurerm_subnet.bad", {"name": None, "resource_group_name": "lab", "address_prefixes": 5})
    report = checked(vtap, plan, code=1)
    assert {(one["address"], one["field"], one["rule"]) for one in report["findings"]} >= {
        ("azurerm_network_interface.bad", "name", "values_are_allowed"),
        (
            "azurerm_network_interface.bad",
            "ip_configuration[0].private_ip_address_allocation",
            "values_are_allowed",
        ),
        ("azurerm_virtual_network.bad", "tags.a", "values_are_allowed"),
        ("azurerm_subnet.bad", "name", "values_are_allowed"),
        ("azurerm_subnet.bad", "virtual_network_name", "values_are_allowed"),
        ("azurerm_subnet.bad", "address_prefixes", "values_are_allowed"),
    }
    assert report["not_read"] == []


def test_an_argument_that_azurerm_shows_as_nothing_is_not_given(vtap: Vtap) -> None:
    plan = Plan()
    unset = {"edge_zone": "", "bgp_community": "", "flow_timeout_in_minutes": 0, "ddos_protection_plan": []}
    network = {"name": "net", **IN_LAB, "address_space": ["10.0.0.0/16"], **unset}
    plan.create("azurerm_virtual_network.net", network)
    assert checked(vtap, plan)["findings"] == []


def test_the_secret_of_an_imported_machine_is_not_known(vtap: Vtap) -> None:
    plan = tapped_plan()
    machine = next(one for one in plan.changes if one["type"] == "azurerm_linux_virtual_machine")
    login = {"admin_ssh_key": [], "disable_password_authentication": False}
    machine["change"]["after"] |= {**login, "admin_password": "ignored-as-imported"}
    assert checked(vtap, plan)["findings"] == []


def test_a_frontend_without_a_rule_for_the_copies_is_told_at_once(vtap: Vtap) -> None:
    plan = Plan()
    front = {"name": "front", "private_ip_address_allocation": "Dynamic", "subnet_id": UNKNOWN}
    plan.create("azurerm_virtual_network.net", {"name": "net", **IN_LAB, "address_space": ["10.0.0.0/16"]})
    plan.create("azurerm_subnet.s", subnet_values("s", "net", "10.0.0.0/24"))
    plan.create(
        "azurerm_lb.lb",
        {
            "name": "lb",
            **IN_LAB,
            "sku": "Standard",
            "sku_tier": "Regional",
            "frontend_ip_configuration": [front],
        },
    )
    plan.configure(
        "azurerm_lb.lb", {"frontend_ip_configuration": [{"subnet_id": references("azurerm_subnet.s.id")}]}
    )
    to = "destination_load_balancer_frontend_ip_configuration_id"
    plan.create(TAP, {"name": "tap", **IN_LAB, "destination_port": 4789, to: UNKNOWN})
    plan.configure(TAP, {to: references("azurerm_lb.lb.frontend_ip_configuration[0].id")})
    (finding,) = checked(vtap, plan)["findings"]
    assert (finding["address"], finding["severity"], finding["rule"]) == (
        TAP,
        "warning",
        "frontend_has_a_rule",
    )
    assert "no rule there covers UDP 4789" in finding["message"]


def test_a_change_in_place_of_what_is_fixed_is_told(vtap: Vtap) -> None:
    plan = Plan()
    group = {"id": group_id(), "name": "lab", "location": "eastus"}
    plan.update("azurerm_resource_group.lab", group, {**group, "location": "westeurope"})
    (finding,) = checked(vtap, plan, code=1)["findings"]
    assert (finding["code"], finding["rule"]) == ("InvalidResourceLocation", "what_is_fixed_stays")


def test_two_blocks_that_make_one_object_are_told_at_the_second(vtap: Vtap) -> None:
    plan = tapped_plan()
    plan.create("azurerm_resource_group.one", {"name": "rg-twice", "location": "uksouth"})
    plan.create("azurerm_resource_group.other", {"name": "RG-Twice", "location": "uksouth"})
    (finding,) = checked(vtap, plan, code=1)["findings"]
    assert (finding["address"], finding["code"]) == ("azurerm_resource_group.other", "OperationNotAllowed")
    assert (finding["field"], finding["rule"]) == ("name", "ids_are_unique")
    assert "azurerm_resource_group.one has it too. It is written" in finding["message"]


def test_one_object_that_a_state_has_twice_is_no_clash(vtap: Vtap) -> None:
    plan = tapped_plan()
    group = {"id": group_id().replace("lab", "twice"), "name": "twice", "location": "uksouth"}
    plan.keep("azurerm_resource_group.one", group)
    plan.keep("azurerm_resource_group.other", group)
    assert checked(vtap, plan)["findings"] == []
