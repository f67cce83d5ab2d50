"""Resources do not change, all the way down: whatever they are made of, and however they are made."""

from __future__ import annotations

import copy
import io
import json
import pickle
from collections import OrderedDict, UserDict, UserList, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import reduce
from itertools import cycle, repeat
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from rich.console import Console
from rich.pretty import Pretty

from tests.examples import part_of
from tests.vtaplib.control.lab import Lab, network, network_id
from vtaplib import VirtualNetwork
from vtaplib.control.arm.decoding import decode
from vtaplib.control.arm.encoding import encode
from vtaplib.control.service_defaults import canonical, with_value
from vtaplib.model import UNKNOWN
from vtaplib.model.base import Model, Shape
from vtaplib.model.frozen import FrozenDict, frozen
from vtaplib.model.resource import Resource
from vtaplib.resources import RESOURCE_TYPES

TAGS = {"owner": "team", "stage": "test"}
SCALARS: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
)
MAPPINGS = (dict, OrderedDict, UserDict, MappingProxyType, FrozenDict)
SEQUENCES = (list, tuple, deque, UserList)
CONTENTS: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.builds(lambda make, items: make(items), st.sampled_from(SEQUENCES), st.lists(inner, max_size=3)),
        st.builds(
            lambda make, items: make(items),
            st.sampled_from(MAPPINGS),
            st.dictionaries(st.text(max_size=3), inner, max_size=3),
        ),
        st.sets(SCALARS, max_size=3),
    ),
    max_leaves=8,
)
"""What a field may be given, fit for it or not: most of it can be changed in place."""


def changeable(value: object) -> Iterator[object]:
    """Everything that is reached from a value, and is of a type that can be changed in place."""
    match value:
        case None | bool() | int() | float() | str() | bytes():
            return
        case Model():
            inside: Any = vars(value).values()
        case FrozenDict():
            inside = [*value, *value.values()]
        case tuple() | frozenset():
            inside = value
        case _:
            yield value
            return
    for one in inside:
        yield from changeable(one)


def filled(kind: type[Model], contents: Iterator[Any]) -> dict[str, Any]:
    """A value for every field of a type, nested blocks included."""
    values = {}
    for name, field in kind.fields().items():
        values[name] = next(contents)
        if field.block is not None and values[name] is not None:
            block = field.block(**filled(field.block, contents))
            values[name] = block if field.shape is Shape.BLOCK else [block, values[name]]
    return values


Way = Callable[[type[Resource], dict[str, Any]], Resource]
WAYS: Mapping[str, Way] = {
    "its constructor": lambda kind, values: kind(**values),
    "replace": lambda kind, values: kind(**dict.fromkeys(values, "")).replace(**values),
    "plain values": lambda kind, values: kind.from_values(values),
    "its own plain values": lambda kind, values: kind.from_values(kind(**values).values()),
    "a value at a path": lambda kind, values: reduce(
        lambda one, item: with_value(one, (item[0],), item[1]),
        values.items(),
        kind(**dict.fromkeys(values, "")),
    ),
    "pickle": lambda kind, values: pickle.loads(pickle.dumps(kind(**values))),  # noqa: S301 - our own bytes
    "copy": lambda kind, values: copy.copy(kind(**values)),
    "deepcopy": lambda kind, values: copy.deepcopy(kind(**values)),
}
"""By whom a resource is made of values."""


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@settings(max_examples=part_of(25))
@given(kind=st.sampled_from(RESOURCE_TYPES), contents=st.lists(CONTENTS, min_size=1, max_size=8))
def test_nothing_that_is_reached_from_a_resource_can_be_changed(
    way: Way, kind: type[Resource], contents: list[Any]
) -> None:
    made = way(kind, filled(kind, cycle(contents)))
    assert type(made) is kind
    assert list(changeable(made)) == []


@pytest.mark.parametrize("kind", RESOURCE_TYPES)
def test_nothing_that_is_reached_from_what_a_cloud_or_a_document_tells_can_be_changed(
    kind: type[Resource],
) -> None:
    lab = Lab()
    for one in lab.cloud.list(kind):
        tagged = one.replace(tags=TAGS) if "tags" in kind.fields() else one
        written = lab.cloud.put(tagged)
        read = lab.cloud.get(one.id)
        decoded = () if kind.arm_owner else decode(encode(read, lab.cloud.view)).resources
        for each in (written, read, canonical(tagged), *decoded):
            assert list(changeable(each)) == []


@pytest.mark.parametrize("kind", RESOURCE_TYPES)
def test_defaults_do_not_change_either(kind: type[Resource]) -> None:
    for _, field, _ in kind(**filled(kind, repeat(""))).walk():
        assert list(changeable(field.default)) == []


