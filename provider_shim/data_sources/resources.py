"""The resources of a subscription, by name, resource group, type or tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from provider_shim.data_source import DataSource, Session
from vtaplib.model import ids
from vtaplib.model.arguments import Tags
from vtaplib.model.base import Block, Values
from vtaplib.model.combination import AtLeastOneOf
from vtaplib.model.marks import SERVICE, Assigned, OptionalAssigned
from vtaplib.model.resource import Resource

TOP_LEVEL: Final = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/(?P<resource_group_name>[^/]+)"
    r"/providers/(?P<type>[^/]+/[^/]+)/(?P<name>[^/|]+)",
    re.IGNORECASE,
)
"""What ARM lists: the resources of a group, without their children."""


class FoundResource(Block):
    """A resource that was found."""

    id: Assigned[str] = SERVICE
    """The ID of the resource."""
    location: Assigned[str] = SERVICE
    """The Azure region."""
    name: Assigned[str] = SERVICE
    """The name of the resource."""
    resource_group_name: Assigned[str] = SERVICE
    """The name of its resource group."""
    tags: Assigned[Mapping[str, str]] = SERVICE
    """Tags of the resource."""
    type: Assigned[str] = SERVICE
    """The ARM type, such as `Microsoft.Network/virtualNetworks`."""


class Resources(DataSource):
    """Lists resources of the provider's subscription."""

    combinations = (AtLeastOneOf("name", "resource_group_name", "type"),)

    name: OptionalAssigned[str] | None = None
    """The name to look for."""
    required_tags: Tags | None = None
    """Tags that a resource must have, with these values."""
    resource_group_name: OptionalAssigned[str] | None = None
    """The name of the resource group to look in."""
    type: OptionalAssigned[str] | None = None
    """The ARM type to look for, such as `Microsoft.Network/virtualNetworks`."""
    resources: Assigned[Sequence[FoundResource]] = SERVICE
    """What was found, in order of IDs."""

    def read(self, session: Session) -> Values:
        within = f"/subscriptions/{session.subscription}/resourceGroups/"
        if self.resource_group_name:
            within += f"{self.resource_group_name}/"
        found = [one for one in _listed(session, within) if self._asks_for(one)]
        return {"id": f"resource-{ids.guid(within, repr(self))}", "resources": found}

    def _asks_for(self, found: Values) -> bool:
        named = all(
            getattr(self, name).lower() == found[name].lower()
            for name in ("name", "type")
            if getattr(self, name)
        )
        return named and (self.required_tags or {}).items() <= found["tags"].items()


def _listed(session: Session, within: str) -> Iterator[Values]:
    for resource in session.cloud.view.list(Resource, within):
        match = TOP_LEVEL.fullmatch(resource.id)
        if match:
            values = resource.values()
            yield {
                **match.groupdict(),
                "id": resource.id,
                "location": values.get("location"),
                "tags": values.get("tags") or {},
            }
