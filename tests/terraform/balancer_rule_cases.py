"""Rules of load balancers, their parts, TAPs and tap configurations, each broken once."""

from __future__ import annotations

from typing import Any, Final

from tests.terraform.hcl import Body, Expression, resource
from tests.terraform.rule_case import (
    BALANCER,
    COMBINATION,
    CONTENT,
    FAR,
    FRONTEND,
    IN_W,
    MEMBER,
    POOL,
    PROBE,
    REFERENCE,
    RULE,
    TAP,
    TAPPED,
    TO_FRONTEND,
    TO_INTERFACE,
    RuleCase,
    at,
    case,
    front,
)
from tests.terraform.worlds import (
    INTERFACES,
    NORTH,
    SUBNETS,
    balancer,
    in_subnet,
    interface,
    peering,
    pool,
    probe,
    public,
    public_ip,
    rule_body,
    tap,
    tapped_body,
)

RULE_WORLD: Final = (
    SUBNETS
    + balancer("lb")
    + balancer("empty", frontend_ip_configuration=None)
    + public_ip("p")
    + balancer("public", frontend_ip_configuration=[public()])
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
        {"frontend_ip_configuration": [{**public(), **in_subnet()}]},
        {"frontend_ip_configuration": [public()]},
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
    rule_case("all_protocols_mean_ha_ports", COMBINATION, "frontend_port", {"protocol": "All"}, ALL_PORTS),
    rule_case(
        "all_protocols_mean_ha_ports",
        COMBINATION,
        "frontend_port",
        {"frontend_port": 0},
        {"frontend_port": 1},
    ),
    rule_case(
        "ha_ports_are_internal",
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
        public_ip("p", location="northeurope")
        + balancer("far", location="northeurope", frontend_ip_configuration=[public()])
        + pool("far", "far"),
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
        public_ip("p") + balancer("public", frontend_ip_configuration=[public()]),
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
        "no_interface_is_its_own_collector",
        "VirtualNetworkTapSourceIsDestination",
        "virtual_network_tap_id",
        TAPPED_WORLD,
        tapped_body("one", "tap"),
        {"network_interface_id": Expression("azurerm_network_interface.collector.id")},
        {},
    ),
]
