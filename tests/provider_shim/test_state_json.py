"""Reading objects from Terraform's state file."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from provider_shim import state_json
from provider_shim.schema import Attribute, NestedBlock, Nesting, SchemaBlock, Type
from provider_shim.values import Dynamic, DynamicValueError
from tests.provider_shim.strategies import state_json as as_in_state
from tests.provider_shim.strategies import typed_values

INNER = SchemaBlock((Attribute("name", "string", required=True), Attribute("size", "number", computed=True)))
BLOCK = SchemaBlock(
    (Attribute("id", "string", computed=True), Attribute("any", "dynamic", optional=True)),
    tuple(NestedBlock(nesting.value, nesting, INNER) for nesting in Nesting),
)


def test_what_an_older_version_did_not_write_is_null_or_no_blocks() -> None:
    assert state_json.read_block({}, BLOCK) == {
        "id": None,
        "any": None,
        "single": None,
        "list": [],
        "set": [],
        "map": {},
        "group": {"name": None, "size": None},
    }


def test_null_stands_for_no_blocks() -> None:
    state = dict.fromkeys(("single", "list", "set", "map", "group"))
    assert state_json.read_block(state, BLOCK) == state_json.read_block({}, BLOCK)


def test_what_this_version_does_not_know_is_dropped_at_every_depth() -> None:
    state = {"id": "x", "gone": 1, "list": [{"name": "n", "gone": 2}], "map": {"k": {"gone": 3}}}
    read = state_json.read_block(state, BLOCK)
    assert read is not None
    assert read["list"] == [{"name": "n", "size": None}]
    assert read["map"] == {"k": {"name": None, "size": None}}
    assert "gone" not in read


def test_no_object_stays_none() -> None:
    assert state_json.read_block(None, BLOCK) is None


def test_a_dynamic_value_has_its_type_beside_it() -> None:
    raw = state_json.parse(b'{"any":{"type":["tuple",["number","string"]],"value":[1,"x"]}}')
    read = state_json.read_block(raw, BLOCK)
    assert read is not None
    assert read["any"] == Dynamic(["tuple", ["number", "string"]], [1, "x"])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.1", Decimal("0.1")),
        ("12345678901234567890123", 12345678901234567890123),
        ("1e3", 1000),
        ("2.50", Decimal("2.5")),
        ("1" + "0" * 5000, Decimal("1e5000")),
    ],
)
def test_numbers_lose_no_digit(text: str, number: int | Decimal) -> None:
    assert state_json.read_value(state_json.parse(text.encode()), "number") == number


@given(typed_values(unknown=False))
def test_what_the_state_file_shows_is_read_back(typed: tuple[Type, Any]) -> None:
    type_, value = typed
    text = as_in_state(type_, value).encode()
    assert state_json.read_value(state_json.parse(text), type_) == value


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"NaN", b"[" * 200_000])
def test_what_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(DynamicValueError, match="JSON"):
        state_json.parse(text)


def test_a_value_of_the_wrong_type_is_refused_with_its_path() -> None:
    with pytest.raises(DynamicValueError, match=r"list\[1\]\.name: expected string, got int 5"):
        state_json.read_block({"list": [{}, {"name": 5}]}, BLOCK)
