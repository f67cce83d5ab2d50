"""What the Azure CLI prints of an estate: networks, interfaces, machines, load balancers and TAPs that exist.

Any document will do that holds what `az … list -o json` or `az rest` prints: resources in a list, or one by
itself. What is there twice counts once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from vtaplib.analysis.known_defaults import with_known_defaults
from vtaplib.analysis.terraform_plan.document import json_text
from vtaplib.analysis.terraform_plan.terraform_json import parse_json
from vtaplib.control.arm import DocumentError, decode
from vtaplib.errors import VtapError, require_type
from vtaplib.model import ids
from vtaplib.model.marks import INTERNAL
from vtaplib.model.resource import Resource
from vtaplib.model.unknown import UNKNOWN
from vtaplib.model.validation import is_sound

HOW: Final = (
    "make it with: az network nic list -o json > interfaces.json, and in the same way for vnet, "
    "vnet tap and lb"
)


@dataclass(frozen=True, slots=True)
class AzureExport:
    """What was read: resources, the types that vtap does not model, and what could not be read."""

    resources: list[Resource] = field(default_factory=list)
    not_modelled: Counter[str] = field(default_factory=Counter)
    unread: list[str] = field(default_factory=list)


def parse_azure_export(documents: Iterable[tuple[str, bytes]]) -> AzureExport:
    """The resources in documents; each has a name, for messages. Raises `VtapError` for what is no export."""
    export = AzureExport()
    for name, content in documents:
        require_type("the content of a document", content, bytes, "give bytes, as Path.read_bytes() does")
        for position, one in enumerate(_objects(parse_json(name, json_text(name, content, HOW), HOW))):
            if not isinstance(one, Mapping) or not isinstance(one.get("id"), str):
                raise VtapError(f"{name}: element {position} is not a resource, because it has no id; {HOW}")
            try:
                _add(export, one)
            except DocumentError as error:
                raise VtapError(f"{name}: element {position}: {error}") from error
    return export


def _objects(parsed: Any) -> list[Any]:
    """The resources of an export: a list, one, or the `value` of an answer of the REST API."""
    if isinstance(parsed, Mapping) and isinstance(parsed.get("value"), list):
        parsed = parsed["value"]
    return parsed if isinstance(parsed, list) else [parsed]


def _add(export: AzureExport, document: Mapping[str, Any]) -> None:
    decoded = decode(document)
    if not decoded.resources:
        export.not_modelled[ids.arm_type(document["id"])] += 1
    for resource in decoded.resources:
        if is_sound(resource):
            export.resources.append(with_known_defaults(_with_unknowns(resource)))
        else:
            export.unread.append(resource.id)


def _with_unknowns(resource: Resource) -> Resource:
    """The resource with what the service keeps to itself as unknown, where the export does not say it."""
    untold = [
        name
        for name, one in resource.fields().items()
        if one.has(INTERNAL) and resource.knows(name) and getattr(resource, name) is None
    ]
    return resource.replace(**dict.fromkeys(untold, UNKNOWN))
