"""Limits: counted where resources are stored, and right whatever has been put, planned and deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import part_of
from tests.vtaplib.control.lab import (
    HOME,
    NORTH,
    Lab,
    backend,
    front,
    ip,
    ip_id,
    lb,
    lb_rule,
    mirror,
    network,
    network_id,
    network_watcher,
    nic,
    nic_id,
    peering,
    pool,
    pool_id,
    probe,
    subnet,
    subnet_id,
    tap,
)
from vtaplib import ArmError, Policy
from vtaplib.control.overlay import Overlay
from vtaplib.model.resource import Resource
from vtaplib.model.view import View
from vtaplib.resources import RESOURCE_TYPES

FULL = Policy(
    subnets_per_virtual_network=2,
    network_interfaces_per_region=3,
    private_addresses_per_virtual_network=4,
    private_addresses_per_network_interface=2,
)


def full_lab() -> Lab:
    """A network with two subnets and three interfaces with an address each, where no more is allowed."""
    lab = Lab(FULL, stocked=False)
    lab.put(
        network("app", "10.1.0.0/16"),
        subnet("app", "one", "10.1.1.0/24"),
        subnet("app", "two", "10.1.2.0/24"),
    )
    lab.put(*(nic(f"n{number}", ip(subnet_id("app"), primary=True)) for number in range(3)))
    return lab


def refusal(lab: Lab, resource: Resource) -> ArmError:
    with pytest.raises(ArmError) as error:
        lab.put(resource)
    return error.value


def test_a_limit_names_how_many_there_are_what_of_and_the_way_out() -> None:
    (violation,) = refusal(full_lab(), subnet("app", "three", "10.1.3.0/24")).violations
    assert violation.code == "QuotaExceeded"
    assert violation.message == (
        "subnets/three: with it there are 3 subnets in virtualNetworks/app, and the limit is 2; remove "
        "some, or raise the policy's subnets_per_virtual_network if your subscription allows more"
    )


def test_a_limit_of_one_resource_by_itself_says_how_many_it_has() -> None:
    lab = full_lab()
    more = [ip(subnet_id("app"), name=f"ip{number}") for number in range(2)]
    violations = refusal(lab, nic("n0", ip(subnet_id("app"), primary=True), *more)).violations
    assert "networkInterfaces/n0: has 3 private addresses, and the limit is 2" in "\n".join(
        one.message for one in violations
    )


def test_what_is_already_there_may_change_though_there_is_too_much_of_it() -> None:
    lab = full_lab()
    lab.cloud.policy = Policy(
        subnets_per_virtual_network=0,
        network_interfaces_per_region=0,
        private_addresses_per_virtual_network=0,
        private_addresses_per_network_interface=0,
    )
    lab.put(
        subnet("app", "two", "10.1.4.0/24"), nic("n0", ip(subnet_id("app"), primary=True), tags={"a": "b"})
    )
    codes = {one.rule for one in refusal(lab, nic("n3", ip(subnet_id("app")))).violations}
    assert codes == {
        "network_interfaces_per_region",
        "private_addresses_per_virtual_network",
        "private_addresses_per_network_interface",
    }


def test_two_network_watchers_of_a_region_may_stay_where_one_is_the_most() -> None:
    lab = Lab(Policy(network_watchers_per_region=2), stocked=False)
    lab.put(network_watcher("one"), network_watcher("two"))
    lab.cloud.policy = Policy()
    lab.put(network_watcher("one", tags={"a": "b"}), network_watcher("far", location=NORTH))
    assert refusal(lab, network_watcher("three")).code == "NetworkWatcherCountLimitReached"
    lab.cloud.delete(network_watcher("one").replace(subscription_id=HOME).id)
    lab.put(network_watcher("two", tags={"a": "b"}))


def test_a_resource_that_grows_is_counted_for_what_it_takes_now() -> None:
    lab = full_lab()
    lab.put(nic("n0", ip(subnet_id("app"), primary=True), ip(subnet_id("app"), name="second")))
    refusal(lab, nic("n1", ip(subnet_id("app"), primary=True), ip(subnet_id("app"), name="second")))
    lab.put(nic("n0", ip(subnet_id("app"), primary=True)))
    lab.put(nic("n1", ip(subnet_id("app"), primary=True), ip(subnet_id("app"), name="second")))


@pytest.mark.parametrize("spelled", ["app", "APP"])
def test_what_is_deleted_makes_room_whatever_the_case_of_its_id(spelled: str) -> None:
    lab = full_lab()
    lab.cloud.delete(subnet_id(spelled, "two"))
    lab.put(subnet(spelled, "three", "10.1.3.0/24"))
    refusal(lab, subnet("app", "two", "10.1.2.0/24"))


def test_what_goes_with_its_parent_makes_room_too() -> None:
    lab = full_lab()
    for number in range(3):
        lab.cloud.delete(nic_id(f"n{number}"))
    lab.cloud.delete(network_id("app"))
    lab.put(
        network("app", "10.1.0.0/16"),
        subnet("app", "one", "10.1.1.0/24"),
        subnet("app", "two", "10.1.2.0/24"),
    )


def test_a_plan_counts_what_it_plans_and_an_apply_all() -> None:
    lab = full_lab()
    overlay = lab.cloud.overlay(complete=False)
    new = [
        subnet("app", f"new{number}", f"10.1.{number + 5}.0/24").replace(subscription_id=HOME)
        for number in range(3)
    ]
    assert [len(overlay.put(one)[1]) for one in new] == [0, 0, 1]
    overlay.unstage(new[0].id)
    assert overlay.put(new[2])[1] == []
    assert lab.broken_by(new[0]) != []


# Counts against recounts

NAMES = st.sampled_from(["a", "B"])
MAKERS: Sequence[Callable[[str, str, int], Resource]] = (
    lambda one, other, n: network_watcher(one),
    lambda one, other, n: network(one, f"10.{n}.0.0/16", f"10.{n + 10}.0.0/16"),
    lambda one, other, n: subnet(one, other, f"10.{n}.{ord(other) % 8}.0/24"),
    lambda one, other, n: peering(one, other),
    lambda one, other, n: nic(
        one,
        ip(subnet_id(other, "a"), primary=True),
        *(ip(subnet_id(other, "B"), name=f"ip{k}") for k in range(n % 3)),
    ),
    lambda one, other, n: lb(one, front(subnet_id(other, "a")), front(subnet_id("a", "B"), name="second")),
    lambda one, other, n: pool(one),
    lambda one, other, n: probe(one),
    lambda one, other, n: lb_rule(one, other, frontend_port=n + 1, backend_port=n + 1),
    lambda one, other, n: backend(one, pool_id(other)),
    lambda one, other, n: tap(one, ip_id(other)),
    lambda one, other, n: mirror(nic_id(one), other),
)
RESOURCES = st.builds(
    lambda make, one, other, n: make(one, other, n).replace(subscription_id=HOME),
    st.sampled_from(MAKERS),
    NAMES,
    NAMES,
    st.integers(0, 3),
)
START = (
    *(network(name, f"10.{number}.0.0/16", f"10.{number + 10}.0.0/16") for number, name in enumerate("aB")),
    *(subnet(name, part, f"10.{n}.{ord(part) % 8}.0/24") for n, name in enumerate("aB") for part in "aB"),
    *(lb(name, front(subnet_id(name, "a"))) for name in "aB"),
    *(made(name) for name in "aB" for made in (pool, probe)),
    *(nic(name, ip(subnet_id(name, "a"))) for name in "aB"),
    tap("a", ip_id("B")),
)


def everything(view: View) -> Sequence[Resource]:
    return [one for kind in RESOURCE_TYPES for one in view.list(kind)]


def recount(view: View) -> Counter[str]:
    """What all resources take of every limit, counted anew."""
    counts: Counter[str] = Counter()
    for resource in everything(view):
        for usage in resource.usage():
            counts[usage.bucket] += usage.amount
    return counts


def started() -> Lab:
    lab = Lab(Policy(fastpath_check="off"), stocked=False)
    lab.put(*START)
    return lab


@given(st.lists(st.tuples(st.booleans(), RESOURCES), max_size=25))
@settings(max_examples=part_of(40), deadline=None)
def test_the_tally_of_a_cloud_is_a_recount(history: Sequence[tuple[bool, Resource]]) -> None:
    lab = started()
    seen = set(recount(lab.cloud.view))
    for deletes, resource in history:
        with suppress(ArmError):
            if deletes:
                lab.cloud.delete(resource.id)
            else:
                lab.cloud.put(resource)
        counts = recount(lab.cloud.view)
        seen |= set(counts)
        assert {bucket: lab.cloud.view.usage(bucket) for bucket in seen} == {one: counts[one] for one in seen}


ACTS = st.sampled_from(["put", "put", "put", "delete", "unstage", "reset"])


@given(st.lists(st.tuples(ACTS, RESOURCES), max_size=25), st.booleans())
@settings(max_examples=part_of(60), deadline=None)
def test_the_tally_of_an_overlay_is_a_recount(
    history: Sequence[tuple[str, Resource]], complete: bool
) -> None:
    lab = started()
    overlay = lab.cloud.overlay(complete=complete)
    seen = set(recount(overlay))
    for act, resource in history:
        if act == "put":
            overlay.put(resource)
        else:
            getattr(Overlay, act)(overlay, resource.id)
        counts = recount(overlay)
        seen |= set(counts)
        assert {bucket: overlay.usage(bucket) for bucket in seen} == {one: counts[one] for one in seen}


def test_an_audit_tells_of_each_limit_that_is_exceeded_once() -> None:
    lab = started()
    lab.put(
        *(lb_rule("a", name, frontend_port=port, backend_port=port) for name, port in (("r1", 1), ("r2", 2)))
    )
    lab.put(backend("a", pool_id("a")))
    lab.cloud.policy = Policy(
        fastpath_check="off", load_balancer_rules_per_network_interface=1, subnets_per_virtual_network=1
    )
    exceeded = [one for one in lab.cloud.audit() if "the limit is" in one.violation.message]
    assert sorted(one.violation.rule for one in exceeded) == [
        "load_balancer_rules_per_network_interface",
        "subnets_per_virtual_network",
        "subnets_per_virtual_network",  # in each of the two networks
    ]


def test_an_audit_tells_of_a_limit_of_one_resource_by_itself_for_each_that_exceeds_it() -> None:
    lab = full_lab()
    lab.cloud.policy = Policy()
    for name in ("n1", "n2"):
        lab.put(nic(name, ip(subnet_id("app"), primary=True), ip(subnet_id("app"), name="second")))
    lab.cloud.policy = Policy(private_addresses_per_network_interface=1)
    assert [one.resource.label for one in lab.cloud.audit()] == [
        "networkInterfaces/n1",
        "networkInterfaces/n2",
    ]
