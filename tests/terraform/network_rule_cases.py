"""Rules of networks, subnets, peerings, interfaces and machines, each broken once."""

from __future__ import annotations

from typing import Final

from tests.terraform.hcl import Expression
from tests.terraform.machine_changes import CONFIDENTIAL, DISK, nics
from tests.terraform.rule_case import (
    COMBINATION,
    CONTENT,
    DYNAMIC,
    IN_W,
    INTERFACE,
    MACHINE,
    NETWORK,
    PEERING,
    REFERENCE,
    SUBNET,
    WINDOWS,
    at,
    case,
    front,
)
from tests.terraform.worlds import (
    balancer,
    in_subnet,
    interface,
    machine,
    network,
    peering,
    subnet,
)

NETWORK_CASES: Final = [
    case(
        NETWORK,
        "address_space_is_usable",
        "InvalidAddressSpace",
        "address_space",
        {"address_space": ["127.1.0.0/16"]},
        {"address_space": ["126.1.0.0/16"]},
    ),
    case(
        NETWORK,
        "address_space_is_usable",
        "InvalidAddressSpace",
        "address_space",
        {"address_space": ["10.9.0.0/30"]},
        {"address_space": ["10.9.0.0/29"]},
    ),
    case(
        NETWORK,
        "address_space_is_usable",
        "InvalidAddressSpace",
        "address_space",
        {"address_space": ["10.9.0.1/16"]},
        {"address_space": ["10.9.0.0/16"]},
    ),
    case(
        NETWORK,
        "address_space_does_not_overlap_itself",
        "InvalidAddressSpace",
        "address_space",
        {"address_space": ["10.9.0.0/16", "10.9.1.0/24"]},
        {"address_space": ["10.9.0.0/16", "10.10.1.0/24"]},
    ),
    case(
        SUBNET,
        "prefixes_are_usable",
        "NetcfgInvalidSubnet",
        "address_prefixes",
        {"address_prefixes": ["10.0.0.0/30"]},
        {"address_prefixes": ["10.0.0.0/29"]},
    ),
    case(
        SUBNET,
        "prefixes_lie_in_the_network",
        "NetcfgSubnetRangeOutsideVnet",
        "address_prefixes",
        {"address_prefixes": ["10.1.0.0/24"]},
        {"address_prefixes": ["10.0.255.0/24"]},
    ),
    case(
        SUBNET,
        "prefixes_do_not_overlap_other_subnets",
        "NetcfgSubnetRangesOverlap",
        "address_prefixes",
        {"address_prefixes": ["10.0.4.0/23"], "depends_on": Expression("[azurerm_subnet.taken]")},
        {"address_prefixes": ["10.0.6.0/23"]},
        subnet("taken", "v", "10.0.5.0/24"),
    ),
    case(
        SUBNET,
        "sharing_needs_no_default_outbound_access",
        "NetcfgInvalidSubnet",
        "sharing_scope",
        {"sharing_scope": "Tenant"},
        {"sharing_scope": "Tenant", "default_outbound_access_enabled": False},
    ),
    case(
        PEERING,
        "remote_network_is_another",
        REFERENCE,
        "remote_virtual_network_id",
        {"remote_virtual_network_id": Expression("azurerm_virtual_network.v.id")},
        {},
    ),
    case(
        PEERING,
        "one_peering_per_remote_network",
        "AnotherPeeringAlreadyReferencesRemoteVnet",
        "remote_virtual_network_id",
        {"depends_on": Expression("[azurerm_virtual_network_peering.first]")},
        {"remote_virtual_network_id": Expression("azurerm_virtual_network.x.id")},
        peering("first", "v", "w"),
    ),
    case(
        PEERING,
        "address_spaces_do_not_overlap",
        "VnetAddressSpacesOverlap",
        "remote_virtual_network_id",
        {"remote_virtual_network_id": Expression("azurerm_virtual_network.overlapping.id")},
        {},
    ),
    case(
        PEERING,
        "address_space_does_not_overlap_a_third_network",
        "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet",
        "remote_virtual_network_id",
        {
            "remote_virtual_network_id": Expression("azurerm_virtual_network.third.id"),
            "depends_on": Expression("[azurerm_virtual_network_peering.first]"),
        },
        {"remote_virtual_network_id": Expression("azurerm_virtual_network.x.id")},
        network("third", "10.1.128.0/17") + peering("first", "v", "w"),
    ),
]

