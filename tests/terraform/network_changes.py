"""Changes of every argument of groups, networks, subnets, peerings and interfaces."""

from __future__ import annotations

from typing import Any, Final

from tests.terraform.changes import Change, inside, switched, values
from tests.terraform.hcl import Expression
from tests.terraform.worlds import arm, in_subnet, public

LAB2: Final = Expression("azurerm_resource_group.lab2.name")
TAGS: Final = values("tags", {"env": "lab"}, {"env": "lab", "owner": "net team"})
TIMEOUTS: Final = values("timeouts", [{"create": "30m"}], [{"create": "40m", "delete": "5m"}])
GUARD, OTHER = (Expression(f"azurerm_network_security_group.{name}.id") for name in ("guard", "other"))
POLICIES: Final = arm("Microsoft.Network/serviceEndpointPolicies/p")

RESOURCE_GROUP: Final = [
    values("name", "lab2"),
    values("location", "northeurope"),
    values("managed_by", arm("Microsoft.Solutions/applications/a")),
    TAGS,
    TIMEOUTS,
]

NETWORK_WATCHER: Final = [
    values("name", "watcher2"),
    values("resource_group_name", LAB2),
    values("location", "northeurope"),
    TAGS,
    TIMEOUTS,
]

A, B, C, D = (Expression(f"azurerm_subnet.{one}.name") for one in "abcd")
POOL: Final = {
    "id": arm("Microsoft.Network/networkManagers/m/ipamPools/p"),
    "number_of_ip_addresses": "256",
}
PLAN: Final = {"enable": True, "id": arm("Microsoft.Network/ddosProtectionPlans/p")}
WHOLE: Final = {"name": "web", "address_prefixes": ["10.9.0.0/24"]}
TO: Final = {
    "name": "Microsoft.ContainerInstance/containerGroups",
    "actions": ["Microsoft.Network/virtualNetworks/subnets/action"],
}
DELEGATION: Final = {"name": "d", "service_delegation": [TO]}
ENDPOINT: Final = {"service": "Microsoft.Storage"}


def delegated(prefix: str, **common: Any) -> list[Change]:
    """Changes of a delegation, inside `prefix` or at the top."""

    def make(argument: str, before: Any, after: Any) -> Change:
        sides: list[dict[str, Any]] = [{"delegation": [one]} for one in (after, before)]
        if prefix:
            sides = [{prefix: [{**common, **side}]} for side in sides]
        return Change(f"{prefix}.{argument}" if prefix else argument, *sides)

    def service(**changes: Any) -> dict[str, Any]:
        return {**DELEGATION, "service_delegation": [{**TO, **changes}]}

    join = "Microsoft.Network/virtualNetworks/subnets/join/action"
    action = "Microsoft.Network/virtualNetworks/subnets/action"
    return [
        make("delegation.name", DELEGATION, {**DELEGATION, "name": "e"}),
        make(
            "delegation.service_delegation",
            DELEGATION,
            service(name="Microsoft.Web/serverFarms", actions=None),
        ),
        make("delegation.service_delegation.name", DELEGATION, service(name="Microsoft.Web/serverFarms")),
        make("delegation.service_delegation.actions", DELEGATION, service(actions=[join, action])),
    ]


