"""For each rule a resource that breaks it and nothing else, and its nearest neighbour that breaks none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.terraform.hcl import Body, Expression, resource
from tests.terraform.machine_changes import CONFIDENTIAL, DISK, nics
from tests.terraform.worlds import (
    INTERFACES,
    NORTH,
    SUBNETS,
    WORLDS,
    arm,
    balancer,
    in_subnet,
    interface,
    machine,
    network,
    peering,
    pool,
    probe,
    rule_body,
    subnet,
    tap,
    tapped_body,
)

FAR: Final = interface("far", "n", location="northeurope")
DYNAMIC: Final = in_subnet(private_ip_address_allocation="Dynamic")
IN_W: Final = subnet("c", "w", "10.1.0.0/24") + interface("elsewhere", "c")
PUBLIC: Final = {"name": "ip", "public_ip_address_id": arm("Microsoft.Network/publicIPAddresses/p")}


@dataclass(frozen=True, slots=True)
class RuleCase:
    """`wrong` and `right` are laid over `body`, the subject; `line` is how the line that is shown begins."""

    type_name: str
    rule: str
    code: str
    line: str
    surroundings: str
    body: Body
    wrong: Mapping[str, Any]
    right: Mapping[str, Any]

    @property
    def address(self) -> str:
        return f"{self.type_name}.subject"

    def configuration(self, side: Mapping[str, Any]) -> str:
        return self.surroundings + resource(self.address, {**self.body, **side})


def case(
    type_name: str, rule: str, code: str, line: str, wrong: Body, right: Body, around: str = ""
) -> RuleCase:
    """A case in the type's own world, with something more around it."""
    world = WORLDS[type_name]
    return RuleCase(type_name, rule, code, line, world.surroundings + around, world.body, wrong, right)


def at(address: str, **changes: Any) -> dict[str, Any]:
    return {
        "ip_configuration": [
            {**DYNAMIC, "private_ip_address_allocation": "Static", "private_ip_address": address, **changes}
        ]
    }


def front(address: str) -> dict[str, Any]:
    asks = in_subnet(private_ip_address_allocation="Static", private_ip_address=address)
    return {"frontend_ip_configuration": [asks]}


NETWORK, SUBNET, PEERING = "azurerm_virtual_network", "azurerm_subnet", "azurerm_virtual_network_peering"
INTERFACE, MACHINE, BALANCER = "azurerm_network_interface", "azurerm_linux_virtual_machine", "azurerm_lb"
POOL, PROBE, RULE = "azurerm_lb_backend_address_pool", "azurerm_lb_probe", "azurerm_lb_rule"
MEMBER: Final = "azurerm_network_interface_backend_address_pool_association"
TAP, TAPPED = "azurerm_virtual_network_tap", "azurerm_network_interface_tap_configuration"
COMBINATION: Final = "InvalidParameterCombination"
REFERENCE: Final = "InvalidResourceReference"
CONTENT: Final = "InvalidRequestContent"
TO_INTERFACE: Final = "destination_network_interface_ip_configuration_id"
TO_FRONTEND: Final = "destination_load_balancer_frontend_ip_configuration_id"
FRONTEND: Final = Expression("azurerm_lb.lb.frontend_ip_configuration[0].id")

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
        "extensions_and_platform_patches_need_the_agent",
        COMBINATION,
        "",
        {"provision_vm_agent": False},
        {"provision_vm_agent": False, "allow_extension_operations": False},
    ),
    case(
        MACHINE,
        "patch_options_need_the_platform",
        COMBINATION,
        "reboot_setting",
        {"reboot_setting": "Always"},
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
    case(MACHINE, "spot_options_go_with_spot", COMBINATION, "", {"priority": "Spot"}, SPOT),
    case(
        MACHINE,
        "confidential_disks_need_a_tpm",
        COMBINATION,
        "",
        {"os_disk": [{**DISK, "security_encryption_type": "VMGuestStateOnly"}]},
        {"os_disk": [{**DISK, "security_encryption_type": "VMGuestStateOnly"}], **CONFIDENTIAL},
    ),
]

RULE_WORLD: Final = (
    SUBNETS
    + balancer("lb")
    + balancer("empty", frontend_ip_configuration=None)
    + balancer("public", frontend_ip_configuration=[PUBLIC])
    + balancer("lb2")
    + pool("pool", "lb")
    + pool("pool2", "lb")
    + pool("foreign", "lb2")
    + probe("probe", "lb")
)


def rule_case(rule: str, code: str, line: str, wrong: Body, right: Body, around: str = "") -> RuleCase:
    return RuleCase(RULE, rule, code, line, RULE_WORLD + around, rule_body("lb"), wrong, right)


def of(*pools: str) -> dict[str, Any]:
    return {
        "backend_address_pool_ids": [Expression(f"azurerm_lb_backend_address_pool.{one}.id") for one in pools]
    }


