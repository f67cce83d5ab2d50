"""Clouds in files: the network that the recorded traffic belongs to, and one with three collectors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vtaplib.control.cloud import Cloud, SubscriptionHandle
from vtaplib.resources.lb import Lb, LbFrontendIpConfiguration
from vtaplib.resources.lb_backend_address_pool import LbBackendAddressPool
from vtaplib.resources.lb_probe import LbProbe
from vtaplib.resources.lb_rule import LbRule
from vtaplib.resources.linux_virtual_machine import LinuxVirtualMachine
from vtaplib.resources.network_interface import NetworkInterface, NetworkInterfaceIpConfiguration
from vtaplib.resources.network_interface_backend_address_pool_association import (
    NetworkInterfaceBackendAddressPoolAssociation,
)
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.virtual_machine_blocks import AdminSshKey, OsDisk, SourceImageReference
from vtaplib.resources.virtual_network import VirtualNetwork
from vtaplib.resources.virtual_network_peering import VirtualNetworkPeering
from vtaplib.resources.virtual_network_tap import VirtualNetworkTap

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
REGION = "westeurope"
GROUP = "rg-test"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHzU5EmQ9DCG5SyzXHBaq7GsqiMcoVFvF/snclaFzMhr test"


def nic_id(name: str, group: str = GROUP) -> str:
    """The ID of an interface, written out."""
    return (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"
        f"/providers/Microsoft.Network/networkInterfaces/{name}"
    )


class Builder:
    """Puts into one resource group of a cloud in a file."""

    def __init__(self, path: Path, group: str = GROUP) -> None:
        self.cloud = Cloud.open(path)
        self.group = group
        self.sub: SubscriptionHandle = self.cloud.subscription(SUBSCRIPTION)
        self.sub.put(ResourceGroup(name=group, location=REGION))

    def network(self, name: str, space: str, subnets: Mapping[str, str]) -> VirtualNetwork:
        """A network with subnets."""
        network = self.sub.put(
            VirtualNetwork(name=name, resource_group_name=self.group, location=REGION, address_space=[space])
        )
        for subnet, prefix in subnets.items():
            self.sub.put(
                Subnet(
                    name=subnet,
                    resource_group_name=self.group,
                    virtual_network_name=name,
                    address_prefixes=[prefix],
                )
            )
        return network

    def peer(self, here: VirtualNetwork, there: VirtualNetwork) -> None:
        """One side of a peering."""
        self.sub.put(
            VirtualNetworkPeering(
                name=f"to-{there.name}",
                resource_group_name=self.group,
                virtual_network_name=here.name,
                remote_virtual_network_id=there.id,
            )
        )

    def machine(self, name: str, subnet_id: str, *, nic: str = "") -> NetworkInterface:
        """A machine and its interface, at the lowest free address of a subnet."""
        interface = self.sub.put(
            NetworkInterface(
                name=nic or f"nic-{name}",
                resource_group_name=self.group,
                location=REGION,
                ip_configuration=[
                    NetworkInterfaceIpConfiguration(
                        name="internal", subnet_id=subnet_id, private_ip_address_allocation="Dynamic"
                    )
                ],
            )
        )
        self.sub.put(
            LinuxVirtualMachine(
                name=f"vm-{name}",
                resource_group_name=self.group,
                location=REGION,
                size="Standard_D2s_v5",
                admin_username="azureuser",
                network_interface_ids=[interface.id],
                admin_ssh_key=[AdminSshKey(username="azureuser", public_key=PUBLIC_KEY)],
                os_disk=OsDisk(caching="ReadWrite", storage_account_type="Standard_LRS"),
                source_image_reference=SourceImageReference(
                    publisher="Canonical", offer="ubuntu-24_04-lts", sku="server", version="latest"
                ),
            )
        )
        return interface

    def tap(self, name: str, destination: NetworkInterface | Lb) -> VirtualNetworkTap:
        """A TAP to an interface or to the first frontend of a load balancer."""
        to_interface = to_frontend = None
        if isinstance(destination, NetworkInterface):
            to_interface = destination.ip_configuration[0].id
        else:
            to_frontend = destination.frontend_ip_configuration[0].id
        return self.sub.put(
            VirtualNetworkTap(
                name=name,
                resource_group_name=self.group,
                location=REGION,
                destination_network_interface_ip_configuration_id=to_interface,
                destination_load_balancer_frontend_ip_configuration_id=to_frontend,
            )
        )

    def mirror(self, source: NetworkInterface, tap: VirtualNetworkTap) -> None:
        """A tap configuration, of an interface whose machine is started anew first: it was there before the
        TAP.
        """
        attached = self.cloud.get(source.id)
        assert isinstance(attached, NetworkInterface)
        self.cloud.deallocate(attached.virtual_machine_id)
        self.cloud.start(attached.virtual_machine_id)
        self.sub.put(
            NetworkInterfaceTapConfiguration(
                name="mirror", network_interface_id=source.id, virtual_network_tap_id=tap.id
            )
        )


def write_quickstart(path: Path, *tapped: str) -> Path:
    """The quickstart's network: web 10.10.1.4, database 10.10.2.4, and in a peered one collector
    10.20.1.4.
    """
    build = Builder(path)
    app = build.network("vnet-app", "10.10.0.0/16", {"snet-web": "10.10.1.0/24", "snet-data": "10.10.2.0/24"})
    security = build.network("vnet-security", "10.20.0.0/16", {"snet-collector": "10.20.1.0/24"})
    build.peer(app, security)
    build.peer(security, app)
    machines = {
        "web": build.machine("web", f"{app.id}/subnets/snet-web"),
        "database": build.machine("database", f"{app.id}/subnets/snet-data"),
    }
    collector = build.machine("collector", f"{security.id}/subnets/snet-collector")
    tap = build.tap("tap", collector)
    for name in tapped or machines:
        build.mirror(machines[name], tap)
    build.cloud.close()
    return path


def write_load_balanced(path: Path) -> Path:
    """Web and database as in the quickstart, three collectors behind a load balancer's rule for HA ports."""
    build = Builder(path)
    subnets = {"snet-web": "10.10.1.0/24", "snet-data": "10.10.2.0/24", "snet-collector": "10.10.3.0/24"}
    network = build.network("vnet-app", "10.10.0.0/16", subnets)
    sources = [
        build.machine("web", f"{network.id}/subnets/snet-web"),
        build.machine("database", f"{network.id}/subnets/snet-data"),
    ]
    here = f"{network.id}/subnets/snet-collector"
    balancer = build.sub.put(
        Lb(
            name="lb",
            resource_group_name=GROUP,
            location=REGION,
            frontend_ip_configuration=[LbFrontendIpConfiguration(name="front", subnet_id=here)],
        )
    )
    pool = build.sub.put(LbBackendAddressPool(loadbalancer_id=balancer.id, name="pool"))
    probe = build.sub.put(LbProbe(loadbalancer_id=balancer.id, name="probe", port=8080))
    build.sub.put(
        LbRule(
            loadbalancer_id=balancer.id,
            name="ha",
            frontend_ip_configuration_name="front",
            protocol="All",
            frontend_port=0,
            backend_port=0,
            backend_address_pool_ids=[pool.id],
            probe_id=probe.id,
        )
    )
    for letter in "abc":
        collector = build.machine(f"collector-{letter}", here)
        build.sub.put(
            NetworkInterfaceBackendAddressPoolAssociation(
                network_interface_id=collector.id,
                ip_configuration_name="internal",
                backend_address_pool_id=pool.id,
            )
        )
    tap = build.tap("tap", balancer)
    for source in sources:
        build.mirror(source, tap)
    build.cloud.close()
    return path
