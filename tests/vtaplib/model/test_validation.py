"""Validation: what is said of a value that does not fit its field, whatever the field and the value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from tests.vtaplib.analysis.mutations import STRANGE
from vtaplib.model.base import Field, Model, Shape
from vtaplib.model.resource import Resource
from vtaplib.model.validation import is_sound, validate
from vtaplib.resources import RESOURCE_TYPES, ResourceGroup

PYTHON: Final = re.compile(
    r"\b(None|True|False|NoneType|str|int|float|bool|dict|tuple|frozenset|mappingproxy|Unknown|object at)\b"
    r"|<class|vtaplib\.|=UNKNOWN|\('"
)
"""What only somebody who knows Python understands."""


def places(kind: type[Model], at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Field]]:
    """All fields of a type, through nested blocks."""
    for name, field in kind.fields().items():
        yield (*at, name), field
        if field.block is not None:
            yield from places(field.block, (*at, name))


def plain(at: tuple[str, ...], value: Any) -> Mapping[str, Any]:
    """Plain values of a type with a value at a place."""
    name, *rest = at
    return {name: [plain(tuple(rest), value)] if rest else value}


@pytest.mark.parametrize("kind", RESOURCE_TYPES, ids=lambda kind: kind.__name__)
def test_no_value_of_any_field_is_told_in_words_of_python(kind: type[Resource]) -> None:
    for at, _ in places(kind):
        for value in STRANGE:
            given = kind.from_values(plain(at, value))
            for one in validate(given, given):
                # What was given may say anything, and one of Azure's words is None.
                said = re.sub(r"'(?:[^'\\]|\\.)*'", "''", one.message.partition(" is not one of ")[0])
                assert not PYTHON.search(said), one.message
                assert said.isprintable()
                assert len(said) < 2_000


@pytest.mark.parametrize("kind", RESOURCE_TYPES, ids=lambda kind: kind.__name__)
def test_a_value_of_another_type_is_told_with_the_type_that_is_wanted(kind: type[Resource]) -> None:
    wanted = {str: "a string", bool: "true or false", int: "a whole number", float: "a number"}
    for at, field in places(kind):
        given = kind.from_values(plain(at, {"a": {}}))
        said = [one.message for one in validate(given) if one.path and one.path[0] == at[0]]
        match field.shape:
            case Shape.SCALAR:
                expected = f"is not {wanted[field.scalar]}"
            case Shape.MAP:
                expected = ".a = {} is not a string"
            case Shape.BLOCK:
                expected = "is not a block"
            case _:
                expected = "is not a list"
        assert any(expected in one for one in said), (at, said)
        assert not is_sound(given)


@pytest.mark.parametrize("kind", RESOURCE_TYPES, ids=lambda kind: kind.__name__)
def test_null_in_place_of_a_value_that_must_be_there_is_told_as_required(kind: type[Resource]) -> None:
    for name, field in kind.fields().items():
        if field.shape is Shape.LIST:
            given = kind.from_values({name: [None]})
            assert any(one.endswith(f": {name}[0] is required") for one in messages(given))
        if field.required and not field.nullable and field.shape is not Shape.BLOCKS:
            assert any(f"{name} is required" in one for one in messages(kind.from_values({name: None})))


def messages(resource: Resource) -> list[str]:
    return [one.message for one in validate(resource)]


NAMES = re.compile(r"(.*_)?(name|location|edge_zone|username)\Z|tags\Z")


@pytest.mark.parametrize("control", ["\0", "\x1b", "\n", "\x7f", "\x9b"])
def test_no_name_region_or_name_of_a_tag_has_a_control_character(control: str) -> None:
    named = [
        (kind, at, field)
        for kind in RESOURCE_TYPES
        for at, field in places(kind)
        if NAMES.match(at[-1]) and field.ref is None
    ]
    assert {at[-1] for _, at, _ in named} >= {"name", "location", "edge_zone", "tags", "admin_username"}
    for kind, at, field in named:
        text = f"a{control}b"
        given = kind.from_values(plain(at, {text: "b"} if field.shape is Shape.MAP else text))
        assert [one for one in validate(given) if at[-1] in map(str, one.path)], (kind, at)


def test_the_value_of_a_tag_may_have_lines() -> None:
    given = ResourceGroup(name="rg", location="eastus", tags={"motd": "one\ntwo"})
    assert not [one for one in validate(given) if "tags" in map(str, one.path)]
