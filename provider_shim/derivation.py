"""From fields to Terraform's schema: every attribute and block follows from a field and its marks.

| field | in the schema |
|---|---|
| no default | required |
| `None` as default | optional |
| another default | optional and computed: Terraform wants a default that the provider fills marked so |
| `Assigned`, `Derived` | computed |
| `OptionalAssigned` | optional and computed |
| `Unordered` | a set instead of a list |
| a block type | a nested block; an attribute of objects under `AttributeBlock`, `Assigned`, `Derived` |
| `Internal` | not there |

Beside the fields every resource has `id` and a `timeouts` block; a data source has `timeouts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provider_shim.late import once_for_each_class
from provider_shim.schema import (
    Attribute,
    IdentityAttribute,
    IdentitySchema,
    NestedBlock,
    Nesting,
    Schema,
    SchemaBlock,
    Type,
)
from vtaplib.model.base import Field, Model, Shape
from vtaplib.model.documentation import field_descriptions
from vtaplib.model.marks import (
    ASSIGNED,
    ATTRIBUTE_BLOCK,
    CREATE_ONLY,
    DERIVED,
    INERT,
    INTERNAL,
    OPTIONAL_ASSIGNED,
    SENSITIVE,
    UNORDERED,
    WRITE_ONLY,
)
from vtaplib.model.resource import Resource

SCALARS: Mapping[type, Type] = {str: "string", bool: "bool", int: "number", float: "number"}
NOT_SIMULATED = "Accepted and kept, without effect in the simulation."


@once_for_each_class
def public_fields(cls: type[Model]) -> Sequence[Field]:
    """The fields that Terraform sees."""
    return tuple(field for field in cls.fields().values() if not field.has(INTERNAL))


def is_attribute(field: Field) -> bool:
    """Whether a field is an attribute rather than a nested block."""
    return field.block is None or field.has(ATTRIBUTE_BLOCK) or not is_settable(field)


def is_computed(field: Field) -> bool:
    """Whether the provider may give the value."""
    given = field.has(ASSIGNED) or field.has(DERIVED) or field.has(OPTIONAL_ASSIGNED)
    return given or not (field.required or field.default is None or field.block is not None)


def is_settable(field: Field) -> bool:
    """Whether the user may give the value."""
    return not (field.has(ASSIGNED) or field.has(DERIVED))


def operations(kind: type[Resource]) -> tuple[str, ...]:
    """What can be done to a resource, and so have a timeout: no update where all is create-only."""
    updatable = any(is_settable(field) and not field.has(CREATE_ONLY) for field in public_fields(kind))
    return ("create", "delete", "read", "update") if updatable else ("create", "delete", "read")


def resource_schema(kind: type[Resource], *, described: bool = False) -> Schema:
    """The schema of a resource type; `described`: with texts, which cost reading the source."""
    block = _block(kind, described)
    identity = Attribute(
        "id", "string", computed=True, description="The ID of the resource." if described else ""
    )
    return Schema(
        SchemaBlock(
            (identity, *block.attributes), (*block.blocks, _timeouts(*operations(kind))), block.description
        )
    )


def data_source_schema(kind: type[Model], *, described: bool = False) -> Schema:
    """The schema of a data source; `described` as in `resource_schema`."""
    block = _block(kind, described)
    return Schema(block._replace(blocks=(*block.blocks, _timeouts("read"))))


def _timeouts(*names: str) -> NestedBlock:
    attributes = tuple(Attribute(name, "string", optional=True) for name in names)
    return NestedBlock("timeouts", Nesting.SINGLE, SchemaBlock(attributes))


def identity_schema(names: tuple[str, ...]) -> IdentitySchema:
    """The identity of a resource type, whose parts have these names."""
    return IdentitySchema(tuple(IdentityAttribute(name) for name in names))


def _block(cls: type[Model], described: bool) -> SchemaBlock:
    fields = tuple(public_fields(cls))
    texts = field_descriptions(cls) if described else {}
    return SchemaBlock(
        tuple(_attribute(field, texts.get(field.name, "")) for field in fields if is_attribute(field)),
        tuple(_nested_block(field, described) for field in fields if not is_attribute(field)),
        (cls.__doc__ or "").partition("\n")[0] if described else "",
    )


def _attribute(field: Field, text: str) -> Attribute:
    return Attribute(
        name=field.name,
        type=attribute_type(field),
        required=field.required,
        optional=is_settable(field) and not field.required,
        computed=is_computed(field),
        sensitive=field.has(SENSITIVE),
        write_only=field.has(WRITE_ONLY),
        description=f"{text} {NOT_SIMULATED}" if text and field.has(INERT) else text,
    )


def attribute_type(field: Field) -> Type:
    """The type of an attribute, or of a block written as one."""
    collection = "set" if field.has(UNORDERED) else "list"
    if field.block is not None:
        inner = {one.name: attribute_type(one) for one in public_fields(field.block)}
        return [collection, ["object", inner]]
    scalar = SCALARS[field.scalar]
    return {Shape.SCALAR: scalar, Shape.LIST: [collection, scalar], Shape.MAP: ["map", scalar]}[field.shape]


def _nested_block(field: Field, described: bool) -> NestedBlock:
    assert field.block is not None
    single = field.shape is Shape.BLOCK
    return NestedBlock(
        name=field.name,
        nesting=Nesting.SET if field.has(UNORDERED) else Nesting.LIST,
        block=_block(field.block, described),
        min_items=(0 if field.nullable else 1) if single else field.items.minimum,
        max_items=1 if single else field.items.maximum or 0,
    )
