"""Schemas that Terraform would reject, crash on, or accept without use."""

from __future__ import annotations

from typing import Any

import pytest

from provider_shim.schema import (
    Attribute,
    IdentityAttribute,
    IdentitySchema,
    NestedBlock,
    Nesting,
    Schema,
    SchemaBlock,
)
from provider_shim.schema_rules import check_identity_schema, check_schema
from tests.provider_shim.fake_lifecycle import NOTE_SCHEMA, PROVIDER_SCHEMA

GOOD = Attribute("a", "string", optional=True)
WRITE_ONLY = Attribute("w", "string", optional=True, write_only=True)
ANY = Attribute("d", "dynamic", optional=True)


def attributes(*these: Attribute) -> Schema:
    return Schema(SchemaBlock(these))


def nested(nesting: Nesting, *these: Attribute, **limits: int) -> Schema:
    return Schema(SchemaBlock((GOOD,), (NestedBlock("b", nesting, SchemaBlock(these or (GOOD,)), **limits),)))


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (attributes(Attribute("a", "string")), "t.a: must be required, optional or computed"),
        (attributes(Attribute("a", "string", required=True, computed=True)), "t.a: required excludes"),
        (attributes(Attribute("a", "strng", optional=True)), "t.a: 'strng' is not a Terraform type"),
        (attributes(Attribute("a", ["list"], optional=True)), "t.a: ['list'] is not a Terraform type"),
        (attributes(Attribute("a", ["object", {"x": "no"}], optional=True)), "t.a.x: 'no' is not"),
        (attributes(Attribute("a", ["tuple", ["no"]], optional=True)), "t.a[0]: 'no' is not"),
        (attributes(Attribute("a", ["set", "dynamic"], optional=True)), "t.a: no dynamic type inside a set"),
        (attributes(Attribute("count", "number", optional=True)), "t.count: the name is Terraform's own"),
        (attributes(Attribute("X-y", "string", optional=True)), "t.X-y: a name is lower-case"),
        (attributes(GOOD, GOOD), "t.a: defined twice"),
        (attributes(Attribute("w", "string", computed=True, write_only=True)), "t.w: write-only excludes"),
        (Schema(SchemaBlock((GOOD,)), version=-1), "t: the version is negative"),
        (nested(Nesting.SET, WRITE_ONLY), "t.b.w: no write-only attribute inside a set"),
        (nested(Nesting.LIST, ANY), "t.b.d: no dynamic type inside a list, set or map of blocks"),
        (nested(Nesting.MAP, ANY), "t.b.d: no dynamic type inside a list, set or map of blocks"),
        (nested(Nesting.SINGLE, max_items=1), "t.b: a single block has min_items = max_items"),
        (nested(Nesting.GROUP, min_items=1), "t.b: a group block has no min_items"),
        (nested(Nesting.MAP, max_items=1), "t.b: a map block has no min_items"),
        (nested(Nesting.LIST, min_items=2, max_items=1), "t.b: min_items 2 and max_items 1 leave nothing"),
        (
            Schema(SchemaBlock((), (NestedBlock("lifecycle", Nesting.LIST, SchemaBlock((GOOD,))),))),
            "t.lifecycle: the name",
        ),
    ],
)
def test_a_bad_schema_is_refused_with_the_place(schema: Schema, problem: str) -> None:
    problems = list(check_schema(schema, "t"))
    assert len(problems) == 1
    assert problems[0].startswith(problem)


@pytest.mark.parametrize(
    "schema",
    [
        NOTE_SCHEMA,
        PROVIDER_SCHEMA,
        nested(Nesting.SINGLE, ANY, min_items=1, max_items=1),
        nested(Nesting.LIST, min_items=1),
        nested(Nesting.SET, max_items=3),
        Schema(SchemaBlock(())),
    ],
)
def test_a_good_schema_has_no_problem(schema: Schema) -> None:
    assert list(check_schema(schema, "t")) == []


@pytest.mark.parametrize("type_", [["map", "string"], ["set", "string"], ["object", {"a": "string"}]])
def test_an_identity_has_no_maps_sets_and_objects(type_: Any) -> None:
    schema = IdentitySchema((IdentityAttribute("id", type_),))
    assert list(check_identity_schema(schema, "t")) == [
        "t identity.id: an identity has primitive types and lists of them only"
    ]
