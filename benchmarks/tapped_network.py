"""The quickstart's network, made in Python: two machines that talk, a peered collector, and a TAP."""

from __future__ import annotations

from pathlib import Path

from vtaplib.control.cloud import Cloud, SubscriptionHandle
from vtaplib.resources.linux_virtual_machine import LinuxVirtualMachine
from vtaplib.resources.network_interface import NetworkInterface, NetworkInterfaceIpConfiguration
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.virtual_network import VirtualNetwork
from vtaplib.resources.virtual_network_peering import VirtualNetworkPeering
from vtaplib.resources.virtual_network_tap import VirtualNetworkTap

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
GROUP, LOCATION = "rg-lab", "westeurope"

# A network and its subnet, and the address of the machine in it; Azure gives out .4 first.
SUBNETS = {
    "web": ("vnet-app", "10.10.1.0/24"),
    "database": ("vnet-app", "10.10.2.0/24"),
    "collector": ("vnet-security", "10.20.1.0/24"),
}
SPACES = {"vnet-app": "10.10.0.0/16", "vnet-security": "10.20.0.0/16"}

# Accepted as a key, and nobody's: the simulation starts no machine.
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"


def make_cloud(path: Path, tapped: tuple[str, ...]) -> None:
    """Write the file of a cloud in which these machines, of `web` and `database`, have tapped interfaces."""
    with Cloud.open(path) as cloud:
        lab = cloud.subscription(SUBSCRIPTION)
        lab.put(ResourceGroup(name=GROUP, location=LOCATION))
        networks = {
            name: lab.put(
                VirtualNetwork(name=name, resource_group_name=GROUP, location=LOCATION, address_space=[space])
            )
            for name, space in SPACES.items()
        }
        for here, there in (tuple(networks), tuple(networks)[::-1]):
            lab.put(
                VirtualNetworkPeering(
                    name=f"to-{there}",
                    resource_group_name=GROUP,
                    virtual_network_name=here,
                    remote_virtual_network_id=networks[there].id,
                )
            )
        collector = put_machine(lab, "collector")
        tap = lab.put(
            VirtualNetworkTap(
                name="vtap-ndr",
                resource_group_name=GROUP,
                location=LOCATION,
                destination_network_interface_ip_configuration_id=f"{collector.id}/ipConfigurations/primary",
            )
        )
        # After the TAP: a machine that was there before it is not on the fast path.
        interfaces = {name: put_machine(lab, name) for name in SUBNETS if name != "collector"}
        for name in tapped:
            lab.put(
                NetworkInterfaceTapConfiguration(
                    name="to-ndr", network_interface_id=interfaces[name].id, virtual_network_tap_id=tap.id
                )
            )


def put_machine(lab: SubscriptionHandle, name: str) -> NetworkInterface:
    """Put a machine, its subnet and its interface; return the interface."""
    network, prefix = SUBNETS[name]
    subnet = lab.put(
        Subnet(
            name=f"snet-{name}",
            resource_group_name=GROUP,
            virtual_network_name=network,
            address_prefixes=[prefix],
        )
    )
    interface = lab.put(
        NetworkInterface(
            name=f"nic-{name}",
            resource_group_name=GROUP,
            location=LOCATION,
            ip_configuration=[
                NetworkInterfaceIpConfiguration(
                    name="primary", subnet_id=subnet.id, private_ip_address_allocation="Dynamic"
                )
            ],
        )
    )
    lab.put(
        LinuxVirtualMachine.from_values(
            {
                "name": f"vm-{name}",
                "resource_group_name": GROUP,
                "location": LOCATION,
                "network_interface_ids": [interface.id],
                "size": "Standard_D2s_v5",
                "admin_username": "operator",
                "admin_ssh_key": [{"username": "operator", "public_key": PUBLIC_KEY}],
                "os_disk": [{"caching": "ReadOnly", "storage_account_type": "Standard_LRS"}],
                "source_image_id": (
                    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
                    "/providers/Microsoft.Compute/images/linux"
                ),
            }
        )
    )
    return interface