INTERFACE_CASES: Final = [
    case(
        INTERFACE,
        "ipv4_configurations_name_a_subnet",
        CONTENT,
        "ip_configuration",
        {
            "ip_configuration": [
                {**DYNAMIC, "primary": True},
                {"name": "second", "private_ip_address_allocation": "Dynamic"},
            ]
        },
        {"ip_configuration": [{**DYNAMIC, "primary": True}, {**DYNAMIC, "name": "second"}]},
    ),
    case(
        INTERFACE,
        "configuration_names_are_unique",
        CONTENT,
        "name",
        {"ip_configuration": [{**DYNAMIC, "primary": True}, {**DYNAMIC, "name": "IP"}]},
        {"ip_configuration": [{**DYNAMIC, "primary": True}, {**DYNAMIC, "name": "IP2"}]},
    ),
    case(
        INTERFACE,
        "primary_configuration_is_ipv4",
        CONTENT,
        "private_ip_address_version",
        {
            "ip_configuration": [
                DYNAMIC,
                {
                    "name": "second",
                    "private_ip_address_allocation": "Dynamic",
                    "private_ip_address_version": "IPv6",
                    "primary": True,
                },
            ]
        },
        {
            "ip_configuration": [
                {**DYNAMIC, "primary": True},
                {
                    "name": "second",
                    "private_ip_address_allocation": "Dynamic",
                    "private_ip_address_version": "IPv6",
                },
            ]
        },
    ),
    case(
        INTERFACE,
        "one_configuration_is_primary",
        "NetworkInterfaceMustHavePrimaryPropertySet",
        "",
        {"ip_configuration": [DYNAMIC, {**DYNAMIC, "name": "second"}]},
        {"ip_configuration": [DYNAMIC, {**DYNAMIC, "name": "second", "primary": True}]},
    ),
    case(
        INTERFACE,
        "subnets_are_in_one_network",
        "SubnetsNotInSameVnet",
        "subnet_id",
        {
            "ip_configuration": [
                {**DYNAMIC, "primary": True},
                {**in_subnet("c", name="second"), "private_ip_address_allocation": "Dynamic"},
            ]
        },
        {
            "ip_configuration": [
                {**DYNAMIC, "primary": True},
                {**in_subnet("b", name="second"), "private_ip_address_allocation": "Dynamic"},
            ]
        },
        subnet("c", "w", "10.1.0.0/24"),
    ),
    case(INTERFACE, "network_is_in_the_same_region", REFERENCE, "location", {"location": "northeurope"}, {}),
    case(
        INTERFACE,
        "addresses_are_in_the_subnet",
        "PrivateIPAddressNotInSubnet",
        "private_ip_address",
        at("10.0.1.10"),
        at("10.0.0.10"),
    ),
    case(
        INTERFACE,
        "addresses_are_not_reserved",
        "PrivateIPAddressInReservedRange",
        "private_ip_address",
        at("10.0.0.3"),
        at("10.0.0.4"),
    ),
    case(
        INTERFACE,
        "addresses_are_not_reserved",
        "PrivateIPAddressInReservedRange",
        "private_ip_address",
        at("10.0.0.255"),
        at("10.0.0.254"),
    ),
    case(
        INTERFACE,
        "addresses_are_free",
        "PrivateIPAddressIsAllocated",
        "private_ip_address",
        {**at("10.0.0.10"), "depends_on": Expression("[azurerm_network_interface.holder]")},
        at("10.0.0.11"),
        interface("holder", **at("10.0.0.10")),
    ),
    case(
        INTERFACE,
        "addresses_are_free",
        "PrivateIPAddressIsAllocated",
        "private_ip_address",
        {**at("10.0.0.10"), "depends_on": Expression("[azurerm_lb.holder]")},
        at("10.0.0.11"),
        balancer("holder", **front("10.0.0.10")),
    ),
    case(
        INTERFACE,
        "static_addresses_are_well_formed",
        CONTENT,
        "private_ip_address",
        at("10.0.0"),
        at("10.0.0.10"),
    ),
]