ALL_PORTS: Final = {"protocol": "All", "frontend_port": 0, "backend_port": 0}
BALANCER_CASES: Final = [
    case(
        BALANCER,
        "frontends_have_one_kind_of_address",
        CONTENT,
        "frontend_ip_configuration",
        {"frontend_ip_configuration": [{"name": "ip"}]},
        {},
    ),
    case(
        BALANCER,
        "frontends_have_one_kind_of_address",
        CONTENT,
        "frontend_ip_configuration",
        {"frontend_ip_configuration": [{**PUBLIC, **in_subnet()}]},
        {"frontend_ip_configuration": [PUBLIC]},
    ),
    case(
        BALANCER,
        "frontend_names_are_unique",
        CONTENT,
        "name",
        {"frontend_ip_configuration": [in_subnet(), in_subnet("b", name="IP")]},
        {"frontend_ip_configuration": [in_subnet(), in_subnet("b", name="IP2")]},
    ),
    case(
        BALANCER,
        "global_tier_needs_standard",
        COMBINATION,
        "sku_tier",
        {"sku": "Basic", "sku_tier": "Global"},
        {"sku_tier": "Global"},
    ),
    case(
        BALANCER,
        "networks_are_in_the_same_region",
        REFERENCE,
        "subnet_id",
        {"frontend_ip_configuration": [in_subnet("n")]},
        {},
    ),
    case(
        BALANCER,
        "addresses_are_in_the_subnet",
        "PrivateIPAddressNotInSubnet",
        "private_ip_address",
        front("10.0.1.10"),
        front("10.0.0.10"),
    ),
    case(
        BALANCER,
        "addresses_are_not_reserved",
        "PrivateIPAddressInReservedRange",
        "private_ip_address",
        front("10.0.0.1"),
        front("10.0.0.10"),
    ),
    case(
        BALANCER,
        "addresses_are_free",
        "PrivateIPAddressIsAllocated",
        "private_ip_address",
        {**front("10.0.0.10"), "depends_on": Expression("[azurerm_network_interface.holder]")},
        front("10.0.0.11"),
        interface("holder", **at("10.0.0.10")),
    ),
    case(
        POOL,
        "tunnels_are_for_gateways",
        COMBINATION,
        "",
        {"loadbalancer_id": Expression("azurerm_lb.gate.id")},
        {},
    ),
    case(
        POOL,
        "synchronous_mode_is_for_standard",
        COMBINATION,
        "synchronous_mode",
        {
            "loadbalancer_id": Expression("azurerm_lb.basic.id"),
            "synchronous_mode": "Manual",
            "virtual_network_id": Expression("azurerm_virtual_network.v.id"),
        },
        {"synchronous_mode": "Manual", "virtual_network_id": Expression("azurerm_virtual_network.v.id")},
        balancer("basic", sku="Basic"),
    ),
    case(
        PROBE,
        "http_probes_have_a_path",
        CONTENT,
        "",
        {"protocol": "Http"},
        {"protocol": "Http", "request_path": "/"},
    ),
    case(PROBE, "http_probes_have_a_path", CONTENT, "request_path", {"request_path": "/"}, {}),
    rule_case(
        "load_balancer_has_a_frontend",
        "LoadBalancerWithoutFrontendIPCantHaveChildResources",
        "loadbalancer_id",
        {"loadbalancer_id": Expression("azurerm_lb.empty.id")},
        {},
    ),
    rule_case(
        "frontend_exists",
        REFERENCE,
        "frontend_ip_configuration_name",
        {"frontend_ip_configuration_name": "other"},
        {"frontend_ip_configuration_name": "IP"},
    ),
    rule_case(
        "pools_and_probe_are_the_load_balancers_own",
        REFERENCE,
        "backend_address_pool_ids",
        of("foreign"),
        of("pool"),
    ),
    rule_case(
        "two_pools_are_for_gateways", COMBINATION, "backend_address_pool_ids", of("pool", "pool2"), of("pool")
    ),
    rule_case("all_protocols_mean_all_ports", COMBINATION, "frontend_port", {"protocol": "All"}, ALL_PORTS),
    rule_case(
        "all_protocols_mean_all_ports",
        COMBINATION,
        "frontend_port",
        {"frontend_port": 0},
        {"frontend_port": 1},
    ),
    rule_case(
        "high_availability_ports_are_internal",
        COMBINATION,
        "protocol",
        {**ALL_PORTS, "loadbalancer_id": Expression("azurerm_lb.public.id")},
        ALL_PORTS,
    ),
    rule_case(
        "backend_ports_are_not_shared",
        "RulesUseSameBackendPortProtocolAndPool",
        "backend_address_pool_ids",
        {**of("pool"), "frontend_port": 5000, "depends_on": Expression("[azurerm_lb_rule.first]")},
        {**of("pool"), "frontend_port": 5000, "backend_port": 5000},
        resource("azurerm_lb_rule.first", {**rule_body("lb", name="first"), **of("pool")}),
    ),
    case(
        MEMBER,
        "configuration_exists",
        REFERENCE,
        "ip_configuration_name",
        {"ip_configuration_name": "other"},
        {},
    ),
    case(
        MEMBER,
        "interface_and_load_balancer_share_a_region",
        REFERENCE,
        "backend_address_pool_id",
        {"backend_address_pool_id": Expression("azurerm_lb_backend_address_pool.far.id")},
        {},
        balancer("far", location="northeurope", frontend_ip_configuration=[PUBLIC]) + pool("far", "far"),
    ),
    case(
        MEMBER,
        "backends_are_in_one_network",
        "SubnetsNotInSameVnet",
        "network_interface_id",
        {"network_interface_id": Expression("azurerm_network_interface.elsewhere.id")},
        {},
        IN_W,
    ),
]

