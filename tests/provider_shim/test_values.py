"""The msgpack codec against bytes that Terraform sends, by the msgpack specification, and as a round trip."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_shim.diagnostics import Key
from provider_shim.schema import Attribute, NestedBlock, Nesting, SchemaBlock, Type
from provider_shim.values import Dynamic, DynamicValueError, decode, encode, format_path, object_type
from tests.provider_shim.strategies import typed_values
from vtaplib.model.unknown import UNKNOWN

# What Terraform 1.15 puts on the wire for a value (observed), and what it takes.
BOTH_WAYS: list[tuple[str, Type, Any]] = [
    ("c0", "string", None),
    ("c0", "dynamic", None),
    ("c0", ["list", "string"], None),
    ("a3 616263", "string", "abc"),
    ("a2 c3a9", "string", "é"),
    ("c3", "bool", True),
    ("c2", "bool", False),
    ("2a", "number", 42),
    ("ff", "number", -1),
    ("cb 3fe0000000000000", "number", Decimal("0.5")),
    ("a3 302e31", "number", Decimal("0.1")),
    ("b3 39323233333732303336383534373735383038", "number", 2**63),
    ("d4 00 00", "string", UNKNOWN),
    ("d4 00 00", ["object", {"a": "string"}], UNKNOWN),
    ("90", ["list", "string"], []),
    ("93 a161 c0 d40000", ["list", "string"], ["a", None, UNKNOWN]),
    ("92 a161 a162", ["set", "string"], ["a", "b"]),
    ("81 a161 c0", ["map", "string"], {"a": None}),
    ("82 a161 01 a162 c0", ["object", {"a": "number", "b": "bool"}], {"a": 1, "b": None}),
    ("92 01 a178", ["tuple", ["number", "string"]], [1, "x"]),
    ("92 c408 22737472696e6722 a178", "dynamic", Dynamic("string", "x")),
    ("92 c408 22737472696e6722 d40000", "dynamic", Dynamic("string", UNKNOWN)),
    ("d4 00 00", "dynamic", UNKNOWN),
    ("92 c411 5b226c697374222c22737472696e67225d 91 a161", "dynamic", Dynamic(["list", "string"], ["a"])),
    ("91 92 c408 226e756d62657222 01", ["list", "dynamic"], [Dynamic("number", 1)]),
]
# Refined unknowns: extension 12 with a map of what is known about the value. Other codes are unknown, too.
READ_ONLY: list[tuple[str, Type, Any]] = [
    ("c7 0c 0c 82 01 c2 02 a7 7072656669782d", "string", UNKNOWN),
    ("c7 03 0c 81 01 c2", "string", UNKNOWN),
    ("c7 0b 0c 83 01 c2 03 92 01 c3 04 92 02 c3", "number", UNKNOWN),
    ("d4 05 00", "bool", UNKNOWN),
    ("d6 ff 00000000", "string", UNKNOWN),
    ("cb 4045000000000000", "number", 42),
    ("a4 31653330", "number", 10**30),
    ("92 c409 2264796e616d696322 c0", "dynamic", None),
]


def bytes_of(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.mark.parametrize(("payload", "type_", "value"), BOTH_WAYS)
def test_a_value_is_written_as_terraform_writes_it(payload: str, type_: Type, value: Any) -> None:
    assert encode(value, type_) == bytes_of(payload)


@pytest.mark.parametrize(("payload", "type_", "value"), [*BOTH_WAYS, *READ_ONLY])
def test_a_value_is_read_as_terraform_means_it(payload: str, type_: Type, value: Any) -> None:
    decoded = decode(bytes_of(payload), type_)
    assert decoded == value
    assert type(decoded) is type(value)


@pytest.mark.parametrize(("payload", "type_", "value"), BOTH_WAYS)
def test_every_strict_prefix_is_refused(payload: str, type_: Type, value: Any) -> None:
    whole = bytes_of(payload)
    for length in range(len(whole)):
        with pytest.raises(DynamicValueError):
            decode(whole[:length], type_)


@pytest.mark.parametrize(("payload", "type_", "value"), BOTH_WAYS)
def test_trailing_bytes_are_refused(payload: str, type_: Type, value: Any) -> None:
    with pytest.raises(DynamicValueError):
        decode(bytes_of(payload) + b"\xc0", type_)


@given(typed_values())
def test_a_value_survives_the_round_trip(typed: tuple[Type, Any]) -> None:
    type_, value = typed
    assert decode(encode(value, type_), type_) == value


@given(st.binary(max_size=60), typed_values())
def test_any_bytes_decode_or_are_refused(payload: bytes, typed: tuple[Type, Any]) -> None:
    try:
        value = decode(payload, typed[0])
    except DynamicValueError:
        return
    assert decode(encode(value, typed[0]), typed[0]) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_written_as_the_decimal_that_shows_it(number: float) -> None:
    assert decode(encode(number, "number"), "number") == Decimal(repr(number))


@pytest.mark.parametrize(
    ("value", "type_", "message"),
    [
        ({"a": {"b": 1}}, ["object", {"a": ["map", "string"]}], 'a["b"]: expected string, got int 1'),
        ([1, "x"], ["list", "number"], "[1]: expected number, got str 'x'"),
        (True, "number", "expected number, got bool True"),
        (1, "bool", "expected bool, got int 1"),
        ({"a": 1}, ["object", {"b": "number"}], "missing: b; not in the schema: a"),
        ([1], ["tuple", ["number", "number"]], "expected a tuple of 2, got 1 elements"),
        ("x", "dynamic", "expected Dynamic(type, value), got str 'x'"),
        ("x", "strng", "there is no type 'strng'"),
        (Decimal("NaN"), "number", "expected a finite number"),
        ("\ud800", "string", "not valid Unicode"),
        ({1: "x"}, ["map", "string"], "expected a string as map key"),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_path(value: Any, type_: Type, message: str) -> None:
    with pytest.raises(DynamicValueError) as caught:
        encode(value, type_)
    assert message in str(caught.value)


def test_the_error_carries_the_path_as_data() -> None:
    payload = msgpack.packb({"tags": {"a": 1}})
    with pytest.raises(DynamicValueError) as caught:
        decode(payload, ["object", {"tags": ["map", "string"]}])
    assert caught.value.path == ("tags", Key("a"))


def test_a_path_is_written_as_terraform_writes_it() -> None:
    assert format_path(("ip_configuration", 0, "tags", Key('a"b'))) == 'ip_configuration[0].tags["a\\"b"]'


def test_a_huge_exponent_does_not_become_a_huge_integer() -> None:
    assert decode(msgpack.packb("1e999999999"), "number") == Decimal("1e999999999")


def test_nested_blocks_have_the_type_of_their_nesting() -> None:
    inner = SchemaBlock((Attribute("a", "string", optional=True),))
    block = SchemaBlock(
        (Attribute("n", "number", required=True),),
        tuple(NestedBlock(nesting.value, nesting, inner) for nesting in Nesting),
    )
    object_a = ["object", {"a": "string"}]
    assert object_type(block) == [
        "object",
        {
            "n": "number",
            "single": object_a,
            "list": ["list", object_a],
            "set": ["set", object_a],
            "map": ["map", object_a],
            "group": object_a,
        },
    ]