SPOT: Final = {"priority": "Spot", "eviction_policy": "Delete"}
MACHINE_CASES: Final = [
    case(
        MACHINE,
        "interfaces_are_not_attached_elsewhere",
        "NicInUse",
        "network_interface_ids",
        {
            "network_interface_ids": nics("two"),
            "depends_on": Expression("[azurerm_linux_virtual_machine.first]"),
        },
        {},
        machine("first", "two"),
    ),
    case(
        MACHINE,
        "interfaces_are_not_attached_elsewhere",
        "NicInUse",
        "network_interface_ids",
        {"network_interface_ids": nics("one", "one")},
        {"network_interface_ids": nics("one", "two")},
    ),
    case(
        MACHINE,
        "size_has_room_for_the_interfaces",
        "NetworkInterfaceCountExceeded",
        "network_interface_ids",
        {"network_interface_ids": nics("one", "two", "three")},
        {"network_interface_ids": nics("one", "two", "three"), "size": "Standard_D8s_v5"},
        interface("three"),
    ),
    case(
        MACHINE,
        "name_can_be_the_computer_name",
        CONTENT,
        "name",
        {"name": "my_machine"},
        {"name": "my_machine", "computer_name": "my-machine"},
        new_only=True,
    ),
    case(
        WINDOWS,
        "name_can_be_the_computer_name",
        CONTENT,
        "name",
        {"name": "sixteen-letters2"},
        {"name": "sixteen-letters"},
    ),
    case(
        WINDOWS,
        "hotpatches_need_the_platform",
        COMBINATION,
        "hotpatching_enabled",
        {"hotpatching_enabled": True, "patch_mode": "Manual"},
        {"hotpatching_enabled": True, "patch_mode": "AutomaticByPlatform"},
    ),
    case(
        MACHINE,
        "interfaces_are_in_one_network",
        "SubnetsNotInSameVnet",
        "network_interface_ids",
        {"network_interface_ids": nics("one", "elsewhere")},
        {"network_interface_ids": nics("one", "two")},
        IN_W,
    ),
    case(
        MACHINE,
        "interfaces_are_in_the_same_region",
        REFERENCE,
        "network_interface_ids",
        {"network_interface_ids": nics("far")},
        {},
    ),
    case(
        MACHINE,
        "there_is_a_way_to_log_in",
        COMBINATION,
        "",
        {"admin_ssh_key": None},
        {
            "admin_ssh_key": None,
            "admin_password": "Correct-Horse-1",
            "disable_password_authentication": False,
        },
    ),
    case(
        MACHINE,
        "extensions_need_the_agent",
        COMBINATION,
        "allow_extension_operations",
        {"provision_vm_agent": False, "allow_extension_operations": True},
        {"provision_vm_agent": False, "allow_extension_operations": False},
        new_only=True,
    ),
    case(
        MACHINE,
        "platform_patches_need_the_agent",
        COMBINATION,
        "patch_mode",
        {
            "provision_vm_agent": False,
            "allow_extension_operations": False,
            "patch_mode": "AutomaticByPlatform",
        },
        {"patch_mode": "AutomaticByPlatform"},
    ),
    case(
        MACHINE,
        "patch_options_need_the_platform",
        COMBINATION,
        "reboot_setting",
        {"reboot_setting": "Always", "patch_mode": "ImageDefault"},
        {"reboot_setting": "Always", "patch_mode": "AutomaticByPlatform"},
    ),
    case(
        MACHINE,
        "spot_options_go_with_spot",
        COMBINATION,
        "eviction_policy",
        {"eviction_policy": "Delete"},
        SPOT,
    ),
    case(
        MACHINE,
        "spot_options_go_with_spot",
        COMBINATION,
        "max_bid_price",
        {"max_bid_price": 0.5},
        {**SPOT, "max_bid_price": 0.5},
    ),
    case(MACHINE, "spot_options_go_with_spot", COMBINATION, "priority", {"priority": "Spot"}, SPOT),
    case(
        MACHINE,
        "confidential_disks_need_a_tpm",
        COMBINATION,
        "",
        {"os_disk": [{**DISK, "security_encryption_type": "VMGuestStateOnly"}]},
        {"os_disk": [{**DISK, "security_encryption_type": "VMGuestStateOnly"}], **CONFIDENTIAL},
    ),
]
