"""Values in every spelling, and values that are not known yet."""

from __future__ import annotations

import pytest

from tests.terraform.hcl import Expression, resource
from tests.terraform.reattached import Workspace
from tests.terraform.worlds import (
    INTERFACES,
    LAB,
    NETWORKS,
    SUBNETS,
    balancer,
    in_subnet,
    interface,
    interface_body,
    network,
    rule_body,
    subnet,
    tap_body,
)

pytestmark = pytest.mark.terraform

INLINE = """
resource "azurerm_virtual_network" "net" {
  name                = "net"
  resource_group_name = azurerm_resource_group.lab.name
  location            = "westeurope"
  address_space       = ["10.9.0.0/16"]
"""
IN_BLOCKS = """
  subnet {
    name             = "web"
    address_prefixes = ["10.9.0.0/24"]
  }
}
"""


def test_inline_subnets_as_blocks_as_a_value_and_none(workspace: Workspace) -> None:
    as_a_value = """
      subnet = [{
        name                                          = "web"
        address_prefixes                              = ["10.9.0.0/24"]
        default_outbound_access_enabled               = true
        delegation                                    = []
        id                                            = null
        private_endpoint_network_policies             = "Disabled"
        private_link_service_network_policies_enabled = true
        route_table_id                                = null
        security_group                                = null
        service_endpoint                              = []
        service_endpoint_policy_ids                   = []
      }]
    }
    """
    workspace.holds(LAB + INLINE + IN_BLOCKS)
    workspace.write(LAB + INLINE + as_a_value)
    assert workspace.plan().actions == {}
    workspace.holds(LAB + INLINE + "}\n")
    assert workspace.cloud_holds().count("Subnet") == 1  # left out, they stay
    workspace.holds(LAB + INLINE + "  subnet = []\n}\n")
    assert workspace.cloud_holds().count("Subnet") == 0


def test_the_id_of_an_inline_subnet_is_used_in_the_same_apply(workspace: Workspace) -> None:
    of_web = Expression('one([for one in azurerm_virtual_network.net.subnet : one.id if one.name == "web"])')
    configuration = {**in_subnet(private_ip_address_allocation="Dynamic"), "subnet_id": of_web}
    workspace.holds(LAB + INLINE + IN_BLOCKS + interface("n", ip_configuration=[configuration]))
    assert workspace.state()["azurerm_network_interface.n"]["private_ip_address"] == "10.9.0.4"


def test_refined_unknowns_are_unknown(workspace: Workspace) -> None:
    """`"net-${unknown}"` is known to begin with "net-", and a choice of two ports to be one or the other."""
    body = (
        SUBNETS
        + balancer("lb")
        + resource("terraform_data.late", {"input": "x"})
        + network("late", "10.7.0.0/16").replace(
            'name = "late"', 'name = "net-${terraform_data.late.output}"'
        )
        + resource(
            "azurerm_lb_rule.rule",
            rule_body("lb", backend_port=Expression('terraform_data.late.output == "x" ? 4789 : 4790')),
        )
    )
    workspace.write(body)
    assert workspace.plan().errors == []
    workspace.holds(body)
    assert workspace.state()["azurerm_virtual_network.late"]["name"] == "net-x"


def test_unknown_inside_blocks_lists_maps_and_sets(workspace: Workspace) -> None:
    late = Expression("terraform_data.late.output")
    body = (
        NETWORKS
        + resource("terraform_data.late", {"input": "10.0.0.0/24"})
        + subnet("a", "v", "10.0.0.0/24", address_prefixes=[late])
        + network(
            "set",
            "10.7.0.0/16",
            address_space=["10.7.0.0/16", Expression("cidrsubnet(terraform_data.late.output, 0, 0)")],
            tags={"prefix": late},
        )
        + resource(
            "azurerm_network_interface.n",
            interface_body(
                "n",
                ip_configuration=[
                    in_subnet(
                        private_ip_address_allocation="Static",
                        private_ip_address=Expression("cidrhost(terraform_data.late.output, 9)"),
                    )
                ],
            ),
        )
    )
    workspace.write(body)
    assert workspace.plan().errors == []
    workspace.holds(body)
    assert workspace.state()["azurerm_network_interface.n"]["private_ip_addresses"] == ["10.0.0.9"]


@pytest.mark.parametrize("spelling", ["West Europe", "WestEurope", "westeurope", "west europe"])
def test_a_region_is_the_same_however_it_is_spelt(workspace: Workspace, spelling: str) -> None:
    workspace.holds(LAB)
    workspace.write(LAB.replace('"westeurope"', f'"{spelling}"'))
    assert workspace.plan().actions == {}
    workspace.destroy()
    workspace.holds(LAB.replace('"westeurope"', f'"{spelling}"'))


def test_names_in_an_id_are_the_same_in_another_case(workspace: Workspace) -> None:
    workspace.holds(SUBNETS + interface("n"))
    there = workspace.state()["azurerm_subnet.a"]["id"].removesuffix("/v/subnets/a") + "/V/subnets/A"
    configuration = {**in_subnet(private_ip_address_allocation="Dynamic"), "subnet_id": there}
    workspace.write(SUBNETS + interface("n", ip_configuration=[configuration]))
    assert workspace.plan().actions == {}


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("resourceGroups", "resourcegroups"),
        ("Microsoft.Network", "microsoft.network"),
        ("/subnets/", "/Subnets/"),
    ],
)
def test_a_fixed_segment_in_another_case_is_refused(workspace: Workspace, written: str, wrong: str) -> None:
    workspace.holds(SUBNETS + interface("n"))
    there = workspace.state()["azurerm_subnet.a"]["id"].replace(written, wrong)
    configuration = {**in_subnet(private_ip_address_allocation="Dynamic"), "subnet_id": there}
    workspace.write(SUBNETS + interface("n", ip_configuration=[configuration]))
    (error,) = workspace.plan().errors
    assert error.line.startswith("subnet_id")
    assert wrong in error.detail
    said = workspace.run("import", "-input=false", "-state=other.tfstate", "azurerm_subnet.a", there, code=1)
    assert "case-sensitive" in said


def test_a_destination_is_written_with_the_configurations_id(workspace: Workspace) -> None:
    workspace.holds(INTERFACES + resource("azurerm_virtual_network_tap.tap", tap_body("two")))
    state = workspace.state()
    destination = state["azurerm_virtual_network_tap.tap"][
        "destination_network_interface_ip_configuration_id"
    ]
    assert destination == state["azurerm_network_interface.two"]["id"] + "/ipConfigurations/ip"


@pytest.mark.parametrize("asks", ["frontend", "interface"])
def test_an_empty_private_address_is_the_one_that_the_service_gives(workspace: Workspace, asks: str) -> None:
    empty = in_subnet(private_ip_address="")
    if asks == "frontend":
        workspace.holds(SUBNETS + balancer("lb", frontend_ip_configuration=[empty]))
        (block,) = workspace.state()["azurerm_lb.lb"]["frontend_ip_configuration"]
    else:
        block = {**empty, "private_ip_address_allocation": "Dynamic"}
        workspace.holds(SUBNETS + interface("nic", ip_configuration=[block]))
        (block,) = workspace.state()["azurerm_network_interface.nic"]["ip_configuration"]
    assert block["private_ip_address"] == "10.0.0.4"
