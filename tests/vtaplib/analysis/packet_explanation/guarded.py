"""Clouds with security groups in force, and machines that do not run."""

from __future__ import annotations

from hypothesis import strategies as st

from vtaplib import Cloud, NetworkInterface, NetworkSecurityGroup, Subnet, VirtualMachine, VirtualNetwork
from vtaplib.control.cloud import SubscriptionHandle
from vtaplib.model import ids
from vtaplib.resources import NetworkInterfaceSecurityGroupAssociation, SubnetNetworkSecurityGroupAssociation
from vtaplib.resources.network_security_group import InlineSecurityRule

PREFIXES = ("*", "VirtualNetwork", "Internet", "10.0.0.0/8", "192.0.2.0/24")


@st.composite
def guarded(draw: st.DrawFn, drawn: st.SearchStrategy[Cloud]) -> Cloud:
    """Some of the interfaces and subnets of a drawn cloud get a security group, some machines are
    deallocated.
    """
    cloud = draw(drawn)
    for machine in cloud.list(VirtualMachine):
        if draw(st.sampled_from([False, False, False, True])):
            cloud.deallocate(machine.id)
    targets: list[NetworkInterface | Subnet] = [*cloud.list(NetworkInterface), *cloud.list(Subnet)]
    for number, target in enumerate(targets):
        if draw(st.sampled_from([False, False, True])):
            guard(cloud, target, f"nsg-{number}", draw(st.lists(rules(), max_size=3)))
    return cloud


@st.composite
def rules(draw: st.DrawFn) -> InlineSecurityRule:
    """One rule; its name and priority come when it is put into a group."""
    return InlineSecurityRule(
        name="rule",
        priority=100,
        access=draw(st.sampled_from(["Deny", "Allow"])),
        direction=draw(st.sampled_from(["Inbound", "Outbound"])),
        protocol=draw(st.sampled_from(["*", "Udp", "Tcp", "Icmp"])),
        source_address_prefix=draw(st.sampled_from(PREFIXES)),
        source_port_range="*",
        destination_address_prefix=draw(st.sampled_from(PREFIXES)),
        destination_port_range=draw(st.sampled_from(["*", "53", "4789", "0-1023"])),
    )


def guard(
    cloud: Cloud, target: NetworkInterface | Subnet, name: str, wanted: list[InlineSecurityRule]
) -> None:
    """A security group at an interface or a subnet."""
    home = target if isinstance(target, NetworkInterface) else cloud.get(ids.parent(target.id))
    assert isinstance(home, NetworkInterface | VirtualNetwork)
    sub = SubscriptionHandle(cloud, target.id.split("/")[2])
    group = sub.put(
        NetworkSecurityGroup(
            name=name,
            resource_group_name=target.resource_group_name,
            location=home.location,
            security_rule=[
                rule.replace(name=f"rule-{number}", priority=100 + number)
                for number, rule in enumerate(wanted)
            ],
        )
    )
    if isinstance(target, Subnet):
        sub.put(
            SubnetNetworkSecurityGroupAssociation(subnet_id=target.id, network_security_group_id=group.id)
        )
    else:
        sub.put(
            NetworkInterfaceSecurityGroupAssociation(
                network_interface_id=target.id, network_security_group_id=group.id
            )
        )
