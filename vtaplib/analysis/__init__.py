"""Questions about clouds and traffic, each answered as a value: a *report*.

An analysis takes documents and streams; who opens files is the caller. What stands here is public, and loaded
when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vtaplib.analysis.coverage_diff.design import ComparedDesign
    from vtaplib.analysis.coverage_diff.diff import diff
    from vtaplib.analysis.coverage_diff.report import DiffReport
    from vtaplib.analysis.traffic_estimate.estimate import estimate
    from vtaplib.analysis.traffic_estimate.flow_logs import FlowLogs
    from vtaplib.analysis.traffic_estimate.report import EstimateReport

__all__ = ["ComparedDesign", "DiffReport", "EstimateReport", "FlowLogs", "diff", "estimate"]

_HOMES = {
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
