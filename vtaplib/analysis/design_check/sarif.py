"""A check's findings as SARIF 2.1.0, the format that code hosts take: one run, a rule for each error code.

A plan has no lines of source. So a finding is at the start of the plan's file, for hosts that want a place in
a file, and its logical location is the address in Terraform's configuration.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from vtaplib.analysis.design_check.report import CheckReport, FindingEntry
from vtaplib.model.violation import Severity
from vtaplib.reports.json_document import visible_json
from vtaplib.version import __version__

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS: Final[Mapping[str, str]] = {Severity.ERROR.value: "error", Severity.WARNING.value: "warning"}
RANKS: Final = ("warning", "error")


def sarif_log(report: CheckReport, file: str) -> dict[str, Any]:
    """The log, as JSON has it. `file`: what was checked, as the user named it."""
    codes = list(dict.fromkeys(one.code for one in report.findings))
    run = {
        "tool": {
            "driver": {
                "name": "vtap",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [
                    _rule(code, [one for one in report.findings if one.code == code]) for code in codes
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, codes.index(one.code), file) for one in report.findings],
        "invocations": [{"executionSuccessful": True}],
        "properties": {"policy": dict(report.policy)},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str, findings: Iterable[FindingEntry]) -> dict[str, Any]:
    """What is said of an error code: the sentences of the rules that gave it."""
    listed = list(findings)
    sentences = list(dict.fromkeys(one.what or f"{code}." for one in listed))
    sources = list(dict.fromkeys(one.source for one in listed if one.source))
    text = " ".join(sentences) + (f" Source: {'; '.join(sources)}." if sources else "")
    return {
        "id": code,
        "name": code,
        "shortDescription": {"text": sentences[0]},
        "fullDescription": {"text": " ".join(sentences)},
        "help": {"text": text},
        "defaultConfiguration": {"level": max((LEVELS[one.severity] for one in listed), key=RANKS.index)},
    }


def _result(finding: FindingEntry, rule_index: int, file: str) -> dict[str, Any]:
    identity = "\n".join((finding.code, finding.rule, finding.address, finding.field, finding.message))
    return {
        "ruleId": finding.code,
        "ruleIndex": rule_index,
        "level": LEVELS[finding.severity],
        "message": {"text": f"{finding.address}: {finding.message}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _uri(file)}, "region": {"startLine": 1}},
                "logicalLocations": [
                    {
                        "name": finding.address.rpartition(".")[2],
                        "fullyQualifiedName": finding.address,
                        "kind": "resource",
                    }
                ],
            }
        ],
        "partialFingerprints": {
            "vtapFinding/v1": hashlib.sha256(identity.encode(errors="surrogatepass")).hexdigest()
        },
        "properties": {
            "rule": finding.rule,
            "field": finding.field,
            "evidence": finding.evidence,
            "resourceId": finding.resource_id,
        },
    }


def _uri(file: str) -> str:
    """A file as a URI: relative as it was named, so that the host finds it in the repository."""
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(bytes(path))


def sarif_text(report: CheckReport, file: str) -> str:
    """The log as a document of JSON."""
    return visible_json(json.dumps(sarif_log(report, file), indent=2, default=list)) + "\n"
