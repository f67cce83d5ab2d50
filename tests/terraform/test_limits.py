"""Limits in plans: what is there may stay, and what others have made shows when it is applied."""

from __future__ import annotations

import pytest

from tests.terraform.conflicts import balanced, member
from tests.terraform.hcl import resource
from tests.terraform.reattached import Workspace
from tests.terraform.worlds import (
    INTERFACES,
    NETWORKS,
    WORLDS,
    balancer,
    interface,
    network,
    peering,
    pool,
    tap,
    tapped,
)
from vtaplib.model.policy import SETTINGS, Number

pytestmark = pytest.mark.terraform

COLLECTED = INTERFACES + interface("collector") + tap("tap", "collector")
LIMITS = [name for name, setting in SETTINGS.items() if isinstance(setting, Number)]


def test_what_exceeds_a_limit_may_stay(workspace: Workspace) -> None:
    full = COLLECTED + tapped("one", "one", "tap") + peering("there", "v", "w") + balancer("lb")
    full += pool("pool", "lb") + balanced("r1", 1, 1) + member("one")
    full += resource("azurerm_network_watcher.watcher", WORLDS["azurerm_network_watcher"].body)
    workspace.write(full)
    workspace.apply()
    workspace.write(full, policy=dict.fromkeys(LIMITS, 0))
    workspace.plans_nothing()


def test_the_policy_makes_errors_of_limits_that_warn(workspace: Workspace) -> None:
    body = COLLECTED + tapped("one", "one", "tap") + tapped("two", "two", "tap")
    workspace.write(body, policy={"tap_configurations_per_subscription": 1, "limits_mode": "error"})
    assert workspace.plan().codes == ["TapConfigurationCountLimitReached"]


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
