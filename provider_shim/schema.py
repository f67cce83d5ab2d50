"""The shape of a Terraform object: attributes with types, and nested blocks.

Plain dataclasses, free of protobuf: `wire.py` turns them into Terraform's messages, `values.py` reads and
writes values by them.
"""

from __future__ import annotations

import enum
from typing import Any, NamedTuple

# A Terraform type as its JSON form decodes: "string", "number", "bool", "dynamic", ["list", T], ["set", T],
# ["map", T], ["object", {name: T}], ["tuple", [T, ...]].
Type = str | list[Any]


class Nesting(enum.Enum):
    """How often a nested block may be written, and what its value looks like."""

    SINGLE = "single"
    LIST = "list"
    SET = "set"
    MAP = "map"
    GROUP = "group"


class Attribute(NamedTuple):
    """One argument or computed value; exactly one of required, optional, computed, optional and computed."""

    name: str
    type: Type
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    write_only: bool = False
    description: str = ""
    deprecated: str = ""


class NestedBlock(NamedTuple):
    """A block type inside a block; `max_items` 0 means any number."""

    name: str
    nesting: Nesting
    block: SchemaBlock
    min_items: int = 0
    max_items: int = 0


class SchemaBlock(NamedTuple):
    """Attributes and nested blocks, under one pair of braces."""

    attributes: tuple[Attribute, ...]
    blocks: tuple[NestedBlock, ...] = ()
    description: str = ""
    deprecated: str = ""


class Schema(NamedTuple):
    """The block of a provider or of a resource type, and the version of the state written with it."""

    block: SchemaBlock
    version: int = 0


class IdentityAttribute(NamedTuple):
    """One part of what identifies an object, as an `import` block's `identity` gives it."""

    name: str
    type: Type = "string"
    required_for_import: bool = True
    description: str = ""


class IdentitySchema(NamedTuple):
    """What identifies an object of a resource type."""

    attributes: tuple[IdentityAttribute, ...]
    version: int = 0
