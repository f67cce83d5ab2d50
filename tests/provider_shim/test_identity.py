"""Identities: the names in an ID, and the ID that names mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_shim.identity import format_identity, full_format, parse_identity
from provider_shim.types import IDENTITIES, RESOURCE_TYPES

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,8}", fullmatch=True)
SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lab"

# The parts as azurerm's import blocks name them, beside the ID as ARM writes it.
CASES = [
    ("azurerm_resource_group", GROUP, {"subscription_id": SUBSCRIPTION, "name": "lab"}),
    (
        "azurerm_subnet",
        f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net/subnets/web",
        {
            "subscription_id": SUBSCRIPTION,
            "resource_group_name": "lab",
            "virtual_network_name": "net",
            "name": "web",
        },
    ),
    (
        "azurerm_network_interface_tap_configuration",
        f"{GROUP}/providers/Microsoft.Network/networkInterfaces/nic/tapConfigurations/tap",
        {
            "subscription_id": SUBSCRIPTION,
            "resource_group_name": "lab",
            "network_interface_name": "nic",
            "name": "tap",
        },
    ),
]


@pytest.mark.parametrize(("type_name", "resource_id", "identity"), CASES)
def test_an_id_and_its_identity_mean_each_other(
    type_name: str, resource_id: str, identity: dict[str, str]
) -> None:
    names = IDENTITIES[type_name]
    assert parse_identity(names, resource_id) == identity
    assert format_identity(RESOURCE_TYPES[type_name], names, identity) == resource_id


@given(st.sampled_from(sorted(IDENTITIES)), st.data())
def test_every_identity_comes_back_from_the_id_that_it_means(type_name: str, data: st.DataObject) -> None:
    names = IDENTITIES[type_name]
    identity = {name: data.draw(NAMES) for name in names}
    resource_id = format_identity(RESOURCE_TYPES[type_name], names, identity)
    assert RESOURCE_TYPES[type_name].parse_id(resource_id, strict=True) is not None
    assert parse_identity(names, resource_id) == identity


def test_a_part_that_is_not_given_leaves_an_id_that_is_none() -> None:
    kind, names = RESOURCE_TYPES["azurerm_subnet"], IDENTITIES["azurerm_subnet"]
    for missing in names:
        identity = dict.fromkeys(names, "x") | {missing: None}
        assert kind.parse_id(format_identity(kind, names, identity), strict=True) is None


def test_a_format_is_written_out_down_to_names() -> None:
    assert full_format(RESOURCE_TYPES["azurerm_lb_probe"]) == (
        "/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
        "/providers/Microsoft.Network/loadBalancers/{lb_name}/probes/{name}"
    )
