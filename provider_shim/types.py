"""Terraform's names of the resource types and data sources, and what identifies an object of each type."""

from __future__ import annotations

from collections.abc import Mapping

from provider_shim.data_source import DataSource
from provider_shim.data_sources.coverage import CoverageDataSource
from provider_shim.data_sources.eligibility import EligibilityDataSource
from provider_shim.data_sources.lb import LbBackendAddressPoolLookup, LbLookup, LbRuleLookup
from provider_shim.data_sources.network_interface import NetworkInterfaceLookup, TapConfigurationLookup
from provider_shim.data_sources.network_security_group import NetworkSecurityGroupLookup
from provider_shim.data_sources.public_ip import PublicIpLookup
from provider_shim.data_sources.resource_group import ResourceGroupLookup
from provider_shim.data_sources.resources import Resources
from provider_shim.data_sources.subscription import ClientConfig, SubscriptionDataSource
from provider_shim.data_sources.virtual_machine import VirtualMachineLookup
from provider_shim.data_sources.virtual_network import SubnetLookup, VirtualNetworkLookup
from provider_shim.data_sources.virtual_network_tap import VirtualNetworkTapLookup
from vtaplib.model.resource import Resource
from vtaplib.resources.lb import Lb
from vtaplib.resources.lb_backend_address_pool import LbBackendAddressPool
from vtaplib.resources.lb_probe import LbProbe
from vtaplib.resources.lb_rule import LbRule
from vtaplib.resources.linux_virtual_machine import LinuxVirtualMachine
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.network_interface_backend_address_pool_association import (
    NetworkInterfaceBackendAddressPoolAssociation,
)
from vtaplib.resources.network_interface_security_group_association import (
    NetworkInterfaceSecurityGroupAssociation,
)
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.network_security_group import NetworkSecurityGroup
from vtaplib.resources.network_security_rule import NetworkSecurityRule
from vtaplib.resources.public_ip import PublicIp
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.subnet_network_security_group_association import (
    SubnetNetworkSecurityGroupAssociation,
)
from vtaplib.resources.virtual_network import VirtualNetwork
from vtaplib.resources.virtual_network_peering import VirtualNetworkPeering
from vtaplib.resources.virtual_network_tap import VirtualNetworkTap
from vtaplib.resources.windows_virtual_machine import WindowsVirtualMachine

AZURERM_VERSION = "5.10"
"""The release of azurerm whose schema is followed."""

RESOURCE_TYPES: Mapping[str, type[Resource]] = {
    "azurerm_resource_group": ResourceGroup,
    "azurerm_virtual_network": VirtualNetwork,
    "azurerm_subnet": Subnet,
    "azurerm_virtual_network_peering": VirtualNetworkPeering,
    "azurerm_public_ip": PublicIp,
    "azurerm_network_interface": NetworkInterface,
    "azurerm_network_security_group": NetworkSecurityGroup,
    "azurerm_network_security_rule": NetworkSecurityRule,
    "azurerm_network_interface_security_group_association": NetworkInterfaceSecurityGroupAssociation,
    "azurerm_subnet_network_security_group_association": SubnetNetworkSecurityGroupAssociation,
    "azurerm_linux_virtual_machine": LinuxVirtualMachine,
    "azurerm_windows_virtual_machine": WindowsVirtualMachine,
    "azurerm_lb": Lb,
    "azurerm_lb_backend_address_pool": LbBackendAddressPool,
    "azurerm_lb_probe": LbProbe,
    "azurerm_lb_rule": LbRule,
    "azurerm_network_interface_backend_address_pool_association": (
        NetworkInterfaceBackendAddressPoolAssociation
    ),
    "azurerm_virtual_network_tap": VirtualNetworkTap,
    "azurerm_network_interface_tap_configuration": NetworkInterfaceTapConfiguration,
}

IDENTITIES: Mapping[str, tuple[str, ...]] = {
    "azurerm_resource_group": ("subscription_id", "name"),
    "azurerm_virtual_network": ("subscription_id", "resource_group_name", "name"),
    "azurerm_subnet": ("subscription_id", "resource_group_name", "virtual_network_name", "name"),
    "azurerm_virtual_network_peering": (
        "subscription_id",
        "resource_group_name",
        "virtual_network_name",
        "name",
    ),
    "azurerm_public_ip": ("subscription_id", "resource_group_name", "name"),
    "azurerm_network_interface": ("subscription_id", "resource_group_name", "name"),
    "azurerm_network_security_group": ("subscription_id", "resource_group_name", "name"),
    "azurerm_network_security_rule": (
        "subscription_id",
        "resource_group_name",
        "network_security_group_name",
        "name",
    ),
    "azurerm_virtual_network_tap": ("subscription_id", "resource_group_name", "name"),
    "azurerm_network_interface_tap_configuration": (
        "subscription_id",
        "resource_group_name",
        "network_interface_name",
        "name",
    ),
}
"""The names in an ID, in order. azurerm has no identities for the types that are not here."""

DATA_SOURCES: Mapping[str, type[DataSource]] = {
    "azurerm_client_config": ClientConfig,
    "azurerm_subscription": SubscriptionDataSource,
    "azurerm_resource_group": ResourceGroupLookup,
    "azurerm_resources": Resources,
    "azurerm_virtual_network": VirtualNetworkLookup,
    "azurerm_subnet": SubnetLookup,
    "azurerm_public_ip": PublicIpLookup,
    "azurerm_network_interface": NetworkInterfaceLookup,
    "azurerm_network_security_group": NetworkSecurityGroupLookup,
    "azurerm_virtual_machine": VirtualMachineLookup,
    "azurerm_lb": LbLookup,
    "azurerm_lb_backend_address_pool": LbBackendAddressPoolLookup,
    "azurerm_lb_rule": LbRuleLookup,
    "azurerm_virtual_network_tap": VirtualNetworkTapLookup,
    "azurerm_network_interface_tap_configuration": TapConfigurationLookup,
    "vtap_coverage": CoverageDataSource,
    "vtap_eligibility": EligibilityDataSource,
}
