"""Questions about clouds and traffic, each answered as a value: a *report*.

An analysis takes documents and streams; who opens files is the caller. What stands here is public, and loaded
when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vtaplib.analysis.azure_export import AzureExport, parse_azure_export
    from vtaplib.analysis.coverage_audit import CoverageAudit, CoverageScope, Standing, audit_coverage
    from vtaplib.analysis.coverage_diff.design import ComparedDesign
    from vtaplib.analysis.coverage_diff.diff import diff
    from vtaplib.analysis.coverage_diff.report import DiffReport
    from vtaplib.analysis.design_check.check import check
    from vtaplib.analysis.design_check.report import CheckReport, FindingEntry
    from vtaplib.analysis.eligibility import Eligibility, Outcome, judge_eligibility
    from vtaplib.analysis.inventory import Inventory, take_inventory
    from vtaplib.analysis.packet_explanation.explanation import explain
    from vtaplib.analysis.packet_explanation.made_packet import PacketOrder
    from vtaplib.analysis.packet_explanation.packet import Packet
    from vtaplib.analysis.packet_explanation.peerings import Peerings
    from vtaplib.analysis.packet_explanation.report import ExplainReport
    from vtaplib.analysis.terraform_plan.document import Document, parse_document
    from vtaplib.analysis.traffic_estimate.estimate import estimate
    from vtaplib.analysis.traffic_estimate.flow_logs import FlowLogs
    from vtaplib.analysis.traffic_estimate.report import EstimateReport

__all__ = [
    "AzureExport",
    "CheckReport",
    "ComparedDesign",
    "CoverageAudit",
    "CoverageScope",
    "DiffReport",
    "Document",
    "Eligibility",
    "EstimateReport",
    "ExplainReport",
    "FindingEntry",
    "FlowLogs",
    "Inventory",
    "Outcome",
    "Packet",
    "PacketOrder",
    "Peerings",
    "Standing",
    "audit_coverage",
    "check",
    "diff",
    "estimate",
    "explain",
    "judge_eligibility",
    "parse_azure_export",
    "parse_document",
    "take_inventory",
]

_HOMES = {
    "AzureExport": "azure_export",
    "parse_azure_export": "azure_export",
    "CheckReport": "design_check.report",
    "FindingEntry": "design_check.report",
    "check": "design_check.check",
    "CoverageAudit": "coverage_audit",
    "CoverageScope": "coverage_audit",
    "Standing": "coverage_audit",
    "audit_coverage": "coverage_audit",
    "Document": "terraform_plan.document",
    "parse_document": "terraform_plan.document",
    "Eligibility": "eligibility",
    "Outcome": "eligibility",
    "judge_eligibility": "eligibility",
    "Inventory": "inventory",
    "take_inventory": "inventory",
    "ExplainReport": "packet_explanation.report",
    "Packet": "packet_explanation.packet",
    "PacketOrder": "packet_explanation.made_packet",
    "Peerings": "packet_explanation.peerings",
    "explain": "packet_explanation.explanation",
    "ComparedDesign": "coverage_diff.design",
    "DiffReport": "coverage_diff.report",
    "EstimateReport": "traffic_estimate.report",
    "FlowLogs": "traffic_estimate.flow_logs",
    "diff": "coverage_diff.diff",
    "estimate": "traffic_estimate.estimate",
}
"""The module of each name."""


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
