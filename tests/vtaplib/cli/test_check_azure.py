"""`vtap check --azure`: what the Azure CLI prints of an estate, checked alone or with a plan over it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.vtaplib.cli.command import Vtap
from tests.vtaplib.cli.plans import SUBSCRIPTION, Plan, group_id, network_id, references

NIC, NET = "networkInterfaces", "virtualNetworks"


def network(name: str, space: str, remote: str = "", state: str = "Connected") -> dict[str, Any]:
    """A network with one subnet, and one side of a peering."""
    subnet = {"id": network_id(NET, f"{name}/subnets/one"), "name": "one", "addressPrefix": space}
    peering = {
        "id": network_id(NET, f"{name}/virtualNetworkPeerings/to"),
        "name": "to",
        "allowVirtualNetworkAccess": True,
        "peeringState": state,
        "remoteVirtualNetwork": {"id": network_id(NET, remote)},
    }
    return {
        "id": network_id(NET, name),
        "name": name,
        "type": "Microsoft.Network/virtualNetworks",
        "location": "eastus",
        "etag": 'W/"1"',
        "addressSpace": {"addressPrefixes": [space]},
        "subnets": [subnet],
        "virtualNetworkPeerings": [peering] if remote else [],
        "resourceGroup": "lab",
        "provisioningState": "Succeeded",
    }


def interface(name: str, network_name: str, address: str, tap: str = "") -> dict[str, Any]:
    """An interface, maybe tapped."""
    interface_id = network_id(NIC, name)
    configuration = {
        "id": f"{interface_id}/ipConfigurations/ip",
        "name": "ip",
        "primary": True,
        "privateIPAddress": address,
        "privateIPAllocationMethod": "Dynamic",
        "privateIPAddressVersion": "IPv4",
        "subnet": {"id": network_id(NET, f"{network_name}/subnets/one")},
    }
    tapped = {
        "id": f"{interface_id}/tapConfigurations/mirror",
        "name": "mirror",
        "virtualNetworkTap": {"id": network_id("virtualNetworkTaps", tap)},
    }
    return {
        "id": interface_id,
        "name": name,
        "location": "eastus",
        "ipConfigurations": [configuration],
        "tapConfigurations": [tapped] if tap else [],
        "macAddress": "00-0D-3A-00-00-01",
        # Nobody exported the machines.
        "virtualMachine": {"id": f"{group_id()}/providers/Microsoft.Compute/virtualMachines/vm-{name}"},
    }


def tap(destination: str) -> dict[str, Any]:
    """A TAP, as the REST API has it: what is special to the type is under `properties`."""
    to = {"id": network_id(NIC, f"{destination}/ipConfigurations/ip")}
    properties = {"destinationPort": 4789, "destinationNetworkInterfaceIPConfiguration": to}
    tap_id = network_id("virtualNetworkTaps", "tap")
    return {"id": tap_id, "name": "tap", "location": "eastus", "properties": properties}


def estate(vtap: Vtap, *, state: str = "Connected") -> None:
    """An estate in files: two peered networks, an interface that is tapped, its collector."""
    vtap.directory.joinpath("estate").mkdir()
    exports: Mapping[str, Any] = {
        "networks": [
            network("app", "10.1.0.0/16", "tools", state),
            network("tools", "10.2.0.0/16", "app", state),
        ],
        "interfaces": [
            interface("web", "app", "10.1.0.4", "tap"),
            interface("collector", "tools", "10.2.0.4"),
        ],
        "taps": {"value": [tap("collector")]},
        "one": {"id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lab/providers/Microsoft.Web/sites/s"},
    }
    for name, content in exports.items():
        (vtap.directory / "estate" / f"{name}.json").write_text(json.dumps(content))


def test_an_estate_is_checked_alone(vtap: Vtap) -> None:
    estate(vtap)
    report = vtap("check", "--azure", "estate", "--json").document
    assert (report["findings"], report["is_plan"]) == ([], False)
    assert report["not_modelled"] == {"Microsoft.Web/sites": 1}
    assert (report["coverage"]["tapped"], report["coverage"]["silent"]) == (1, 0)
    assert report["checked"] == "what Azure has in estate"


def test_a_link_that_is_disconnected_is_found_at_the_id_of_who_suffers(vtap: Vtap) -> None:
    estate(vtap, state="Disconnected")
    report = vtap("check", "--azure", "estate", "--json", code=1).document
    (finding,) = (one for one in report["findings"] if one["code"].endswith("DestinationNotReachable"))
    assert finding["address"] == network_id(NIC, "web/tapConfigurations/mirror")
    assert report["coverage"]["silent"] == 1


def test_a_plan_is_laid_over_an_estate(vtap: Vtap) -> None:
    estate(vtap)
    plan = Plan()
    plan.create(
        "azurerm_network_interface_tap_configuration.c",
        {
            "name": "mirror",
            "network_interface_id": network_id(NIC, "collector"),
            "virtual_network_tap_id": network_id("virtualNetworkTaps", "tap"),
        },
    )
    plan.configure("azurerm_network_interface_tap_configuration.c", {"name": references("local.x")})
    path = plan.write(vtap.directory)
    assert vtap("check", path, "--json").document["errors"] == 0
    report = vtap("check", path, "--azure", "estate", "--json", code=1).document
    assert [(one["address"], one["code"]) for one in report["findings"] if one["severity"] == "error"] == [
        ("azurerm_network_interface_tap_configuration.c", "VirtualNetworkTapSourceIsDestination")
    ]
    assert [one["interface_id"] for one in report["coverage"]["newly_tapped"]] == [
        network_id(NIC, "collector")
    ]


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        ("", "is empty"),
        ("[{}]", "element 0 is not a resource, because it has no id"),
        (json.dumps([{"id": network_id(NET, "v"), "location": 7}]), "element 0: location"),
        ("[", "is cut off"),
    ],
)
def test_what_is_no_export_is_refused(vtap: Vtap, content: str, trouble: str) -> None:
    (vtap.directory / "export.json").write_text(content)
    assert trouble in vtap.refuses("check", "--azure", "export.json")


def test_a_directory_without_exports_is_refused(vtap: Vtap) -> None:
    (vtap.directory / "empty").mkdir()
    assert "has no .json files" in vtap.refuses("check", "--azure", "empty")
