"""Terraform's contract with a provider, rule by rule: what a plan, a result and a read object must be.

Written after the plugin protocol's documents and Terraform's observed behaviour. Each function yields
problems with path and rule; nothing is repaired or guessed. One rule is stricter here than in Terraform,
which leaves it to the provider: the blocks of a set are held against the configuration too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from provider_shim.diagnostics import Key, Path
from provider_shim.schema import Attribute, NestedBlock, Nesting, SchemaBlock, Type
from provider_shim.values import format_path
from vtaplib.model.unknown import UNKNOWN


@dataclass(frozen=True, slots=True)
class Problem:
    """A broken rule, and where."""

    path: Path
    rule: str

    def __str__(self) -> str:
        return f"{format_path(self.path) or 'the object'}: {self.rule}"


Problems = Iterator[Problem]


def normal(value: Any, type_: Type) -> Any:
    """A value as Terraform sends it: sets in one order, without repetition."""
    if value is None or value is UNKNOWN or isinstance(type_, str):
        return value
    kind, inner = type_
    if kind == "list":
        return [normal(element, inner) for element in value]
    if kind == "map":
        return {key: normal(element, inner) for key, element in value.items()}
    if kind == "object":
        return {name: normal(value[name], one) for name, one in inner.items()}
    assert kind == "set", type_
    elements = {_order(element): element for element in (normal(one, inner) for one in value)}
    return [elements[key] for key in sorted(elements)]


def _order(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def equal(one: Any, other: Any, type_: Type) -> bool:
    """Whether two values are the same; an unknown is the same as an unknown."""
    return bool(normal(one, type_) == normal(other, type_))


def is_known(value: Any) -> bool:
    """Whether a value is known all through."""
    if isinstance(value, dict):
        return all(map(is_known, value.values()))
    return all(map(is_known, value)) if isinstance(value, list) else value is not UNKNOWN


# The shape of a value


def shape_problems(value: Any, block: SchemaBlock, path: Path = ()) -> Problems:
    """What keeps a value from being one of the block's type: Terraform cannot even read such a value."""
    if not isinstance(value, dict):
        yield Problem(path, f"an object is required, not {value!r}")
        return
    names = {one.name for one in block.attributes} | {one.name for one in block.blocks}
    if value.keys() != names:
        different = sorted(value.keys() ^ names)
        yield Problem(path, f"an object with {len(names)} attributes is required; {different} differ")
        return
    for attribute in block.attributes:
        yield from _type_problems(value[attribute.name], attribute.type, (*path, attribute.name))
    for nested in block.blocks:
        yield from _nested_shape(value[nested.name], nested, (*path, nested.name))


def _nested_shape(value: Any, nested: NestedBlock, path: Path) -> Problems:
    if value is UNKNOWN or (value is None and nested.nesting is Nesting.SINGLE):
        return
    if nested.nesting is Nesting.SINGLE:
        yield from shape_problems(value, nested.block, path)
    elif not isinstance(value, list):
        yield Problem(path, f"blocks must be empty to indicate no blocks, not {value!r}")
    else:
        for position, element in enumerate(value):
            if element is not UNKNOWN:
                yield from shape_problems(element, nested.block, (*path, position))


def _type_problems(value: Any, type_: Type, path: Path) -> Problems:
    if value is None or value is UNKNOWN:
        return
    if isinstance(type_, str):
        wanted = {"string": (str,), "bool": (bool,), "number": (int, float, Decimal)}[type_]
        if not isinstance(value, wanted) or (isinstance(value, bool) and type_ != "bool"):
            yield Problem(path, f"{type_} is required, not {value!r}")
        return
    kind, inner = type_
    if kind in ("list", "set"):
        if not isinstance(value, list):
            yield Problem(path, f"{kind} is required, not {value!r}")
            return
        for position, element in enumerate(value):
            yield from _type_problems(element, inner, (*path, position))
    elif not isinstance(value, dict) or (kind == "object" and value.keys() != inner.keys()):
        yield Problem(path, f"{kind} is required, not {value!r}")
    else:
        for name, element in value.items():
            step = Key(name) if kind == "map" else name
            yield from _type_problems(element, inner if kind == "map" else inner[name], (*path, step))


def state_problems(value: Any, block: SchemaBlock, path: Path = ()) -> Problems:
    """What keeps a value from being kept in a state: unknown or write-only parts."""
    yield from shape_problems(value, block, path)
    if not is_known(value):
        yield Problem(path, f"an object in a state is known all through: {value!r}")
    for attribute in block.attributes:
        if attribute.write_only and value[attribute.name] is not None:
            yield Problem((*path, attribute.name), "a write-only attribute is null in a state")


