"""ARM's resource IDs: reading them, comparing them, and saying what is wrong with them."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtaplib import Subnet
from vtaplib.model import ids
from vtaplib.model.ids import label
from vtaplib.resources import NetworkInterfaceBackendAddressPoolAssociation

SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/n"
NAMES = st.text("abcXYZ019_.-", min_size=1, max_size=12)


def test_an_id_gives_the_names_in_it() -> None:
    assert Subnet.parse_id(SUBNET) == {
        "subscription_id": "s",
        "resource_group_name": "g",
        "virtual_network_name": "v",
        "name": "n",
    }


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "/",
        SUBNET[1:],
        SUBNET + "/",
        SUBNET + "/x",
        SUBNET + "\n",
        SUBNET[:-1],
        SUBNET.replace("/g/", "//"),
        "n",
    ],
)
def test_what_is_not_of_the_form_is_none(wrong: str) -> None:
    assert Subnet.parse_id(wrong) is None


def test_fixed_segments_may_be_in_any_case_unless_one_is_strict() -> None:
    shouted = SUBNET.replace("resourceGroups", "RESOURCEGROUPS")
    assert Subnet.parse_id(shouted) == Subnet.parse_id(SUBNET)
    assert Subnet.parse_id(shouted, strict=True) is None
    assert "another case" in (ids.format_problem(Subnet.id_format, shouted) or "")
    assert ids.format_problem(Subnet.id_format, shouted, strict=False) is None
    assert "subnets/{name}" in (ids.format_problem(Subnet.id_format, "x") or "")


@given(NAMES, NAMES, NAMES, NAMES)
def test_the_names_that_make_an_id_can_be_read_from_it(one: str, two: str, three: str, four: str) -> None:
    made = Subnet(subscription_id=one, resource_group_name=two, virtual_network_name=three, name=four)
    assert Subnet.parse_id(made.id, strict=True) == {
        "subscription_id": one,
        "resource_group_name": two,
        "virtual_network_name": three,
        "name": four,
    }


def test_an_association_is_named_by_both_its_ends() -> None:
    nic = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/i"
    pool = (
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/loadBalancers/l/backendAddressPools/p"
    )
    made = NetworkInterfaceBackendAddressPoolAssociation(
        network_interface_id=nic, ip_configuration_name="ip", backend_address_pool_id=pool
    )
    assert made.id == f"{nic}/ipConfigurations/ip|{pool}"
    assert type(made).parse_id(made.id) == {
        "network_interface_id": nic,
        "ip_configuration_name": "ip",
        "backend_address_pool_id": pool,
    }
    assert label(made.id) == "ipConfigurations/ip|backendAddressPools/p"


def test_the_parent_of_an_id_is_what_it_is_inside_of() -> None:
    assert ids.parent(SUBNET).endswith("/virtualNetworks/v")
    assert ids.name(SUBNET) == "n"
    assert label(SUBNET) == "subnets/n"


def test_a_guid_is_the_same_in_every_run_and_in_every_case_of_the_id() -> None:
    made = ids.guid(SUBNET)
    assert uuid.UUID(made).version == 5
    assert made == ids.guid(SUBNET.upper())
    assert len({made, ids.guid(SUBNET, "other"), ids.guid(SUBNET + "2")}) == 3


@pytest.mark.parametrize(
    ("resource_id", "kind"),
    [
        (SUBNET, "Microsoft.Network/virtualNetworks/subnets"),
        (SUBNET.replace("/resourceGroups/g", ""), "Microsoft.Network/virtualNetworks/subnets"),
        (Subnet.id_format, "Microsoft.Network/virtualNetworks/subnets"),
        ("/subscriptions/s/resourceGroups/g", ""),
        (SUBNET + "/x", ""),
        (SUBNET[1:], ""),
    ],
)
def test_an_id_says_of_what_type_it_is(resource_id: str, kind: str) -> None:
    assert ids.arm_type(resource_id) == kind


def test_an_id_of_another_type_is_told_to_be_one() -> None:
    problem = ids.format_problem(Subnet.id_format, SUBNET.rpartition("/subnets/")[0]) or ""
    assert "is an ID of Microsoft.Network/virtualNetworks, and is not an ID of the form" in problem
    assert "is an ID of" not in (ids.format_problem(Subnet.id_format, SUBNET.upper()) or "")
