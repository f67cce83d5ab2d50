"""Peerings and delegations in Terraform: what shows at apply, who tells it, what triggers do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.terraform.hcl import Expression
from tests.terraform.network_changes import DELEGATION, TO
from tests.terraform.reattached import Workspace
from tests.terraform.worlds import NETWORKS, SUBNETS, interface, network, peering, subnet
from vtaplib.resources import VirtualNetworkPeering

pytestmark = pytest.mark.terraform


def test_a_subnet_that_is_peered_by_name_may_be_made_after_the_peering_is_planned(
    workspace: Workspace,
) -> None:
    partly = {
        "peer_complete_virtual_networks_enabled": False,
        "local_subnet_names": ["a"],
        "remote_subnet_names": ["c"],
    }
    body = SUBNETS + peering("there", "v", "w", **partly)
    workspace.write(body)
    assert workspace.plan().errors == []
    outcome = workspace.try_apply()
    assert set(outcome.codes) == {"InvalidResourceReference"}, outcome.told
    assert "virtualNetworks/w has no subnet c" in outcome.told
    late = {**partly, "depends_on": Expression("[azurerm_subnet.a, azurerm_subnet.c]")}
    workspace.write(SUBNETS + subnet("c", "w", "10.1.0.0/24") + peering("there", "v", "w", **late))
    workspace.apply()
    workspace.plans_nothing()


def delegated(service: str) -> dict[str, Any]:
    return {"delegation": [{**DELEGATION, "service_delegation": [{**TO, "name": service}]}]}


OWN, BESIDE = map(
    delegated, ("Microsoft.ContainerInstance/containerGroups", "Microsoft.Databricks/workspaces")
)


def test_of_a_subnet_that_is_delegated_from_under_an_interface_the_interface_tells(
    workspace: Workspace,
) -> None:
    body = NETWORKS + interface("n")
    workspace.write(body + subnet("a", "v", "10.0.0.0/24", **BESIDE))
    workspace.apply()
    workspace.write(body + subnet("a", "v", "10.0.0.0/24", **OWN))
    outcome = workspace.plan()
    assert [(one.summary, one.address) for one in outcome.errors] == [
        ("NetcfgInvalidSubnet", "azurerm_network_interface.n")
    ]
    # Without the interface in the configuration, only the apply can tell.
    workspace.run("state rm", "azurerm_network_interface.n")
    workspace.write(NETWORKS + subnet("a", "v", "10.0.0.0/24", **OWN))
    assert workspace.plan().errors == []
    assert workspace.try_apply().codes == ["InUseSubnetCannotBeUpdated"]


def test_a_trigger_brings_a_peering_into_step_with_the_remote_network(workspace: Workspace) -> None:
    def world(*spaces: str, triggered: bool) -> str:
        spaces_of_w = Expression('join(",", azurerm_virtual_network.w.address_space)')
        triggers = {"triggers": {"remote": spaces_of_w}} if triggered else {}
        return (
            NETWORKS.replace(network("w", "10.1.0.0/16"), network("w", "", address_space=[*spaces]))
            + peering("there", "v", "w", **triggers)
            + peering("back", "w", "v")
        )

    def levels() -> list[str]:
        with workspace.cloud() as cloud:
            return [one.peering_sync_level for one in cloud.list(VirtualNetworkPeering)]

    workspace.write(world("10.1.0.0/16", triggered=False))
    workspace.apply()
    workspace.write(world("10.1.0.0/16", "10.11.0.0/16", triggered=False))
    workspace.apply()
    workspace.plans_nothing()
    assert levels() == ["RemoteNotInSync", "LocalNotInSync"]
    workspace.write(world("10.1.0.0/16", "10.11.0.0/16", triggered=True))
    workspace.apply()
    assert levels() == ["FullyInSync", "FullyInSync"]
    workspace.write(world("10.1.0.0/16", "10.12.0.0/16", triggered=True))
    workspace.apply()
    workspace.plans_nothing()
    assert levels() == ["FullyInSync", "FullyInSync"]
