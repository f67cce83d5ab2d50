"""Resources of the azapi provider, which writes ARM's JSON as it is: what azurerm has not is made with it.

azurerm has no virtual network TAP. A configuration of its networks makes the TAPs with `azapi_resource`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic_core import from_json

from vtaplib.control.arm import decode
from vtaplib.control.arm.arm_path import kinds_of
from vtaplib.errors import VtapError
from vtaplib.model import ids
from vtaplib.model.resource import Resource
from vtaplib.model.unknown import UNKNOWN

TYPE: Final = "azapi_resource"
STAND_IN: Final = "/stand-in"
"""Stands in the JSON for an ID that only the apply can know."""
_SOMEWHERE: Final = "/subscriptions/s/resourceGroups/g"


def arm_type(values: Mapping[str, Any]) -> str:
    """The ARM type of a resource, without the version of the API."""
    given = values.get("type")
    return given.partition("@")[0] if isinstance(given, str) else ""


def kind_of(values: Mapping[str, Any]) -> type[Resource] | None:
    """The type of a resource, if vtap models it."""
    namespace, *segments = arm_type(values).split("/")
    path = "/".join(f"{segment}/n" for segment in segments)
    return next(iter(kinds_of(f"{_SOMEWHERE}/providers/{namespace}/{path}")), None)


def parent_kind(kind: type[Resource]) -> str:
    """The name of the type that a resource is in: its parent's, else that of groups."""
    owner = kind.id_format.rpartition("/")[0].rpartition("/")[0]
    placeholder = ids.placeholders(owner)[-1] if ids.placeholders(owner) else ""
    ref = kind.fields()[placeholder].ref if placeholder in kind.fields() else None
    return ref.kind if ref is not None else "ResourceGroup"


def id_under(parent_id: str, values: Mapping[str, Any], name: str) -> str:
    """The ID of a resource in its parent: a group, or another resource."""
    namespace, *segments = arm_type(values).split("/")
    return (
        f"{parent_id}/{segments[-1]}/{name}"
        if len(segments) > 1
        else (f"{parent_id}/providers/{namespace}/{segments[0]}/{name}")
    )


def decoded(values: Mapping[str, Any], resource_id: str) -> Sequence[Resource]:
    """The resources that the body describes, the resource itself first; none where it is not known, or is not
    what ARM has there.
    """
    body = values.get("body")
    try:
        # The first versions of azapi had the JSON as a text.
        body = from_json(body) if isinstance(body, str) else body
        if not isinstance(body, Mapping):
            return ()
        given = {name: values.get(name) for name in ("location", "tags")}
        document = {**given, **body, "id": resource_id, "name": ids.name(resource_id)}
        return decode(_known(document)).resources
    except (VtapError, ValueError):
        return ()


def _known(value: Any) -> Any:
    """A document without what is not known: such an ID is stood in for, all else left out."""
    if isinstance(value, Mapping):
        return {
            name: STAND_IN if one is UNKNOWN and name == "id" else _known(one)
            for name, one in value.items()
            if one is not UNKNOWN or name == "id"
        }
    return [_known(one) for one in value if one is not UNKNOWN] if isinstance(value, list) else value


def with_unknown(values: Any) -> Any:
    """Plain values with UNKNOWN where an ID is stood in for."""
    if isinstance(values, dict):
        return {name: with_unknown(one) for name, one in values.items()}
    if isinstance(values, list):
        return [with_unknown(one) for one in values]
    return UNKNOWN if values == STAND_IN else values
