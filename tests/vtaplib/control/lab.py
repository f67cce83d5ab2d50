"""A lab: a cloud with one of everything, and short ways to say what else should be in it.

Two networks peered with each other (`app`, `tools`), one that is alone (`island`), one in another region
(`north`); an interface or two in each; a machine; an internal load balancer with all its children; a TAP with
a source. Every field that refers to something does so somewhere here.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, TypeVar

from vtaplib import (
    Cloud,
    LinuxVirtualMachine,
    NetworkInterface,
    NetworkInterfaceIpConfiguration,
    NetworkInterfaceTapConfiguration,
    NetworkSecurityGroup,
    Policy,
    ResourceGroup,
    Subnet,
    Violation,
    VirtualNetwork,
    VirtualNetworkPeering,
    VirtualNetworkTap,
)
from vtaplib.control import SubscriptionHandle
from vtaplib.model.resource import Resource
from vtaplib.resources import (
    AdminSshKey,
    InlineSecurityRule,
    Lb,
    LbBackendAddressPool,
    LbFrontendIpConfiguration,
    LbProbe,
    LbRule,
    NetworkInterfaceBackendAddressPoolAssociation,
    NetworkInterfaceSecurityGroupAssociation,
    NetworkWatcher,
    OsDisk,
    PublicIp,
    SourceImageReference,
    SubnetNetworkSecurityGroupAssociation,
    Subscription,
    WindowsVirtualMachine,
)

R = TypeVar("R", bound=Resource)

HOME, SISTER, STRANGER = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "123")
"""Subscriptions: two of one tenant, and one of another."""
TENANT, OTHER_TENANT = "aaaaaaaa-0000-4000-8000-000000000000", "bbbbbbbb-0000-4000-8000-000000000000"
TENANTS = {HOME: TENANT, SISTER: TENANT, STRANGER: OTHER_TENANT}
WEST, NORTH = "germanywestcentral", "centralus"
SSH_KEY = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)).decode()
PASSWORD = "correct Horse 7"


def resource_id(kind: str, name: str, subscription: str = HOME) -> str:
    """The ID of a resource in the group `lab`."""
    return f"/subscriptions/{subscription}/resourceGroups/lab/providers/Microsoft.{kind}/{name}"


def network_id(name: str, subscription: str = HOME) -> str:
    return resource_id("Network/virtualNetworks", name, subscription)


def subnet_id(network: str, name: str = "one", subscription: str = HOME) -> str:
    return f"{network_id(network, subscription)}/subnets/{name}"


def nic_id(name: str, subscription: str = HOME) -> str:
    return resource_id("Network/networkInterfaces", name, subscription)


def ip_id(nic: str, name: str = "ip", subscription: str = HOME) -> str:
    return f"{nic_id(nic, subscription)}/ipConfigurations/{name}"


def public_ip_id(name: str) -> str:
    return resource_id("Network/publicIPAddresses", name)


def lb_id(name: str) -> str:
    return resource_id("Network/loadBalancers", name)


def frontend_id(balancer: str, name: str = "front") -> str:
    return f"{lb_id(balancer)}/frontendIPConfigurations/{name}"


def pool_id(balancer: str, name: str = "pool") -> str:
    return f"{lb_id(balancer)}/backendAddressPools/{name}"


def probe_id(balancer: str, name: str = "probe") -> str:
    return f"{lb_id(balancer)}/probes/{name}"


def vm_id(name: str) -> str:
    return resource_id("Compute/virtualMachines", name)


def tap_id(name: str) -> str:
    return resource_id("Network/virtualNetworkTaps", name)


def security_group_id(name: str) -> str:
    return resource_id("Network/networkSecurityGroups", name)


# Resources, not put anywhere yet. What a test does not care about has a value that no rule minds.


def network_watcher(name: str, **more: Any) -> NetworkWatcher:
    return NetworkWatcher(name=name, **({"location": WEST, "resource_group_name": "lab"} | more))


def network(name: str, *spaces: str, **more: Any) -> VirtualNetwork:
    values = {"location": WEST, "resource_group_name": "lab", "address_space": list(spaces)} | more
    return VirtualNetwork(name=name, **values)


def subnet(network: str, name: str, *prefixes: str, **more: Any) -> Subnet:
    values = {"resource_group_name": "lab", "address_prefixes": list(prefixes)} | more
    return Subnet(name=name, virtual_network_name=network, **values)


def peering(here: str, there: str, **more: Any) -> VirtualNetworkPeering:
    values = {
        "name": f"to-{there}",
        "resource_group_name": "lab",
        "remote_virtual_network_id": network_id(there),
    } | more
    return VirtualNetworkPeering(virtual_network_name=here, **values)


def ip(subnet: str | None, address: str | None = None, **more: Any) -> NetworkInterfaceIpConfiguration:
    allocation = "Dynamic" if address is None else "Static"
    values = {"name": "ip", "private_ip_address": address, "private_ip_address_allocation": allocation} | more
    return NetworkInterfaceIpConfiguration(subnet_id=subnet, **values)


def public_ip(name: str, **more: Any) -> PublicIp:
    values = {"location": WEST, "resource_group_name": "lab", "allocation_method": "Static"} | more
    return PublicIp(name=name, **values)


def nic(name: str, *configurations: NetworkInterfaceIpConfiguration, **more: Any) -> NetworkInterface:
    values = {"location": WEST, "resource_group_name": "lab"} | more
    return NetworkInterface(name=name, ip_configuration=list(configurations), **values)


MACHINE: dict[str, Any] = {
    "location": WEST,
    "resource_group_name": "lab",
    "size": "Standard_D2s_v5",
    "admin_username": "azureuser",
    "os_disk": OsDisk(caching="ReadWrite", storage_account_type="Standard_LRS"),
}


def machine(name: str, *nic_ids: str, **more: Any) -> LinuxVirtualMachine:
    values = {
        "admin_ssh_key": [AdminSshKey(username="azureuser", public_key=SSH_KEY)],
        "source_image_reference": SourceImageReference(
            publisher="Canonical", offer="ubuntu-24_04-lts", sku="server", version="latest"
        ),
    } | more
    return LinuxVirtualMachine(name=name, network_interface_ids=list(nic_ids), **(MACHINE | values))


def windows_machine(name: str, *nic_ids: str, **more: Any) -> WindowsVirtualMachine:
    values = {
        "admin_password": PASSWORD,
        "source_image_reference": SourceImageReference(
            publisher="MicrosoftWindowsServer", offer="WindowsServer", sku="2022-datacenter", version="latest"
        ),
    } | more
    return WindowsVirtualMachine(name=name, network_interface_ids=list(nic_ids), **(MACHINE | values))


def front(subnet: str | None = None, address: str | None = None, **more: Any) -> LbFrontendIpConfiguration:
    allocation = None if address is None else "Static"
    values = {"name": "front", "private_ip_address": address, "private_ip_address_allocation": allocation}
    return LbFrontendIpConfiguration(subnet_id=subnet, **(values | more))


def public(subnet: str | None = None, **more: Any) -> LbFrontendIpConfiguration:
    return front(subnet, public_ip_address_id=public_ip_id("pip"), **more)


def lb(name: str, *frontends: LbFrontendIpConfiguration, **more: Any) -> Lb:
    values = {"location": WEST, "resource_group_name": "lab"} | more
    return Lb(name=name, frontend_ip_configuration=list(frontends), **values)


def pool(balancer: str, name: str = "pool", **more: Any) -> LbBackendAddressPool:
    return LbBackendAddressPool(name=name, loadbalancer_id=lb_id(balancer), **more)


def probe(balancer: str, name: str = "probe", **more: Any) -> LbProbe:
    return LbProbe(name=name, loadbalancer_id=lb_id(balancer), **({"port": 22} | more))


def lb_rule(balancer: str, name: str = "rule", **more: Any) -> LbRule:
    values: dict[str, Any] = {
        "protocol": "Udp",
        "frontend_port": 4789,
        "backend_port": 4789,
        "frontend_ip_configuration_name": "front",
        "backend_address_pool_ids": [pool_id(balancer)],
        "probe_id": probe_id(balancer),
    } | more
    return LbRule(name=name, loadbalancer_id=lb_id(balancer), **values)


def backend(nic: str, pool: str, configuration: str = "ip") -> NetworkInterfaceBackendAddressPoolAssociation:
    return NetworkInterfaceBackendAddressPoolAssociation(
        network_interface_id=nic_id(nic), ip_configuration_name=configuration, backend_address_pool_id=pool
    )


def tap(name: str, to: str | None = None, to_frontend: str | None = None, **more: Any) -> VirtualNetworkTap:
    values = {"location": WEST, "resource_group_name": "lab"} | more
    return VirtualNetworkTap(
        name=name,
        destination_network_interface_ip_configuration_id=to,
        destination_load_balancer_frontend_ip_configuration_id=to_frontend,
        **values,
    )


def mirror(nic: str, tap: str, name: str = "mirror") -> NetworkInterfaceTapConfiguration:
    """A tap configuration, of an interface by ID."""
    return NetworkInterfaceTapConfiguration(
        name=name, network_interface_id=nic, virtual_network_tap_id=tap_id(tap)
    )


def security_rule(
    name: str, source: str | None = "*", ports: str = "4789", **more: Any
) -> InlineSecurityRule:
    """A rule that denies what comes in by UDP."""
    values: dict[str, Any] = {
        "access": "Deny",
        "direction": "Inbound",
        "priority": 100,
        "protocol": "Udp",
        "source_address_prefix": source,
        "source_port_range": "*",
        "destination_address_prefix": "*",
        "destination_port_range": ports,
    } | more
    return InlineSecurityRule(name=name, **values)


def security_group(name: str, *rules: InlineSecurityRule, **more: Any) -> NetworkSecurityGroup:
    values = {"location": WEST, "resource_group_name": "lab"} | more
    return NetworkSecurityGroup(name=name, security_rule=list(rules), **values)


def guarded_interface(nic: str, group: str) -> NetworkInterfaceSecurityGroupAssociation:
    return NetworkInterfaceSecurityGroupAssociation(
        network_interface_id=nic_id(nic), network_security_group_id=security_group_id(group)
    )


def guarded_subnet(subnet: str, group: str) -> SubnetNetworkSecurityGroupAssociation:
    """A security group at a subnet, by ID."""
    return SubnetNetworkSecurityGroupAssociation(
        subnet_id=subnet, network_security_group_id=security_group_id(group)
    )


class Lab:
    """The cloud and its three subscriptions."""

    def __init__(
        self, policy: Policy | None = None, *, stocked: bool = True, cloud: Cloud | None = None
    ) -> None:
        """`cloud`: one that holds a lab, which is then taken as it is."""
        self.cloud = Cloud(policy=policy) if cloud is None else cloud
        self.home, self.sister, self.stranger = (
            self.cloud.subscription(one, tenant_id=TENANTS[one]) for one in (HOME, SISTER, STRANGER)
        )
        if cloud is None:
            self._furnish(stocked=stocked)

    def _furnish(self, *, stocked: bool) -> None:
        for one in (self.home, self.sister, self.stranger):
            one.put(ResourceGroup(name="lab", location=WEST))
        self.register("Microsoft.Network/AllowVirtualNetworkTap")
        if stocked:
            self.put(*stock())

    def register(self, *features: str) -> None:
        """Registers the home subscription for just these preview features."""
        self.cloud.put(Subscription(subscription_id=HOME, tenant_id=TENANT, registered_features=features))
        self.home = self.cloud.subscription(HOME, tenant_id=TENANT)

    def keep(self) -> None:
        """Says that what is in the lab by now was there before what a case is about. To a put that is all
        the same.
        """

    def put(self, *resources: Resource, into: SubscriptionHandle | None = None) -> None:
        """Puts resources, in order, into the home subscription or another."""
        for resource in resources:
            (into or self.home).put(resource)

    def get(self, kind: type[R], resource_id: str) -> R:
        """A resource, of a type that is known to the caller."""
        found = self.cloud.get(resource_id)
        assert isinstance(found, kind)
        return found

    def link(self, one: str, other: str) -> None:
        """Peers two networks of the home subscription, both ways."""
        self.put(peering(one, other), peering(other, one))

    def broken_by(self, resource: Resource, into: SubscriptionHandle | None = None) -> Sequence[Violation]:
        """What a put would be refused for, or warned of. Nothing changes."""
        return self.cloud.overlay().put((into or self.home).place(resource))[1]


def stock() -> Sequence[Resource]:
    """The lab's resources, those that others refer to first."""
    return (
        network_watcher("watcher"),
        network("app", "10.1.0.0/16"),
        network("tools", "10.2.0.0/16"),
        network("island", "10.3.0.0/16"),
        network("north", "10.4.0.0/16", location=NORTH),
        *(
            subnet(one, "one", f"10.{n}.1.0/24")
            for n, one in enumerate(("app", "tools", "island", "north"), 1)
        ),
        subnet("app", "two", "10.1.2.0/24"),
        peering("app", "tools"),
        peering("tools", "app"),
        nic("web", ip(subnet_id("app"))),
        nic("db", ip(subnet_id("app"))),
        nic("spare", ip(subnet_id("app"))),
        nic("collector", ip(subnet_id("tools"))),
        nic("reader", ip(subnet_id("tools"))),
        nic("stray", ip(subnet_id("island"))),
        nic("far", ip(subnet_id("north")), location=NORTH),
        lb("inner", front(subnet_id("tools"))),
        public_ip("pip"),
        public_ip("pip-held"),
        nic("reached", ip(subnet_id("tools"), public_ip_address_id=public_ip_id("pip-held"))),
        public_ip("pip-out"),
        lb("outside", front(public_ip_address_id=public_ip_id("pip-out"))),
        security_group("guard", security_rule("copies", access="Allow")),
        guarded_interface("reached", "guard"),
        guarded_subnet(subnet_id("app", "two"), "guard"),
        pool("inner", virtual_network_id=network_id("tools")),
        probe("inner"),
        lb_rule("inner"),
        backend("collector", pool_id("inner")),
        tap("tap", ip_id("collector")),
        tap("tap-lb", to_frontend=frontend_id("inner")),
        machine("vm-web", nic_id("web")),
        machine("vm-reader", nic_id("reader")),
        nic("window", ip(subnet_id("north")), location=NORTH),
        windows_machine("vm-window", nic_id("window"), location=NORTH),
        mirror(nic_id("db"), "tap"),
    )
