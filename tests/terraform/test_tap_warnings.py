"""What plans say of TAPs beside refusals: warnings, and what the policy makes of them."""

from __future__ import annotations

from typing import Final

import pytest

from provider_shim.lifecycle import AS_IT_STANDS
from tests.terraform.conflicts import BALANCED, SINK, TO_BALANCER, balanced
from tests.terraform.hcl import Expression
from tests.terraform.reattached import Outcome, Workspace
from tests.terraform.rule_case import TAP, TAPPED
from tests.terraform.worlds import (
    AFTER_THE_TAP,
    balancer,
    balancing_rule,
    in_subnet,
    interface,
    machine,
    pool,
    probe,
    tap,
    tapped,
)

pytestmark = pytest.mark.terraform

LOST, RING = "VirtualNetworkTapStreamLost", "VirtualNetworkTapRing"
INTERRUPTED, SIZE = "VirtualNetworkTapSourceInterrupted", "VirtualNetworkTapSourceVmSizeNotSupported"
BEHIND_FRONTEND: Final = BALANCED + interface("collector") + tap("tap", "collector", **TO_BALANCER)


def listed(body: str) -> str:
    """The configuration in a region that the preview lists."""
    return body.replace('"westeurope"', '"uksouth"')


def warned(outcome: Outcome) -> list[tuple[str, str, str]]:
    """Code, address and line of each warning about the plan; there is no error."""
    assert outcome.errors == [], outcome.told
    return [
        (one.summary, one.address, one.line.partition(" ")[0])
        for one in outcome.diagnostics
        if not one.detail.startswith(AS_IT_STANDS)
    ]


def test_a_region_that_the_preview_does_not_list_is_a_warning_or_what_the_policy_says(
    workspace: Workspace,
) -> None:
    code = "VirtualNetworkTapRegionNotListed"
    workspace.write(SINK)
    assert warned(workspace.plan()) == [(code, f"{TAP}.tap", "location")]
    workspace.write(SINK, policy={"region_check": "error"})
    assert workspace.plan().codes == [code]
    workspace.write(SINK, policy={"region_check": "off"})
    assert warned(workspace.plan()) == []
    workspace.write(listed(SINK))
    assert warned(workspace.apply()) == []
    workspace.plans_nothing()


def test_where_the_feature_is_required_no_subscription_has_it(workspace: Workspace) -> None:
    workspace.write(listed(SINK), policy={"feature_registration": "required"})
    outcome = workspace.plan()
    assert outcome.codes == ["SubscriptionNotRegisteredForFeature"]
    assert outcome.errors[0].line.startswith("resource_group_name")


def test_a_running_machine_that_begins_to_be_tapped_may_be_interrupted(workspace: Workspace) -> None:
    existing = listed(SINK + machine("vm", "one", **AFTER_THE_TAP))
    workspace.write(existing)
    workspace.apply()
    # Neither what is made with its machine, nor what is tapped already.
    new = listed(machine("new", "two", **AFTER_THE_TAP) + tapped("new", "two", "tap"))
    workspace.write(existing + new + tapped("mirror", "one", "tap"))
    assert warned(workspace.plan()) == [(INTERRUPTED, f"{TAPPED}.mirror", "network_interface_id")]
    workspace.apply()
    workspace.plans_nothing()
    assert warned(workspace.plan()) == []


def test_ipv6_beside_ipv4_is_not_mirrored(workspace: Workspace) -> None:
    dual = [
        in_subnet(private_ip_address_allocation="Dynamic", primary=True),
        {"name": "six", "private_ip_address_allocation": "Dynamic", "private_ip_address_version": "IPv6"},
    ]
    body = listed(SINK + interface("dual", ip_configuration=dual) + tapped("mirror", "dual", "tap"))
    workspace.write(body)
    outcome = workspace.plan()
    assert warned(outcome) == [(LOST, f"{TAPPED}.mirror", "network_interface_id")]
    assert "six" in outcome.diagnostics[0].detail


