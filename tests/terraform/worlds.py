"""For each resource type one object of it, the subject, and the surroundings that it needs.

Every subject has just the arguments that it must have, so that each change of an argument can be made by
itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tests.terraform.hcl import Body, Expression, resource
from tests.terraform.reattached import SUBSCRIPTION

# In the form of RFC 8709; the 32 bytes of each are the hash of a word, so that nobody has the private half.
SSH_KEY: Final = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHaSw601QLuAPAILOu5mzYiHEjI06gxucUPArdc/9DHt"
OTHER_SSH_KEY: Final = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID/EzP50WHDiwNmfcfMP8GVsje3UHMHX09N2sNvmheLz"


def arm(path: str) -> str:
    """The ID of something that vtap does not model, in a resource group of its own."""
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/elsewhere/providers/{path}"


def group(name: str = "lab", location: str = "westeurope") -> str:
    body = {"name": name, "location": location}
    return resource(f"azurerm_resource_group.{name}", body)


IN_LAB: Final = {
    "resource_group_name": Expression("azurerm_resource_group.lab.name"),
    "location": "westeurope",
}


def network(name: str, /, space: str, **changes: Any) -> str:
    body = {"name": name, **IN_LAB, "address_space": [space], **changes}
    return resource(f"azurerm_virtual_network.{name}", body)


def subnet(name: str, /, network_name: str, prefix: str, **changes: Any) -> str:
    body = {
        "name": name,
        "resource_group_name": IN_LAB["resource_group_name"],
        "virtual_network_name": Expression(f"azurerm_virtual_network.{network_name}.name"),
        "address_prefixes": [prefix],
        **changes,
    }
    return resource(f"azurerm_subnet.{name}", body)


def peering(name: str, /, near: str, far: str, **changes: Any) -> str:
    body = {
        "name": name,
        "resource_group_name": IN_LAB["resource_group_name"],
        "virtual_network_name": Expression(f"azurerm_virtual_network.{near}.name"),
        "remote_virtual_network_id": Expression(f"azurerm_virtual_network.{far}.id"),
        **changes,
    }
    return resource(f"azurerm_virtual_network_peering.{name}", body)


def public_ip_body(name: str, /, **changes: Any) -> dict[str, Any]:
    return {"name": name, **IN_LAB, "allocation_method": "Static", **changes}


def public_ip(name: str, /, **changes: Any) -> str:
    return resource(f"azurerm_public_ip.{name}", {**public_ip_body(name), **changes})


def public(address: str = "p", /, **changes: Any) -> dict[str, Any]:
    """A frontend with a public address."""
    return {"name": "ip", "public_ip_address_id": Expression(f"azurerm_public_ip.{address}.id"), **changes}


def in_subnet(subnet_name: str = "a", **changes: Any) -> dict[str, Any]:
    """An IP configuration, or a frontend, that takes an address of a subnet."""
    return {"name": "ip", "subnet_id": Expression(f"azurerm_subnet.{subnet_name}.id"), **changes}


def at(address: str, subnet_name: str = "a", /, **changes: Any) -> dict[str, Any]:
    """An interface's only IP configuration, at an address."""
    asks = {"private_ip_address_allocation": "Static", "private_ip_address": address}
    return {"ip_configuration": [in_subnet(subnet_name, **asks, **changes)]}


def interface_body(name: str, /, subnet_name: str = "a", **changes: Any) -> dict[str, Any]:
    configuration = in_subnet(subnet_name, private_ip_address_allocation="Dynamic")
    return {"name": name, **IN_LAB, "ip_configuration": [configuration], **changes}


def interface(name: str, /, subnet_name: str = "a", **changes: Any) -> str:
    return resource(f"azurerm_network_interface.{name}", interface_body(name, subnet_name, **changes))


def machine_body(name: str, /, *interfaces: str, **changes: Any) -> dict[str, Any]:
    key = {"username": "operator", "public_key": SSH_KEY}
    return {**provisioned_body(name, *interfaces), "admin_ssh_key": [key], **changes}


def windows_body(name: str, /, *interfaces: str, **changes: Any) -> dict[str, Any]:
    return {**provisioned_body(name, *interfaces), "admin_password": "Correct-Horse-1", **changes}


def provisioned_body(name: str, /, *interfaces: str) -> dict[str, Any]:
    """What machines have whatever their system."""
    return {
        "name": name,
        **IN_LAB,
        "size": "Standard_D2s_v5",
        "network_interface_ids": [Expression(f"azurerm_network_interface.{one}.id") for one in interfaces],
        "admin_username": "operator",
        "os_disk": [{"caching": "ReadWrite", "storage_account_type": "Standard_LRS"}],
        "source_image_reference": [
            {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}
        ],
    }


def machine(name: str, /, *interfaces: str, **changes: Any) -> str:
    return resource(f"azurerm_linux_virtual_machine.{name}", machine_body(name, *interfaces, **changes))


