"""Rules of what peerings, delegations, probes and balancing rules go together with, each broken once."""

from __future__ import annotations

from typing import Any, Final

from tests.terraform.balancer_rule_cases import ALL_PORTS, of, rule_case
from tests.terraform.hcl import Expression, resource
from tests.terraform.network_changes import DELEGATION, ENDPOINT, TO
from tests.terraform.rule_case import (
    COMBINATION,
    CONTENT,
    DYNAMIC,
    IN_W,
    INTERFACE,
    MEMBER,
    PEERING,
    PROBE,
    SUBNET,
    case,
)
from tests.terraform.worlds import balancer, in_subnet, network, peering, pool, public_ip, rule_body, subnet

AFTER_BACK: Final = {"depends_on": Expression("[azurerm_virtual_network_peering.back]")}
AFTER_FIRST: Final = {"depends_on": Expression("[azurerm_lb_rule.first]")}
FIRST: Final = resource("azurerm_lb_rule.first", {**rule_body("lb", name="first"), **of("pool")})
SIX: Final = (
    network("six", "", address_space=["10.6.0.0/16", "fd00:6::/48"])
    + subnet("s", "six", "", address_prefixes=["10.6.0.0/24", "fd00:6::/64"])
    + balancer("six", frontend_ip_configuration=[in_subnet("s", private_ip_address_version="IPv6")])
)
OPEN: Final = (
    IN_W
    + public_ip("open")
    + balancer(
        "open",
        frontend_ip_configuration=[
            {"name": "ip", "public_ip_address_id": Expression("azurerm_public_ip.open.id")}
        ],
    )
    + pool("open", "open")
    + resource(
        f"{MEMBER}.first",
        {
            "network_interface_id": Expression("azurerm_network_interface.elsewhere.id"),
            "ip_configuration_name": "ip",
            "backend_address_pool_id": Expression("azurerm_lb_backend_address_pool.open.id"),
        },
    )
)


def delegated(service: str, name: str = "d") -> dict[str, Any]:
    return {**DELEGATION, "name": name, "service_delegation": [{**TO, "name": service}]}


OWN, BESIDE = "Microsoft.ContainerInstance/containerGroups", "Microsoft.Databricks/workspaces"
PEERING_AND_BALANCING_CASES: Final = [
    case(
        SUBNET,
        "delegations_are_not_repeated",
        "NetcfgInvalidSubnet",
        "name",
        {"delegation": [delegated(OWN), delegated(BESIDE, "D")]},
        {"delegation": [delegated(OWN), delegated(BESIDE, "e")]},
    ),
    case(
        SUBNET,
        "service_endpoints_are_not_repeated",
        "NetcfgInvalidSubnet",
        "service",
        {"service_endpoint": [ENDPOINT, ENDPOINT]},
        {"service_endpoint": [ENDPOINT, {"service": "Microsoft.Sql"}]},
    ),
    case(
        INTERFACE,
        "subnets_are_not_a_services_own",
        "NetcfgInvalidSubnet",
        "subnet_id",
        {"ip_configuration": [{**DYNAMIC, **in_subnet("own")}]},
        {"ip_configuration": [{**DYNAMIC, **in_subnet("beside")}]},
        subnet("own", "v", "10.0.8.0/24", delegation=[delegated(OWN)])
        + subnet("beside", "v", "10.0.9.0/24", delegation=[delegated(BESIDE)]),
    ),
    case(
        PEERING,
        "a_gateway_is_lent_where_it_is_used",
        COMBINATION,
        "use_remote_gateways",
        {"use_remote_gateways": True, **AFTER_BACK},
        {},
        peering("back", "w", "v"),
    ),
    case(
        PEERING,
        "a_gateway_is_lent_where_it_is_used",
        COMBINATION,
        "",
        AFTER_BACK,
        {"allow_gateway_transit": True},
        peering("back", "w", "v", use_remote_gateways=True),
    ),
    case(
        PEERING,
        "one_remote_gateway_is_used",
        COMBINATION,
        "use_remote_gateways",
        {"use_remote_gateways": True, **AFTER_BACK},
        {},
        peering("back", "v", "x", use_remote_gateways=True),
    ),
    case(
        PROBE,
        "probes_take_long_enough",
        CONTENT,
        "number_of_probes",
        {"interval_in_seconds": 5, "number_of_probes": 1},
        {"interval_in_seconds": 5, "number_of_probes": 2},
    ),
    rule_case(
        "ha_ports_are_alone",
        COMBINATION,
        "backend_address_pool_ids",
        {**ALL_PORTS, **of("pool"), **AFTER_FIRST},
        {**ALL_PORTS, **of("pool2")},
        FIRST,
    ),
    rule_case(
        "ha_ports_are_ipv4",
        COMBINATION,
        "frontend_ip_configuration_name",
        {**ALL_PORTS, "loadbalancer_id": Expression("azurerm_lb.six.id")},
        ALL_PORTS,
        SIX,
    ),
    rule_case(
        "frontend_ports_are_not_shared",
        COMBINATION,
        "frontend_port",
        {**of("pool2"), **AFTER_FIRST},
        {**of("pool2"), "frontend_port": 5000},
        FIRST,
    ),
    case(
        MEMBER,
        "pool_is_in_one_network",
        "SubnetsNotInSameVnet",
        "network_interface_id",
        {
            "backend_address_pool_id": Expression("azurerm_lb_backend_address_pool.open.id"),
            "depends_on": Expression(f"[{MEMBER}.first]"),
        },
        {},
        OPEN,
    ),
]
