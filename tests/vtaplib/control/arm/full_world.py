"""A world in which every field of every resource is set: what ARM's JSON can show at most.

No rule is asked whether it could exist. Values follow from the fields: a word of a list that allows no other,
else a text with the field's name in it.
"""

from __future__ import annotations

from typing import Any, TypeVar

from tests.vtaplib.control import lab
from vtaplib.control.read_view import ReadView
from vtaplib.model.base import Block, Field, Model, Shape
from vtaplib.model.marks import DERIVED, INLINE, OneOf
from vtaplib.model.resource import Resource
from vtaplib.resources import (
    RESOURCE_TYPES,
    Lb,
    LbBackendAddressPool,
    LbProbe,
    LbRule,
    LinuxVirtualMachine,
    NetworkInterface,
    NetworkInterfaceBackendAddressPoolAssociation,
    NetworkInterfaceSecurityGroupAssociation,
    NetworkInterfaceTapConfiguration,
    NetworkSecurityGroup,
    NetworkSecurityRule,
    PublicIp,
    ResourceGroup,
    Subnet,
    SubnetNetworkSecurityGroupAssociation,
    Subscription,
    VirtualNetwork,
    VirtualNetworkPeering,
    VirtualNetworkTap,
    WindowsVirtualMachine,
)

M = TypeVar("M", bound=Model)
B = TypeVar("B", bound=Block)
NUMBER = 7


def filled(kind: type[M], **given: Any) -> M:
    """A model with every field set, those given as they are."""
    values = {name: _value(field) for name, field in kind.fields().items() if not field.has(DERIVED)}
    return kind(**{**values, **given})


def _value(field: Field) -> Any:
    if field.has(INLINE):
        return None
    if field.block is not None:
        block = filled(field.block)
        return block if field.shape is Shape.BLOCK else (block,)
    if field.shape is Shape.MAP:
        return {"key": "value"}
    words = [
        one.values[0] for one in (*field.constraints, *field.element_constraints) if isinstance(one, OneOf)
    ]
    scalar: Any = {bool: True, int: NUMBER, float: float(NUMBER), str: f"some-{field.name}"}[field.scalar]
    one = words[0] if words else scalar
    return (one,) if field.shape is Shape.LIST else one


def of_lab(kind: type[M], **given: Any) -> M:
    """A resource in the lab's group, with every field set."""
    return filled(kind, subscription_id=lab.HOME, resource_group_name="lab", **given)


def below(owner: str, owner_id: str, kind: type[M], **given: Any) -> M:
    """A child of a resource that it names by ID, with every field set."""
    return filled(kind, subscription_id=lab.HOME, **{owner: owner_id}, **given)


NIC, GROUP = lab.nic_id("nic"), lab.resource_id("Network/networkSecurityGroups", "group")
BALANCER, MACHINE = lab.lb_id("balancer"), {"network_interface_ids": [NIC], "admin_username": "operator"}


def world() -> ReadView:
    """One resource of each type, those that refer to each other by name, and what is attached."""
    interface = of_lab(NetworkInterface, name="nic")
    balancer = of_lab(Lb, name="balancer")
    resources: list[Resource] = [
        filled(ResourceGroup, subscription_id=lab.HOME, name="lab"),
        of_lab(VirtualNetwork, name="net"),
        of_lab(
            VirtualNetworkPeering, virtual_network_name="net", remote_virtual_network_id=lab.network_id("net")
        ),
        of_lab(Subnet, name="one", virtual_network_name="net"),
        interface.replace(ip_configuration=[_holder(NIC, interface.ip_configuration[0])]),
        balancer.replace(
            frontend_ip_configuration=[_holder(BALANCER, balancer.frontend_ip_configuration[0])]
        ),
        below("loadbalancer_id", BALANCER, LbBackendAddressPool, name="pool"),
        below("loadbalancer_id", BALANCER, LbProbe, name="probe"),
        below(
            "loadbalancer_id",
            BALANCER,
            LbRule,
            name="rule",
            frontend_ip_configuration_name="part",
            frontend_ip_configuration_id=f"{BALANCER}/frontendIPConfigurations/part",
            backend_address_pool_ids=[f"{BALANCER}/backendAddressPools/pool"],
            probe_id=f"{BALANCER}/probes/probe",
        ),
        of_lab(LinuxVirtualMachine, name="linux", **MACHINE),
        of_lab(WindowsVirtualMachine, name="windows", **MACHINE),
        of_lab(VirtualNetworkTap, name="tap"),
        below(
            "network_interface_id",
            NIC,
            NetworkInterfaceTapConfiguration,
            virtual_network_tap_id=lab.tap_id("tap"),
        ),
        of_lab(NetworkSecurityGroup, name="group"),
        of_lab(NetworkSecurityRule, network_security_group_name="group"),
        of_lab(PublicIp, name="address"),
        NetworkInterfaceBackendAddressPoolAssociation(
            network_interface_id=NIC,
            ip_configuration_name="part",
            backend_address_pool_id=f"{BALANCER}/backendAddressPools/pool",
        ),
        NetworkInterfaceSecurityGroupAssociation(network_interface_id=NIC, network_security_group_id=GROUP),
        SubnetNetworkSecurityGroupAssociation(
            subnet_id=lab.subnet_id("net"), network_security_group_id=GROUP
        ),
    ]
    there = {Subscription, *map(type, resources)}
    resources += [of_lab(kind, name="other") for kind in RESOURCE_TYPES if kind not in there]
    return ReadView(resources, whole=True)


def _holder(owner_id: str, part: B) -> B:
    """A part that holds addresses of the world's subnet and public address."""
    return part.replace(
        name="part",
        id=f"{owner_id}/{part.id_segment}/part",
        subnet_id=lab.subnet_id("net"),
        public_ip_address_id=lab.resource_id("Network/publicIPAddresses", "address"),
    )