VIRTUAL_NETWORK: Final = [
    values("name", "net2"),
    values("resource_group_name", LAB2),
    values("location", "northeurope"),
    values("address_space", ["10.9.0.0/16", "10.8.0.0/16"]),
    values("bgp_community", "12076:20000", "12076:30000"),
    values("ddos_protection_plan", [PLAN]),
    inside("ddos_protection_plan", PLAN, "enable", before=True, after=False),
    inside("ddos_protection_plan", PLAN, "id", PLAN["id"], arm("Microsoft.Network/ddosProtectionPlans/q")),
    values("dns_servers", ["10.9.0.4"], ["10.9.0.5", "10.9.0.4"]),
    values("edge_zone", "losangeles", "perth"),
    values("encryption", [{"enforcement": "AllowUnencrypted"}]),
    inside("encryption", {}, "enforcement", "AllowUnencrypted", "DropUnencrypted"),
    values("flow_timeout_in_minutes", 4, 30),
    Change("ip_address_pool", {"ip_address_pool": [POOL], "address_space": None}),
    inside("ip_address_pool", POOL, "id", POOL["id"], POOL["id"] + "2", address_space=None),
    inside("ip_address_pool", POOL, "number_of_ip_addresses", "256", "512", address_space=None),
    values("private_endpoint_vnet_policies", "Basic"),
    values("subnet", [WHOLE], [WHOLE, {"name": "db", "address_prefixes": ["10.9.1.0/24"]}]),
    inside("subnet", WHOLE, "name", "web", "web2"),
    inside("subnet", WHOLE, "address_prefixes", ["10.9.0.0/24"], ["10.9.0.0/25"]),
    inside("subnet", WHOLE, "default_outbound_access_enabled", before=None, after=False),
    inside("subnet", WHOLE, "delegation", None, [DELEGATION]),
    *delegated("subnet", **WHOLE),
    inside("subnet", WHOLE, "private_endpoint_network_policies", "Enabled", "RouteTableEnabled"),
    inside("subnet", WHOLE, "private_link_service_network_policies_enabled", before=None, after=False),
    inside("subnet", WHOLE, "route_table_id", None, arm("Microsoft.Network/routeTables/r")),
    inside("subnet", WHOLE, "security_group", GUARD, OTHER),
    inside("subnet", WHOLE, "service_endpoint", None, [ENDPOINT]),
    Change(
        "subnet.service_endpoint.service",
        {"subnet": [{**WHOLE, "service_endpoint": [{"service": "Microsoft.Sql"}]}]},
        {"subnet": [{**WHOLE, "service_endpoint": [ENDPOINT]}]},
    ),
    Change(
        "subnet.service_endpoint.network_identifier",
        {
            "subnet": [
                {
                    **WHOLE,
                    "service_endpoint": [
                        {**ENDPOINT, "network_identifier": arm("Microsoft.Network/publicIPAddresses/p")}
                    ],
                }
            ]
        },
        {"subnet": [{**WHOLE, "service_endpoint": [ENDPOINT]}]},
    ),
    inside("subnet", WHOLE, "service_endpoint_policy_ids", None, [POLICIES]),
    TAGS,
    TIMEOUTS,
]

SUBNET: Final = [
    values("name", "sub2"),
    Change(
        "resource_group_name",
        {
            "resource_group_name": LAB2,
            "virtual_network_name": Expression("azurerm_virtual_network.in_lab2.name"),
        },
    ),
    values(
        "virtual_network_name",
        Expression("azurerm_virtual_network.v.name"),
        Expression("azurerm_virtual_network.overlapping.name"),
    ),
    values("address_prefixes", ["10.0.0.0/25"]),
    switched("default_outbound_access_enabled", on=False),
    values("delegation", [DELEGATION]),
    *delegated(""),
    Change(
        "ip_address_pool",
        {"ip_address_pool": [POOL], "address_prefixes": None},
    ),
    inside("ip_address_pool", POOL, "id", POOL["id"], POOL["id"] + "2", address_prefixes=None),
    inside("ip_address_pool", POOL, "number_of_ip_addresses", "256", "512", address_prefixes=None),
    *(
        Change(
            argument,
            {f"{name}_wo": after, f"{name}_wo_version": 2},
            {f"{name}_wo": before, f"{name}_wo_version": 1},
        )
        for name, before, after in (
            ("network_security_group_id", GUARD, OTHER),
            (
                "route_table_id",
                arm("Microsoft.Network/routeTables/a"),
                arm("Microsoft.Network/routeTables/b"),
            ),
        )
        for argument in (f"{name}_wo", f"{name}_wo_version")
    ),
    values("private_endpoint_network_policies", "Enabled", "NetworkSecurityGroupEnabled"),
    switched("private_link_service_network_policies_enabled", on=False),
    values("service_endpoint", [ENDPOINT], [ENDPOINT, {"service": "Microsoft.Sql"}]),
    inside("service_endpoint", ENDPOINT, "service", "Microsoft.Storage", "Microsoft.KeyVault"),
    inside(
        "service_endpoint", ENDPOINT, "network_identifier", None, arm("Microsoft.Network/publicIPAddresses/p")
    ),
    values("service_endpoint_policy_ids", [POLICIES], [POLICIES + "2", POLICIES]),
    values("sharing_scope", "Tenant", default_outbound_access_enabled=False),
    TIMEOUTS,
]

