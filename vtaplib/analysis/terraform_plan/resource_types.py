"""The types of objects in a document that vtap models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vtaplib.analysis.terraform_plan import azapi
from vtaplib.analysis.terraform_plan.document import Instance
from vtaplib.model.resource import Resource
from vtaplib.resources import RESOURCE_TYPES, Subscription

TYPES: Final[Mapping[str, type[Resource]]] = {
    f"azurerm_{kind.type_name()}": kind for kind in RESOURCE_TYPES if kind is not Subscription
}
"""The types that are read."""


def kind_of(instance: Instance) -> type[Resource] | None:
    """The type of what an instance is, if vtap models it."""
    if instance.type == azapi.TYPE:
        return azapi.kind_of(instance.after or instance.before or {})
    return TYPES.get(instance.type)
