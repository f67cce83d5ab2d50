"""The user's contract as text: every argument and value of every type, with all that its definition says.

There is a file for resources and one for data sources. They are reviewed, so that a change of the contract is
seen. Write them anew with `python -m tests.provider_shim.golden_schema` and look at the difference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from provider_shim.derivation import data_source_schema, resource_schema
from provider_shim.provider_configuration import provider_schema
from provider_shim.schema import Attribute, NestedBlock, SchemaBlock
from provider_shim.types import AZURERM_VERSION, DATA_SOURCES, IDENTITIES, RESOURCE_TYPES
from vtaplib.model.arguments import IdOf
from vtaplib.model.base import Field, Model, Shape
from vtaplib.model.marks import (
    CREATE_ONLY,
    DERIVED,
    INERT,
    INLINE,
    Between,
    Constraint,
    Items,
    Length,
    Matches,
    NoControlCharacters,
    OneOf,
    Satisfies,
)

GOLDEN = Path(__file__).parent / "golden" / "schema.txt"
GOLDEN_DATA_SOURCES = GOLDEN.with_name("data_sources.txt")


def golden() -> str:
    """The contract of the provider and its resources, one line an attribute or block, sorted. The first line
    says which release of azurerm it is that of.
    """
    lines = list(_block_lines("provider", provider_schema().block, None))
    for name, kind in RESOURCE_TYPES.items():
        lines += _block_lines(name, resource_schema(kind).block, kind)
        if name in IDENTITIES:
            lines.append(f"{name} identity {' '.join(IDENTITIES[name])}")
    return "".join(f"{line}\n" for line in (f"# azurerm {AZURERM_VERSION}", *sorted(lines)))


def golden_data_sources() -> str:
    """The contract of the data sources, in the same form."""
    lines = [
        line
        for name, kind in DATA_SOURCES.items()
        for line in _block_lines(f"data.{name}", data_source_schema(kind).block, kind)
    ]
    return "".join(f"{line}\n" for line in sorted(lines))


def _block_lines(where: str, block: SchemaBlock, cls: type[Model] | None) -> Iterator[str]:
    fields = {} if cls is None else cls.fields()
    for attribute in block.attributes:
        yield f"{where}.{attribute.name} {_attribute(attribute)}{_declared(fields.get(attribute.name))}"
        field = fields.get(attribute.name)
        if field is not None and field.block is not None:
            for name, inner in sorted(field.block.fields().items()):
                yield f"{where}.{attribute.name}[].{name}{_declared(inner)}"
    for nested in block.blocks:
        field = fields.get(nested.name)
        yield f"{where}.{nested.name} {_nested(nested)}{_declared(field)}"
        inner_cls = None if field is None else field.block
        yield from _block_lines(f"{where}.{nested.name}", nested.block, inner_cls)


def _attribute(attribute: Attribute) -> str:
    flags = ("required", "optional", "computed", "sensitive", "write_only")
    type_ = attribute.type if isinstance(attribute.type, str) else json.dumps(attribute.type)
    return " ".join([*(flag for flag in flags if getattr(attribute, flag)), type_])


def _nested(nested: NestedBlock) -> str:
    return f"block {nested.nesting.value} {nested.min_items}..{nested.max_items or '*'}"


def _declared(field: Field | None) -> str:
    if field is None:
        return ""
    words = [flag.name for flag in (CREATE_ONLY, DERIVED, INERT, INLINE) if field.has(flag)]
    if not field.required and field.default not in (None, ()):
        words.append(f"default={field.default!r}")
    if field.ref is not None:
        words.append(f"refers to {field.ref.kind}")
    if field.canonical is not None:
        words.append(f"same by {field.canonical.form.__name__}")
    words += map(_constraint, field.constraints)
    words += (f"each {_constraint(one)}" for one in field.element_constraints)
    if field.items != Items() and field.shape is not Shape.BLOCK:
        least = f"{field.items.minimum_if_set}.. if set" if field.items.minimum_if_set else ""
        words.append(f"items {field.items.minimum}..{field.items.maximum or '*'} {least}".rstrip())
    return f" | {', '.join(words)}" if words else ""


def _constraint(constraint: Constraint) -> str:
    match constraint:
        case OneOf():
            return "|".join(constraint.values) + (" in any case" if constraint.ignore_case else "")
        case Between():
            return f"from {constraint.minimum} to {constraint.maximum}"
        case Length():
            return f"length {constraint.minimum}..{constraint.maximum or '*'}"
        case Matches():
            return f"like {constraint.pattern}"
        case IdOf():
            return f"ID {constraint.id_format}{' in any case' if constraint.lenient else ''}"
        case NoControlCharacters():
            return "no control characters"
        case Satisfies():
            return f"judged by {constraint.judge.__name__}"
    raise AssertionError(f"golden_schema.py does not know {constraint!r}")


if __name__ == "__main__":
    GOLDEN.write_text(golden())
    GOLDEN_DATA_SOURCES.write_text(golden_data_sources())
