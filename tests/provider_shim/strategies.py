"""Terraform types, and values of a type."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from provider_shim.schema import Type
from provider_shim.values import Dynamic
from vtaplib.model.unknown import UNKNOWN

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(2**70), 2**70) | st.decimals(allow_nan=False, allow_infinity=False, places=5).map(
    lambda d: int(d) if d == d.to_integral_value() else d
)


def types(*, dynamic: bool = True) -> st.SearchStrategy[Type]:
    """Types of a few levels; `dynamic` False leaves the open type out."""
    names = ["string", "number", "bool"] + ["dynamic"] * dynamic
    leaves: st.SearchStrategy[Any] = st.sampled_from(names)
    return st.recursive(leaves, _compound, max_leaves=6)


def _compound(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.tuples(st.sampled_from(["list", "set", "map"]), inner).map(list),
        st.dictionaries(NAMES, inner, max_size=4).map(lambda attributes: ["object", attributes]),
        st.lists(inner, max_size=3).map(lambda elements: ["tuple", elements]),
    )


def values(type_: Type, *, unknown: bool = True) -> st.SearchStrategy[Any]:
    """Plain values of the type, null anywhere, and `unknown` anywhere."""
    return (
        st.none() | st.just(UNKNOWN) | _known(type_, unknown)
        if unknown
        else st.none() | _known(type_, unknown)
    )


def _known(type_: Any, unknown: bool) -> st.SearchStrategy[Any]:
    def inner(element: Any) -> st.SearchStrategy[Any]:
        return values(element, unknown=unknown)

    match type_:
        case "string":
            return TEXTS
        case "number":
            return NUMBERS
        case "bool":
            return st.booleans()
        case "dynamic":
            return (
                types()
                .filter(lambda t: t != "dynamic")
                .flatmap(lambda t: inner(t).map(lambda value: Dynamic(t, value)))
            )
        case ["list" | "set", element]:
            return st.lists(inner(element), max_size=3)
        case ["map", element]:
            return st.dictionaries(TEXTS, inner(element), max_size=3)
        case ["object", attributes]:
            return st.fixed_dictionaries({name: inner(attribute) for name, attribute in attributes.items()})
        case ["tuple", elements]:
            return st.tuples(*map(inner, elements)).map(list)
    raise AssertionError(type_)


def typed_values(*, unknown: bool = True) -> st.SearchStrategy[tuple[Type, Any]]:
    """A type and a value of it."""
    return types().flatmap(lambda type_: st.tuples(st.just(type_), values(type_, unknown=unknown)))


def state_json(type_: Any, value: Any) -> str:
    """The value as Terraform's state file has it, every digit of a number included."""
    match type_:
        case _ if value is None:
            return "null"
        case "number":
            return format(value, "f") if isinstance(value, Decimal) else str(value)
        case "dynamic":
            return f'{{"type":{json.dumps(value.type)},"value":{state_json(value.type, value.value)}}}'
        case ["list" | "set", element]:
            return "[" + ",".join(state_json(element, item) for item in value) + "]"
        case ["tuple", elements]:
            return "[" + ",".join(map(state_json, elements, value)) + "]"
        case ["map" | "object" as kind, inner]:
            types_of = inner if kind == "object" else dict.fromkeys(value, inner)
            pairs = (f"{json.dumps(key)}:{state_json(types_of[key], item)}" for key, item in value.items())
            return "{" + ",".join(pairs) + "}"
    return json.dumps(value)
