"""A cloud that says what is in it: what a failing test shows is the network, not an object's address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vtaplib.control.cloud import Cloud
from vtaplib.model.ids import label
from vtaplib.model.resource import Resource
from vtaplib.resources import (
    RESOURCE_TYPES,
    Lb,
    LbRule,
    NetworkInterface,
    NetworkInterfaceBackendAddressPoolAssociation,
    NetworkInterfaceTapConfiguration,
    Subnet,
    Subscription,
    VirtualMachine,
    VirtualNetwork,
    VirtualNetworkPeering,
    VirtualNetworkTap,
)


class DrawnCloud(Cloud):
    """A `Cloud` in memory whose `repr` is a line per resource. It closes itself when nobody has it any more:
    a strategy cannot know when the test is over.
    """

    _closed = False

    def close(self) -> None:
        """Releases the memory; nothing the second time."""
        if not self._closed:
            self._closed = True
            super().close()

    def __del__(self) -> None:
        # Not there where the policy was refused.
        if hasattr(self, "backend"):
            self.close()

    def __repr__(self) -> str:
        if self._closed:
            return "Cloud, closed"
        lines = [f"    {line}" for kind in RESOURCE_TYPES for one in self.list(kind) for line in _lines(one)]
        return "\n".join([f"Cloud with {len(lines)} resources:", *lines])


def _lines(resource: Resource) -> Iterator[str]:
    told = ", ".join(str(one) for one in _told(resource) if one)
    yield f"{resource.label}: {told}" if told else resource.label


def _told(resource: Any) -> Iterator[str]:
    """What tells a resource from others of its type."""
    if isinstance(resource, Subscription):
        yield f"tenant {resource.tenant_id}"
    elif isinstance(resource, VirtualNetwork):
        yield from resource.address_space or ()
    elif isinstance(resource, Subnet):
        yield f"of {label(resource.virtual_network_id)}"
        yield from resource.address_prefixes or ()
    elif isinstance(resource, VirtualNetworkPeering):
        yield f"{resource.virtual_network_name} to {label(resource.remote_virtual_network_id)}"
        yield resource.peering_state
    elif isinstance(resource, NetworkInterface):
        for configuration in resource.ip_configuration:
            yield f"{configuration.private_ip_address} of {_below(configuration.subnet_id)}"
        yield resource.mac_address
    elif isinstance(resource, VirtualMachine):
        yield from map(label, resource.network_interface_ids)
    elif isinstance(resource, Lb):
        for frontend in resource.frontend_ip_configuration:
            yield f"{frontend.private_ip_address} of {_below(frontend.subnet_id)}"
    elif isinstance(resource, LbRule):
        yield f"{resource.protocol} {resource.frontend_port} to {resource.backend_port}"
        yield resource.load_distribution
        yield "" if resource.probe_id else "no probe"
        yield "floating IP" if resource.floating_ip_enabled else ""
    elif isinstance(resource, NetworkInterfaceBackendAddressPoolAssociation):
        yield f"{label(resource.network_interface_id)} behind {_below(resource.backend_address_pool_id)}"
    elif isinstance(resource, VirtualNetworkTap):
        yield f"to {_below(resource.destination_id)}"
    elif isinstance(resource, NetworkInterfaceTapConfiguration):
        yield f"{label(resource.network_interface_id)} to {label(resource.virtual_network_tap_id)}"


def _below(resource_id: str | None) -> str:
    """The ID of a part, in short: the last type and name of its owner and its own name."""
    parts = (resource_id or "").rsplit("/", 4)
    return f"{parts[-4]}/{parts[-3]}/{parts[-1]}" if len(parts) == 5 else parts[-1]
