"""What the service gives a public address, and who is reached by it."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network

import pytest

from tests.vtaplib.control.lab import (
    WEST,
    Lab,
    front,
    ip,
    lb,
    machine,
    nic,
    nic_id,
    public_ip,
    public_ip_id,
    subnet_id,
    vm_id,
    windows_machine,
)
from vtaplib import ArmError, VirtualMachine
from vtaplib.model import UNKNOWN
from vtaplib.model.resource import Resource
from vtaplib.resources import PublicIp

MANY = 200


def address(lab: Lab, name: str, **more: object) -> PublicIp:
    return lab.home.put(public_ip(name, **more))


@pytest.mark.parametrize(("version", "span"), [("IPv4", "198.18.0.0/15"), ("IPv6", "2001:db8::/32")])
def test_an_address_is_of_a_range_that_nobody_routes(version: str, span: str) -> None:
    given = address(Lab(), "new", ip_version=version).ip_address
    assert ip_address(given) in ip_network(span)


def test_no_two_have_one_address_whatever_their_names() -> None:
    lab = Lab(stocked=False)
    given = {address(lab, f"pip{n}").ip_address for n in range(MANY)}
    assert len(given) == MANY


def test_an_address_follows_from_its_id_and_is_kept() -> None:
    lab, other = Lab(), Lab()
    first = address(lab, "new")
    assert first.ip_address == address(other, "NEW").ip_address
    assert address(lab, "new", idle_timeout_in_minutes=30).ip_address == first.ip_address


def test_a_plan_does_not_know_the_address() -> None:
    lab = Lab()
    made, violations = lab.cloud.overlay(complete=False).put(lab.home.place(public_ip("new")))
    assert list(violations) == []
    assert made.values()["ip_address"] is UNKNOWN


def test_an_address_without_a_label_has_no_name() -> None:
    assert address(Lab(), "new").fqdn == ""


def test_a_name_is_the_label_in_the_region() -> None:
    assert address(Lab(), "new", domain_name_label="web").fqdn == f"web.{WEST}.cloudapp.azure.com"


@pytest.mark.parametrize(
    ("scope", "same"),
    [("NoReuse", False), ("ResourceGroupReuse", True), ("SubscriptionReuse", True), ("TenantReuse", True)],
)
def test_a_scope_says_who_has_the_same_name(scope: str, same: bool) -> None:
    lab = Lab()
    asks: dict[str, str] = {"domain_name_label": "web", "domain_name_label_scope": scope}
    first = address(lab, "one", **asks).fqdn
    lab.cloud.delete(public_ip_id("one"))
    assert first.startswith("web.")
    assert first.count(".") == len(["web", "hash", "westeurope", "cloudapp", "azure", "com"]) - 1
    assert (address(lab, "two", **asks).fqdn == first) is same


REACHED = {"public_ip_address_id": public_ip_id("pip")}


@pytest.mark.parametrize(
    "holder",
    [nic("new", ip(subnet_id("app"), **REACHED)), lb("new", front(**REACHED))],
    ids=lambda holder: type(holder).__name__,
)
def test_an_address_in_use_is_not_deleted(holder: Resource) -> None:
    lab = Lab()
    there = lab.home.put(holder)
    with pytest.raises(ArmError) as error:
        lab.cloud.delete(public_ip_id("pip"))
    assert error.value.code == "PublicIPAddressCannotBeDeleted"
    lab.cloud.delete(there.id)
    lab.cloud.delete(public_ip_id("pip"))


@pytest.mark.parametrize("make", [machine, windows_machine])
def test_a_machine_is_reached_by_the_addresses_of_its_interfaces(
    make: Callable[..., Resource],
) -> None:
    lab = Lab()
    second = address(lab, "second")
    lab.put(
        nic("bare", ip(subnet_id("tools"))),
        nic(
            "two",
            ip(subnet_id("tools"), name="a", primary=True, public_ip_address_id=public_ip_id("pip")),
            ip(subnet_id("tools"), name="b", public_ip_address_id=second.id),
        ),
    )
    lab.put(make("new", nic_id("bare"), nic_id("two")))
    there = lab.get(VirtualMachine, vm_id("new"))
    first = lab.get(PublicIp, public_ip_id("pip")).ip_address
    assert there.public_ip_addresses == (first, second.ip_address)
    assert there.public_ip_address == first


def test_a_machine_without_a_public_address_has_an_empty_one() -> None:
    there = Lab().get(VirtualMachine, vm_id("vm-web"))
    assert (there.public_ip_address, there.public_ip_addresses) == ("", ())
