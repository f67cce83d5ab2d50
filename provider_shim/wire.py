"""Protobuf messages <-> plain schemas, values, paths and diagnostics.

Nothing is decided here: what comes in is converted as it is, what goes out is what the lifecycle said.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from provider_shim import state_json, values
from provider_shim.diagnostics import Diagnostic, DiagnosticSeverity, Key, Path
from provider_shim.gen import tfplugin6_pb2 as pb
from provider_shim.schema import Attribute, IdentitySchema, NestedBlock, Nesting, Schema, SchemaBlock, Type
from provider_shim.values import DynamicValueError
from vtaplib.visible_text import one_line

_SEVERITIES: Final = {
    DiagnosticSeverity.ERROR: pb.Diagnostic.ERROR,
    DiagnosticSeverity.WARNING: pb.Diagnostic.WARNING,
}
_NESTINGS: Final = {
    Nesting.SINGLE: pb.Schema.NestedBlock.SINGLE,
    Nesting.LIST: pb.Schema.NestedBlock.LIST,
    Nesting.SET: pb.Schema.NestedBlock.SET,
    Nesting.MAP: pb.Schema.NestedBlock.MAP,
    Nesting.GROUP: pb.Schema.NestedBlock.GROUP,
}


def schema_to_proto(schema: Schema) -> pb.Schema:
    """A schema as Terraform's message. Check it first: see `schema_rules`."""
    return pb.Schema(version=schema.version, block=_block_to_proto(schema.block))


def _block_to_proto(block: SchemaBlock) -> pb.Schema.Block:
    return pb.Schema.Block(
        attributes=[_attribute_to_proto(attribute) for attribute in block.attributes],
        block_types=[_nested_to_proto(nested) for nested in block.blocks],
        description=block.description,
        deprecated=bool(block.deprecated),
        deprecation_message=block.deprecated,
    )


def _attribute_to_proto(attribute: Attribute) -> pb.Schema.Attribute:
    return pb.Schema.Attribute(
        name=attribute.name,
        type=type_to_json(attribute.type),
        description=attribute.description,
        required=attribute.required,
        optional=attribute.optional,
        computed=attribute.computed,
        sensitive=attribute.sensitive,
        write_only=attribute.write_only,
        deprecated=bool(attribute.deprecated),
        deprecation_message=attribute.deprecated,
    )


def _nested_to_proto(nested: NestedBlock) -> pb.Schema.NestedBlock:
    return pb.Schema.NestedBlock(
        type_name=nested.name,
        block=_block_to_proto(nested.block),
        nesting=_NESTINGS[nested.nesting],
        min_items=nested.min_items,
        max_items=nested.max_items,
    )


def identity_schema_to_proto(schema: IdentitySchema) -> pb.ResourceIdentitySchema:
    """An identity schema as Terraform's message."""
    return pb.ResourceIdentitySchema(
        version=schema.version,
        identity_attributes=[
            pb.ResourceIdentitySchema.IdentityAttribute(
                name=attribute.name,
                type=type_to_json(attribute.type),
                required_for_import=attribute.required_for_import,
                optional_for_import=not attribute.required_for_import,
                description=attribute.description,
            )
            for attribute in schema.attributes
        ],
    )


def identity_type(schema: IdentitySchema) -> Type:
    """The type of an identity: an object of its attributes."""
    return ["object", {attribute.name: attribute.type for attribute in schema.attributes}]


def type_to_json(type_: Type) -> bytes:
    """A type in Terraform's JSON form."""
    return json.dumps(type_, separators=(",", ":")).encode()


def value_from_proto(value: pb.DynamicValue, type_: Type) -> Any:
    """The plain value of a payload; one that was not set is null. Raises DynamicValueError."""
    if value.msgpack:
        return values.decode(value.msgpack, type_)
    if value.json:
        return state_json.read_value(state_json.parse(value.json), type_)
    return None


def value_to_proto(value: Any, type_: Type) -> pb.DynamicValue:
    """A payload of the plain value, always msgpack: not every call takes JSON. Raises DynamicValueError."""
    return pb.DynamicValue(msgpack=values.encode(value, type_))


def identity_from_proto(identity: pb.ResourceIdentityData, type_: Type | None) -> dict[str, Any] | None:
    """The plain identity, None if there is none or the resource type has no identity."""
    if type_ is None:
        return None
    plain: dict[str, Any] | None = value_from_proto(identity.identity_data, type_)
    return plain


def identity_to_proto(identity: dict[str, Any] | None, type_: Type | None) -> pb.ResourceIdentityData | None:
    """The identity's message; None for a type without identity schema, on which Terraform would crash."""
    if identity is None or type_ is None:
        return None
    return pb.ResourceIdentityData(identity_data=value_to_proto(identity, type_))


def raw_state_from_proto(raw: pb.RawState) -> Any:
    """Parsed state JSON, untyped; None if there is none. Raises DynamicValueError."""
    if raw.json:
        return state_json.parse(raw.json)
    if raw.flatmap:
        raise DynamicValueError(
            (), "the state is in the format of Terraform 0.11; apply once with Terraform 0.12 to convert it"
        )
    return None


def path_to_proto(path: Path, type_: Type | None = None) -> pb.AttributePath:
    """A path as Terraform's message.

    With the type of the value that the path goes into, a plain string below a map becomes a key, and the path
    stops at a set, whose elements have no address.
    """
    steps = []
    for step in path:
        kind = type_[0] if isinstance(type_, list) else None
        if kind == "set":
            break
        if isinstance(step, Key) or (kind == "map" and isinstance(step, str)):
            key = step.key if isinstance(step, Key) else step
            steps.append(pb.AttributePath.Step(element_key_string=key))
        elif isinstance(step, int):
            steps.append(pb.AttributePath.Step(element_key_int=step))
        else:
            steps.append(pb.AttributePath.Step(attribute_name=step))
        type_ = _step_into(type_, step)
    return pb.AttributePath(steps=steps)


def _step_into(type_: Type | None, step: str | int | Key) -> Type | None:
    """The type one step further, None where the type does not tell (Terraform tolerates a wrong path)."""
    match type_:
        case ["list" | "map", inner]:
            result: Type = inner
            return result
        case ["object", dict(attributes)]:
            return attributes.get(step)
        case ["tuple", list(elements)] if isinstance(step, int) and 0 <= step < len(elements):
            return elements[step]  # type: ignore[no-any-return]  # a type's inner parts are Any
    return None


def diagnostics_to_proto(diagnostics: Iterable[Diagnostic], type_: Type | None = None) -> list[pb.Diagnostic]:
    """Diagnostics as Terraform's messages; `type_` as in `path_to_proto`."""
    return [
        pb.Diagnostic(
            severity=_SEVERITIES[diagnostic.severity],
            # Terraform prints them as they are.
            summary=one_line(diagnostic.summary),
            detail=one_line(diagnostic.detail),
            attribute=path_to_proto(diagnostic.path, type_) if diagnostic.path else None,
        )
        for diagnostic in diagnostics
    ]