def test_what_a_cloud_returned_cannot_change_what_it_returns_next() -> None:
    lab = Lab()
    lab.put(network("app", "10.1.0.0/16", tags=TAGS))
    returned: Any = lab.get(VirtualNetwork, network_id("app"))
    with pytest.raises(TypeError, match="does not change"):
        returned.tags["owner"] = "nobody"
    assert lab.get(VirtualNetwork, network_id("app")).tags == TAGS


# Equal resources


def test_resources_that_are_equal_hash_equally_whatever_the_order_of_their_tags() -> None:
    one = network("app", "10.1.0.0/16", tags=TAGS)
    other = network("app", "10.1.0.0/16").replace(tags=dict(reversed(TAGS.items())))
    assert one == other
    assert hash(one) == hash(other)
    assert {one, other} == {one}


@settings(max_examples=part_of(50))
@given(kind=st.sampled_from(RESOURCE_TYPES), contents=st.lists(CONTENTS, min_size=1, max_size=8))
def test_resources_hash_as_they_compare(kind: type[Resource], contents: list[Any]) -> None:
    """1, 1.0 and True are equal, and so are the resources that have one each in a field."""
    values = filled(kind, cycle(contents))
    one = kind(**values)
    other = kind(**{name: as_another_type(values[name]) for name in reversed(values)})
    assert one == other
    assert hash(one) == hash(other)


def as_another_type(value: Any) -> Any:
    """An equal value, of another type where there is one."""
    match value:
        case bool():
            return int(value)
        case int() if abs(value) <= 2**53:
            return float(value)
        case float() if value.is_integer():
            return int(value)
        case dict() | OrderedDict():
            return {name: as_another_type(value[name]) for name in reversed(value)}
        case list():
            return [as_another_type(one) for one in value]
    return value


@settings(max_examples=part_of(25))
@given(kind=st.sampled_from(RESOURCE_TYPES), contents=st.lists(CONTENTS, min_size=1, max_size=8))
def test_a_pickled_or_copied_resource_is_equal_and_hashes_equally(
    kind: type[Resource], contents: list[Any]
) -> None:
    one = kind(**filled(kind, cycle(contents)))
    for other in (pickle.loads(pickle.dumps(one)), copy.copy(one), copy.deepcopy(one)):  # noqa: S301 - as above
        assert other == one
        assert hash(other) == hash(one)


def test_a_pickle_keeps_what_is_not_known_unknown() -> None:
    one = network("app", "10.1.0.0/16").replace(tags=UNKNOWN)
    assert not pickle.loads(pickle.dumps(one)).knows("tags")  # noqa: S301 - as above


# Frozen mappings

ITEMS = st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=4)


@given(ITEMS)
def test_a_frozen_mapping_equals_the_dict_both_ways(items: dict[str, str]) -> None:
    made = FrozenDict(items)
    assert made == items
    assert items == made
    assert made != {**items, "another": ""}
    assert {**items, "another": ""} != made
    assert repr(made) == repr(items)


@given(ITEMS, ITEMS)
def test_a_frozen_mapping_united_with_a_dict_gives_a_dict(one: dict[str, str], other: dict[str, str]) -> None:
    for united in (FrozenDict(one) | other, one | FrozenDict(other), FrozenDict(one) | FrozenDict(other)):
        assert type(united) is dict
        assert united == one | other
    united = mapping = FrozenDict(one)
    united |= other
    assert united == one | other
    assert mapping == one


@given(ITEMS)
def test_no_method_of_a_dict_changes_a_frozen_mapping(items: dict[str, str]) -> None:
    made = FrozenDict(items)
    arguments = [(), ("key",), ("key", "value"), ({"key": "value"},)]
    names = [name for name in dir(dict) if name not in dir(object) or name == "__init__"]
    for name in names:
        for some in arguments:
            with suppress(TypeError, KeyError):
                getattr(made, name)(*some)
            assert made == items, name
    with pytest.raises(AttributeError):
        made.another = 1  # type: ignore[attr-defined]  # that is the point


@given(ITEMS)
def test_what_takes_dicts_takes_frozen_mappings(items: dict[str, str]) -> None:
    made = FrozenDict(items)
    assert json.loads(json.dumps(made)) == items
    assert TypeAdapter(dict[str, str]).validate_python(made, strict=True) == items
    assert TypeAdapter(Mapping[str, str]).validate_python(made) == items
    assert TypeAdapter(Mapping[str, str]).dump_json(made) == TypeAdapter(dict[str, str]).dump_json(items)
    assert rendered(made) == rendered(items)


def rendered(value: object) -> str:
    console = Console(file=io.StringIO(), width=40)
    with console.capture() as capture:
        console.print(Pretty(value))
    return capture.get()


def test_what_is_frozen_already_stays_the_same_object() -> None:
    for value in ("text", b"bytes", 1, None, True, 1.5, UNKNOWN, network("app")):
        assert frozen(value) is value
