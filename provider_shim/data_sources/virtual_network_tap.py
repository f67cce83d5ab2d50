"""A virtual network TAP."""

from __future__ import annotations

from provider_shim.data_source import LookupInGroup
from vtaplib.resources.virtual_network_tap import VirtualNetworkTap


class VirtualNetworkTapLookup(LookupInGroup):
    """Reads a virtual network TAP."""

    of = VirtualNetworkTap
    shows = (
        "location",
        "destination_load_balancer_frontend_ip_configuration_id",
        "destination_network_interface_ip_configuration_id",
        "destination_port",
        "guid",
        "network_interface_tap_configuration_ids",
        "tags",
    )
