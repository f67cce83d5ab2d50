"""The JSON Schemas of what commands print with `--json`, made of the types of their reports."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from vtaplib.analysis import (
    CheckReport,
    CollectReport,
    DiffReport,
    EstimateReport,
    ExplainReport,
    Inventory,
    ReplayReport,
    SendReport,
)
from vtaplib.cli.install.installation import Installation
from vtaplib.cli.machine.operation import MachineReport
from vtaplib.reports.json_document import json_schema

REPORTS: Final[Mapping[str, tuple[type, int]]] = {
    "check": (CheckReport, 1),
    "collect": (CollectReport, 1),
    "diff": (DiffReport, 1),
    "estimate": (EstimateReport, 1),
    "explain": (ExplainReport, 1),
    "install": (Installation, 1),
    "machine": (MachineReport, 1),
    "replay": (ReplayReport, 1),
    "send": (SendReport, 1),
    "show": (Inventory, 1),
}
"""For each command the type of its report, and the version of its schema: one more whenever a document of
before does not hold to it.
"""


def schemas() -> dict[str, str]:
    """Every schema, by path."""
    return {
        f"schemas/{command}.json": json.dumps(json_schema(kind, command, version), indent=1) + "\n"
        for command, (kind, version) in REPORTS.items()
    }


def schema_index() -> Iterator[str]:
    """The page that lists them."""
    yield "# JSON Schemas"
    yield ""
    yield "With `--json` a command prints one JSON document instead of tables. These schemas (draft 2020-12)"
    yield "say what is in it. A field may be added at any time. Where one changes or goes, the version in"
    yield "`$id` goes up, and the [changelog](../../CHANGELOG.md) says so."
    yield ""
    for command, (_, version) in REPORTS.items():
        yield f"- [`vtap {command} --json`]({command}.json), version {version}"
