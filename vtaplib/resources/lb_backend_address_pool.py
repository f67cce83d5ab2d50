"""A backend pool: the interfaces that a load balancer's rules spread traffic over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from vtaplib.model.arguments import NetworkName
from vtaplib.model.base import Block
from vtaplib.model.combination import RequiredWith
from vtaplib.model.marks import SERVICE, Arm, CreateOnly, Derived, Inert, Items, OneOf, Ref
from vtaplib.model.resource import Assignment, Resource, resource_kind
from vtaplib.model.view import View
from vtaplib.resources.lb import Lb
from vtaplib.resources.virtual_network import VirtualNetwork


class TunnelInterface(Block):
    """A tunnel to the backends of a gateway load balancer."""

    identifier: Inert[int]
    """The identifier of the tunnel."""
    type: Inert[Annotated[str, OneOf(("None", "Internal", "External"))]]
    """The side of the tunnel."""
    protocol: Inert[Annotated[str, OneOf(("None", "Native", "VXLAN"))]]
    """The protocol of the tunnel."""
    port: Inert[int]
    """The port of the tunnel."""


class LbBackendAddressPool(Resource):
    """A pool of backends of a load balancer."""

    id_format = "{loadbalancer_id}/backendAddressPools/{name}"
    changed_by_others = ("backend_ip_configurations", "load_balancing_rules")
    combinations = (RequiredWith("synchronous_mode", "virtual_network_id"),)
    arm_says: ClassVar[Mapping[str, Any]] = {
        "properties.loadBalancerBackendAddresses": (),
        "properties.loadBalancerBackendAddresses[].properties.networkInterfaceIPConfiguration": None,
    }

    loadbalancer_id: CreateOnly[Ref[Lb]]
    """The ID of the load balancer."""
    name: CreateOnly[NetworkName]
    """The name of the pool."""
    synchronous_mode: (
        Annotated[
            CreateOnly[Inert[Annotated[str, OneOf(("Automatic", "Manual"))]]], Arm("properties.syncMode")
        ]
        | None
    ) = None
    """How backends that are given by address are kept up to date. Only for Standard; needs
    `virtual_network_id`."""
    tunnel_interface: Annotated[Sequence[TunnelInterface], Items(0, minimum_if_set=1)] = ()
    """The tunnels of a Gateway load balancer."""
    virtual_network_id: Inert[Ref[VirtualNetwork]] | None = None
    """The network of the backends that are given by address."""
    backend_ip_configurations: Annotated[
        Derived[Sequence[str]], Arm("properties.backendIPConfigurations[].id")
    ] = SERVICE
    """The IDs of the IP configurations in the pool."""
    inbound_nat_rules: Annotated[Derived[Sequence[str]], Arm("properties.inboundNatRules[].id")] = SERVICE
    """The IDs of inbound NAT rules that use the pool."""
    load_balancing_rules: Annotated[Derived[Sequence[str]], Arm("properties.loadBalancingRules[].id")] = (
        SERVICE
    )
    """The IDs of load-balancing rules that use the pool."""
    outbound_rules: Annotated[Derived[Sequence[str]], Arm("properties.outboundRules[].id")] = SERVICE
    """The IDs of outbound rules that use the pool."""

    def derive(self, view: View) -> Iterator[Assignment]:
        members = resource_kind("NetworkInterfaceBackendAddressPoolAssociation")
        yield (
            ("backend_ip_configurations",),
            lambda it: tuple(one.id.partition("|")[0] for one in view.referrers(it.id, members)),
        )
        yield ("inbound_nat_rules",), lambda it: ()
        yield (
            ("load_balancing_rules",),
            lambda it: tuple(one.id for one in view.referrers(it.id, resource_kind("LbRule"))),
        )
        yield ("outbound_rules",), lambda it: ()
