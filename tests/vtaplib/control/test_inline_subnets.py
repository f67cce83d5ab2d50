"""A network's `subnet` argument and subnets of their own: two ways to write the same objects."""

from __future__ import annotations

import pytest

from tests.vtaplib.control.lab import (
    Lab,
    guarded_subnet,
    ip,
    network,
    network_id,
    nic,
    security_group,
    security_group_id,
    subnet,
    subnet_id,
)
from vtaplib import ArmError, Subnet, VirtualNetwork
from vtaplib.resources import InlineSubnet


def inline(name: str, *prefixes: str) -> InlineSubnet:
    return InlineSubnet(name=name, address_prefixes=list(prefixes))


@pytest.fixture
def lab() -> Lab:
    lab = Lab(stocked=False)
    lab.put(network("net", "10.0.0.0/16", subnet=[inline("a", "10.0.1.0/24"), inline("b", "10.0.2.0/24")]))
    return lab


def subnets(lab: Lab) -> dict[str, list[str]]:
    return {one.name: list(one.address_prefixes or ()) for one in lab.cloud.list(Subnet, network_id("net"))}


def test_inline_subnets_are_subnets(lab: Lab) -> None:
    assert subnets(lab) == {"a": ["10.0.1.0/24"], "b": ["10.0.2.0/24"]}
    lab.put(nic("user", ip(subnet_id("net", "a"))))


def test_a_network_is_read_with_every_subnet_that_it_has(lab: Lab) -> None:
    lab.put(subnet("net", "c", "10.0.3.0/24"))
    read = lab.get(VirtualNetwork, network_id("net")).subnet or ()
    assert {one.name: list(one.address_prefixes) for one in read} == subnets(lab)
    assert [one.id for one in read] == [subnet_id("net", name) for name in "abc"]


def test_a_network_written_without_the_argument_keeps_its_subnets(lab: Lab) -> None:
    lab.put(network("net", "10.0.0.0/16"))
    assert subnets(lab).keys() == {"a", "b"}


def test_a_network_written_with_an_empty_argument_loses_them(lab: Lab) -> None:
    lab.put(network("net", "10.0.0.0/16", subnet=[]))
    assert subnets(lab) == {}


def test_a_subnet_that_is_no_longer_listed_is_deleted(lab: Lab) -> None:
    lab.put(network("net", "10.0.0.0/16", subnet=[inline("b", "10.0.2.0/24")]))
    assert subnets(lab).keys() == {"b"}


def test_a_subnet_in_use_cannot_be_left_out_of_the_list(lab: Lab) -> None:
    lab.put(nic("user", ip(subnet_id("net", "a"))))
    with pytest.raises(ArmError) as error:
        lab.put(network("net", "10.0.0.0/16", subnet=[inline("b", "10.0.2.0/24")]))
    assert error.value.code == "InUseSubnetCannotBeDeleted"
    assert error.value.path[0] == "subnet"
    assert subnets(lab).keys() == {"a", "b"}


def test_two_subnets_can_trade_prefixes_in_one_write(lab: Lab) -> None:
    lab.put(network("net", "10.0.0.0/16", subnet=[inline("a", "10.0.2.0/24"), inline("b", "10.0.1.0/24")]))
    assert subnets(lab) == {"a": ["10.0.2.0/24"], "b": ["10.0.1.0/24"]}


def test_a_subnet_can_take_the_prefix_of_one_that_the_same_write_removes(lab: Lab) -> None:
    lab.put(network("net", "10.0.0.0/16", subnet=[inline("c", "10.0.1.0/24"), inline("b", "10.0.2.0/24")]))
    assert subnets(lab) == {"b": ["10.0.2.0/24"], "c": ["10.0.1.0/24"]}


def test_a_network_and_its_subnets_can_move_to_another_address_space_in_one_write(lab: Lab) -> None:
    lab.put(network("net", "10.8.0.0/16", subnet=[inline("a", "10.8.1.0/24")]))
    assert subnets(lab) == {"a": ["10.8.1.0/24"]}


def test_a_rule_that_an_inline_subnet_breaks_is_told_at_the_argument(lab: Lab) -> None:
    with pytest.raises(ArmError) as error:
        lab.put(
            network("net", "10.0.0.0/16", subnet=[inline("a", "10.0.1.0/24"), inline("b", "10.9.0.0/24")])
        )
    assert [(one.code, one.path) for one in error.value.violations] == [
        ("NetcfgSubnetRangeOutsideVnet", ("subnet", 1, "address_prefixes", 0))
    ]
    assert subnets(lab) == {"a": ["10.0.1.0/24"], "b": ["10.0.2.0/24"]}


def test_inline_subnets_that_overlap_are_refused(lab: Lab) -> None:
    with pytest.raises(ArmError) as error:
        lab.put(
            network("new", "10.0.0.0/16", subnet=[inline("a", "10.0.1.0/24"), inline("b", "10.0.1.0/25")])
        )
    assert {one.code for one in error.value.violations} == {"NetcfgSubnetRangesOverlap"}
    assert lab.cloud.find(network_id("new")) is None


def test_two_inline_subnets_do_not_have_one_name(lab: Lab) -> None:
    with pytest.raises(ArmError) as error:
        lab.put(
            network("new", "10.0.0.0/16", subnet=[inline("a", "10.0.1.0/24"), inline("A", "10.0.2.0/24")])
        )
    assert ("subnet", 1, "name") in [one.path for one in error.value.violations]


def test_a_subnet_has_the_group_that_its_network_lists_for_it(lab: Lab) -> None:
    lab.put(security_group("g"), security_group("h"))
    group_ids = [security_group_id(name) for name in "gh"]

    def written(group_id: str | None) -> str:
        one = inline("a", "10.0.1.0/24").replace(security_group=group_id)
        lab.put(network("net", "10.0.0.0/16", subnet=[one]))
        (read,) = lab.get(VirtualNetwork, network_id("net")).subnet or ()
        shown = lab.get(Subnet, subnet_id("net", "a")).network_security_group_id
        assert shown == (read.security_group or "")
        return shown

    assert [written(one) for one in group_ids] == group_ids
    assert written(None) == ""
    assert written("") == ""


def test_a_subnet_written_by_itself_keeps_the_group_that_it_has(lab: Lab) -> None:
    lab.put(security_group("g"), guarded_subnet(subnet_id("net", "a"), "g"))
    lab.put(subnet("net", "a", "10.0.1.0/24", default_outbound_access_enabled=False))
    assert lab.get(Subnet, subnet_id("net", "a")).network_security_group_id == security_group_id("g")
    lab.cloud.delete(guarded_subnet(subnet_id("net", "a"), "g").id)
    assert lab.get(Subnet, subnet_id("net", "a")).network_security_group_id == ""


def test_what_was_read_of_a_network_can_be_put_back(lab: Lab) -> None:
    lab.put(security_group("g"), guarded_subnet(subnet_id("net", "a"), "g"))
    read = lab.get(VirtualNetwork, network_id("net"))
    lab.put(read)
    assert lab.get(VirtualNetwork, network_id("net")) == read
