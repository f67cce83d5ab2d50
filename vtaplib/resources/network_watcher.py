"""A network watcher: the regional holder of Azure's network diagnostics and flow logs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from vtaplib.model import ids
from vtaplib.model.arguments import Location, NetworkName, ResourceGroupName, Tags
from vtaplib.model.marks import CreateOnly, Ref
from vtaplib.model.resource import Resource
from vtaplib.model.rule import limit
from vtaplib.model.violation import ErrorCode
from vtaplib.resources.resource_group import ResourceGroup


class NetworkWatcher(Resource):
    """A place for the network diagnostics of a region. It has no effect on traffic."""

    id_format = (
        "/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
        "/providers/Microsoft.Network/networkWatchers/{name}"
    )

    name: CreateOnly[NetworkName]
    """The name of the network watcher."""
    resource_group_name: CreateOnly[Annotated[Ref[ResourceGroup], *ResourceGroupName.__metadata__]]
    """The name of the resource group to create the network watcher in."""
    location: CreateOnly[Location]
    """The Azure region that it is for. Azure makes one by itself, in the group `NetworkWatcherRG`, when a
    region gets its first virtual network. vtap does not."""
    tags: Tags | None = None
    """Tags of the resource."""

    @limit(ErrorCode.NETWORK_WATCHER_COUNT_LIMIT_REACHED, path=("location",))
    def network_watchers_per_region(self) -> Iterable[str]:
        """A region of a subscription has no more network watchers than the limit."""
        return [ids.in_region(self.subscription_id, self.location, "network watchers")]
