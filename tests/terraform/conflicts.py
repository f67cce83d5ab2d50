"""Pairs of objects that exclude each other, and a harmless form of each that the other does not mind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tests.terraform.hcl import Expression, resource
from tests.terraform.worlds import (
    AFTER_THE_TAP,
    GROUPS,
    INTERFACES,
    NETWORKS,
    SUBNETS,
    at,
    balancer,
    balancing_rule,
    guarded_interface,
    in_subnet,
    interface,
    machine,
    network,
    peering,
    pool,
    public_ip,
    security_group,
    security_rule,
    subnet,
    tap,
    tapped,
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """`one` and `other` exclude each other; each has a form, of the same address in the configuration, that
    excludes nothing.
    """

    name: str
    code: str
    around: str
    one: str
    other: str
    harmless_one: str
    harmless_other: str


MEMBER: Final = "azurerm_network_interface_backend_address_pool_association"


def member(interface_name: str) -> str:
    body = {
        "network_interface_id": Expression(f"azurerm_network_interface.{interface_name}.id"),
        "ip_configuration_name": "ip",
        "backend_address_pool_id": Expression("azurerm_lb_backend_address_pool.pool.id"),
    }
    return resource(f"{MEMBER}.member", body)


def balanced(name: str, frontend_port: int, backend_port: int, **changes: Any) -> str:
    pools = [Expression("azurerm_lb_backend_address_pool.pool.id")]
    ports = {"frontend_port": frontend_port, "backend_port": backend_port}
    return balancing_rule(name, "lb", backend_address_pool_ids=pools, **ports, **changes)


def public_interface(name: str, address: str) -> str:
    held: dict[str, Any] = {"public_ip_address_id": Expression(f"azurerm_public_ip.{address}.id")}
    return interface(name, ip_configuration=[in_subnet(private_ip_address_allocation="Dynamic", **held)])


def reserved(address: str) -> str:
    return balancer("lb", frontend_ip_configuration=at(address)["ip_configuration"])


BALANCED: Final = INTERFACES + balancer("lb") + pool("pool", "lb")
SINK: Final = SUBNETS + interface("one") + interface("two") + interface("collector") + tap("tap", "collector")
BEHIND: Final = SINK + balancer("lb") + pool("pool", "lb")
TO_BALANCER: Final = {
    "destination_network_interface_ip_configuration_id": None,
    "destination_load_balancer_frontend_ip_configuration_id": Expression(
        "azurerm_lb.lb.frontend_ip_configuration[0].id"
    ),
}

CONFLICTS: Final = [
    Conflict(
        "two interfaces want one address",
        "PrivateIPAddressIsAllocated",
        SUBNETS,
        interface("one", **at("10.0.0.9")),
        interface("two", **at("10.0.0.9")),
        interface("one", **at("10.0.0.8")),
        interface("two", **at("10.0.0.7")),
    ),
    Conflict(
        "an interface and a frontend want one address",
        "PrivateIPAddressIsAllocated",
        SUBNETS,
        interface("one", **at("10.0.0.9")),
        reserved("10.0.0.9"),
        interface("one", **at("10.0.0.8")),
        reserved("10.0.0.7"),
    ),
    Conflict(
        "two interfaces want one public address",
        "PublicIPAddressInUse",
        SUBNETS + public_ip("p") + public_ip("q") + public_ip("r"),
        public_interface("one", "p"),
        public_interface("two", "p"),
        public_interface("one", "q"),
        public_interface("two", "r"),
    ),
    Conflict(
        "two subnets overlap",
        "NetcfgSubnetRangesOverlap",
        NETWORKS,
        subnet("one", "v", "10.0.0.0/24"),
        subnet("two", "v", "10.0.0.128/25"),
        subnet("one", "v", "10.0.2.0/24"),
        subnet("two", "v", "10.0.3.0/25"),
    ),
    Conflict(
        "two machines want one interface",
        "NicInUse",
        INTERFACES + interface("three"),
        machine("a", "one"),
        machine("b", "one"),
        machine("a", "two"),
        machine("b", "three"),
    ),
    Conflict(
        "two rules send to one port of a pool",
        "RulesUseSameBackendPortProtocolAndPool",
        BALANCED,
        balanced("r1", 1, 9),
        balanced("r2", 2, 9),
        balanced("r1", 1, 8),
        balanced("r2", 2, 7),
    ),
    Conflict(
        "two rules take one port of a frontend",
        "InvalidParameterCombination",
        BALANCED,
        balanced("r1", 9, 1),
        balanced("r2", 9, 2),
        balanced("r1", 8, 1),
        balanced("r2", 7, 2),
    ),
    Conflict(
        "a rule for HA ports and one for a single port send to one pool",
        "InvalidParameterCombination",
        BALANCED,
        balanced("r1", 0, 0, protocol="All"),
        balanced("r2", 2, 2),
        balanced("r1", 1, 1),
        balancing_rule("r2", "lb", frontend_port=2, backend_port=2),
    ),
    Conflict(
        "two peerings of a network use remote gateways",
        "InvalidParameterCombination",
        NETWORKS + network("x", "10.2.0.0/16"),
        peering("one", "v", "w", use_remote_gateways=True),
        peering("two", "v", "x", use_remote_gateways=True),
        peering("one", "v", "w"),
        peering("two", "v", "x"),
    ),
    Conflict(
        "a remote gateway is used that is not lent",
        "InvalidParameterCombination",
        NETWORKS,
        peering("one", "v", "w", use_remote_gateways=True),
        peering("two", "w", "v"),
        peering("one", "v", "w"),
        peering("two", "w", "v", allow_gateway_transit=True),
    ),
    Conflict(
        "an interface gets two security groups",
        "OperationNotAllowed",
        INTERFACES + interface("three") + GROUPS,
        guarded_interface("first", "one", "guard"),
        guarded_interface("second", "one", "other"),
        guarded_interface("first", "two", "guard"),
        guarded_interface("second", "three", "other"),
    ),
    Conflict(
        "two security rules have one priority",
        "SecurityRuleConflict",
        NETWORKS + security_group("g"),
        security_rule("r1", "g", priority=100),
        security_rule("r2", "g", priority=100),
        security_rule("r1", "g", priority=101),
        security_rule("r2", "g", priority=102),
    ),
    Conflict(
        "a tapped interface's machine has a size that cannot be tapped",
        "VirtualNetworkTapSourceVmSizeNotSupported",
        SINK,
        machine("vm", "one", size="Standard_D2s_v6", **AFTER_THE_TAP),
        tapped("mirror", "one", "tap"),
        machine("vm", "one", size="Standard_D2s_v5", **AFTER_THE_TAP),
        tapped("mirror", "two", "tap"),
    ),
    Conflict(
        "a rule with floating IP sends to a tapped machine",
        "VirtualNetworkTapSourceFloatingIPNotSupported",
        BEHIND + machine("vm", "one", **AFTER_THE_TAP) + member("one"),
        balanced("r", 80, 80, floating_ip_enabled=True),
        tapped("mirror", "one", "tap"),
        balanced("r", 80, 80),
        tapped("mirror", "two", "tap"),
    ),
    Conflict(
        "a tapped machine is put behind a rule with floating IP",
        "VirtualNetworkTapSourceFloatingIPNotSupported",
        BEHIND + machine("vm", "one", **AFTER_THE_TAP) + balanced("r", 80, 80, floating_ip_enabled=True),
        member("one"),
        tapped("mirror", "one", "tap"),
        member("two"),
        tapped("mirror", "two", "tap"),
    ),
    Conflict(
        "a machine gets a tapped interface behind a rule with floating IP",
        "VirtualNetworkTapSourceFloatingIPNotSupported",
        BEHIND
        + interface("three")
        + tapped("mirror", "one", "tap")
        + balanced("r", 80, 80, floating_ip_enabled=True),
        machine("vm", "one", **AFTER_THE_TAP),
        member("one"),
        machine("vm", "three", **AFTER_THE_TAP),
        member("two"),
    ),
    Conflict(
        "a tapped machine is put behind a Basic load balancer",
        "VirtualNetworkTapSourceBasicLoadBalancerNotSupported",
        SINK + balancer("lb", sku="Basic") + pool("pool", "lb") + machine("vm", "one", **AFTER_THE_TAP),
        member("one"),
        tapped("mirror", "one", "tap"),
        member("two"),
        tapped("mirror", "two", "tap"),
    ),
    Conflict(
        "an interface is put among its own collectors",
        "VirtualNetworkTapSourceIsDestination",
        BALANCED
        + interface("collector")
        + tap("tap", "collector", **TO_BALANCER)
        + balanced("r", 4789, 4789),
        member("one"),
        tapped("mirror", "one", "tap"),
        member("collector"),
        tapped("mirror", "two", "tap"),
    ),
    Conflict(
        "a rule sends an interface's copies to itself",
        "VirtualNetworkTapSourceIsDestination",
        BALANCED + interface("collector") + tap("tap", "collector", **TO_BALANCER) + member("one"),
        balanced("r", 4789, 4789),
        tapped("mirror", "one", "tap"),
        balanced("r", 4788, 4789),
        tapped("mirror", "two", "tap"),
    ),
    Conflict(
        "a tapped interface's network is encrypted",
        "VirtualNetworkTapSourceVnetEncryptionNotSupported",
        NETWORKS.replace(network("v", "10.0.0.0/16"), "")
        + SINK.replace(NETWORKS, "")
        + subnet("c", "w", "10.1.0.0/24")
        + interface("elsewhere", "c"),
        network("v", "10.0.0.0/16", encryption=[{"enforcement": "AllowUnencrypted"}]),
        tapped("mirror", "one", "tap"),
        network("v", "10.0.0.0/16"),
        "",
    ),
]
