"""The provider's policy block: what Azure does not document, as the user wants it."""

from __future__ import annotations

import pytest

from tests.terraform.reattached import Workspace
from tests.terraform.worlds import INTERFACES, NETWORKS, interface, subnet, tap, tapped

pytestmark = pytest.mark.terraform

UNREACHABLE = (
    INTERFACES
    + subnet("c", "w", "10.1.0.0/24")
    + interface("elsewhere", "c")
    + tap("tap", "elsewhere")
    + tapped("mirror", "one", "tap")
)


def test_a_switch_turns_an_error_into_a_warning(workspace: Workspace) -> None:
    workspace.write(UNREACHABLE)
    assert workspace.plan().codes == ["VirtualNetworkTapDestinationNotReachable"]
    workspace.write(UNREACHABLE, policy={"reachability_check": "warn"})
    outcome = workspace.apply()
    assert "VirtualNetworkTapDestinationNotReachable" in [one.summary for one in outcome.diagnostics]
    workspace.plans_nothing()


def test_a_limit_is_an_argument(workspace: Workspace) -> None:
    workspace.write(NETWORKS, policy={"virtual_networks_per_region": 1})
    assert workspace.plan().codes == ["VnetCountLimitReached"]
    workspace.write(NETWORKS, policy={"virtual_networks_per_region": 2})
    workspace.apply()


def test_a_value_that_a_setting_does_not_have_is_told_at_its_line(workspace: Workspace) -> None:
    workspace.write(NETWORKS, policy={"reachability_check": "sometimes", "taps_per_region": 1.5})
    outcome = workspace.plan()
    assert sorted(one.line.split(" ")[0] for one in outcome.errors) == [
        "reachability_check",
        "taps_per_region",
    ]
    assert "error, warn" in outcome.told
    assert "a whole number" in outcome.told
