"""Schemas, paths and diagnostics as protobuf messages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_shim import wire
from provider_shim.diagnostics import Diagnostic, DiagnosticSeverity, Key, Path
from provider_shim.gen import tfplugin6_pb2 as pb
from provider_shim.schema import (
    Attribute,
    IdentityAttribute,
    IdentitySchema,
    NestedBlock,
    Nesting,
    Schema,
    SchemaBlock,
)
from provider_shim.values import DynamicValueError
from vtaplib.visible_text import one_line

TYPE: list[Any] = [
    "object",
    {
        "name": "string",
        "tags": ["map", "string"],
        "rules": ["list", ["object", {"ports": ["set", "number"], "labels": ["map", "string"]}]],
        "names": ["set", "string"],
        "pair": ["tuple", ["string", ["map", "string"]]],
    },
]


def steps(path: pb.AttributePath) -> list[tuple[str, object]]:
    return [
        (step.WhichOneof("selector") or "", getattr(step, step.WhichOneof("selector") or ""))
        for step in path.steps
    ]


ATTRIBUTE, STRING, INT = "attribute_name", "element_key_string", "element_key_int"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), []),
        (("name",), [(ATTRIBUTE, "name")]),
        (("tags", Key("a")), [(ATTRIBUTE, "tags"), (STRING, "a")]),
        (("tags", "a"), [(ATTRIBUTE, "tags"), (STRING, "a")]),
        (("rules", 0, "labels", "x"), [(ATTRIBUTE, "rules"), (INT, 0), (ATTRIBUTE, "labels"), (STRING, "x")]),
        (("rules", 1, "ports", 3), [(ATTRIBUTE, "rules"), (INT, 1), (ATTRIBUTE, "ports")]),
        (("names", 0), [(ATTRIBUTE, "names")]),
        (("pair", 1, "k"), [(ATTRIBUTE, "pair"), (INT, 1), (STRING, "k")]),
        (("nowhere", 7, "x"), [(ATTRIBUTE, "nowhere"), (INT, 7), (ATTRIBUTE, "x")]),
    ],
)
def test_a_path_follows_the_type_and_stops_at_a_set(path: Path, expected: list[tuple[str, object]]) -> None:
    assert steps(wire.path_to_proto(path, TYPE)) == expected


def test_without_a_type_only_a_key_is_a_map_key() -> None:
    assert steps(wire.path_to_proto(("tags", Key("a"), "b"))) == [
        (ATTRIBUTE, "tags"),
        (STRING, "a"),
        (ATTRIBUTE, "b"),
    ]


def test_a_diagnostic_keeps_severity_texts_and_path() -> None:
    error = Diagnostic(DiagnosticSeverity.ERROR, "No", "Because.", ("tags", "a"))
    warning = Diagnostic(DiagnosticSeverity.WARNING, "Hm")
    first, second = wire.diagnostics_to_proto([error, warning], TYPE)
    assert (first.severity, first.summary, first.detail) == (pb.Diagnostic.ERROR, "No", "Because.")
    assert steps(first.attribute) == [(ATTRIBUTE, "tags"), (STRING, "a")]
    assert second.severity == pb.Diagnostic.WARNING
    assert not second.HasField("attribute")


@given(st.text(st.characters(exclude_categories=()) | st.sampled_from("\x1b\n\r\u202e\udcff")))
def test_a_diagnostic_steers_no_terminal_and_begins_no_line(text: str) -> None:
    (made,) = wire.diagnostics_to_proto([Diagnostic(DiagnosticSeverity.ERROR, text, text)])
    assert made.summary == made.detail == one_line(text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]", made.summary)


def test_a_schema_keeps_everything() -> None:
    inner = SchemaBlock((Attribute("secret", "string", optional=True, write_only=True, sensitive=True),))
    schema = Schema(
        SchemaBlock(
            (Attribute("id", ["list", "string"], computed=True, description="D.", deprecated="Use x."),),
            (NestedBlock("item", Nesting.SET, inner, min_items=1, max_items=3),),
            description="Block.",
        ),
        version=4,
    )
    expected = pb.Schema(
        version=4,
        block=pb.Schema.Block(
            description="Block.",
            attributes=[
                pb.Schema.Attribute(
                    name="id",
                    type=b'["list","string"]',
                    computed=True,
                    description="D.",
                    deprecated=True,
                    deprecation_message="Use x.",
                )
            ],
            block_types=[
                pb.Schema.NestedBlock(
                    type_name="item",
                    nesting=pb.Schema.NestedBlock.SET,
                    min_items=1,
                    max_items=3,
                    block=pb.Schema.Block(
                        attributes=[
                            pb.Schema.Attribute(
                                name="secret",
                                type=b'"string"',
                                optional=True,
                                write_only=True,
                                sensitive=True,
                            )
                        ]
                    ),
                )
            ],
        ),
    )
    assert wire.schema_to_proto(schema) == expected


def test_an_identity_attribute_is_required_or_optional_for_import() -> None:
    schema = IdentitySchema(
        (IdentityAttribute("id"), IdentityAttribute("zone", required_for_import=False)), version=1
    )
    message = wire.identity_schema_to_proto(schema)
    flags = [(a.name, a.required_for_import, a.optional_for_import) for a in message.identity_attributes]
    assert flags == [("id", True, False), ("zone", False, True)]


def test_a_payload_that_was_not_set_is_null() -> None:
    assert wire.value_from_proto(pb.DynamicValue(), "string") is None


def test_msgpack_goes_before_json() -> None:
    both = pb.DynamicValue(msgpack=b"\x01", json=b"2")
    assert wire.value_from_proto(both, "number") == 1
    assert wire.value_from_proto(pb.DynamicValue(json=b"2"), "number") == 2


def test_an_identity_is_never_sent_for_a_type_that_has_none() -> None:
    assert wire.identity_to_proto({"id": "x"}, None) is None
    assert wire.identity_to_proto(None, ["object", {"id": "string"}]) is None


def test_state_of_terraform_0_11_is_refused_with_the_way_out() -> None:
    with pytest.raises(DynamicValueError, match=r"apply once with Terraform 0\.12"):
        wire.raw_state_from_proto(pb.RawState(flatmap={"id": "x"}))
