from __future__ import annotations

import json
from dataclasses import dataclass

import jsonschema
import pytest

from vtaplib.reports.json_document import json_schema, json_text


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a report."""

    name: str
    frames: int | None


@dataclass(frozen=True, slots=True)
class Whole:
    """A report."""

    parts: tuple[Part, ...]
    found: dict[str, int]


WHOLE = Whole((Part("nic\x1b[31m\ufffd", 7), Part("caf\udce9", None)), {"a": 1})


def test_a_document_says_all_that_the_report_says_and_steers_no_terminal() -> None:
    text = json_text(WHOLE)
    assert "\x1b" not in text
    assert json.loads(text) == {
        "parts": [{"name": "nic\x1b[31m\ufffd", "frames": 7}, {"name": "caf\\xe9", "frames": None}],
        "found": {"a": 1},
    }


def test_a_document_holds_to_its_schema() -> None:
    schema = json_schema(Whole, "whole", 3)
    assert (schema["$id"], schema["title"]) == ("urn:vtap:whole:3", "vtap whole --json, version 3")
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(json_text(WHOLE))
    jsonschema.validate(document, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "found": {"a": "b"}}, schema)
