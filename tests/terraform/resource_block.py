"""Resources as Terraform's blocks: what a configuration says that makes just them."""

from __future__ import annotations

from typing import Any

from provider_shim.derivation import is_attribute, is_settable, public_fields
from provider_shim.types import RESOURCE_TYPES
from tests.terraform.hcl import Body
from vtaplib.model.base import Field, Model, Shape
from vtaplib.model.resource import Resource

TYPE_NAMES = {kind: name for name, kind in RESOURCE_TYPES.items()}


def body(model: Model) -> Body:
    """The arguments and nested blocks of a resource, secrets included; None for what is left out."""
    return {
        field.name: _written(field, getattr(model, field.name))
        for field in public_fields(type(model))
        if is_settable(field) and (field.required or getattr(model, field.name) != field.default)
    }


def _written(field: Field, value: Any) -> Any:
    if field.block is None or value is None:
        return list(value) if isinstance(value, tuple) else value
    blocks = [value] if field.shape is Shape.BLOCK else value
    # No block at all is said by writing none, where an argument's empty list is a value.
    return [body(one) for one in blocks] if blocks or is_attribute(field) else None


def type_name(resource: Resource) -> str:
    """Terraform's name of a resource's type."""
    return TYPE_NAMES[type(resource)]
