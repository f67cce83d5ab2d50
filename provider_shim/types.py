"""Terraform's names of the resource types and data sources, and what identifies an object of each type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

from provider_shim.identity import full_format, parse_identity
from vtaplib.model.base import Values
from vtaplib.model.resource import Resource
from vtaplib.resources import RESOURCE_TYPES as STORED_TYPES
from vtaplib.resources import Subscription

if TYPE_CHECKING:
    from provider_shim.data_source import DataSource

AZURERM_VERSION = "5.10"
"""The release of azurerm whose schema is followed."""

RESOURCE_TYPES: Final[Mapping[str, type[Resource]]] = {
    f"azurerm_{kind.type_name()}": kind for kind in STORED_TYPES if kind is not Subscription
}
"""By Terraform's name."""

_IDENTIFIED: Final = (
    "azurerm_resource_group",
    "azurerm_virtual_network",
    "azurerm_subnet",
    "azurerm_virtual_network_peering",
    "azurerm_public_ip",
    "azurerm_network_interface",
    "azurerm_network_security_group",
    "azurerm_network_security_rule",
    "azurerm_virtual_network_tap",
    "azurerm_network_interface_tap_configuration",
)
"""The types whose objects have an identity. Of the types that azurerm has, it has none for the others."""

IDENTITIES: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(re.findall(r"\{(\w+)\}", full_format(RESOURCE_TYPES[name]))) for name in _IDENTIFIED
}
"""The names in an ID, in order."""


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
        "azurerm_network_watcher": ("network_watcher", "NetworkWatcherLookup"),
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