# What is proposed to a provider


def proposed_new(block: SchemaBlock, prior: Any, config: Any) -> Any:
    """The configuration, with what was before where the provider may give the value and the user does not."""
    proposed = {
        one.name: prior[one.name]
        if one.computed and config[one.name] is None and prior is not None
        else config[one.name]
        for one in block.attributes
    }
    for nested in block.blocks:
        written, was = config[nested.name], None if prior is None else prior[nested.name]
        proposed[nested.name] = _proposed_blocks(nested, was, written)
    return proposed


def _proposed_blocks(nested: NestedBlock, was: Any, written: Any) -> Any:
    if nested.nesting is Nesting.SINGLE or written is UNKNOWN:
        return written
    made = []
    for position, element in enumerate(written):
        if nested.nesting is Nesting.LIST:
            before = was[position] if was and position < len(was) else None
        else:
            before = next((one for one in was or () if _could_come_from(nested.block, one, element)), None)
        made.append(UNKNOWN if element is UNKNOWN else proposed_new(nested.block, before, element))
    return made


def _could_come_from(block: SchemaBlock, prior: Any, config: Any) -> bool:
    if config is UNKNOWN:
        return False
    attributes = all(
        (one.computed and config[one.name] is None) or equal(prior[one.name], config[one.name], one.type)
        for one in block.attributes
    )
    return attributes and all(prior[one.name] == config[one.name] for one in block.blocks)


# What may be planned


def plan_problems(
    block: SchemaBlock, prior: Any, config: Any, planned: Any, path: Path = (), *, relaxed: bool = False
) -> Problems:
    """What a plan may not say. `relaxed`: the provider may give a value for "", and fill in what the
    configuration leaves null inside attributes of objects, which is all that the legacy type system may be
    used for.
    """
    if (planned is None) != (config is None):
        yield Problem(path, "planned for absence but config wants existence, or the reverse")
        return
    if config is None or (config is UNKNOWN and planned is UNKNOWN):
        return
    for attribute in block.attributes:
        was = None if prior is None else prior[attribute.name]
        yield from _attribute_plan(
            attribute, was, config[attribute.name], planned[attribute.name], path, relaxed=relaxed
        )
    for nested in block.blocks:
        was = None if prior is None else prior[nested.name]
        yield from _nested_plan(
            nested, was, config[nested.name], planned[nested.name], (*path, nested.name), relaxed=relaxed
        )


def _attribute_plan(
    attribute: Attribute, prior: Any, config: Any, planned: Any, parent: Path, *, relaxed: bool
) -> Problems:
    path, type_ = (*parent, attribute.name), attribute.type
    if attribute.write_only:
        if planned is not None:
            yield Problem(path, "returned a value for the write-only attribute during planning")
        return
    if equal(planned, config, type_):
        return
    if config is None:
        if not attribute.computed:
            yield Problem(path, f"planned value {planned!r} for a non-computed attribute")
        return
    if prior is not None and equal(planned, prior, type_):
        return
    if relaxed and config == "" and attribute.optional and attribute.computed:
        return
    if relaxed and is_objects(type_):
        yield from _filled_objects(config, planned, type_, path)
        return
    yield Problem(
        path, f"planned value {planned!r} does not match config value {config!r} nor prior value {prior!r}"
    )


def is_objects(type_: Type) -> bool:
    """Whether an attribute's type is a collection of objects, which azurerm writes as blocks."""
    return isinstance(type_, list) and isinstance(type_[1], list) and type_[1][0] == "object"


def _filled_objects(config: Any, planned: Any, type_: Any, path: Path) -> Problems:
    """Elements that are the configured ones, but for what the configuration leaves null."""
    if not isinstance(planned, list) or len(planned) != len(config):
        yield Problem(path, f"count in plan disagrees with count in config: {planned!r}, {config!r}")
        return
    rest = list(planned)
    for element in config:
        match = next((one for one in rest if _fills(element, one, type_[1][1])), None)
        if match is None:
            yield Problem(path, f"no planned element is what is configured: {element!r} in {rest!r}")
            return
        rest.remove(match)


def _fills(config: Any, planned: Any, inner: dict[str, Type]) -> bool:
    if config is UNKNOWN or planned is UNKNOWN:
        return config is planned
    return all(config[name] is None or equal(config[name], planned[name], one) for name, one in inner.items())


