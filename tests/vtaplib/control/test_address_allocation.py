"""Private addresses: which one the service gives, who keeps his, and who wins."""

from __future__ import annotations

import pytest

from tests.vtaplib.control.lab import (
    HOME,
    Lab,
    front,
    ip,
    ip_id,
    lb,
    lb_id,
    machine,
    network,
    nic,
    nic_id,
    subnet,
    subnet_id,
    vm_id,
)
from vtaplib import ArmError, Cloud, NetworkInterface, NetworkInterfaceIpConfiguration
from vtaplib.resources import Lb

LAN = subnet_id("net", "lan")


@pytest.fixture
def lab() -> Lab:
    lab = Lab(stocked=False)
    lab.put(
        network("net", "10.0.0.0/16", "fd00::/48"),
        subnet("net", "lan", "10.0.1.0/29"),
        subnet("net", "wan", "10.0.2.0/24"),
        subnet("net", "dual", "10.0.3.0/24", "fd00:0:0:1::/64"),
    )
    return lab


def address(lab: Lab, name: str) -> str:
    return lab.get(NetworkInterface, nic_id(name)).private_ip_address


def test_the_first_address_is_the_fourth_after_the_networks_and_then_they_rise(lab: Lab) -> None:
    # Observed: .4, .5, .6, then .7 for a load balancer's frontend.
    lan = subnet_id("net", "wan")
    lab.put(nic("a", ip(lan)), nic("b", ip(lan)), nic("c", ip(lan)), lb("d", front(lan)))
    assert [address(lab, name) for name in "abc"] == ["10.0.2.4", "10.0.2.5", "10.0.2.6"]
    assert lab.get(Lb, lb_id("d")).private_ip_address == "10.0.2.7"


def test_a_subnet_of_eight_addresses_has_three_to_give(lab: Lab) -> None:
    lab.put(*(nic(name, ip(LAN)) for name in "abc"))
    assert [address(lab, name) for name in "abc"] == ["10.0.1.4", "10.0.1.5", "10.0.1.6"]
    with pytest.raises(ArmError) as error:
        lab.put(nic("d", ip(LAN)))
    assert error.value.code == "SubnetIsFull"
    assert "subnets/lan" in error.value.message
    assert lab.cloud.find(nic_id("d")) is None


def test_the_lowest_free_address_is_given_again(lab: Lab) -> None:
    lab.put(*(nic(name, ip(LAN)) for name in "abc"))
    lab.cloud.delete(nic_id("b"))
    lab.put(nic("d", ip(LAN)))
    assert address(lab, "d") == "10.0.1.5"


def test_an_interface_keeps_its_address_through_every_later_write(lab: Lab) -> None:
    lab.put(nic("a", ip(LAN)), nic("b", ip(LAN)))
    lab.cloud.delete(nic_id("a"))
    lab.put(nic("b", ip(LAN), tags={"changed": "yes"}))
    assert address(lab, "b") == "10.0.1.5"


def test_an_address_outlives_the_machine(lab: Lab) -> None:
    lab.put(nic("a", ip(LAN)), nic("b", ip(LAN)), machine("vm", nic_id("b")))
    lab.cloud.delete(vm_id("vm"))
    lab.cloud.delete(nic_id("a"))
    lab.put(nic("b", ip(LAN), tags={}))
    assert address(lab, "b") == "10.0.1.5"


def test_static_pins_the_address_that_dynamic_gave_and_dynamic_keeps_what_static_asked_for(lab: Lab) -> None:
    lab.put(nic("a", ip(LAN)), nic("a", ip(LAN, "10.0.1.4")))
    assert address(lab, "a") == "10.0.1.4"
    lab.put(nic("b", ip(LAN, "10.0.1.6")), nic("b", ip(LAN)))
    assert address(lab, "b") == "10.0.1.6"


def test_a_configuration_keeps_its_address_whatever_the_case_of_its_name(lab: Lab) -> None:
    lab.put(nic("a", ip(LAN)), nic("b", ip(LAN, name="ip")))
    lab.cloud.delete(nic_id("a"))
    lab.put(nic("b", ip(LAN, name="IP")))
    assert address(lab, "b") == "10.0.1.5"


def test_a_static_request_loses_to_a_dynamic_one_that_came_before(lab: Lab) -> None:
    lab.put(nic("first", ip(LAN)))
    with pytest.raises(ArmError) as error:
        lab.put(nic("second", ip(LAN, "10.0.1.4")))
    assert error.value.code == "PrivateIPAddressIsAllocated"
    assert "10.0.1.4" in error.value.message
    assert "networkInterfaces/first" in error.value.message


def test_a_dynamic_request_steps_over_static_addresses(lab: Lab) -> None:
    lab.put(nic("first", ip(LAN, "10.0.1.4")), lb("front", front(LAN, "10.0.1.5")), nic("third", ip(LAN)))
    assert address(lab, "third") == "10.0.1.6"


def test_moving_to_another_subnet_takes_an_address_there_and_frees_the_old_one(lab: Lab) -> None:
    lab.put(nic("a", ip(LAN)), nic("a", ip(subnet_id("net", "wan"))), nic("b", ip(LAN)))
    assert address(lab, "a") == "10.0.2.4"
    assert address(lab, "b") == "10.0.1.4"


