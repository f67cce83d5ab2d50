"""A resource group, by its name."""

from __future__ import annotations

from provider_shim.data_source import Lookup
from vtaplib.model.arguments import ResourceGroupName
from vtaplib.resources.resource_group import ResourceGroup


class ResourceGroupLookup(Lookup):
    """Reads a resource group."""

    of = ResourceGroup
    shows = ("location", "managed_by", "tags")

    name: ResourceGroupName
    """The name of the resource group."""
