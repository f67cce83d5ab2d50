"""Many resources at once: as one after another, in whatever order they are given, and all or none."""

from __future__ import annotations

from random import Random

import pytest

from tests.vtaplib.control.lab import (
    HOME,
    TENANT,
    Lab,
    ip,
    mirror,
    network,
    nic,
    nic_id,
    stock,
    subnet,
    subnet_id,
)
from vtaplib import ArmError, Cloud, NetworkInterface, Policy, ResourceGroup, VirtualNetwork
from vtaplib.model.resource import Resource
from vtaplib.resources import RESOURCE_TYPES


def contents(cloud: Cloud) -> list[Resource]:
    return [one for kind in RESOURCE_TYPES for one in cloud.list(kind)]


@pytest.mark.parametrize("seed", range(6))
def test_resources_in_any_order_make_the_cloud_that_they_make_one_after_another(seed: int) -> None:
    wanted = list(stock())
    one_by_one = Lab(stocked=False)
    for one in wanted:
        one_by_one.home.put(one)
    at_once = Lab(stocked=False)
    # What does not refer to another stays in order: addresses are given out in turn, a machine that is there
    # before a TAP is not on the fast path, and a tap configuration needs the peering of two networks.
    in_turn = ("VirtualMachine", "VirtualNetworkTap", "NetworkInterface", "Lb", "Peering", "TapConfiguration")
    moving = [one for one in wanted if seed and not type(one).__name__.endswith(in_turn)]
    Random(seed).shuffle(moving)
    given = [one for one in wanted if one not in moving] + moving
    written = at_once.home.put_all(given)
    assert contents(at_once.cloud) == contents(one_by_one.cloud)
    assert written == [at_once.cloud.get(one.id) for one in written]
    assert [one.id for one in written] == [at_once.home.place(one).id for one in given]


def test_nothing_is_written_where_one_is_refused_and_all_that_is_wrong_is_told() -> None:
    lab = Lab()
    before = contents(lab.cloud)
    with pytest.raises(ArmError) as error:
        lab.home.put_all(
            [
                network("fresh", "10.50.0.0/16"),
                subnet("fresh", "one", "10.60.0.0/24"),
                nic("new", ip(subnet_id("fresh"), "10.60.0.3")),
                mirror(nic_id("nobody"), "tap"),
            ]
        )
    told = [one.message for one in error.value.violations]
    for name in ("virtualNetworks/fresh", "networkInterfaces/new", "networkInterfaces/nobody"):
        assert any(name in one for one in told), (name, told)
    assert contents(lab.cloud) == before


def test_what_exceeds_a_limit_only_together_is_refused() -> None:
    lab = Lab(Policy(virtual_networks_per_region=2), stocked=False)
    wanted = [network(name, f"10.{number}.0.0/16") for number, name in enumerate("abc")]
    with pytest.raises(ArmError, match="VnetCountLimitReached"):
        lab.home.put_all(wanted)
    assert len(lab.home.put_all(wanted[:2])) == 2


def test_the_last_of_two_with_one_id_counts() -> None:
    lab = Lab(stocked=False)
    first, second = network("a", "10.1.0.0/16"), network("A", "10.1.0.0/16", tags={"of": "two"})
    assert [one.tags for one in lab.home.put_all([first, second])] == [{"of": "two"}] * 2
    assert len(lab.cloud.list(VirtualNetwork)) == 1


def test_nothing_at_all_is_nothing() -> None:
    assert Cloud().put_all([]) == []


def test_resources_without_a_subscription_get_that_of_the_handle() -> None:
    cloud = Cloud()
    home = cloud.subscription(HOME, tenant_id=TENANT)
    group, *_ = home.put_all([ResourceGroup(name="lab", location="uksouth"), network("a", "10.1.0.0/16")])
    assert group.subscription_id == HOME
    assert [one.subscription_id for one in cloud.list(VirtualNetwork)] == [HOME]


@pytest.mark.parametrize("there", [0, 200])
def test_much_is_put_into_a_cloud_whether_little_is_there_or_more(there: int) -> None:
    lab = Lab()
    lab.home.put_all([network(f"there{number}", f"10.{number}.0.0/16") for number in range(20, 20 + there)])
    made = lab.home.put_all([nic(f"n{number}", ip(subnet_id("app"))) for number in range(60)])
    addresses = [one.ip_configuration[0].private_ip_address for one in lab.cloud.list(NetworkInterface)]
    assert len(set(addresses)) == len(addresses)
    assert {one.id for one in made} <= {one.id for one in lab.cloud.list(NetworkInterface)}
