"""A resource group, by its name; and what most lookups are: a thing with a name in a resource group."""

from __future__ import annotations

from provider_shim.data_source import Lookup
from vtaplib.model.arguments import NonEmpty, ResourceGroupName
from vtaplib.resources.resource_group import ResourceGroup


class ResourceGroupLookup(Lookup):
    """Reads a resource group."""

    of = ResourceGroup
    shows = ("location", "managed_by", "tags")

    name: ResourceGroupName
    """The name of the resource group."""


class LookupInGroup(Lookup):
    """Reads something in a resource group."""

    resource_group_name: ResourceGroupName
    """The name of the resource group to look in."""
    name: NonEmpty
    """The name to look for."""
