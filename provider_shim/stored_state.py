"""An object as it comes out of a state file, checked once: what passes here, every other call can rely on.

A state file is JSON that people edit, merge and restore by hand. What is wrong in it is said of the state,
with the place, the value and the way out, before anything is planned from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from provider_shim.diagnostics import Diagnostic, Key, Path
from provider_shim.identity import full_format, to_resource_id
from provider_shim.schema import Nesting, Schema, SchemaBlock, Type
from provider_shim.state_json import damage, read_block
from provider_shim.values import DynamicValueError, format_path
from vtaplib.model.base import Values
from vtaplib.model.resource import Resource


def load(
    type_name: str, kind: type[Resource], schema: Schema, version: int, raw: Any
) -> tuple[Values | None, list[Diagnostic]]:
    """The object of a type that parsed JSON means, or None with what is wrong with it. `version`: that of the
    schema that the state was written with.
    """
    if version > schema.version:
        problem = (
            f"its schema_version is {version}, and this provider knows versions up to {schema.version}. If a "
            "newer vtap wrote it, use that one"
        )
        return None, [damage(type_name, problem, raw)]
    try:
        value = read_block(raw, schema.block)
    except DynamicValueError as error:
        return None, [damage(type_name, str(error), raw)]
    if value is None:
        return None, [damage(type_name, "expected an object, got null", raw)]
    problems = [f"{format_path(path)} {problem}" for path, problem in _problems(value, schema.block, ())]
    if not problems and kind.parse_id(to_resource_id(kind, value["id"])) is None:
        problems = [f"id = {value['id']!r:.300} is not of the form {full_format(kind)}"]
    return (None if problems else value), [damage(type_name, one, raw) for one in problems]


def _problems(value: Values, block: SchemaBlock, path: Path) -> Iterator[tuple[Path, str]]:
    """What is missing although no state is without it."""
    for attribute in block.attributes:
        found, here = value[attribute.name], (*path, attribute.name)
        if found is None:
            # A secret is missing in what was imported: nobody can read it.
            if (attribute.required and not attribute.sensitive) or here == ("id",):
                yield here, "is missing"
        else:
            yield from _value_problems(found, attribute.type, here)
    for nested in block.blocks:
        found, here = value[nested.name], (*path, nested.name)
        single = nested.nesting is Nesting.SINGLE
        blocks = found if not single else [] if found is None else [found]
        if len(blocks) < nested.min_items or len(blocks) > (nested.max_items or len(blocks)):
            yield here, f"has {len(blocks)} blocks, which no configuration has"
        for number, one in enumerate(blocks):
            place = here if single else (*here, number)
            if one is None:
                yield place, "is null"
            else:
                yield from _problems(one, nested.block, place)


def _value_problems(value: Any, type_: Type, path: Path) -> Iterator[tuple[Path, str]]:
    """What is missing inside a value that is not null."""
    match type_:
        case ["list" | "set" as kind, element]:
            for number, one in enumerate(value):
                yield from _element_problems(one, element, (*path, number), kind)
        case ["map" as kind, element]:
            for key, one in value.items():
                yield from _element_problems(one, element, (*path, Key(key)), kind)
        case ["object", dict(attributes)]:
            for name, inner in attributes.items():
                if value[name] is not None:
                    yield from _value_problems(value[name], inner, (*path, name))


def _element_problems(value: Any, type_: Type, path: Path, kind: str) -> Iterator[tuple[Path, str]]:
    if value is None:
        yield path, f"is null, which no {kind} holds"
    else:
        yield from _value_problems(value, type_, path)
