"""The resource types: one module each, and one line here."""

from __future__ import annotations

from vtaplib.model.resource import register
from vtaplib.resources.lb import Lb, LbFrontendIpConfiguration
from vtaplib.resources.lb_backend_address_pool import LbBackendAddressPool, TunnelInterface
from vtaplib.resources.lb_probe import LbProbe
from vtaplib.resources.lb_rule import LbRule
from vtaplib.resources.linux_virtual_machine import LinuxVirtualMachine
from vtaplib.resources.network_interface import NetworkInterface, NetworkInterfaceIpConfiguration
from vtaplib.resources.network_interface_backend_address_pool_association import (
    NetworkInterfaceBackendAddressPoolAssociation,
)
from vtaplib.resources.network_interface_security_group_association import (
    NetworkInterfaceSecurityGroupAssociation,
)
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.network_security_group import InlineSecurityRule, NetworkSecurityGroup
from vtaplib.resources.network_security_rule import NetworkSecurityRule
from vtaplib.resources.network_watcher import NetworkWatcher
from vtaplib.resources.public_ip import PublicIp
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.subnet_blocks import Delegation, ServiceDelegation, ServiceEndpoint
from vtaplib.resources.subnet_network_security_group_association import (
    SubnetNetworkSecurityGroupAssociation,
)
from vtaplib.resources.subscription import Subscription
from vtaplib.resources.virtual_machine import VirtualMachine
from vtaplib.resources.virtual_machine_blocks import (
    AdditionalCapabilities,
    AdminSshKey,
    BootDiagnostics,
    Certificate,
    DiffDiskSettings,
    GalleryApplication,
    Identity,
    OsDisk,
    OsImageNotification,
    Plan,
    Secret,
    SourceImageReference,
    TerminationNotification,
)
from vtaplib.resources.virtual_network import (
    DdosProtectionPlan,
    Encryption,
    InlineSubnet,
    IpAddressPool,
    VirtualNetwork,
)
from vtaplib.resources.virtual_network_peering import PeeringState, VirtualNetworkPeering
from vtaplib.resources.virtual_network_tap import VirtualNetworkTap
from vtaplib.resources.windows_virtual_machine import (
    AdditionalUnattendContent,
    StoredCertificate,
    StoredSecret,
    WindowsVirtualMachine,
    WinrmListener,
)

__all__ = [
    "RESOURCE_TYPES",
    "AdditionalCapabilities",
    "AdditionalUnattendContent",
    "AdminSshKey",
    "BootDiagnostics",
    "Certificate",
    "DdosProtectionPlan",
    "Delegation",
    "DiffDiskSettings",
    "Encryption",
    "GalleryApplication",
    "Identity",
    "InlineSecurityRule",
    "InlineSubnet",
    "IpAddressPool",
    "Lb",
    "LbBackendAddressPool",
    "LbFrontendIpConfiguration",
    "LbProbe",
    "LbRule",
    "LinuxVirtualMachine",
    "NetworkInterface",
    "NetworkInterfaceBackendAddressPoolAssociation",
    "NetworkInterfaceIpConfiguration",
    "NetworkInterfaceSecurityGroupAssociation",
    "NetworkInterfaceTapConfiguration",
    "NetworkSecurityGroup",
    "NetworkSecurityRule",
    "NetworkWatcher",
    "OsDisk",
    "OsImageNotification",
    "PeeringState",
    "Plan",
    "PublicIp",
    "ResourceGroup",
    "Secret",
    "ServiceDelegation",
    "ServiceEndpoint",
    "SourceImageReference",
    "StoredCertificate",
    "StoredSecret",
    "Subnet",
    "SubnetNetworkSecurityGroupAssociation",
    "Subscription",
    "TerminationNotification",
    "TunnelInterface",
    "VirtualMachine",
    "VirtualNetwork",
    "VirtualNetworkPeering",
    "VirtualNetworkTap",
    "WindowsVirtualMachine",
    "WinrmListener",
]

RESOURCE_TYPES = (
    Subscription,
    ResourceGroup,
    NetworkWatcher,
    NetworkSecurityGroup,
    NetworkSecurityRule,
    VirtualNetwork,
    Subnet,
    SubnetNetworkSecurityGroupAssociation,
    PublicIp,
    VirtualNetworkPeering,
    NetworkInterface,
    NetworkInterfaceSecurityGroupAssociation,
    LinuxVirtualMachine,
    WindowsVirtualMachine,
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
