"""`vtap check` on what real Terraform shows of real plans: ours, and the same in the form of azurerm's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.hcl import Expression
from tests.terraform.planned_lab import PlannedLab
from tests.terraform.reattached import Workspace
from tests.terraform.worlds import INTERFACES, LAB, SUBNETS, group, interface, machine, network, tap, tapped
from tests.vtaplib.cli.azurerm_plan import as_azurerm
from tests.vtaplib.resources.rule_case import Case, Pair
from tests.vtaplib.resources.test_rules import EACH
from vtaplib import Cloud
from vtaplib.analysis import check
from vtaplib.analysis.terraform_plan.resources import TerraformResources, read_resources
from vtaplib.loading import load_terraform
from vtaplib.model.resource import Resource
from vtaplib.resources import NetworkInterface

pytestmark = pytest.mark.terraform

MODULE = """
terraform {
  required_providers {
    azurerm = { source = "terraform.local/vtap/vtap" }
  }
}
variable "network" {}
variable "prefixes" { type = map(string) }
resource "azurerm_subnet" "s" {
  for_each             = var.prefixes
  name                 = each.key
  resource_group_name  = var.network.resource_group_name
  virtual_network_name = var.network.name
  address_prefixes     = [each.value]
}
output "ids" { value = { for key, one in azurerm_subnet.s : key => one.id } }
output "first" { value = azurerm_subnet.s["a"].id }
"""
MODULES = """
variable "nics" {
  type    = map(object({ subnet = string }))
  default = { one = { subnet = "a" }, two = { subnet = "b" }, three = { subnet = "b" } }
}
module "subnets" {
  source   = "./subnets"
  for_each = toset(["x"])
  network  = azurerm_virtual_network.v
  prefixes = { a = "10.0.0.0/24", b = "10.0.1.0/24" }
}
resource "azurerm_network_interface" "n" {
  for_each            = var.nics
  name                = each.key
  resource_group_name = azurerm_resource_group.lab.name
  location            = azurerm_resource_group.lab.location
  ip_configuration {
    name                          = "ip"
    subnet_id                     = module.subnets["x"].ids[each.value.subnet]
    private_ip_address_allocation = "Dynamic"
  }
}
resource "azurerm_network_interface" "d" {
  name                = "d"
  resource_group_name = azurerm_resource_group.lab.name
  location            = azurerm_resource_group.lab.location
  ip_configuration {
    name                          = "ip"
    subnet_id                     = module.subnets["x"].first
    private_ip_address_allocation = "Dynamic"
  }
}
resource "azurerm_virtual_network_tap" "t" {
  name                = "t"
  resource_group_name = azurerm_resource_group.lab.name
  location            = azurerm_resource_group.lab.location

  destination_network_interface_ip_configuration_id = "${azurerm_network_interface.d.id}/ipConfigurations/ip"
}
resource "azurerm_network_interface_tap_configuration" "m" {
  for_each               = azurerm_network_interface.n
  name                   = "m"
  network_interface_id   = each.value.id
  virtual_network_tap_id = azurerm_virtual_network_tap.t.id
}
"""


def planned(workspace: Workspace, *arguments: str) -> dict[str, Any]:
    """What Terraform shows of its plan."""
    outcome = workspace.plan("-out=plan.bin", *arguments)
    assert not outcome.errors, outcome.told
    shown = json.loads(workspace.run("show", "-json", "plan.bin"))
    assert isinstance(shown, dict)
    return shown


def applied(path: Path) -> list[Resource]:
    """What is in a cloud."""
    with Cloud.open(path, read_only=True) as cloud, cloud.snapshot() as view:
        return list(view.list(Resource))


def written(directory: Path, document: dict[str, Any]) -> str:
    path = directory / "plan.json"
    path.write_text(json.dumps(document))
    return str(path)


def read(directory: Path, document: dict[str, Any]) -> TerraformResources:
    return read_resources(load_terraform(written(directory, document)))


@pytest.mark.sampled(16)
@pytest.mark.parametrize(("key", "case", "pair"), EACH)
def test_nothing_that_the_plan_accepts_is_an_error_of_the_check(
    workspace: Workspace, stock: Path, tmp_path: Path, key: tuple[str, str], case: Case, pair: Pair
) -> None:
    with PlannedLab(stock, workspace, case.policy) as lab:
        lab.world(pair.valid).write(workspace)
    ours = planned(workspace)
    for document in (ours, as_azurerm(ours)):
        plan = load_terraform(written(tmp_path, document))
        report = check(plan, cloud=applied(workspace.cloud_path), policy=case.policy)
        assert [(one.address, one.message) for one in report.findings if one.severity == "error"] == []
        assert report.not_read == ()
        assert report.outside.references == 0


def test_references_are_followed_through_modules_and_instances(workspace: Workspace, tmp_path: Path) -> None:
    (workspace.directory / "subnets").mkdir()
    (workspace.directory / "subnets" / "main.tf").write_text(MODULE)
    workspace.write(LAB + network("v", "10.0.0.0/16") + MODULES)
    workspace.run("get")
    ours = planned(workspace)
    assert '"id"' not in json.dumps([one["change"]["after"] for one in as_azurerm(ours)["resource_changes"]])
    expected, found = read(tmp_path, ours), read(tmp_path, as_azurerm(ours))
    assert found.after == expected.after
    assert found.addresses == expected.addresses
    interfaces = [one for one in found.after.values() if isinstance(one, NetworkInterface)]
    assert len([one.virtual_network_id for one in interfaces]) == 4


def test_a_plan_over_what_is_applied_tells_what_it_does_to_coverage(
    workspace: Workspace, tmp_path: Path
) -> None:
    collector = interface("collector") + machine("vm", "collector")
    taps = tap("t", "collector") + tapped("m", "one", "t")
    workspace.write(INTERFACES + collector + taps)
    workspace.apply()
    assert check(load_terraform(written(tmp_path, planned(workspace)))).errors == 0
    workspace.write(INTERFACES + collector + tap("t", "collector") + tapped("m2", "two", "t"))
    report = check(load_terraform(written(tmp_path, planned(workspace))))
    assert [one.address for one in report.coverage.newly_tapped] == ["azurerm_network_interface.two"]
    assert [one.address for one in report.coverage.no_longer_tapped] == ["azurerm_network_interface.one"]


def test_a_state_that_terraform_shows_is_checked(workspace: Workspace, tmp_path: Path) -> None:
    workspace.write(SUBNETS + interface("one") + group("other"))
    workspace.apply()
    shown = json.loads(workspace.run("show", "-json"))
    report = check(load_terraform(written(tmp_path, shown)))
    assert (report.is_plan, report.errors, report.outside.references) == (False, 0, 0)
    assert report.read["Subnet"] == 2


CALLED = """
variable "tap_id" { default = null }
resource "terraform_data" "n" { input = var.tap_id }
output "id" { value = terraform_data.n.id }
output "constant" { value = "x" }
"""
CALL = """
module "called" {
  source = "./called"
  %s
}
"""
TAP_ID = "azurerm_virtual_network_tap.tap.id"
WAYS: Mapping[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, ""),
    "the interface alone": ({"tags": {"x": Expression("azurerm_network_interface.one.name")}}, ""),
    "a TAP": ({"depends_on": Expression("[azurerm_virtual_network_tap.tap]")}, ""),
    "a tag": ({"tags": {"x": Expression(TAP_ID)}}, ""),
    "an output": ({"tags": {"x": Expression("module.called.id")}}, CALL % f"tap_id = {TAP_ID}"),
    "another output": (
        {"tags": {"x": Expression("module.called.constant")}},
        CALL % f"tap_id = {TAP_ID}",
    ),
    "a module": (
        {"depends_on": Expression("[module.called]")},
        CALL % "depends_on = [azurerm_virtual_network_tap.tap]",
    ),
    "a data source": (
        {"tags": {"x": Expression("data.azurerm_subscription.s.id")}},
        'data "azurerm_subscription" "s" { depends_on = [azurerm_virtual_network_tap.tap] }',
    ),
    "as many as there are": (
        {"count": Expression("length([azurerm_virtual_network_tap.tap.name])")},
        "",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_waits_for_the_tap_is_what_terraforms_graph_says(
    workspace: Workspace, tmp_path: Path, way: str
) -> None:
    more, blocks = WAYS[way]
    (workspace.directory / "called").mkdir()
    (workspace.directory / "called" / "main.tf").write_text(CALLED)
    taps = interface("collector") + tap("tap", "collector") + tapped("mirror", "one", "tap")
    workspace.write(INTERFACES + taps + machine("vm", "one", **more) + blocks)
    workspace.run("get")
    report = check(load_terraform(written(tmp_path, planned(workspace))))
    warned = "machine_waits_for_the_tap" in {one.rule for one in report.findings}
    assert warned == (
        "azurerm_virtual_network_tap.tap" not in before(workspace, "azurerm_linux_virtual_machine.vm")
    )


def before(workspace: Workspace, address: str) -> set[str]:
    """What Terraform's own graph of a plan has to do before an object, by the names of its nodes."""
    edges: dict[str, set[str]] = {}
    for here, there in re.findall(
        r'"\[root\] (.*?)" -> "\[root\] (.*?)"', workspace.run("graph", "-type=plan")
    ):
        edges.setdefault(here.removesuffix(" (expand)"), set()).add(there.removesuffix(" (expand)"))
    found: set[str] = set()
    pending = [address]
    while pending:
        pending += edges.get(pending.pop(), set()) - found
        found.update(pending)
    return found
