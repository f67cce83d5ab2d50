"""Peerings, delegations and subscriptions in Terraform: what warns, what shows at apply, what triggers do."""

from __future__ import annotations

import pytest

from tests.terraform.hcl import Expression
from tests.terraform.peering_and_balancing_rule_cases import BESIDE, OWN, delegated
from tests.terraform.reattached import Workspace
from tests.terraform.test_plan_rules import OTHER_SUBSCRIPTION
from tests.terraform.worlds import NETWORKS, SUBNETS, in_subnet, interface, network, peering, subnet
from vtaplib.resources import InlineSubnet, ResourceGroup, VirtualNetwork, VirtualNetworkPeering

pytestmark = pytest.mark.terraform


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"local_subnet_names": ["a"]}, "peer_complete_virtual_networks_enabled = false"),
        ({"use_remote_gateways": True, "allow_gateway_transit": True}, "set one of them to false"),
    ],
)
def test_what_means_nothing_in_a_peering_is_a_warning(
    workspace: Workspace, changes: dict[str, object], said: str
) -> None:
    workspace.write(SUBNETS + peering("there", "v", "w", **changes))
    outcome = workspace.apply()
    assert {one.summary for one in outcome.diagnostics} == {"InvalidParameterCombination"}, outcome.told
    assert said in outcome.told


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


def test_of_a_subnet_that_is_delegated_from_under_an_interface_the_interface_tells(
    workspace: Workspace,
) -> None:
    body = NETWORKS + interface("n")
    workspace.write(body + subnet("a", "v", "10.0.0.0/24", delegation=[delegated(BESIDE)]))
    workspace.apply()
    workspace.write(body + subnet("a", "v", "10.0.0.0/24", delegation=[delegated(OWN)]))
    outcome = workspace.plan()
    assert [(one.summary, one.address) for one in outcome.errors] == [
        ("NetcfgInvalidSubnet", "azurerm_network_interface.n")
    ]
    # Without the interface in the configuration, only the apply can tell.
    workspace.run("state rm", "azurerm_network_interface.n")
    workspace.write(NETWORKS + subnet("a", "v", "10.0.0.0/24", delegation=[delegated(OWN)]))
    assert workspace.plan().errors == []
    assert workspace.try_apply().codes == ["InUseSubnetCannotBeUpdated"]


def test_an_interface_takes_no_subnet_of_another_subscription_unless_it_is_shared(
    workspace: Workspace,
) -> None:
    workspace.write(SUBNETS)
    workspace.apply()
    home = VirtualNetwork(
        name="v",
        resource_group_name="lab",
        location="westeurope",
        address_space=["10.5.0.0/16"],
        subnet=[InlineSubnet(name="a", address_prefixes=["10.5.0.0/24"])],
    )
    with workspace.cloud() as cloud:
        other = cloud.subscription(OTHER_SUBSCRIPTION)
        other.put(ResourceGroup(name="lab", location="westeurope"))
        there = f"{other.put(home).id}/subnets/a"
    configuration = {**in_subnet(private_ip_address_allocation="Dynamic"), "subnet_id": there}
    workspace.write(SUBNETS + interface("n", ip_configuration=[configuration]))
    outcome = workspace.plan()
    assert outcome.codes == ["InvalidResourceReference"], outcome.told
    assert outcome.errors[0].line.startswith("subnet_id")
    with workspace.cloud() as cloud:
        (found,) = [one for one in cloud.list(VirtualNetwork) if one.subscription_id == OTHER_SUBSCRIPTION]
        shared = cloud.get(f"{found.id}/subnets/a")
        cloud.put(shared.replace(sharing_scope="Tenant", default_outbound_access_enabled=False))
    workspace.apply()


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
