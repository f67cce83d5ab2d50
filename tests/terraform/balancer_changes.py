"""Changes of every argument of load balancers, their parts, TAPs and tap configurations."""

from __future__ import annotations

from typing import Final

from tests.terraform.changes import Change, inside, switched, values
from tests.terraform.hcl import Expression
from tests.terraform.network_changes import GATE, LAB2, TAGS, TIMEOUTS
from tests.terraform.worlds import arm, in_subnet, public

FRONT: Final = in_subnet()
STATIC: Final = {**FRONT, "private_ip_address_allocation": "Static", "private_ip_address": "10.0.0.10"}
BY_PREFIX: Final = {"name": "ip", "public_ip_prefix_id": arm("Microsoft.Network/publicIPPrefixes/p")}
LB2: Final = Expression("azurerm_lb.lb2.id")

BALANCER: Final = [
    values("name", "lb2"),
    values("resource_group_name", LAB2),
    Change("location", {"location": "northeurope", "frontend_ip_configuration": [in_subnet("n")]}),
    values("edge_zone", "losangeles", "perth"),
    values("sku", "Basic"),
    values("sku_tier", "Global"),
    values("frontend_ip_configuration", [FRONT], [FRONT, {**FRONT, "name": "second"}]),
    inside("frontend_ip_configuration", FRONT, "name", "ip", "ip2"),
    inside(
        "frontend_ip_configuration", FRONT, "gateway_load_balancer_frontend_ip_configuration_id", None, GATE
    ),
    inside("frontend_ip_configuration", STATIC, "private_ip_address", "10.0.0.10", "10.0.0.11"),
    Change(
        "frontend_ip_configuration.private_ip_address_allocation",
        {"frontend_ip_configuration": [{**FRONT, "private_ip_address_allocation": "Dynamic"}]},
        {"frontend_ip_configuration": [STATIC]},
    ),
    Change(
        "frontend_ip_configuration.private_ip_address_version",
        {"frontend_ip_configuration": [public("six", private_ip_address_version="IPv6")]},
        {"frontend_ip_configuration": [public(private_ip_address_version="IPv4")]},
    ),
    inside(
        "frontend_ip_configuration",
        {"name": "ip"},
        "public_ip_address_id",
        public()["public_ip_address_id"],
        public("q")["public_ip_address_id"],
    ),
    inside(
        "frontend_ip_configuration",
        {"name": "ip"},
        "public_ip_prefix_id",
        BY_PREFIX["public_ip_prefix_id"],
        BY_PREFIX["public_ip_prefix_id"] + "2",
    ),
    inside(
        "frontend_ip_configuration", FRONT, "subnet_id", FRONT["subnet_id"], Expression("azurerm_subnet.b.id")
    ),
    inside("frontend_ip_configuration", FRONT, "zones", ["1"], ["2", "1"]),
    TAGS,
    TIMEOUTS,
]

TUNNEL: Final = {"identifier": 900, "type": "Internal", "protocol": "VXLAN", "port": 15000}
OF_GATE: Final = Expression("azurerm_lb.gate.id")

POOL: Final = [
    values("name", "pool2"),
    values("loadbalancer_id", LB2),
    values(
        "synchronous_mode",
        "Automatic",
        "Manual",
        virtual_network_id=Expression("azurerm_virtual_network.v.id"),
    ),
    values(
        "virtual_network_id",
        Expression("azurerm_virtual_network.v.id"),
        Expression("azurerm_virtual_network.w.id"),
    ),
    values(
        "tunnel_interface",
        [TUNNEL],
        [TUNNEL, {**TUNNEL, "identifier": 901, "type": "External", "port": 15001}],
        loadbalancer_id=OF_GATE,
    ),
    inside("tunnel_interface", TUNNEL, "identifier", 900, 902, loadbalancer_id=OF_GATE),
    inside("tunnel_interface", TUNNEL, "type", "Internal", "External", loadbalancer_id=OF_GATE),
    inside("tunnel_interface", TUNNEL, "protocol", "VXLAN", "Native", loadbalancer_id=OF_GATE),
    inside("tunnel_interface", TUNNEL, "port", 15000, 15002, loadbalancer_id=OF_GATE),
    TIMEOUTS,
]

PROBE: Final = [
    values("name", "probe2"),
    values("loadbalancer_id", LB2),
    values("port", 443),
    values("interval_in_seconds", 30),
    values("no_healthy_backends_behavior", "AllProbedUp"),
    values("number_of_probes", 3),
    values("probe_threshold", 2),
    values("protocol", "Http", "Https", request_path="/"),
    values("request_path", "/", "/health", protocol="Http"),
    TIMEOUTS,
]

OWN_POOL: Final = [Expression("azurerm_lb_backend_address_pool.pool.id")]
OTHER_POOL: Final = [Expression("azurerm_lb_backend_address_pool.pool2.id")]

RULE: Final = [
    values("name", "rule2"),
    values("loadbalancer_id", LB2),
    values("backend_port", 4790),
    values("frontend_ip_configuration_name", "ip2"),
    values("frontend_port", 4790),
    values("protocol", "Tcp"),
    values("backend_address_pool_ids", OWN_POOL, OTHER_POOL),
    switched("disable_outbound_snat", on=True),
    switched("floating_ip_enabled", on=True),
    values("idle_timeout_in_minutes", 10),
    values("load_distribution", "SourceIP", "SourceIPProtocol"),
    values("probe_id", Expression("azurerm_lb_probe.probe.id")),
    switched("tcp_reset_enabled", on=True),
    TIMEOUTS,
]

ASSOCIATION: Final = [
    values("network_interface_id", Expression("azurerm_network_interface.two.id")),
    values("ip_configuration_name", "ip2"),
    values("backend_address_pool_id", *OTHER_POOL),
    values("timeouts", [{"create": "30m"}], [{"create": "40m", "delete": "5m"}]),
]

TO_INTERFACE: Final = "destination_network_interface_ip_configuration_id"
TO_FRONTEND: Final = "destination_load_balancer_frontend_ip_configuration_id"

TAP: Final = [
    values("name", "tap2"),
    values("resource_group_name", LAB2),
    Change(
        "location",
        {
            "location": "northeurope",
            TO_INTERFACE: Expression("azurerm_network_interface.far.ip_configuration[0].id"),
        },
    ),
    Change(
        TO_FRONTEND,
        {TO_INTERFACE: None, TO_FRONTEND: Expression("azurerm_lb.lb.frontend_ip_configuration[0].id")},
    ),
    values(TO_INTERFACE, Expression("azurerm_network_interface.two.ip_configuration[0].id")),
    # The only value there is.
    values("destination_port", 4789),
    TAGS,
    TIMEOUTS,
]

TAP_CONFIGURATION: Final = [
    values("name", "mirror2"),
    values("network_interface_id", Expression("azurerm_network_interface.two.id")),
    values("virtual_network_tap_id", Expression("azurerm_virtual_network_tap.tap2.id")),
    TIMEOUTS,
]
