"""A resource group: a named container of resources in the same region."""

from __future__ import annotations

from typing import Annotated

from vtaplib.model.arguments import Location, NonEmpty, ResourceGroupName, Tags
from vtaplib.model.marks import Arm, CreateOnly, Internal, Ref
from vtaplib.model.resource import Resource
from vtaplib.model.violation import ErrorCode
from vtaplib.resources.subscription import Subscription


class ResourceGroup(Resource):
    """A container that holds related resources."""

    id_format = "/subscriptions/{subscription_id}/resourceGroups/{name}"
    missing_code = ErrorCode.RESOURCE_GROUP_NOT_FOUND

    subscription_id: Internal[Ref[Subscription]] = ""
    name: CreateOnly[ResourceGroupName]
    """The name of the resource group."""
    location: CreateOnly[Location]
    """The Azure region of the group's metadata."""
    managed_by: Annotated[NonEmpty, Arm("managedBy")] | None = None
    """The ID of the resource or application that manages the group."""
    tags: Tags | None = None
    """Tags of the resource."""
