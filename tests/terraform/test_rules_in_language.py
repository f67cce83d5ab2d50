"""Rules through the language: in modules, for each instance, all of them together, and none twice."""

from __future__ import annotations

import pytest

from tests.terraform.hcl import Expression
from tests.terraform.launched import LaunchedTerraform, write_mirror
from tests.terraform.reattached import SUBSCRIPTION, Workspace
from tests.terraform.worlds import (
    INTERFACES,
    LAB,
    NETWORKS,
    SUBNETS,
    at,
    balancer,
    interface,
    machine,
    network,
    peering,
    pool,
    security_group,
    security_rule,
    subnet,
    tap,
    tapped,
)

pytestmark = pytest.mark.terraform

SITE = """
variable "sizes" { type = map(string) }
variable "addresses" { type = list(string) }
variable "group" { type = string }
variable "subnet_id" { type = string }
variable "interface_ids" { type = map(string) }

resource "azurerm_network_interface" "nic" {
  count               = length(var.addresses)
  name                = "in-module-${count.index}"
  resource_group_name = var.group
  location            = "westeurope"
  ip_configuration {
    name                          = "ip"
    subnet_id                     = var.subnet_id
    private_ip_address_allocation = "Static"
    private_ip_address            = var.addresses[count.index]
  }
}

resource "azurerm_network_security_group" "group" {
  for_each            = var.sizes
  name                = "group-${each.key}"
  resource_group_name = var.group
  location            = each.value
}

resource "azurerm_network_interface_security_group_association" "guard" {
  for_each                  = var.sizes
  network_interface_id      = var.interface_ids[each.key]
  network_security_group_id = azurerm_network_security_group.group[each.key].id
}
"""


def test_an_instance_in_a_module_is_named(workspace: Workspace) -> None:
    module = workspace.directory / "site"
    module.mkdir()
    (module / "main.tf").write_text(
        f'terraform {{\n  required_providers {{\n    azurerm = {{ source = "'
        f'terraform.local/vtap/vtap" }}\n  }}\n}}\n{SITE}'
    )
    call = """
    module "site" {
      source        = "./site"
      for_each      = { a = ["10.0.0.10", "%s"] }
      group         = azurerm_resource_group.lab.name
      subnet_id     = azurerm_subnet.a.id
      addresses     = each.value
      sizes         = { one = "westeurope", two = "%s" }
      interface_ids = { one = azurerm_network_interface.one.id, two = azurerm_network_interface.two.id }
    }
    """
    workspace.write(INTERFACES + call % ("10.0.0.10", "northeurope"))
    workspace.run("init", "-input=false")
    outcome = workspace.plan()
    assert sorted((one.summary, one.address) for one in outcome.errors)[:1] == [
        (
            "InvalidResourceReference",
            'module.site["a"].azurerm_network_interface_security_group_association.guard["two"]',
        )
    ]
    conflict = [one.address for one in outcome.errors if one.summary == "PrivateIPAddressIsAllocated"]
    # Which of the two is planned second is Terraform's choice.
    assert len(conflict) == 1
    assert conflict[0].startswith('module.site["a"].azurerm_network_interface.nic[')
    assert len(outcome.errors) == 2, outcome.told
    workspace.write(INTERFACES + call % ("10.0.0.11", "westeurope"))
    workspace.apply()
    workspace.plans_nothing()


BROKEN = (
    SUBNETS
    + network("bad", "127.0.0.0/8")
    + subnet("outside", "v", "192.168.0.0/24")
    + interface("one", **at("10.0.0.9"))
    + interface("two", **at("10.0.0.9"))
    + interface("collector")
    + machine("a", "collector")
    + machine("b", "collector")
    + security_group("g")
    + security_rule("r1", "g", priority=200)
    + security_rule("r2", "g", priority=200)
    + peering("p1", "v", "w")
    + peering("p2", "v", "w")
    + balancer("lb", sku="Gateway")
    + pool("pool", "lb")
    + tap("tap", "collector")
    + tapped("self", "collector", "tap")
)


def test_all_violations_of_a_plan_are_told_together_and_none_twice(workspace: Workspace) -> None:
    workspace.write(BROKEN)
    outcome = workspace.plan()
    assert sorted(outcome.codes) == [
        "AnotherPeeringAlreadyReferencesRemoteVnet",
        "InvalidAddressSpace",
        "InvalidParameterCombination",
        "NetcfgSubnetRangeOutsideVnet",
        "NicInUse",
        "PrivateIPAddressIsAllocated",
        "SecurityRuleConflict",
        "VirtualNetworkTapSourceIsDestination",
    ], outcome.told
    told = [(one.summary, one.address, one.detail) for one in outcome.diagnostics]
    assert len(told) == len(set(told))


def test_a_pair_of_peerings_that_is_planned_counts(workspace: Workspace) -> None:
    both = [f"azurerm_virtual_network_peering.{one}" for one in ("there", "back")]
    after_both = {"depends_on": Expression(f"[{', '.join(both)}]")}
    site = (
        NETWORKS
        + subnet("a", "v", "10.0.0.0/24")
        + subnet("c", "w", "10.1.0.0/24")
        + interface("one")
        + interface("collector", "c")
        + tap("tap", "collector")
    )
    workspace.write(site + tapped("mirror", "one", "tap"))
    assert workspace.plan().codes == ["VirtualNetworkTapDestinationNotReachable"]
    workspace.write(
        site
        + peering("there", "v", "w")
        + peering("back", "w", "v")
        + tapped("mirror", "one", "tap", **after_both)
    )
    workspace.apply()
    workspace.plans_nothing()


def test_rules_hold_across_two_subscriptions(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What another alias has made is seen; what it is about to make is left to the apply."""
    directory = tmp_path_factory.mktemp("aliases")
    mirror = write_mirror(directory / "mirror")
    terraform = LaunchedTerraform(directory / "one", directory / "cloud.db", mirror)
    terraform.write_world("")
    main = terraform.directory / "main.tf"
    head = main.read_text().partition("provider ")[0]
    providers = terraform.provider(SUBSCRIPTION) + terraform.provider(
        "99999999-2222-3333-4444-555555555555", alias="other"
    )
    there = (
        (LAB + network("far", "10.0.0.0/16"))
        .replace('.lab"', '.far_lab"')
        .replace('"azurerm_resource_group" "lab"', '"azurerm_resource_group" "far_lab"')
        .replace("azurerm_resource_group.lab.name", "azurerm_resource_group.far_lab.name")
        .replace('" {\n', '" {\n  provider = azurerm.other\n')
    )
    main.write_text(head + providers + NETWORKS + there)
    quiet = ("-no-color", "-input=false")
    terraform("init", *quiet)
    terraform("apply", *quiet, "-auto-approve")
    main.write_text(head + providers + NETWORKS + there + peering("overlap", "v", "far"))
    refused = terraform("plan", *quiet, code=1).stderr
    assert "VnetAddressSpacesOverlap" in refused
    assert 'resource "azurerm_virtual_network_peering" "overlap"' in refused