def balancer(name: str, /, subnet_name: str = "a", **changes: Any) -> str:
    body = {"name": name, **IN_LAB, "frontend_ip_configuration": [in_subnet(subnet_name)], **changes}
    return resource(f"azurerm_lb.{name}", body)


def pool(name: str, /, balancer_name: str, **changes: Any) -> str:
    body = {"name": name, "loadbalancer_id": Expression(f"azurerm_lb.{balancer_name}.id"), **changes}
    return resource(f"azurerm_lb_backend_address_pool.{name}", body)


def probe(name: str, /, balancer_name: str, **changes: Any) -> str:
    body = {
        "name": name,
        "loadbalancer_id": Expression(f"azurerm_lb.{balancer_name}.id"),
        "port": 22,
        **changes,
    }
    return resource(f"azurerm_lb_probe.{name}", body)


def rule_body(balancer_name: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": "rule",
        "loadbalancer_id": Expression(f"azurerm_lb.{balancer_name}.id"),
        "protocol": "Udp",
        "frontend_port": 4789,
        "backend_port": 4789,
        "frontend_ip_configuration_name": "ip",
        **changes,
    }


def balancing_rule(name: str, /, balancer_name: str, **changes: Any) -> str:
    return resource(f"azurerm_lb_rule.{name}", rule_body(balancer_name, name=name, **changes))


def tap_body(destination: str, **changes: Any) -> dict[str, Any]:
    to = Expression(f"azurerm_network_interface.{destination}.ip_configuration[0].id")
    return {"name": "tap", **IN_LAB, "destination_network_interface_ip_configuration_id": to, **changes}


def tap(name: str, /, destination: str, **changes: Any) -> str:
    return resource(f"azurerm_virtual_network_tap.{name}", tap_body(destination, name=name, **changes))


def tapped_body(source: str, tap_name: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": "mirror",
        "network_interface_id": Expression(f"azurerm_network_interface.{source}.id"),
        "virtual_network_tap_id": Expression(f"azurerm_virtual_network_tap.{tap_name}.id"),
        **changes,
    }


AFTER_THE_TAP: Final = {"depends_on": Expression("[azurerm_virtual_network_tap.tap]")}
"""What a machine says that is created together with the TAP `tap` and is tapped."""


def tapped(name: str, /, source: str, tap_name: str, **changes: Any) -> str:
    body = tapped_body(source, tap_name, name=name, **changes)
    return resource(f"azurerm_network_interface_tap_configuration.{name}", body)


SECURITY_RULE: Final = {
    "access": "Allow",
    "direction": "Inbound",
    "priority": 100,
    "protocol": "Udp",
    "source_address_prefix": "10.0.0.0/16",
    "source_port_range": "*",
    "destination_address_prefix": "*",
    "destination_port_range": "4789",
}
"""The arguments of a security rule, all but its name."""


def security_group(name: str, /, **changes: Any) -> str:
    return resource(f"azurerm_network_security_group.{name}", {"name": name, **IN_LAB, **changes})


def security_rule_body(group_name: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": "rule",
        "resource_group_name": IN_LAB["resource_group_name"],
        "network_security_group_name": Expression(f"azurerm_network_security_group.{group_name}.name"),
        **SECURITY_RULE,
        **changes,
    }


def security_rule(name: str, /, group_name: str, **changes: Any) -> str:
    body = security_rule_body(group_name, name=name, **changes)
    return resource(f"azurerm_network_security_rule.{name}", body)


def guarded_body(kind: str, name: str, group_name: str, **changes: Any) -> dict[str, Any]:
    """What attaches a security group to an interface or a subnet."""
    return {
        f"{kind}_id": Expression(f"azurerm_{kind}.{name}.id"),
        "network_security_group_id": Expression(f"azurerm_network_security_group.{group_name}.id"),
        **changes,
    }


def guarded_interface(name: str, /, interface_name: str, group_name: str, **changes: Any) -> str:
    body = guarded_body("network_interface", interface_name, group_name, **changes)
    return resource(f"azurerm_network_interface_security_group_association.{name}", body)


def guarded_subnet(name: str, /, subnet_name: str, group_name: str, **changes: Any) -> str:
    body = guarded_body("subnet", subnet_name, group_name, **changes)
    return resource(f"azurerm_subnet_network_security_group_association.{name}", body)


@dataclass(frozen=True, slots=True)
class World:
    """A subject and what is around it."""

    surroundings: str
    body: Body


