"""What a security rule may say of ports and addresses, and what it may not."""

from __future__ import annotations

import pytest

from tests.vtaplib.control.lab import Lab, security_group, security_group_id, security_rule
from vtaplib import ArmError, NetworkSecurityGroup

PORTS = ["*", "0", "22", "65535", "0-65535", "1024-2048", "80-80"]
NO_PORTS = ["65536", "-1", "22-", "-22", "80-79", "22,23", "22, 23", "ssh", "1-2-3", " 22", "0x16", "²"]
ADDRESSES = [
    *("*", "10.0.0.4", "10.0.0.0/8", "0.0.0.0/0", "10.0.0.1/24", "fd00::1", "fd00::/8", "::/0"),
    *("VirtualNetwork", "Internet", "AzureLoadBalancer", "Storage", "Storage.WestEurope", "Sql.EastUS2"),
]
NO_ADDRESSES = [
    "10.0.0",
    "10.0.0.256",
    "10.0.0.0/33",
    "10.0.0.1-10.0.0.9",
    "fd00::/129",
    "a b",
    ".",
    "-",
    "/8",
]


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab()


def refusals(lab: Lab, **values: object) -> set[str]:
    return {one.code for one in lab.broken_by(security_group("new", security_rule("new").replace(**values)))}


@pytest.mark.parametrize("side", ["source", "destination"])
@pytest.mark.parametrize("text", PORTS)
def test_ports_are_a_number_or_a_range_or_any(lab: Lab, side: str, text: str) -> None:
    assert refusals(lab, **{f"{side}_port_range": text}) == set()


@pytest.mark.parametrize("text", NO_PORTS)
def test_what_is_no_port_is_refused_alone_and_in_a_list(lab: Lab, text: str) -> None:
    assert refusals(lab, destination_port_range=text) == {"InvalidRequestContent"}
    several = {"destination_port_range": None, "destination_port_ranges": ("22", text)}
    assert refusals(lab, **several) == {"InvalidRequestContent"}


@pytest.mark.parametrize("side", ["source", "destination"])
@pytest.mark.parametrize("text", ADDRESSES)
def test_addresses_are_one_or_a_prefix_or_a_tag_or_any(lab: Lab, side: str, text: str) -> None:
    assert refusals(lab, **{f"{side}_address_prefix": text}) == set()


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_address_is_refused_alone_and_in_a_list(lab: Lab, text: str) -> None:
    assert refusals(lab, source_address_prefix=text) == {"InvalidRequestContent"}
    several = {"source_address_prefix": None, "source_address_prefixes": ("10.0.0.4", text)}
    assert refusals(lab, **several) == {"InvalidRequestContent"}


@pytest.mark.parametrize("side", ["source", "destination"])
@pytest.mark.parametrize(
    ("one", "several", "value"),
    [("port_range", "port_ranges", "22"), ("address_prefix", "address_prefixes", "10.0.0.4")],
)
def test_each_part_is_said_once(lab: Lab, side: str, one: str, several: str, value: str) -> None:
    listed = {f"{side}_{several}": (value,)}
    assert refusals(lab, **listed) == {"InvalidParameterCombination"}
    assert refusals(lab, **{f"{side}_{one}": None}) == {"InvalidParameterCombination"}
    assert refusals(lab, **{f"{side}_{one}": None, **listed}) == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [("priority", 99), ("priority", 4097), ("access", "allow"), ("direction", "In"), ("protocol", "TCP")],
)
def test_words_and_numbers_are_azures(lab: Lab, name: str, value: object) -> None:
    assert refusals(lab, **{name: value}) == {"InvalidRequestContent"}


def test_an_empty_text_in_a_groups_argument_says_nothing() -> None:
    lab = Lab()
    rule = security_rule("new", source_address_prefix="", source_address_prefixes=["10.0.0.4"])
    lab.put(security_group("g", rule))
    (read,) = lab.get(NetworkSecurityGroup, security_group_id("g")).security_rule or ()
    assert (read.source_address_prefix, read.source_address_prefixes) == (None, ("10.0.0.4",))


def test_a_broken_rule_leaves_the_group_as_it_was() -> None:
    lab = Lab()
    lab.put(security_group("g", security_rule("one")))
    with pytest.raises(ArmError):
        lab.put(security_group("g", security_rule("two", ports="none")))
    (read,) = lab.get(NetworkSecurityGroup, security_group_id("g")).security_rule or ()
    assert read.name == "one"
