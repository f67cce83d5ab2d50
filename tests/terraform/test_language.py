"""What Terraform's language can do to a resource, done to ours."""

from __future__ import annotations

import re

import pytest

from tests.terraform.hcl import resource
from tests.terraform.reattached import Workspace
from tests.terraform.worlds import (
    INTERFACES,
    LAB,
    NETWORKS,
    SUBNETS,
    balancer,
    interface,
    machine,
    network,
    peering,
    pool,
    subnet,
    tap,
    tapped,
)

pytestmark = pytest.mark.terraform


def test_dynamic_blocks(workspace: Workspace) -> None:
    dynamic = """
    resource "azurerm_network_interface" "nic" {
      name                = "nic"
      resource_group_name = azurerm_resource_group.lab.name
      location            = "westeurope"
      dynamic "ip_configuration" {
        for_each = { a = true, b = false }
        content {
          name                          = ip_configuration.key
          subnet_id                     = azurerm_subnet.a.id
          primary                       = ip_configuration.value
          private_ip_address_allocation = "Dynamic"
        }
      }
    }
    """
    workspace.holds(SUBNETS + dynamic)
    configurations = workspace.state()["azurerm_network_interface.nic"]["ip_configuration"]
    assert [one["name"] for one in configurations] == ["a", "b"]


def test_dynamic_blocks_over_what_is_not_known_yet(workspace: Workspace) -> None:
    dynamic = """
    resource "terraform_data" "names" {
      input = ["a", "b"]
    }
    resource "azurerm_lb" "lb" {
      name                = "lb"
      resource_group_name = azurerm_resource_group.lab.name
      location            = "westeurope"
      dynamic "frontend_ip_configuration" {
        for_each = terraform_data.names.output
        content {
          name      = frontend_ip_configuration.value
          subnet_id = azurerm_subnet.a.id
        }
      }
    }
    """
    workspace.holds(SUBNETS + dynamic)
    frontends = workspace.state()["azurerm_lb.lb"]["frontend_ip_configuration"]
    assert [one["private_ip_address"] for one in frontends] == ["10.0.0.4", "10.0.0.5"]


def test_for_each_and_count(workspace: Workspace) -> None:
    body = (
        NETWORKS
        + """
    resource "azurerm_subnet" "s" {
      for_each             = { a = "10.0.0.0/24", b = "10.0.1.0/24" }
      name                 = each.key
      resource_group_name  = azurerm_resource_group.lab.name
      virtual_network_name = azurerm_virtual_network.v.name
      address_prefixes     = [each.value]
    }
    resource "azurerm_network_interface" "n" {
      count               = 3
      name                = "n${count.index}"
      resource_group_name = azurerm_resource_group.lab.name
      location            = "westeurope"
      ip_configuration {
        name                          = "ip"
        subnet_id                     = azurerm_subnet.s["a"].id
        private_ip_address_allocation = "Dynamic"
      }
    }
    """
    )
    workspace.holds(body)
    workspace.holds(re.sub(r"(count +=) 3", r"\1 2", body))
    taken = [workspace.state()[f"azurerm_network_interface.n[{n}]"]["private_ip_address"] for n in range(2)]
    assert len(set(taken)) == 2
    assert "azurerm_network_interface.n[2]" not in workspace.state()


def test_modules(workspace: Workspace) -> None:
    module = workspace.directory / "network"
    module.mkdir()
    (module / "main.tf").write_text("""
    terraform {
      required_providers {
        azurerm = { source = "terraform.local/vtap/vtap" }
      }
    }
    variable "name" {}
    variable "space" {}
    variable "group" {}
    resource "azurerm_virtual_network" "it" {
      name                = var.name
      resource_group_name = var.group
      location            = "westeurope"
      address_space       = [var.space]
    }
    output "id" {
      value = azurerm_virtual_network.it.id
    }
    """)
    calls = """
    module "net" {
      source   = "./network"
      for_each = { a = "10.0.0.0/16", b = "10.1.0.0/16" }
      name     = each.key
      space    = each.value
      group    = azurerm_resource_group.lab.name
    }
    output "ids" {
      value = [for one in module.net : one.id]
    }
    """
    workspace.write(LAB + calls)
    workspace.run("get")
    workspace.apply()
    workspace.plans_nothing()
    assert 'module.net["b"].azurerm_virtual_network.it' in workspace.state()


