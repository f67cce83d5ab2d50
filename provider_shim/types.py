"""Terraform's names of the resource types and data sources, and what identifies an object of each type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

from provider_shim.identity import parse_identity
from vtaplib.model.base import Values
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

if TYPE_CHECKING:
    from provider_shim.data_source import DataSource

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


class _DataSources(Mapping[str, type["DataSource"]]):
    """Data sources by Terraform's name, each imported when it is asked for: few configurations have one."""

    def __init__(self, homes: Mapping[str, tuple[str, str]]) -> None:
        """`homes`: the module below `data_sources`, and the class in it."""
        self._homes = homes

    def __getitem__(self, name: str) -> type[DataSource]:
        module, cls = self._homes[name]
        kind: type[DataSource] = getattr(import_module(f"provider_shim.data_sources.{module}"), cls)
        return kind

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


DATA_SOURCES: Final = _DataSources(
    {
        "azurerm_client_config": ("subscription", "ClientConfig"),
        "azurerm_subscription": ("subscription", "SubscriptionDataSource"),
        "azurerm_resource_group": ("resource_group", "ResourceGroupLookup"),
        "azurerm_resources": ("resources", "Resources"),
        "azurerm_virtual_network": ("virtual_network", "VirtualNetworkLookup"),
        "azurerm_subnet": ("virtual_network", "SubnetLookup"),
        "azurerm_public_ip": ("public_ip", "PublicIpLookup"),
        "azurerm_network_interface": ("network_interface", "NetworkInterfaceLookup"),
        "azurerm_network_security_group": ("network_security_group", "NetworkSecurityGroupLookup"),
        "azurerm_virtual_machine": ("virtual_machine", "VirtualMachineLookup"),
        "azurerm_lb": ("lb", "LbLookup"),
        "azurerm_lb_backend_address_pool": ("lb", "LbBackendAddressPoolLookup"),
        "azurerm_lb_rule": ("lb", "LbRuleLookup"),
        "azurerm_virtual_network_tap": ("virtual_network_tap", "VirtualNetworkTapLookup"),
        "azurerm_network_interface_tap_configuration": ("network_interface", "TapConfigurationLookup"),
        "vtap_coverage": ("coverage", "CoverageDataSource"),
        "vtap_eligibility": ("eligibility", "EligibilityDataSource"),
    }
)


def identity_of(type_name: str, resource_id: str) -> Values | None:
    """What identifies an object, by its ID; None where the type has no identity."""
    names = IDENTITIES.get(type_name)
    return None if names is None else parse_identity(names, resource_id)
