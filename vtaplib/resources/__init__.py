"""The resource types: one module each, and one line here."""

from __future__ import annotations

from vtaplib.model.resource import register
from vtaplib.resources.lb import Lb, LbFrontendIpConfiguration
from vtaplib.resources.lb_backend_address_pool import LbBackendAddressPool
from vtaplib.resources.lb_probe import LbProbe
from vtaplib.resources.lb_rule import LbRule
from vtaplib.resources.linux_virtual_machine import LinuxVirtualMachine
from vtaplib.resources.network_interface import NetworkInterface, NetworkInterfaceIpConfiguration
from vtaplib.resources.network_interface_backend_address_pool_association import (
    NetworkInterfaceBackendAddressPoolAssociation,
)
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.subscription import Subscription
from vtaplib.resources.virtual_machine import VirtualMachine
from vtaplib.resources.virtual_network import VirtualNetwork
from vtaplib.resources.virtual_network_peering import VirtualNetworkPeering
from vtaplib.resources.virtual_network_tap import VirtualNetworkTap

__all__ = [
    "RESOURCE_TYPES",
    "Lb",
    "LbBackendAddressPool",
    "LbFrontendIpConfiguration",
    "LbProbe",
    "LbRule",
    "LinuxVirtualMachine",
    "NetworkInterface",
    "NetworkInterfaceBackendAddressPoolAssociation",
    "NetworkInterfaceIpConfiguration",
    "NetworkInterfaceTapConfiguration",
    "ResourceGroup",
    "Subnet",
    "Subscription",
    "VirtualMachine",
    "VirtualNetwork",
    "VirtualNetworkPeering",
    "VirtualNetworkTap",
]

RESOURCE_TYPES = (
    Subscription,
    ResourceGroup,
    VirtualNetwork,
    Subnet,
    VirtualNetworkPeering,
    NetworkInterface,
    LinuxVirtualMachine,
    Lb,
    LbBackendAddressPool,
    LbProbe,
    LbRule,
    NetworkInterfaceBackendAddressPoolAssociation,
    VirtualNetworkTap,
    NetworkInterfaceTapConfiguration,
)
"""Every type that can be stored, those that others refer to first."""

register(*RESOURCE_TYPES, VirtualMachine, NetworkInterfaceIpConfiguration, LbFrontendIpConfiguration)