TAPPED_WORLD: Final = INTERFACES + NORTH + FAR + IN_W + interface("collector") + tap("tap", "collector")
TAP_CASES: Final = [
    case(TAP, "there_is_a_destination", "VirtualNetworkTapDestinationRequired", "", {TO_INTERFACE: None}, {}),
    case(
        TAP,
        "there_is_one_destination",
        "VirtualNetworkTapDestinationAmbiguous",
        TO_FRONTEND,
        {TO_FRONTEND: FRONTEND},
        {TO_FRONTEND: FRONTEND, TO_INTERFACE: None},
    ),
    case(
        TAP,
        "destination_can_collect",
        "VirtualNetworkTapDestinationNotSupported",
        TO_FRONTEND,
        {TO_FRONTEND: Expression("azurerm_lb.public.frontend_ip_configuration[0].id"), TO_INTERFACE: None},
        {TO_FRONTEND: FRONTEND, TO_INTERFACE: None},
        balancer("public", frontend_ip_configuration=[PUBLIC]),
    ),
    case(
        TAP,
        "destination_can_collect",
        "VirtualNetworkTapDestinationNotSupported",
        TO_FRONTEND,
        {TO_FRONTEND: Expression("azurerm_lb.gate.frontend_ip_configuration[0].id"), TO_INTERFACE: None},
        {TO_FRONTEND: FRONTEND, TO_INTERFACE: None},
        balancer("gate", sku="Gateway"),
    ),
    case(
        TAP,
        "destination_port_is_vxlan",
        "VirtualNetworkTapDestinationPortNotSupported",
        "destination_port",
        {"destination_port": 8472},
        {"destination_port": 4789},
    ),
    case(
        TAP,
        "destination_is_in_the_same_region",
        REFERENCE,
        TO_INTERFACE,
        {TO_INTERFACE: Expression("azurerm_network_interface.far.ip_configuration[0].id")},
        {},
    ),
    RuleCase(
        TAPPED,
        "source_is_in_the_same_region",
        REFERENCE,
        "virtual_network_tap_id",
        TAPPED_WORLD + peering("there", "north", "v") + peering("back", "v", "north"),
        tapped_body("one", "tap"),
        {
            "network_interface_id": Expression("azurerm_network_interface.far.id"),
            "depends_on": Expression(
                "[azurerm_virtual_network_peering.there, azurerm_virtual_network_peering.back]"
            ),
        },
        {},
    ),
    RuleCase(
        TAPPED,
        "destination_is_reachable",
        "VirtualNetworkTapDestinationNotReachable",
        "virtual_network_tap_id",
        TAPPED_WORLD,
        tapped_body("one", "tap"),
        {"network_interface_id": Expression("azurerm_network_interface.elsewhere.id")},
        {},
    ),
    RuleCase(
        TAPPED,
        "source_is_not_the_destination",
        "VirtualNetworkTapSourceIsDestination",
        "virtual_network_tap_id",
        TAPPED_WORLD,
        tapped_body("one", "tap"),
        {"network_interface_id": Expression("azurerm_network_interface.collector.id")},
        {},
    ),
]

CASES: Final = [*NETWORK_CASES, *INTERFACE_CASES, *MACHINE_CASES, *BALANCER_CASES, *TAP_CASES]

ELSEWHERE: Final = {
    "prefixes_stay_while_subnets_use_them": "test_plan_rules: the plan may go on to move the subnet",
    "prefixes_stay_while_in_use": "test_plan_rules: the plan may go on to move the interface",
    "network_stays": "test_plan_rules, on a change of what exists",
    "remote_side_is_not_disconnected": "test_plan_rules: the plan may go on to make the other side anew",
    "subnet_has_an_address_left": "test_plan_rules: addresses are taken at apply",
    "interfaces_are_in_the_same_subscription": "test_plan_rules, with a second subscription in the cloud",
    "source_is_in_the_same_tenant": "test_plan_rules, with a second subscription in the cloud",
    "interface_should_have_one_tap": "test_plan_rules: a warning",
    "destination_stays_while_sources_send": "off unless the policy says otherwise, which the provider cannot",
    "destination_should_be_reachable": "off unless the policy says otherwise, which the provider cannot",
    "interface_has_one_tap": "off unless the policy says otherwise, which the provider cannot",
}
"""Rules that no pair of configurations shows by itself."""
