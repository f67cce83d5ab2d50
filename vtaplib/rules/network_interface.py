"""Network interfaces between a machine and a network: all three are in one place."""

from __future__ import annotations

from vtaplib.model import ids
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.subscription import subscription_of
from vtaplib.resources.virtual_machine import VirtualMachine
from vtaplib.resources.virtual_network import VirtualNetwork

SOURCE = "Azure, interfaces of virtual machines"


@rule(ErrorCode.INVALID_RESOURCE_REFERENCE, on=NetworkInterface, source=SOURCE)
def network_is_in_the_same_region(self: NetworkInterface, view: View, policy: Policy) -> Findings:
    """The interface and its virtual network are in the same region."""
    network = view.get(VirtualNetwork, self.virtual_network_id)
    if network.location != self.location:
        yield (
            ("location",),
            f"{self.label}: the interface is in {self.location}, {network.label} in {network.location}",
            "they must be in the same region",
        )


@rule(ErrorCode.INVALID_RESOURCE_REFERENCE, on=NetworkInterface, evidence=Evidence.INFERRED, source=SOURCE)
def subnets_are_in_the_same_subscription(self: NetworkInterface, view: View, policy: Policy) -> Findings:
    """The subnets are in the interface's subscription, or shared with all of the tenant."""
    for position, block in enumerate(self.ip_configuration):
        if not block.subnet_id:
            continue
        theirs = subscription_of(block.subnet_id)
        if ids.key(theirs) == ids.key(subscription_of(self.id)):
            continue
        subnet = view.get(Subnet, block.subnet_id)
        if subnet.sharing_scope != "Tenant":
            yield (
                ("ip_configuration", position, "subnet_id"),
                (
                    f"{self.label}: the interface is in {label(subscription_of(self.id))}, "
                    f"{subnet.label} in {label(theirs)}"
                ),
                (
                    "use a subnet of the interface's subscription, "
                    'or share this one with sharing_scope = "Tenant"'
                ),
            )


@rule(ErrorCode.NIC_IN_USE, on=VirtualMachine, evidence=Evidence.DOCUMENTED, source=SOURCE)
def interfaces_are_not_attached_elsewhere(self: VirtualMachine, view: View, policy: Policy) -> Findings:
    """Each interface is attached to one machine, once."""
    seen: set[str] = set()
    for position, interface_id in enumerate(self.network_interface_ids):
        path = ("network_interface_ids", position)
        if interface_id.lower() in seen:
            yield (path, f"{self.label}: {label(interface_id)} is listed twice", "list it once")
        seen.add(interface_id.lower())
        for other in view.referrers(interface_id, VirtualMachine, certain=True):
            if other.id.lower() != self.id.lower():
                yield (
                    path,
                    f"{self.label}: {label(interface_id)} is attached to {other.label}",
                    "detach it there first",
                )


@rule(ErrorCode.SUBNETS_NOT_IN_SAME_VNET, on=VirtualMachine, source=SOURCE)
def interfaces_are_in_one_network(self: VirtualMachine, view: View, policy: Policy) -> Findings:
    """All interfaces of a machine are in the same virtual network."""
    home = ""
    for position, interface_id in enumerate(self.network_interface_ids):
        interface = view.get(NetworkInterface, interface_id)
        home = home or interface.virtual_network_id
        if interface.virtual_network_id.lower() != home.lower():
            yield (
                ("network_interface_ids", position),
                (
                    f"{self.label}: {interface.label} is in {label(interface.virtual_network_id)}, "
                    f"{label(self.network_interface_ids[0])} in {label(home)}"
                ),
                "they must be in the same virtual network",
            )


@rule(ErrorCode.INVALID_RESOURCE_REFERENCE, on=VirtualMachine, source=SOURCE)
def interfaces_are_in_the_same_region(self: VirtualMachine, view: View, policy: Policy) -> Findings:
    """A machine and its interfaces are in the same region."""
    for position, interface_id in enumerate(self.network_interface_ids):
        interface = view.get(NetworkInterface, interface_id)
        if interface.location != self.location:
            yield (
                ("network_interface_ids", position),
                (
                    f"{self.label}: the machine is in {self.location}, {interface.label} in "
                    f"{interface.location}"
                ),
                "they must be in the same region",
            )
