"""Rules of public addresses, of what holds them and of what a machine is reached through, in Terraform."""

from __future__ import annotations

from typing import Any, Final

from tests.terraform.hcl import Expression, resource
from tests.terraform.machine_changes import nics
from tests.terraform.network_changes import PLAN_ID
from tests.terraform.rule_case import (
    BALANCER,
    COMBINATION,
    CONTENT,
    DYNAMIC,
    INTERFACE,
    MACHINE,
    MEMBER,
    PUBLIC_IP,
    REFERENCE,
    case,
)
from tests.terraform.worlds import balancer, interface, pool, public, public_ip

IN_USE: Final = "PublicIPAddressInUse"
SKU_MIX: Final = "DifferentSkuLoadBalancersAndPublicIPAddressNotAllowed"
PATH: Final = "public_ip_address_id"


def reached(*names: str) -> dict[str, Any]:
    """An interface's configurations with these public addresses."""
    ids = [public(name)[PATH] for name in names]
    return {
        "ip_configuration": [
            {**DYNAMIC, "name": f"ip{n}", "primary": n == 0, PATH: one} for n, one in enumerate(ids)
        ]
    }


def listening(*names: str, **changes: Any) -> dict[str, Any]:
    """A load balancer's frontends with these public addresses."""
    return {
        "frontend_ip_configuration": [public(name, name=f"ip{n}") for n, name in enumerate(names)],
        **changes,
    }


def member(name: str, interface_name: str, pool_name: str, configuration: str = "ip") -> str:
    body = {
        "network_interface_id": Expression(f"azurerm_network_interface.{interface_name}.id"),
        "ip_configuration_name": configuration,
        "backend_address_pool_id": Expression(f"azurerm_lb_backend_address_pool.{pool_name}.id"),
    }
    return resource(f"{MEMBER}.{name}", body)


def to_pool(name: str, *after: str) -> dict[str, Any]:
    """A membership in a pool, made after others."""
    return {
        "backend_address_pool_id": Expression(f"azurerm_lb_backend_address_pool.{name}.id"),
        **waiting(*after),
    }


def waiting(*after: str) -> dict[str, Any]:
    """What waits for memberships of other interfaces."""
    return {"depends_on": Expression(f"[{', '.join(f'{MEMBER}.{one}' for one in after)}]")}


BASIC: Final = balancer("basic", sku="Basic") + pool("basic", "basic")
OUTER: Final = (
    public_ip("p") + balancer("outer", frontend_ip_configuration=[public()]) + pool("outer", "outer")
)
FAR_ADDRESS: Final = public_ip("away", location="northeurope")
WORLD_ADDRESS: Final = public_ip("world", sku_tier="Global")
NAMED: Final = public_ip("holder", domain_name_label="web")
AFTER_NAMED: Final = {"depends_on": Expression("[azurerm_public_ip.holder]")}

ADDRESS_CASES: Final = [
    case(PUBLIC_IP, "basic_is_retired", CONTENT, "sku", {"sku": "Basic"}, {"sku": "Standard"}),
    case(
        PUBLIC_IP,
        "global_tier_needs_standard",
        COMBINATION,
        "sku_tier",
        {"sku": "StandardV2", "sku_tier": "Global"},
        {"sku_tier": "Global"},
    ),
    case(
        PUBLIC_IP,
        "standard_is_static",
        COMBINATION,
        "allocation_method",
        {"allocation_method": "Dynamic"},
        {},
    ),
    case(
        PUBLIC_IP,
        "protection_plan_needs_its_mode",
        COMBINATION,
        "ddos_protection_plan_id",
        {"ddos_protection_plan_id": PLAN_ID},
        {"ddos_protection_plan_id": PLAN_ID, "ddos_protection_mode": "Enabled"},
    ),
    case(
        PUBLIC_IP,
        "names_are_free",
        "DnsRecordInUse",
        "domain_name_label",
        {"domain_name_label": "web", **AFTER_NAMED},
        {"domain_name_label": "web", "domain_name_label_scope": "NoReuse", **AFTER_NAMED},
        NAMED,
    ),
    case(
        INTERFACE,
        "public_addresses_are_held_once",
        IN_USE,
        PATH,
        {**reached("p"), "depends_on": Expression("[azurerm_network_interface.holder]")},
        reached("q"),
        interface("holder", **reached("p")),
    ),
    case(INTERFACE, "public_addresses_are_held_once", IN_USE, PATH, reached("p", "p"), reached("p", "q")),
    case(
        BALANCER,
        "public_addresses_are_held_once",
        IN_USE,
        PATH,
        {**listening("p"), "depends_on": Expression("[azurerm_network_interface.holder]")},
        listening("q"),
        interface("holder", **reached("p")),
    ),
    case(
        INTERFACE,
        "public_addresses_are_in_the_same_region",
        REFERENCE,
        PATH,
        reached("away"),
        reached("p"),
        FAR_ADDRESS,
    ),
    case(
        INTERFACE,
        "public_addresses_are_of_the_same_family",
        CONTENT,
        PATH,
        reached("six"),
        reached("p"),
    ),
    case(
        BALANCER,
        "public_addresses_are_of_the_same_tier",
        COMBINATION,
        PATH,
        listening("world"),
        listening("world", sku_tier="Global"),
        WORLD_ADDRESS,
    ),
    case(
        BALANCER,
        "public_addresses_are_of_the_same_sku",
        SKU_MIX,
        PATH,
        listening("p", sku="Basic"),
        listening("p"),
    ),
    case(
        MEMBER,
        "one_sku_per_backend",
        SKU_MIX,
        "backend_address_pool_id",
        to_pool("basic", "first"),
        to_pool("pool", "first"),
        BASIC + OUTER + member("first", "one", "outer"),
    ),
    case(
        MEMBER,
        "one_internal_balancer",
        "AnotherInternalLoadBalancerExists",
        "backend_address_pool_id",
        to_pool("foreign", "first"),
        to_pool("pool2", "first"),
        pool("foreign", "lb2") + member("first", "one", "pool"),
    ),
    case(
        MACHINE,
        "one_sku_per_machine",
        SKU_MIX,
        "network_interface_ids",
        {"network_interface_ids": nics("one", "two"), **waiting("first", "second")},
        {"network_interface_ids": nics("one"), **waiting("first", "second")},
        BASIC + OUTER + member("first", "one", "basic") + member("second", "two", "outer"),
    ),
]
