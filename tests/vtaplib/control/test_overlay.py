"""Overlays: what is planned or proposed, seen as if it were so, over a cloud that does not change."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.vtaplib.control.lab import (
    HOME,
    Lab,
    ip,
    ip_id,
    machine,
    mirror,
    network,
    network_id,
    nic,
    nic_id,
    peering,
    subnet,
    subnet_id,
    tap,
    tap_id,
)
from vtaplib import NetworkInterface, Subnet, Violation, VirtualNetwork, VirtualNetworkPeering
from vtaplib.control.overlay import Overlay
from vtaplib.model import UNKNOWN, Severity, Undecided
from vtaplib.model.resource import Resource
from vtaplib.resources import RESOURCE_TYPES


@pytest.fixture
def lab() -> Lab:
    return Lab()


def plan(lab: Lab) -> Overlay:
    return lab.cloud.overlay(complete=False)


def put(overlay: Overlay, *resources: Resource) -> Sequence[Violation]:
    """The errors of the last one."""
    found: Sequence[Violation] = []
    for resource in resources:
        _, violations = overlay.put(resource.replace(subscription_id=HOME))
        found = [one for one in violations if one.severity is Severity.ERROR]
    return found


def contents(lab: Lab) -> list[Resource]:
    return [one for kind in RESOURCE_TYPES for one in lab.cloud.list(kind)]


# What-if


def test_a_what_if_changes_nothing(lab: Lab) -> None:
    before = contents(lab)
    overlay = lab.cloud.overlay()
    assert put(overlay, network("new", "10.9.0.0/16"), subnet("new", "one", "10.9.1.0/24")) == []
    assert put(overlay, nic("web", ip(subnet_id("app")), tags={"changed": "yes"})) == []
    assert overlay.delete(nic_id("spare")) == []
    assert overlay.delete(nic_id("web"))
    assert overlay.find(network_id("new")) is not None
    assert overlay.find(nic_id("spare")) is None
    assert contents(lab) == before


def test_a_what_if_sees_what_is_proposed_and_not_what_it_takes_away(lab: Lab) -> None:
    overlay = lab.cloud.overlay()
    put(overlay, subnet("app", "zzz", "10.1.9.0/24"))
    overlay.delete(subnet_id("app", "two"))
    assert [one.name for one in overlay.list(Subnet, network_id("app") + "/")] == ["one", "zzz"]
    assert put(overlay, subnet("app", "new", "10.1.2.0/24")) == []
    assert put(overlay, subnet("app", "more", "10.1.9.0/25"))[0].code == "NetcfgSubnetRangesOverlap"


def test_a_what_if_over_a_what_if_sees_both(lab: Lab) -> None:
    first = lab.cloud.overlay()
    put(first, network("new", "10.9.0.0/16"))
    second = Overlay(first, lab.cloud.policy, complete=True)
    assert put(second, subnet("new", "one", "10.9.1.0/24")) == []
    assert first.find(subnet_id("new")) is None


def test_an_address_that_a_what_if_gives_is_taken_in_it(lab: Lab) -> None:
    overlay = lab.cloud.overlay()
    two = subnet_id("app", "two")
    put(overlay, nic("a", ip(two)), nic("b", ip(two)))
    given = [one.private_ip_address for one in overlay.list(NetworkInterface) if one.name in ("a", "b")]
    assert given == ["10.1.2.4", "10.1.2.5"]
    assert put(overlay, nic("c", ip(two, "10.1.2.5")))[0].code == "PrivateIPAddressIsAllocated"


# Plans


def test_a_plan_sees_what_was_planned_before(lab: Lab) -> None:
    overlay = plan(lab)
    assert put(overlay, network("new", "10.9.0.0/16")) == []
    assert put(overlay, subnet("new", "one", "10.8.1.0/24"))[0].code == "NetcfgSubnetRangeOutsideVnet"
    assert put(overlay, subnet("new", "one", "10.9.1.0/24")) == []
    assert put(overlay, nic("new", ip(subnet_id("new")), location="northeurope"))[0].code == (
        "InvalidResourceReference"
    )


def test_a_plan_leaves_a_reference_to_what_is_not_there_to_the_apply(lab: Lab) -> None:
    overlay = plan(lab)
    assert put(overlay, subnet("elsewhere", "one", "10.9.1.0/24")) == []
    assert put(overlay, nic("new", ip(subnet_id("app", "elsewhere")))) == []
    assert put(overlay, mirror(nic_id("elsewhere"), "elsewhere")) == []
    assert put(lab.cloud.overlay(), subnet("elsewhere", "one", "10.9.1.0/24")) != []


def test_a_plan_does_not_know_an_address_that_the_apply_takes_from_a_pool(lab: Lab) -> None:
    planned, violations = plan(lab).put(nic("new", ip(subnet_id("app"))).replace(subscription_id=HOME))
    assert violations == []
    assert planned.values()["private_ip_address"] is UNKNOWN
    assert planned.ip_configuration[0].values()["private_ip_address"] is UNKNOWN
    assert planned.ip_configuration[0].id == ip_id("new")


def test_a_plan_knows_an_address_that_is_asked_for_or_kept(lab: Lab) -> None:
    overlay = plan(lab)
    asked, _ = overlay.put(nic("new", ip(subnet_id("app"), "10.1.1.99")).replace(subscription_id=HOME))
    kept, _ = overlay.put(nic("web", ip(subnet_id("app")), tags={}).replace(subscription_id=HOME))
    assert (asked.private_ip_address, kept.private_ip_address) == ("10.1.1.99", "10.1.1.4")


def test_a_plan_holds_nothing_against_a_resource_that_it_may_yet_destroy(lab: Lab) -> None:
    # All of these are free once what holds them now has been destroyed, which may be planned later.
    overlay = plan(lab)
    assert put(overlay, subnet("app", "new", "10.1.2.0/25")) == []
    assert put(overlay, nic("new", ip(subnet_id("app"), "10.1.1.4"))) == []
    assert put(overlay, machine("vm-new", nic_id("web"))) == []
    assert put(overlay, peering("app", "tools", name="other")) == []


def test_a_plan_holds_what_it_has_planned_against_what_comes_after(lab: Lab) -> None:
    overlay = plan(lab)
    put(overlay, subnet("app", "new", "10.1.8.0/25"), nic("new", ip(subnet_id("app"), "10.1.1.99")))
    put(overlay, machine("vm-new", nic_id("spare")), peering("app", "island"))
    codes = [
        put(overlay, one)[0].code
        for one in (
            subnet("app", "more", "10.1.8.0/24"),
            nic("more", ip(subnet_id("app"), "10.1.1.99")),
            machine("vm-more", nic_id("spare")),
            peering("app", "island", name="more"),
        )
    ]
    assert codes == [
        "NetcfgSubnetRangesOverlap",
        "PrivateIPAddressIsAllocated",
        "NicInUse",
        "AnotherPeeringAlreadyReferencesRemoteVnet",
    ]


def test_referrers_are_certain_if_they_are_planned_or_nothing_more_can_come(lab: Lab) -> None:
    def names(overlay: Overlay, *, certain: bool) -> set[str]:
        return {one.name for one in overlay.referrers(subnet_id("app"), NetworkInterface, certain=certain)}

    unsettled, complete = plan(lab), lab.cloud.overlay()
    everyone = {"web", "db", "spare"}
    assert names(unsettled, certain=False) == names(complete, certain=True) == everyone
    assert names(unsettled, certain=True) == set()
    put(unsettled, nic("web", ip(subnet_id("app"))), nic("new", ip(subnet_id("app"))))
    assert names(unsettled, certain=True) == {"web", "new"}
    assert names(unsettled, certain=False) == everyone | {"new"}


def test_what_a_plan_destroys_is_gone_for_what_comes_after(lab: Lab) -> None:
    overlay = plan(lab)
    overlay.unstage(nic_id("spare"))
    assert overlay.find(nic_id("spare")) is None
    assert "spare" not in [one.name for one in overlay.referrers(subnet_id("app"), NetworkInterface)]
    overlay.reset(nic_id("spare"))
    assert overlay.find(nic_id("spare")) is not None


def test_what_a_planned_destruction_does_to_others_is_not_known(lab: Lab) -> None:
    overlay = plan(lab)
    overlay.unstage(f"{network_id('app')}/virtualNetworkPeerings/to-tools")
    remote = overlay.find(f"{network_id('tools')}/virtualNetworkPeerings/to-app")
    assert isinstance(remote, VirtualNetworkPeering)
    with pytest.raises(Undecided):
        assert remote.peering_state
    # Both sides may be replaced, so a new side is not refused.
    assert put(overlay, peering("app", "tools")) == []


def test_a_plan_that_is_forgotten_leaves_no_trace(lab: Lab) -> None:
    overlay = plan(lab)
    put(overlay, subnet("app", "new", "10.1.8.0/24"))
    overlay.reset(subnet_id("app", "new"))
    assert put(overlay, subnet("app", "more", "10.1.8.0/25")) == []
    assert list(overlay.targets(network_id("app") + "/prefixes/", certain=True)) == [
        (
            f"{network_id('app')}/prefixes/4:0000101000000001000010000".lower(),
            subnet_id("app", "more").lower(),
        )
    ]


def test_a_tap_towards_what_is_planned_is_judged_in_the_plan(lab: Lab) -> None:
    overlay = plan(lab)
    put(overlay, network("new", "10.9.0.0/16"), subnet("new", "one", "10.9.1.0/24"))
    put(overlay, nic("sink", ip(subnet_id("new"), "10.9.1.9")), tap("new", ip_id("sink")))
    errors = put(overlay, mirror(nic_id("web"), "new"))
    assert [one.code for one in errors] == ["VirtualNetworkTapDestinationNotReachable"]
    put(overlay, peering("app", "new"), peering("new", "app"))
    assert put(overlay, mirror(nic_id("web"), "new")) == []
    assert lab.cloud.find(tap_id("new")) is None


def test_a_change_that_breaks_a_dependents_rule_is_refused(lab: Lab) -> None:
    overlay = lab.cloud.overlay()
    errors = put(overlay, network("tools", "10.2.0.0/16", "10.1.128.0/17"))
    assert [one.code for one in errors] == ["VnetAddressSpacesOverlap"] * 2
    assert {one.path for one in errors} == {()}


def test_a_dependents_old_trouble_is_not_held_against_a_change(lab: Lab) -> None:
    overlay = lab.cloud.overlay()
    found = overlay.find(network_id("tools"))
    assert isinstance(found, VirtualNetwork)
    overlay.stage(found.replace(address_space=["10.2.0.0/16", "10.1.128.0/17"]))
    assert put(overlay, network("tools", "10.2.0.0/16", "10.1.128.0/17", "10.20.0.0/16")) == []