@pytest.mark.parametrize("waits", ["machine", "tap configuration"])
def test_of_a_newer_size_nothing_is_known(workspace: Workspace, waits: str) -> None:
    for_machine = {"depends_on": Expression("[azurerm_linux_virtual_machine.vm]")}
    for_tap = {"depends_on": Expression(f"[{TAPPED}.mirror]")}
    after_tap, after_machine = (for_tap, {}) if waits == "machine" else (AFTER_THE_TAP, for_machine)
    workspace.write(
        listed(
            SINK
            + machine("vm", "one", size="Standard_D2s_v7", **after_tap)
            + tapped("mirror", "one", "tap", **after_machine)
        )
    )
    assert [code for code, _, _ in warned(workspace.plan())] == [SIZE]


@pytest.mark.parametrize("last", ["m1", "m2"])
def test_a_ring_is_told_once_by_what_closes_it(workspace: Workspace, last: str) -> None:
    first = "m2" if last == "m1" else "m1"
    order = {last: {"depends_on": Expression(f"[{TAPPED}.{first}]")}, first: {}}
    ring = (
        SINK
        + tap("back", "one")
        + tapped("m1", "one", "tap", **order["m1"])
        + tapped("m2", "collector", "back", **order["m2"])
    )
    workspace.write(listed(ring))
    outcome = workspace.plan()
    assert warned(outcome) == [(RING, f"{TAPPED}.{last}", "virtual_network_tap_id")]
    assert outcome.diagnostics[0].detail.count("→") == 4


def test_a_collector_that_is_tapped_is_refused_where_the_policy_says_so(workspace: Workspace) -> None:
    chain = SINK + tap("onward", "two") + tapped("mirror", "collector", "onward")
    workspace.write(listed(chain), policy={"remirror": "error"})
    assert workspace.plan().codes == ["VirtualNetworkTapSourceIsDestination"]
    workspace.write(listed(chain))
    assert warned(workspace.apply()) == []


def test_what_is_missing_on_the_way_to_a_collector_may_still_be_planned(workspace: Workspace) -> None:
    workspace.write(listed(BEHIND_FRONTEND))
    assert warned(workspace.apply()) == []
    workspace.write(listed(BEHIND_FRONTEND + balanced("r", 4789, 4789)))
    assert warned(workspace.apply()) == []


@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (balancing_rule("r", "lb"), ""),
        (balanced("r", 4789, 4789, probe_id=Expression("azurerm_lb_probe.p.id")), "probe_id"),
    ],
)
def test_a_rule_that_carries_copies_nowhere_is_a_warning(
    workspace: Workspace, rule: str, line: str, existing: bool
) -> None:
    around = listed(BEHIND_FRONTEND + probe("p", "lb", port=4789))
    if existing:
        workspace.write(around)
        workspace.apply()
    workspace.write(around + rule)
    ((code, address, _),) = warned(workspace.plan())
    assert code == LOST
    assert address in ("azurerm_lb_rule.r", f"{TAP}.tap")
    workspace.apply()
    workspace.plans_nothing()
    assert warned(workspace.plan()) == []


def test_a_basic_load_balancer_is_retired(workspace: Workspace) -> None:
    workspace.write(listed(BEHIND_FRONTEND.replace(balancer("lb"), balancer("lb", sku="Basic"))))
    ((code, address, _),) = warned(workspace.plan())
    assert (code, address) == ("VirtualNetworkTapDestinationNotSupported", f"{TAP}.tap")


@pytest.mark.parametrize(
    ("type_name", "body", "code", "line"),
    [
        (
            TAPPED,
            tapped("mirror", "one", "tap", network_interface_id=Expression("azurerm_subnet.a.id")),
            "VirtualNetworkTapSourceNotSupported",
            "network_interface_id",
        ),
        (
            TAP,
            tap(
                "mirror",
                "one",
                destination_network_interface_ip_configuration_id=Expression("azurerm_lb.lb.id"),
            ),
            "VirtualNetworkTapDestinationNotSupported",
            "destination_network_interface_ip_configuration_id",
        ),
    ],
)
def test_an_id_of_another_type_is_told_to_be_one(
    workspace: Workspace, type_name: str, body: str, code: str, line: str
) -> None:
    workspace.write(listed(SINK + balancer("lb") + pool("pool", "lb") + body))
    (error,) = workspace.plan().errors
    assert (error.summary, error.address) == (code, f"{type_name}.mirror")
    assert error.line.startswith(line)
    assert "is an ID of Microsoft.Network/" in error.detail
