"""The order in which a type's rules are judged, and so in which violations are reported.

Without more said, those of the type itself come first, then those between resources by their modules. Here is
what comes before that: rules of both kinds, the plain before what follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from vtaplib.model.resource import Resource
from vtaplib.resources.lb import Lb
from vtaplib.resources.lb_rule import LbRule
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.network_interface_backend_address_pool_association import (
    NetworkInterfaceBackendAddressPoolAssociation,
)
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.network_security_rule import NetworkSecurityRule
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.subnet_network_security_group_association import SubnetNetworkSecurityGroupAssociation
from vtaplib.resources.virtual_machine import VirtualMachine
from vtaplib.resources.virtual_network_peering import VirtualNetworkPeering
from vtaplib.resources.virtual_network_tap import VirtualNetworkTap

ORDER: Final[Mapping[type[Resource], Sequence[str]]] = {
    NetworkSecurityRule: ("priority_is_unique",),
    Subnet: (
        "subnets_per_virtual_network",
        "delegated_subnet_has_no_interfaces",
        "delegations_are_not_repeated",
        "service_endpoints_are_not_repeated",
        "prefixes_are_usable",
        "prefixes_lie_in_the_network",
        "prefixes_do_not_overlap_other_subnets",
        "sharing_needs_no_default_outbound_access",
        "sent_security_group_exists",
        "sent_security_group_can_be_attached",
    ),
    SubnetNetworkSecurityGroupAssociation: (
        "group_is_in_the_same_region",
        "subnet_does_not_send_it_too",
    ),
    VirtualNetworkPeering: (
        "a_gateway_is_lent_where_it_is_used",
        "a_gateway_is_not_lent_and_borrowed",
        "one_remote_gateway_is_used",
        "peerings_per_virtual_network",
        "remote_network_is_another",
        "remote_side_is_not_disconnected",
        "one_peering_per_remote_network",
        "address_spaces_do_not_overlap",
        "address_space_does_not_overlap_a_third_network",
        "named_subnets_exist",
    ),
    NetworkInterface: (
        "network_interfaces_per_region",
        "private_addresses_per_virtual_network",
        "private_addresses_per_network_interface",
        "subnets_are_not_a_services_own",
        "ipv4_configurations_name_a_subnet",
        "configuration_names_are_unique",
        "one_configuration_is_primary",
        "primary_configuration_is_ipv4",
        "subnets_are_in_one_network",
        "network_stays",
        "security_groups_let_copies_in",
        "network_is_in_the_same_region",
        "subnets_are_in_the_same_subscription",
    ),
    VirtualMachine: (
        "tapped_interfaces_are_on_the_fast_path",
        "interfaces_are_not_attached_elsewhere",
        "size_has_room_for_the_interfaces",
        "size_is_known",
        "interfaces_are_in_one_network",
        "interfaces_are_in_the_same_region",
    ),
    Lb: (
        "private_addresses_per_virtual_network",
        "frontends_have_one_kind_of_address",
        "frontend_names_are_unique",
        "global_tier_needs_standard",
        "public_addresses_are_of_the_same_sku",
    ),
    LbRule: (
        "ha_ports_are_alone",
        "frontend_ports_are_not_shared",
        "load_balancer_rules_per_network_interface",
        "load_balancer_has_a_frontend",
        "frontend_exists",
        "pools_and_probe_are_the_load_balancers_own",
        "two_pools_are_for_gateways",
        "all_protocols_mean_ha_ports",
        "ha_ports_are_internal",
        "ha_ports_are_ipv4",
        "backend_ports_are_not_shared",
        "carrier_has_a_pool",
        "probe_can_pass",
        "no_interface_is_its_own_collector",
        "taps_form_no_ring",
        "security_groups_let_copies_in",
    ),
    NetworkInterfaceBackendAddressPoolAssociation: (
        "load_balancer_rules_per_network_interface",
        "configuration_exists",
        "interface_and_load_balancer_share_a_region",
        "pool_is_in_one_network",
        "backends_are_in_one_network",
        "one_sku_per_backend",
        "one_internal_balancer",
        "no_interface_is_its_own_collector",
        "taps_form_no_ring",
        "security_groups_let_copies_in",
    ),
    VirtualNetworkTap: (
        "taps_per_region",
        "there_is_a_destination",
        "there_is_one_destination",
        "destination_can_collect",
        "destination_port_is_vxlan",
        "destination_stays_while_sources_send",
        "destination_is_in_the_same_region",
        "destination_balancer_is_standard",
        "collectors_are_not_tapped",
        "carrier_has_a_pool",
        "probe_can_pass",
        "frontend_has_a_rule",
        "pool_has_a_backend",
        "collector_has_a_machine",
        "subscription_has_the_feature",
    ),
    NetworkInterfaceTapConfiguration: (
        "tap_configurations_per_tap",
        "tap_configurations_per_subscription",
        "source_is_in_the_same_region",
        "source_is_in_the_same_tenant",
        "destination_is_reachable",
        "source_is_on_the_fast_path",
        "machine_waits_for_the_tap",
        "interface_has_one_tap",
        "source_network_is_not_encrypted",
        "source_speaks_ipv4_only",
        "machine_is_not_interrupted",
        "no_interface_is_its_own_collector",
        "taps_form_no_ring",
        "security_groups_let_copies_in",
    ),
}