def _nested_plan(
    nested: NestedBlock, prior: Any, config: Any, planned: Any, path: Path, *, relaxed: bool
) -> Problems:
    if config is UNKNOWN:
        if planned is not UNKNOWN:
            yield Problem(path, f"planned value {planned!r} for unknown dynamic block")
        return
    if planned is UNKNOWN:
        yield Problem(path, "attribute representing nested block must not be unknown itself")
        return
    if nested.nesting is Nesting.SINGLE:
        yield from plan_problems(nested.block, prior, config, planned, path, relaxed=relaxed)
        return
    if planned is None:
        yield Problem(path, "must be empty to indicate no blocks, not null")
        return
    if len(planned) != len(config):
        yield Problem(
            path, f"block count in plan ({len(planned)}) disagrees with count in config ({len(config)})"
        )
        return
    if nested.nesting is Nesting.LIST:
        for position, (element, plan) in enumerate(zip(config, planned, strict=True)):
            was = prior[position] if prior and position < len(prior) else None
            yield from plan_problems(nested.block, was, element, plan, (*path, position), relaxed=relaxed)
        return
    rest = list(planned)
    for element in config:
        match = next(
            (
                one
                for one in rest
                for was in (None, *(prior or ()))
                if not any(plan_problems(nested.block, was, element, one, path, relaxed=relaxed))
            ),
            None,
        )
        if match is None:
            yield Problem(path, f"no planned block is what is configured: {element!r} in {rest!r}")
            return
        rest.remove(match)


# What may come of a plan


def result_problems(block: SchemaBlock, planned: Any, actual: Any, path: Path = ()) -> Problems:
    """What an apply, or a plan repeated with more known, may not make of a plan."""
    if planned is UNKNOWN:
        return
    if planned is None or actual is None:
        if planned is not actual:
            now = "absent, but now present" if planned is None else "present, but now absent"
            yield Problem(path, f"object was {now}")
        return
    for attribute in block.attributes:
        name = attribute.name
        yield from _value_result(attribute.type, planned[name], actual[name], (*path, name))
    for nested in block.blocks:
        yield from _nested_result(nested, planned[nested.name], actual[nested.name], (*path, nested.name))


def _nested_result(nested: NestedBlock, planned: Any, actual: Any, path: Path) -> Problems:
    if planned is UNKNOWN:
        return
    if nested.nesting is Nesting.SINGLE:
        yield from result_problems(nested.block, planned, actual, path)
    elif nested.nesting is Nesting.LIST:
        if actual is UNKNOWN or actual is None or len(actual) != len(planned):
            yield Problem(path, f"block count changed: was {planned!r}, now {actual!r}")
            return
        for position, (one, other) in enumerate(zip(planned, actual, strict=True)):
            yield from result_problems(nested.block, one, other, (*path, position))
    else:
        yield from _set_result(
            planned, actual, path, lambda one, other: not any(result_problems(nested.block, one, other))
        )


def _value_result(type_: Type, planned: Any, actual: Any, path: Path) -> Problems:
    if planned is UNKNOWN:
        return
    if actual is UNKNOWN or planned is None or actual is None or isinstance(type_, str):
        if planned is not actual and (actual is UNKNOWN or planned != actual):
            yield Problem(path, f"was {planned!r}, but now {actual!r}")
        return
    kind, inner = type_
    if kind == "set":
        yield from _set_result(
            planned, actual, path, lambda one, other: not any(_value_result(inner, one, other, path))
        )
        return
    if kind == "list":
        planned, actual = dict(enumerate(planned)), dict(enumerate(actual))
    if planned.keys() != actual.keys():
        yield Problem(path, f"was {planned!r}, but now {actual!r}")
        return
    for name, one in planned.items():
        step = Key(name) if kind == "map" else name
        element = inner[name] if kind == "object" else inner
        yield from _value_result(element, one, actual[name], (*path, step))


def _set_result(planned: Any, actual: Any, path: Path, compatible: Any) -> Problems:
    """A set may shrink, where elements that were unknown turn out the same; it may not grow."""
    if actual is UNKNOWN or actual is None or len(actual) > len(planned):
        yield Problem(path, f"set length changed: was {planned!r}, now {actual!r}")
        return
    for one in planned:
        if not any(compatible(one, other) for other in actual):
            yield Problem(path, f"planned set element {one!r} does not correlate with any element in actual")
    for other in actual:
        if not any(compatible(one, other) for one in planned):
            yield Problem(path, f"actual set element {other!r} does not correlate with any in plan")


def path_exists(path: Path, value: Any) -> bool:
    """Whether a path leads somewhere in a value; what is inside an unknown may be there."""
    for step in path:
        name = step.key if isinstance(step, Key) else step
        if value is UNKNOWN:
            return True
        known = (
            value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        )
        if name not in known:
            return False
        value = value[name]
    return True
