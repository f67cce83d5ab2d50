"""What Terraform demands of a schema, checked before Terraform sees it.

One bad entry makes Terraform reject the whole provider without saying where; a malformed type even makes it
panic; and it accepts names that no configuration can ever set. So every problem is found here, with its
place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from provider_shim.schema import Attribute, IdentitySchema, NestedBlock, Nesting, Schema, SchemaBlock

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")
# Terraform reads these itself, so an attribute of that name never reaches the provider.
META_ARGUMENTS: Final = frozenset({
    "connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner",
})  # fmt: skip
_PRIMITIVES: Final = frozenset({"string", "number", "bool", "dynamic"})


def check_schema(schema: Schema, name: str) -> Iterator[str]:
    """Yield every problem of a resource type's (or the provider's) schema, each beginning with its place."""
    if schema.version < 0:
        yield f"{name}: the version is negative"
    for entry in _entries(schema.block):
        if entry.name in META_ARGUMENTS:
            yield f"{name}.{entry.name}: the name is Terraform's own and could never be set"
    yield from _check_block(schema.block, name, in_set=False, in_collection=False)


def check_identity_schema(schema: IdentitySchema, name: str) -> Iterator[str]:
    """Yield every problem of an identity schema."""
    if schema.version < 0:
        yield f"{name}: the identity's version is negative"
    for attribute in schema.attributes:
        where = f"{name} identity.{attribute.name}"
        yield from _check_type(attribute.type, where)
        if isinstance(attribute.type, list) and attribute.type[:1] != ["list"]:
            yield f"{where}: an identity has primitive types and lists of them only"


def _entries(block: SchemaBlock) -> list[Attribute | NestedBlock]:
    return [*block.attributes, *block.blocks]


def _check_block(block: SchemaBlock, where: str, *, in_set: bool, in_collection: bool) -> Iterator[str]:
    names = [entry.name for entry in _entries(block)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{where}.{name}: defined twice"
    for attribute in block.attributes:
        place = f"{where}.{attribute.name}"
        yield from _check_attribute(attribute, place, in_set=in_set)
        if in_collection and "dynamic" in _leaves(attribute.type):
            yield f"{place}: no dynamic type inside a list, set or map of blocks"
    for nested in block.blocks:
        yield from _check_nested(nested, f"{where}.{nested.name}", in_set=in_set, in_collection=in_collection)


def _check_attribute(attribute: Attribute, where: str, *, in_set: bool) -> Iterator[str]:
    if not _NAME.fullmatch(attribute.name):
        yield f"{where}: a name is lower-case letters, digits and underscores"
    yield from _check_type(attribute.type, where)
    if attribute.required and (attribute.optional or attribute.computed):
        yield f"{where}: required excludes optional and computed"
    if not (attribute.required or attribute.optional or attribute.computed):
        yield f"{where}: must be required, optional or computed"
    if attribute.write_only and attribute.computed:
        yield f"{where}: write-only excludes computed"
    if attribute.write_only and in_set:
        yield f"{where}: no write-only attribute inside a set"


def _check_nested(nested: NestedBlock, where: str, *, in_set: bool, in_collection: bool) -> Iterator[str]:
    if not _NAME.fullmatch(nested.name):
        yield f"{where}: a name is lower-case letters, digits and underscores"
    low, high = nested.min_items, nested.max_items
    match nested.nesting:
        case Nesting.SINGLE:
            if (low, high) not in {(0, 0), (1, 1)}:
                yield f"{where}: a single block has min_items = max_items, 0 or 1, not {low} and {high}"
        case Nesting.GROUP | Nesting.MAP:
            if low or high:
                yield f"{where}: a {nested.nesting.value} block has no min_items and max_items"
        case Nesting.LIST | Nesting.SET:
            if low < 0 or high < 0 or (high and low > high):
                yield f"{where}: min_items {low} and max_items {high} leave nothing"
    collection = nested.nesting in {Nesting.LIST, Nesting.SET, Nesting.MAP}
    yield from _check_block(
        nested.block,
        where,
        in_set=in_set or nested.nesting is Nesting.SET,
        in_collection=in_collection or collection,
    )


def _check_type(type_: Any, where: str, *, in_set: bool = False) -> Iterator[str]:
    match type_:
        case "dynamic" if in_set:
            yield f"{where}: no dynamic type inside a set"
        case str() if type_ in _PRIMITIVES:
            pass
        case ["list" | "map" | "set" as kind, element]:
            yield from _check_type(element, where, in_set=in_set or kind == "set")
        case ["object", dict(attributes)]:
            for name, attribute in attributes.items():
                yield from _check_type(attribute, f"{where}.{name}", in_set=in_set)
        case ["tuple", list(elements)]:
            for index, element in enumerate(elements):
                yield from _check_type(element, f"{where}[{index}]", in_set=in_set)
        case _:
            yield f"{where}: {type_!r} is not a Terraform type"


def _leaves(type_: Any) -> set[str]:
    if isinstance(type_, str):
        return {type_}
    if isinstance(type_, dict):
        return set().union(*map(_leaves, type_.values()))
    return set().union(*map(_leaves, type_[1:] if isinstance(type_[0], str) else type_)) if type_ else set()
