"""Machines of both systems: their sizes, their public addresses, what an import knows of them."""

from __future__ import annotations

import pytest

from tests.terraform.hcl import resource
from tests.terraform.reattached import Workspace
from tests.terraform.worlds import (
    INTERFACES,
    SUBNETS,
    in_subnet,
    interface,
    machine,
    machine_body,
    public,
    public_ip,
    windows_body,
)

pytestmark = pytest.mark.terraform

REACHED = in_subnet(
    private_ip_address_allocation="Dynamic", public_ip_address_id=public()["public_ip_address_id"]
)
BEHIND = SUBNETS + interface("one", ip_configuration=[REACHED]) + machine("vm", "one")


def windows(name: str = "vm") -> str:
    return resource(f"azurerm_windows_virtual_machine.{name}", windows_body("vm", "one"))


def test_a_machine_has_the_public_address_of_its_interface(workspace: Workspace) -> None:
    workspace.write(public_ip("p") + BEHIND)
    workspace.apply()
    state = workspace.state()
    address = state["azurerm_public_ip.p"]["ip_address"]
    assert state["azurerm_linux_virtual_machine.vm"]["public_ip_address"] == address
    assert state["azurerm_linux_virtual_machine.vm"]["public_ip_addresses"] == [address]
    workspace.plans_nothing()


def test_a_refresh_finds_the_address_that_a_machines_interface_is_given(workspace: Workspace) -> None:
    workspace.write(INTERFACES + machine("vm", "one"))
    workspace.apply()
    workspace.write(public_ip("p") + BEHIND + interface("two"))
    workspace.apply()
    workspace.apply("-refresh-only")
    state = workspace.state()
    assert state["azurerm_linux_virtual_machine.vm"]["public_ip_addresses"] == [
        state["azurerm_public_ip.p"]["ip_address"]
    ]
    workspace.plans_nothing()


def test_an_address_in_use_is_not_deleted(workspace: Workspace) -> None:
    workspace.write(public_ip("p") + BEHIND)
    workspace.apply()
    workspace.run("state rm", "azurerm_network_interface.one")
    workspace.run("state rm", "azurerm_linux_virtual_machine.vm")
    workspace.write(SUBNETS)
    outcome = workspace.try_apply()
    assert "PublicIPAddressCannotBeDeleted" in outcome.told
    assert "azurerm_public_ip.p" in workspace.state()


def test_a_machine_becomes_one_of_another_system_under_another_name(workspace: Workspace) -> None:
    workspace.write(INTERFACES + machine("vm", "one"))
    workspace.apply()
    workspace.write(INTERFACES)
    workspace.apply()
    workspace.write(INTERFACES + windows())
    workspace.apply()
    workspace.plans_nothing()


def test_a_machine_of_one_system_is_not_imported_as_one_of_the_other(workspace: Workspace) -> None:
    workspace.write(INTERFACES + machine("vm", "one"))
    workspace.apply()
    there = workspace.state()["azurerm_linux_virtual_machine.vm"]["id"]
    text = f'import {{\n  to = azurerm_windows_virtual_machine.vm\n  id = "{there}"\n}}\n'
    workspace.write(INTERFACES + machine("vm", "one") + windows() + text)
    assert "The resource does not exist" in workspace.plan().told


@pytest.mark.parametrize("system", ["linux", "windows"])
def test_extensions_are_allowed_later_without_the_agent(workspace: Workspace, system: str) -> None:
    def body(**given: bool) -> str:
        values = {
            **(windows_body("vm", "one") if system == "windows" else machine_body("vm", "one")),
            **given,
        }
        return INTERFACES + resource(f"azurerm_{system}_virtual_machine.vm", values)

    workspace.holds(body(provision_vm_agent=False, allow_extension_operations=False))
    workspace.holds(body(provision_vm_agent=False, allow_extension_operations=True))
    state = workspace.state()[f"azurerm_{system}_virtual_machine.vm"]
    assert state["allow_extension_operations"]
    workspace.holds(body())
    assert workspace.state()[f"azurerm_{system}_virtual_machine.vm"] == state