def test_configurations_of_one_interface_do_not_get_one_address(lab: Lab) -> None:
    lab.put(nic("a", *(ip(LAN, name=f"ip{n}", primary=n == 1) for n in range(3))))
    made = lab.get(NetworkInterface, nic_id("a"))
    assert list(made.private_ip_addresses) == ["10.0.1.4", "10.0.1.5", "10.0.1.6"]
    assert made.private_ip_address == "10.0.1.5"


def test_a_configuration_that_is_removed_gives_its_address_back(lab: Lab) -> None:
    lab.put(nic("a", ip(LAN, primary=True), ip(LAN, name="second")), nic("a", ip(LAN)), nic("b", ip(LAN)))
    assert address(lab, "b") == "10.0.1.5"


def test_each_family_is_taken_from_the_prefix_of_its_own(lab: Lab) -> None:
    dual = subnet_id("net", "dual")
    lab.put(nic("a", ip(dual, primary=True), ip(dual, name="six", private_ip_address_version="IPv6")))
    addresses = lab.get(NetworkInterface, nic_id("a")).private_ip_addresses
    assert list(addresses) == ["10.0.3.4", "fd00:0:0:1::4"]


def test_one_ipv6_address_in_two_spellings_is_one_address(lab: Lab) -> None:
    dual = subnet_id("net", "dual")

    def six(spelling: str) -> NetworkInterfaceIpConfiguration:
        return ip(dual, spelling, name="six", private_ip_address_version="IPv6")

    lab.put(nic("a", ip(dual, primary=True), six("fd00:0:0:1::a")))
    with pytest.raises(ArmError) as error:
        lab.put(nic("b", ip(dual, primary=True), six("FD00:0:0:1:0:0:0:A")))
    assert error.value.code == "PrivateIPAddressIsAllocated"


def test_a_family_that_the_subnet_lacks_has_no_address(lab: Lab) -> None:
    with pytest.raises(ArmError) as error:
        lab.put(nic("a", ip(LAN, primary=True), ip(LAN, name="six", private_ip_address_version="IPv6")))
    assert error.value.code == "SubnetIsFull"


def test_the_next_prefix_of_a_subnet_is_used_when_the_first_is_full(lab: Lab) -> None:
    lab.put(subnet("net", "two", "10.0.8.0/29", "10.0.9.0/29"))
    lab.put(*(nic(f"n{n}", ip(subnet_id("net", "two"))) for n in range(4)))
    assert address(lab, "n3") == "10.0.9.4"


def test_a_mac_address_comes_with_the_first_machine_and_stays(lab: Lab) -> None:
    def mac() -> str:
        return lab.get(NetworkInterface, nic_id("a")).mac_address

    lab.put(nic("a", ip(LAN)))
    assert mac() == ""
    lab.put(machine("vm", nic_id("a")))
    first = mac()
    octets = [int(octet, 16) for octet in first.split("-")]
    assert len(octets) == 6
    assert octets[0] & 0b11 == 0b10, "locally administered, and of one station"
    lab.cloud.delete(vm_id("vm"))
    assert mac() == first
    lab.put(nic("a", ip(LAN), tags={"changed": "yes"}), machine("other", nic_id("a")))
    assert mac() == first


def test_a_mac_address_changes_with_the_primary_address(lab: Lab) -> None:
    lab.put(nic("a", ip(LAN)), machine("vm", nic_id("a")))
    before = lab.get(NetworkInterface, nic_id("a")).mac_address
    lab.put(nic("a", ip(LAN, "10.0.1.6")))
    after = lab.get(NetworkInterface, nic_id("a")).mac_address
    assert after
    assert after != before


def test_two_interfaces_have_two_mac_addresses(lab: Lab) -> None:
    lab.put(nic("a", ip(LAN)), nic("b", ip(LAN)), machine("vm", nic_id("a"), nic_id("b")))
    made = lab.cloud.list(NetworkInterface)
    assert len({one.mac_address for one in made}) == 2


def test_what_is_assigned_is_the_same_in_every_run() -> None:
    def run() -> list[object]:
        lab = Lab()
        return [one.values() for one in lab.cloud.list(NetworkInterface)]

    assert run() == run()


def test_an_interface_knows_its_machine_and_a_machine_its_addresses(lab: Lab) -> None:
    lab.put(nic("a", ip(LAN)), nic("b", ip(LAN)), machine("vm", nic_id("a"), nic_id("b")))
    assert lab.get(NetworkInterface, nic_id("a")).virtual_machine_id == vm_id("vm")
    vm = lab.cloud.get(vm_id("vm"))
    assert (vm.values()["private_ip_address"], vm.values()["private_ip_addresses"]) == (
        "10.0.1.4",
        ["10.0.1.4", "10.0.1.5"],
    )


def test_a_single_configuration_is_primary_and_every_one_has_an_id(lab: Lab) -> None:
    lab.put(nic("a", ip(LAN)))
    (made,) = lab.get(NetworkInterface, nic_id("a")).ip_configuration
    assert made.primary is True
    assert made.id == ip_id("a")
    assert ip_id("a").startswith(f"/subscriptions/{HOME}/")


def test_a_cloud_in_memory_is_gone_with_its_owner() -> None:
    first, second = Cloud(), Cloud()
    first.subscription(HOME)
    assert second.find(f"/subscriptions/{HOME}") is None
