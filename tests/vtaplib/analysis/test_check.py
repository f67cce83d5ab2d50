"""`vtaplib.analysis.check` without the command: documents and resources in, a report out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from tests.vtaplib.cli.plans import Plan, tapped_plan
from tests.vtaplib.cli.test_check_azure import interface, network
from vtaplib import Cloud, VtapError
from vtaplib.analysis import (
    AzureExport,
    CheckReport,
    TerraformDocument,
    check,
    parse_azure_export,
    parse_terraform,
)
from vtaplib.analysis.design_check.document import check_document
from vtaplib.analysis.design_check.sarif import sarif_log
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.reports.page.frame import html_page
from vtaplib.testing import clouds

TAPPED = "azurerm_network_interface_tap_configuration.web"


def document(plan: Plan) -> TerraformDocument:
    return parse_terraform("plan.json", json.dumps(plan.document).encode())


def export(*documents: dict[str, Any]) -> AzureExport:
    return parse_azure_export([("estate.json", json.dumps(documents).encode())])


def codes(report: CheckReport) -> list[tuple[str, str]]:
    return [(one.address, one.code) for one in report.findings]


def test_a_plan_by_itself_is_a_part_of_a_world() -> None:
    report = check(document(tapped_plan()))
    assert (report.checked, report.is_plan, report.findings) == ("plan plan.json", True, ())
    assert not report.found_something
    assert [one.address for one in report.coverage.newly_tapped] == ["azurerm_network_interface.web"]


def test_a_finding_has_what_is_wrong_and_what_to_do() -> None:
    report = check(document(tapped_plan(peered=False)))
    (finding,) = report.findings
    assert codes(report) == [(TAPPED, "VirtualNetworkTapDestinationNotReachable")]
    assert finding.message.endswith(finding.way_out)
    assert finding.way_out.startswith("to connect them, create a peering of")
    assert report.found_something


def test_what_is_not_in_a_whole_cloud_does_not_exist() -> None:
    plan = tapped_plan()
    plan.changes = [one for one in plan.changes if one["type"] != "azurerm_virtual_network_tap"]
    tap_id = f"/subscriptions/s/resourceGroups/lab/providers/Microsoft.Network/{'virtualNetworkTaps'}/gone"
    change = next(one["change"] for one in plan.changes if one["address"] == TAPPED)
    change["after"]["virtual_network_tap_id"] = tap_id
    change["after_unknown"].pop("virtual_network_tap_id")
    assert check(document(plan)).outside.targets == (tap_id,)
    whole = check(document(plan), cloud=())
    assert (TAPPED, "InvalidResourceReference") in codes(whole)
    assert whole.outside.references == 0


def test_strict_counts_warnings() -> None:
    policy = Policy(reachability_check="warn")
    plan = document(tapped_plan(peered=False))
    assert not check(plan, policy=policy).found_something
    assert check(plan, policy=policy, strict=True).found_something


def test_what_azure_has_is_checked_alone_or_under_a_plan() -> None:
    estate = export(network("app", "10.0.0.0/24"), interface("web", "app", "10.0.1.4"), {"id": "/x/y"})
    report = check(azure=estate, name="what Azure has")
    assert report.checked == "what Azure has"
    assert [code for _, code in codes(report)] == ["PrivateIPAddressNotInSubnet"]
    assert sum(report.not_modelled.values()) == 1
    over = check(document(tapped_plan()), azure=estate)
    assert over.read["VirtualNetwork"] == 3


def test_what_is_no_export_is_an_error_that_names_it() -> None:
    with pytest.raises(VtapError, match=r"estate\.json: element 0 is not a resource, because it has no id"):
        export({"name": "nobody"})


def test_it_says_what_it_does() -> None:
    steps: list[str] = []
    check(document(tapped_plan()), begin=steps.append)
    assert steps == ["judging 13 resources"]


def test_a_report_is_a_page_and_a_log_for_code_hosts_too() -> None:
    report = check(document(tapped_plan(peered=False)))
    assert f">{TAPPED}</h2>" in html_page(check_document(report))
    (run,) = sarif_log(report, "plan.json")["runs"]
    assert [one["ruleId"] for one in run["results"]] == [one.code for one in report.findings]


@given(clouds())
def test_a_cloud_that_was_made_by_its_rules_has_no_errors(cloud: Cloud) -> None:
    with cloud.snapshot() as view:
        report = check(cloud=view.list(Resource), policy=cloud.policy)
    assert report.errors == 0
    assert report.outside.references == 0