PEERING: Final = [
    values("name", "there2"),
    Change(
        "resource_group_name",
        {
            "resource_group_name": LAB2,
            "virtual_network_name": Expression("azurerm_virtual_network.in_lab2.name"),
        },
    ),
    values("virtual_network_name", Expression("azurerm_virtual_network.x.name")),
    values("remote_virtual_network_id", Expression("azurerm_virtual_network.x.id")),
    switched("allow_forwarded_traffic", on=True),
    switched("allow_gateway_transit", on=True),
    switched("allow_virtual_network_access", on=False),
    values("local_subnet_names", [A], [B, A], peer_complete_virtual_networks_enabled=False),
    switched("only_ipv6_peering_enabled", on=True),
    switched("peer_complete_virtual_networks_enabled", on=False),
    values("remote_subnet_names", [C], [D, C], peer_complete_virtual_networks_enabled=False),
    values("triggers", {"spaces": "10.0.0.0/16"}, {"spaces": "10.0.0.0/15"}),
    switched("use_remote_gateways", on=True),
    TIMEOUTS,
]

PLAN_ID: Final = arm("Microsoft.Network/ddosProtectionPlans/p")

PUBLIC_IP: Final = [
    values("name", "pip2"),
    values("resource_group_name", LAB2),
    values("location", "northeurope"),
    # The only value there is for an address that can be created.
    values("allocation_method", "Static"),
    values("ddos_protection_mode", "Enabled", "Disabled"),
    values("ddos_protection_plan_id", PLAN_ID, PLAN_ID + "2", ddos_protection_mode="Enabled"),
    values("domain_name_label", "web", "web2"),
    values("domain_name_label_scope", "NoReuse", "TenantReuse", domain_name_label="web"),
    values("edge_zone", "losangeles", "perth"),
    values("idle_timeout_in_minutes", 4, 30),
    values("ip_tags", {"RoutingPreference": "Internet"}),
    values("ip_version", "IPv6"),
    values(
        "public_ip_prefix_id",
        arm("Microsoft.Network/publicIPPrefixes/p"),
        arm("Microsoft.Network/publicIPPrefixes/q"),
    ),
    values("reverse_fqdn", "web.example.org", "web2.example.org"),
    values("sku", "StandardV2"),
    values("sku_tier", "Global"),
    values("zones", ["1"], ["2", "1"]),
    TAGS,
    TIMEOUTS,
]

IP: Final = in_subnet(private_ip_address_allocation="Dynamic")
STATIC: Final = {**IP, "private_ip_address_allocation": "Static", "private_ip_address": "10.0.0.10"}
GATE: Final = arm("Microsoft.Network/loadBalancers/gate/frontendIPConfigurations/f")
IN_NORTH: Final = [in_subnet("n", private_ip_address_allocation="Dynamic")]

INTERFACE: Final = [
    values("name", "nic2"),
    values("resource_group_name", LAB2),
    Change("location", {"location": "northeurope", "ip_configuration": IN_NORTH}),
    switched("accelerated_networking_enabled", on=True),
    values("auxiliary_mode", "Floating", "MaxConnections", auxiliary_sku="A1"),
    values("auxiliary_sku", "A1", "A8", auxiliary_mode="Floating"),
    values("dns_servers", ["10.0.0.4"], ["10.0.0.5", "10.0.0.4"]),
    values("edge_zone", "losangeles", "perth"),
    values("internal_dns_name_label", "nic", "nic2"),
    switched("ip_forwarding_enabled", on=True),
    values(
        "ip_configuration", [{**IP, "primary": True}], [{**IP, "primary": True}, {**IP, "name": "second"}]
    ),
    inside("ip_configuration", IP, "name", "ip", "ip2"),
    inside("ip_configuration", IP, "gateway_load_balancer_frontend_ip_configuration_id", None, GATE),
    Change(
        "ip_configuration.primary",
        {"ip_configuration": [{**IP, "primary": False}, {**IP, "name": "second", "primary": True}]},
        {"ip_configuration": [{**IP, "primary": True}, {**IP, "name": "second", "primary": False}]},
    ),
    inside("ip_configuration", STATIC, "private_ip_address", "10.0.0.10", "10.0.0.11"),
    Change(
        "ip_configuration.private_ip_address_allocation",
        {"ip_configuration": [IP]},
        {"ip_configuration": [STATIC]},
    ),
    Change(
        "ip_configuration.private_ip_address_version",
        {
            "ip_configuration": [
                {**IP, "primary": True},
                {
                    "name": "six",
                    "private_ip_address_allocation": "Dynamic",
                    "private_ip_address_version": "IPv6",
                },
            ]
        },
        {"ip_configuration": [{**IP, "primary": True}, {**IP, "name": "six"}]},
    ),
    inside("ip_configuration", IP, "public_ip_address_id", None, public()["public_ip_address_id"]),
    inside("ip_configuration", IP, "subnet_id", IP["subnet_id"], Expression("azurerm_subnet.b.id")),
    TAGS,
    TIMEOUTS,
]
