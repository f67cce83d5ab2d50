"""`vtap check` on TAPs that the azapi provider makes, beside networks of azurerm: azurerm has no TAP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.vtaplib.cli.plans import (
    UNKNOWN,
    Plan,
    group_id,
    network_id,
    peer,
    references,
    tapped_plan,
)
from vtaplib.analysis import check
from vtaplib.analysis.design_check.report import CheckReport
from vtaplib.loading import load_terraform

TAP, TAPPED = "azapi_resource.tap", "azapi_resource.tapped"


def azapi_plan(*, peered: bool = True) -> Plan:
    """The tapped plan with the TAP and the tap configuration written by azapi."""
    plan = tapped_plan(peered=peered)
    ours = ("azurerm_virtual_network_tap.tap", "azurerm_network_interface_tap_configuration.web")
    plan.changes = [one for one in plan.changes if one["address"] not in ours]
    plan.root["resources"] = [one for one in plan.root["resources"] if one["address"] not in ours]
    to = {"destinationNetworkInterfaceIPConfiguration": {"id": UNKNOWN}, "destinationPort": 4789}
    azapi(plan, TAP, "Microsoft.Network/virtualNetworkTaps", "tap", group_id(), to, location="eastus")
    destination = references("azurerm_network_interface.collector.id")
    plan.configure(TAP, {"body": destination})
    kind = "Microsoft.Network/networkInterfaces/tapConfigurations"
    azapi(plan, TAPPED, kind, "mirror", UNKNOWN, {"virtualNetworkTap": {"id": UNKNOWN}})
    plan.configure(
        TAPPED,
        {
            "parent_id": references("azurerm_network_interface.web.id"),
            "body": references("azapi_resource.tap.id"),
        },
        depends_on=["azurerm_virtual_network_peering.app", "azurerm_virtual_network_peering.tools"],
    )
    return plan


def azapi(
    plan: Plan, block: str, kind: str, name: str, parent_id: Any, properties: dict[str, Any], **more: Any
) -> None:
    values = {"type": f"{kind}@2024-05-01", "name": name, "parent_id": parent_id}
    plan.create(block, {**values, "body": {"properties": properties}, **more})


def report_of(plan: Plan, directory: Path) -> CheckReport:
    return check(load_terraform(plan.write(directory)))


def test_a_tap_of_azapi_is_followed_to_its_source_and_destination(tmp_path: Path) -> None:
    report = report_of(azapi_plan(), tmp_path)
    assert [one.message for one in report.findings] == []
    assert (report.not_modelled, report.not_read) == ({}, ())
    (newly,) = report.coverage.newly_tapped
    assert newly.address == "azurerm_network_interface.web"
    assert [one.rpartition("/")[2] for one in newly.collectors] == ["collector"]


def test_a_broken_rule_is_told_at_the_block_of_azapi(tmp_path: Path) -> None:
    plan = azapi_plan(peered=False)
    report = report_of(plan, tmp_path)
    assert [(one.address, one.code) for one in report.findings if one.severity == "error"] == [
        (TAPPED, "VirtualNetworkTapDestinationNotReachable")
    ]
    peer(plan, "tools", "app")
    assert report_of(plan, tmp_path).errors == 0


def test_the_first_azapi_has_a_text_for_a_body(tmp_path: Path) -> None:
    plan = Plan()
    values = {"type": "Microsoft.Network/virtualNetworks@2024-05-01", "name": "v", "parent_id": group_id()}
    body = '{"properties": {"addressSpace": {"addressPrefixes": ["127.0.0.0/8"]}}}'
    plan.create("azapi_resource.v", {**values, "location": "eastus", "body": body})
    report = report_of(plan, tmp_path)
    assert [(one.resource_id, one.code) for one in report.findings] == [
        (network_id("virtualNetworks", "v"), "InvalidAddressSpace")
    ]


def test_a_body_that_is_not_known_or_not_modelled_is_counted(tmp_path: Path) -> None:
    plan = Plan()
    tap = {"type": "Microsoft.Network/virtualNetworkTaps@2024-05-01", "name": "t", "parent_id": group_id()}
    plan.create("azapi_resource.t", {**tap, "body": UNKNOWN})
    site = {"type": "Microsoft.Web/sites@2024-04-01", "name": "s", "parent_id": group_id()}
    plan.create("azapi_resource.s", {**site, "body": {"properties": {}}})
    report = report_of(plan, tmp_path)
    assert report.not_read == ("azapi_resource.t",)
    assert report.not_modelled == {"azapi_resource Microsoft.Web/sites": 1}
