"""Limits in plans: what is planned is counted, at the line, and what is there may stay."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.terraform.conflicts import balanced, member
from tests.terraform.reattached import Workspace
from tests.terraform.worlds import (
    INTERFACES,
    NETWORKS,
    SUBNETS,
    balancer,
    in_subnet,
    interface,
    network,
    peering,
    pool,
    subnet,
    tap,
    tapped,
)

pytestmark = pytest.mark.terraform

MORE = [in_subnet(name=f"ip{number}", private_ip_address_allocation="Dynamic") for number in range(3)]
MORE[0]["primary"] = True
COLLECTED = INTERFACES + interface("collector")
BALANCED = INTERFACES + balancer("lb") + pool("pool", "lb")
FULL: Mapping[str, tuple[str, str, int, str, str]] = {
    # setting: what there may be, one more, the limit, the code, the start of the line
    "virtual_networks_per_region": (
        NETWORKS,
        network("more", "10.8.0.0/16"),
        2,
        "VnetCountLimitReached",
        "location",
    ),
    "subnets_per_virtual_network": (
        SUBNETS,
        subnet("more", "v", "10.0.8.0/24"),
        2,
        "QuotaExceeded",
        "virtual_network_name",
    ),
    "peerings_per_virtual_network": (
        NETWORKS + network("x", "10.2.0.0/16") + peering("there", "v", "w"),
        peering("more", "v", "x"),
        1,
        "QuotaExceeded",
        "virtual_network_name",
    ),
    "network_interfaces_per_region": (INTERFACES, interface("more"), 2, "QuotaExceeded", "location"),
    "private_addresses_per_virtual_network": (INTERFACES, interface("more"), 2, "QuotaExceeded", "resource"),
    "private_addresses_per_network_interface": (
        SUBNETS,
        interface("more", ip_configuration=MORE),
        2,
        "QuotaExceeded",
        "resource",
    ),
    "dns_servers_per_virtual_network": (
        NETWORKS,
        network("more", "10.8.0.0/16", dns_servers=["10.8.0.4", "10.8.0.5"]),
        1,
        "QuotaExceeded",
        "dns_servers",
    ),
    "taps_per_region": (
        COLLECTED + tap("tap", "collector"),
        tap("more", "collector"),
        1,
        "VirtualNetworkTapCountLimitReached",
        "location",
    ),
    "tap_configurations_per_tap": (
        COLLECTED + tap("tap", "collector") + tapped("one", "one", "tap"),
        tapped("more", "two", "tap"),
        1,
        "TapConfigurationCountLimitReached",
        "virtual_network_tap_id",
    ),
    "load_balancer_rules_per_network_interface": (
        BALANCED + balanced("r1", 1, 1) + balanced("r2", 2, 2),
        member("one"),
        1,
        "LoadBalancerRuleCountLimitReachedForNic",
        "backend_address_pool_id",
    ),
}


@pytest.mark.parametrize("setting", FULL)
def test_one_more_than_the_limit_is_refused_at_what_is_planned_last(
    workspace: Workspace, setting: str
) -> None:
    within, more, most, code, line = FULL[setting]
    workspace.write(within, policy={setting: most})
    workspace.apply()
    workspace.write(within + more, policy={setting: most})
    outcome = workspace.plan()
    assert outcome.codes == [code], outcome.told
    assert outcome.errors[0].line.startswith(line), outcome.told
    assert setting in outcome.errors[0].detail
    # Under a limit that what is there exceeds, it may stay and be changed.
    workspace.write(within, policy={setting: 0})
    workspace.plans_nothing()


def test_rules_of_a_pool_are_counted_for_its_members_too(workspace: Workspace) -> None:
    full = BALANCED + balanced("r1", 1, 1) + member("one")
    workspace.write(full, policy={"load_balancer_rules_per_network_interface": 1})
    workspace.apply()
    workspace.write(full + balanced("r2", 2, 2), policy={"load_balancer_rules_per_network_interface": 1})
    outcome = workspace.plan()
    assert outcome.codes == ["LoadBalancerRuleCountLimitReachedForNic"], outcome.told


def test_more_configurations_than_a_subscription_may_have_are_a_warning(workspace: Workspace) -> None:
    body = COLLECTED + tap("tap", "collector") + tapped("one", "one", "tap") + tapped("two", "two", "tap")
    workspace.write(body, policy={"tap_configurations_per_subscription": 1})
    outcome = workspace.plan()
    assert outcome.errors == [], outcome.told
    assert "TapConfigurationCountLimitReached" in [one.summary for one in outcome.diagnostics]
    workspace.write(body, policy={"tap_configurations_per_subscription": 1, "limits_mode": "error"})
    assert workspace.plan().codes == ["TapConfigurationCountLimitReached"]


def test_more_addresses_than_peered_networks_may_hold_are_a_warning(workspace: Workspace) -> None:
    body = INTERFACES + subnet("c", "w", "10.1.0.0/24") + interface("elsewhere", "c")
    workspace.write(body, policy={"private_addresses_in_peered_networks": 2})
    workspace.apply()
    workspace.write(body + peering("there", "v", "w"), policy={"private_addresses_in_peered_networks": 2})
    assert "hold 3 private addresses, 2 at most" in workspace.apply().told


def test_what_others_have_made_counts_when_it_is_applied(workspace: Workspace) -> None:
    policy = {"virtual_networks_per_region": 2}
    workspace.write(NETWORKS, policy=policy)
    workspace.apply()
    workspace.run("state rm", "azurerm_virtual_network.w")
    workspace.write(
        NETWORKS.replace(network("w", "10.1.0.0/16"), network("more", "10.8.0.0/16")), policy=policy
    )
    assert workspace.plan().errors == []
    assert workspace.try_apply().codes == ["VnetCountLimitReached"]