LAB = group()
LABS = LAB + group("lab2")
OTHER_NETWORKS = network("overlapping", "10.0.0.0/16") + network(
    "in_lab2", "10.0.0.0/16", resource_group_name=Expression("azurerm_resource_group.lab2.name")
)
NETWORKS = LABS + network("v", "10.0.0.0/16") + network("w", "10.1.0.0/16")
SUBNETS = NETWORKS + subnet("a", "v", "10.0.0.0/24") + subnet("b", "v", "10.0.1.0/24")
NORTH = network("north", "10.2.0.0/16", location="northeurope") + subnet("n", "north", "10.2.0.0/24")
PUBLIC_ADDRESSES = public_ip("p") + public_ip("q") + public_ip("six", ip_version="IPv6")
INTERFACES = SUBNETS + interface("one") + interface("two")
MACHINES = INTERFACES + NORTH + interface("far", "n", location="northeurope")
BALANCERS = SUBNETS + balancer("lb") + balancer("lb2") + pool("pool", "lb") + pool("pool2", "lb")

GROUPS = security_group("guard") + security_group("other")

WORLDS: Final = {
    "azurerm_resource_group": World("", {"name": "lab", "location": "westeurope"}),
    "azurerm_network_watcher": World(LABS, {"name": "watcher", **IN_LAB}),
    "azurerm_virtual_network": World(
        LABS + GROUPS, {"name": "net", **IN_LAB, "address_space": ["10.9.0.0/16"]}
    ),
    "azurerm_subnet": World(
        NETWORKS + OTHER_NETWORKS + GROUPS,
        {
            "name": "sub",
            "resource_group_name": IN_LAB["resource_group_name"],
            "virtual_network_name": Expression("azurerm_virtual_network.v.name"),
            "address_prefixes": ["10.0.0.0/24"],
        },
    ),
    "azurerm_virtual_network_peering": World(
        SUBNETS
        + OTHER_NETWORKS
        + network("x", "10.2.0.0/16")
        + subnet("c", "w", "10.1.0.0/24")
        + subnet("d", "w", "10.1.1.0/24"),
        {
            "name": "there",
            "resource_group_name": IN_LAB["resource_group_name"],
            "virtual_network_name": Expression("azurerm_virtual_network.v.name"),
            "remote_virtual_network_id": Expression("azurerm_virtual_network.w.id"),
        },
    ),
    "azurerm_network_interface": World(SUBNETS + NORTH + PUBLIC_ADDRESSES, interface_body("nic")),
    "azurerm_public_ip": World(LABS, public_ip_body("pip")),
    "azurerm_linux_virtual_machine": World(MACHINES, machine_body("vm", "one")),
    "azurerm_windows_virtual_machine": World(MACHINES, windows_body("vm", "one")),
    "azurerm_lb": World(
        SUBNETS + NORTH + PUBLIC_ADDRESSES,
        {"name": "lb", **IN_LAB, "frontend_ip_configuration": [in_subnet()]},
    ),
    "azurerm_lb_backend_address_pool": World(
        SUBNETS + balancer("lb") + balancer("lb2") + balancer("gate", sku="Gateway"),
        {"name": "pool", "loadbalancer_id": Expression("azurerm_lb.lb.id")},
    ),
    "azurerm_lb_probe": World(
        SUBNETS + balancer("lb") + balancer("lb2"),
        {"name": "probe", "loadbalancer_id": Expression("azurerm_lb.lb.id"), "port": 22},
    ),
    "azurerm_lb_rule": World(
        SUBNETS
        + balancer("lb", frontend_ip_configuration=[in_subnet(), in_subnet("a", name="ip2")])
        + balancer("lb2")
        + pool("pool", "lb")
        + pool("pool2", "lb")
        + probe("probe", "lb"),
        rule_body("lb"),
    ),
    "azurerm_network_interface_backend_address_pool_association": World(
        BALANCERS
        + interface(
            "one",
            ip_configuration=[
                in_subnet(private_ip_address_allocation="Dynamic", primary=True),
                in_subnet("a", name="ip2", private_ip_address_allocation="Dynamic"),
            ],
        )
        + interface("two"),
        {
            "network_interface_id": Expression("azurerm_network_interface.one.id"),
            "ip_configuration_name": "ip",
            "backend_address_pool_id": Expression("azurerm_lb_backend_address_pool.pool.id"),
        },
    ),
    "azurerm_network_security_group": World(LABS, {"name": "guard", **IN_LAB}),
    "azurerm_network_security_rule": World(
        LABS
        + GROUPS
        + security_group("in_lab2", resource_group_name=Expression("azurerm_resource_group.lab2.name")),
        security_rule_body("guard"),
    ),
    "azurerm_network_interface_security_group_association": World(
        INTERFACES + GROUPS, guarded_body("network_interface", "one", "guard")
    ),
    "azurerm_subnet_network_security_group_association": World(
        SUBNETS + GROUPS, guarded_body("subnet", "a", "guard")
    ),
    "azurerm_virtual_network_tap": World(
        INTERFACES + NORTH + interface("far", "n", location="northeurope") + balancer("lb"), tap_body("one")
    ),
    "azurerm_network_interface_tap_configuration": World(
        INTERFACES + interface("collector") + tap("tap", "collector") + tap("tap2", "collector"),
        tapped_body("one", "tap"),
    ),
}
"""A world for each resource type."""