def test_ignored_changes_stay(workspace: Workspace) -> None:
    body = """
    resource "azurerm_resource_group" "lab" {
      name     = "lab"
      location = "westeurope"
      tags     = { env = "%s" }
      lifecycle {
        ignore_changes = [tags]
      }
    }
    """
    workspace.holds(body % "lab")
    workspace.holds(body % "production")
    assert workspace.state()["azurerm_resource_group.lab"]["tags"] == {"env": "lab"}


def test_an_ignored_key_of_a_map_stays_while_others_change(workspace: Workspace) -> None:
    body = """
    resource "azurerm_resource_group" "lab" {
      name     = "lab"
      location = "westeurope"
      tags     = { env = "lab", owner = "%s" }
      lifecycle {
        ignore_changes = [tags["env"]]
      }
    }
    """
    workspace.holds(body % "one")
    with workspace.cloud() as cloud:
        group = cloud.get(workspace.state()["azurerm_resource_group.lab"]["id"])
        cloud.put(group.replace(tags={"env": "changed by a policy", "owner": "one"}))
    workspace.holds(body % "two")
    tags = workspace.state()["azurerm_resource_group.lab"]["tags"]
    assert tags == {"env": "changed by a policy", "owner": "two"}


def test_create_before_destroy(workspace: Workspace) -> None:
    first = interface("n").removesuffix("}\n") + "  lifecycle { create_before_destroy = true }\n}\n"
    workspace.holds(SUBNETS + first)
    workspace.holds(SUBNETS + first.replace('name = "n"', 'name = "after"'))
    # The first address was still held when the second interface was made.
    assert workspace.state()["azurerm_network_interface.n"]["private_ip_address"] == "10.0.0.5"
    assert workspace.cloud_holds().count("NetworkInterface") == 1


def test_one_at_a_time_gives_the_same_end(workspace: Workspace) -> None:
    workspace.write(INTERFACES + machine("vm", "one", "two") + balancer("lb") + pool("pool", "lb"))
    workspace.apply("-parallelism=1")
    workspace.plans_nothing()
    workspace.destroy("-parallelism=1")
    assert workspace.cloud_holds() == []


def test_a_moved_resource_stays_what_it_is(workspace: Workspace) -> None:
    workspace.holds(NETWORKS)
    moved = NETWORKS.replace('"azurerm_virtual_network" "v"', '"azurerm_virtual_network" "renamed"')
    workspace.write(
        moved + "moved {\n  from = azurerm_virtual_network.v\n  to = azurerm_virtual_network.renamed\n}\n"
    )
    assert set(workspace.plan().actions.values()) <= {"move"}
    workspace.apply()
    workspace.plans_nothing()
    assert "azurerm_virtual_network.renamed" in workspace.state()


def test_a_move_to_another_type_is_refused(workspace: Workspace) -> None:
    workspace.holds(LAB + network("v", "10.0.0.0/16"))
    workspace.write(
        LAB
        + "moved {\n  from = azurerm_virtual_network.v\n  to = azurerm_subnet.v\n}\n"
        + subnet("v", "v", "10.0.0.0/24").replace("azurerm_virtual_network.v.name", '"v"')
    )
    outcome = workspace.plan()
    assert "Cannot move between types" in outcome.codes, outcome.told


def test_beside_another_provider_it_goes_by_the_name_vtap(workspace: Workspace) -> None:
    body = LAB.replace("{\n", "{\n  provider = vtap\n", 1) + resource("terraform_data.other", {"input": 1})
    workspace.write(body, local_name="vtap")
    workspace.apply()
    workspace.plans_nothing()
    assert workspace.cloud_holds() == ["ResourceGroup"]


def test_depends_on_orders_what_has_no_reference(workspace: Workspace) -> None:
    held = tapped("mirror", "source", "tap").replace(
        "}\n",
        "  depends_on = [azurerm_virtual_network_peering.there, azurerm_virtual_network_peering.back]\n}\n",
    )
    body = (
        NETWORKS
        + subnet("a", "v", "10.0.0.0/24")
        + subnet("b", "w", "10.1.0.0/24")
        + interface("source", "a")
        + interface("collector", "b")
        + tap("tap", "collector")
        + peering("there", "v", "w")
        + peering("back", "w", "v")
    )
    workspace.holds(body + held)
    workspace.destroy()
    assert workspace.cloud_holds() == []
