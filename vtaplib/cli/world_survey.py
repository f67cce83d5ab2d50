"""A survey of a cloud for `vtap show`. Each type is read once and sorted by what it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from vtaplib.cli.world import (
    AddressEntry,
    BalancingRuleEntry,
    GroupEntry,
    InterfaceEntry,
    LoadBalancerEntry,
    MachineEntry,
    NetworkEntry,
    PeeringEntry,
    PoolEntry,
    ProbeEntry,
    PublicAddressEntry,
    SourceEntry,
    SubnetEntry,
    SubscriptionEntry,
    TapEntry,
    TenantEntry,
    World,
)
from vtaplib.control.cloud import Cloud
from vtaplib.model import ids
from vtaplib.model.resource import Resource
from vtaplib.resources.lb import Lb, LbFrontendIpConfiguration
from vtaplib.resources.lb_backend_address_pool import LbBackendAddressPool
from vtaplib.resources.lb_probe import LbProbe
from vtaplib.resources.lb_rule import LbRule
from vtaplib.resources.network_interface import NetworkInterface, NetworkInterfaceIpConfiguration
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.public_ip import PublicIp
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.subscription import Subscription
from vtaplib.resources.virtual_machine import VirtualMachine
from vtaplib.resources.virtual_network import VirtualNetwork
from vtaplib.resources.virtual_network_peering import VirtualNetworkPeering
from vtaplib.resources.virtual_network_tap import VirtualNetworkTap

T = TypeVar("T", bound=Resource)

# `/subscriptions/{id}/resourceGroups/{name}`, split at its slashes.
_STEPS_OF_A_GROUP = 5


def survey_world(cloud: Cloud, name: str) -> World:
    """The world in a cloud, as of one moment; everything in the order of IDs. `name` is the cloud's file."""
    with cloud.snapshot():
        return Survey(cloud).world(name)


class Survey:
    """The resources of a cloud by the ID of what they belong to."""

    def __init__(self, cloud: Cloud) -> None:
        self.subscriptions = _gather(cloud.list(Subscription), lambda one: one.tenant_id)
        self.groups = _gather(cloud.list(ResourceGroup), _parent_id)
        self.networks = _gather(cloud.list(VirtualNetwork), _group_id)
        self.subnets = _gather(cloud.list(Subnet), _parent_id)
        self.peerings = _gather(cloud.list(VirtualNetworkPeering), _parent_id)
        public = cloud.list(PublicIp)
        self.public = _gather(public, _group_id)
        self.public_addresses = {one.id.lower(): one.ip_address for one in public}
        interfaces, balancers = cloud.list(NetworkInterface), cloud.list(Lb)
        self.interfaces = _gather(interfaces, _group_id)
        self.machines = _gather(cloud.list(VirtualMachine), _group_id)
        self.balancers = _gather(balancers, _group_id)
        self.rules = _gather(cloud.list(LbRule), _parent_id)
        self.probes = _gather(cloud.list(LbProbe), _parent_id)
        self.pools = _gather(cloud.list(LbBackendAddressPool), _parent_id)
        taps = cloud.list(VirtualNetworkTap)
        self.taps = _gather(taps, _group_id)
        configurations = cloud.list(NetworkInterfaceTapConfiguration)
        self.configurations = _gather(configurations, _parent_id)
        self.sources = _gather(configurations, lambda one: one.virtual_network_tap_id)
        # The address of everything that a TAP can send to.
        self.addresses = {
            entry.id.lower(): entry.address
            for entries in (
                *(self.addresses_of(one.ip_configuration) for one in interfaces),
                *(self.addresses_of(one.frontend_ip_configuration) for one in balancers),
            )
            for entry in entries
        }

    def world(self, name: str) -> World:
        """The whole of it."""
        tenants = (
            TenantEntry(subscriptions[0].tenant_id, tuple(map(self.subscription, subscriptions)))
            for _, subscriptions in sorted(self.subscriptions.items())
        )
        return World(name, tuple(tenants))

    def subscription(self, subscription: Subscription) -> SubscriptionEntry:
        """A subscription and its groups."""
        groups = self.groups.get(subscription.id.lower(), ())
        return SubscriptionEntry(subscription.subscription_id, tuple(map(self.group, groups)))

    def group(self, group: ResourceGroup) -> GroupEntry:
        """A resource group and what is in it."""
        key = group.id.lower()
        return GroupEntry(
            id=group.id,
            name=group.name,
            location=group.location,
            networks=tuple(map(self.network, self.networks.get(key, ()))),
            public_addresses=tuple(map(public_address_entry, self.public.get(key, ()))),
            interfaces=tuple(map(self.interface, self.interfaces.get(key, ()))),
            machines=tuple(map(machine_entry, self.machines.get(key, ()))),
            load_balancers=tuple(map(self.balancer, self.balancers.get(key, ()))),
            taps=tuple(map(self.tap, self.taps.get(key, ()))),
        )

    def network(self, network: VirtualNetwork) -> NetworkEntry:
        """A network with its subnets and its sides of peerings."""
        key = network.id.lower()
        return NetworkEntry(
            id=network.id,
            name=network.name,
            location=network.location,
            address_space=tuple(network.address_space or ()),
            subnets=tuple(
                SubnetEntry(one.id, one.name, tuple(one.address_prefixes or ()))
                for one in self.subnets.get(key, ())
            ),
            peerings=tuple(
                PeeringEntry(
                    id=one.id,
                    name=one.name,
                    remote_network_id=one.remote_virtual_network_id,
                    state=one.peering_state,
                    allows_access=one.allow_virtual_network_access,
                )
                for one in self.peerings.get(key, ())
            ),
        )

    def interface(self, interface: NetworkInterface) -> InterfaceEntry:
        """An interface with its addresses and the TAPs that it sends to."""
        configurations = self.configurations.get(interface.id.lower(), ())
        return InterfaceEntry(
            id=interface.id,
            name=interface.name,
            location=interface.location,
            addresses=self.addresses_of(interface.ip_configuration),
            mac_address=interface.mac_address or None,
            machine_id=interface.virtual_machine_id or None,
            tap_ids=tuple(one.virtual_network_tap_id for one in configurations),
        )

    def addresses_of(
        self, blocks: Iterable[NetworkInterfaceIpConfiguration | LbFrontendIpConfiguration]
    ) -> tuple[AddressEntry, ...]:
        """The addresses of an interface or of a load balancer's frontends, in their order. A public frontend
        has no private address.
        """
        return tuple(
            AddressEntry(
                id=one.id,
                name=one.name,
                address=one.private_ip_address or None,
                subnet_id=one.subnet_id,
                public_address=self.public_addresses.get((one.public_ip_address_id or "").lower()),
            )
            for one in blocks
        )

    def balancer(self, balancer: Lb) -> LoadBalancerEntry:
        """A load balancer with what belongs to it."""
        key = balancer.id.lower()
        return LoadBalancerEntry(
            id=balancer.id,
            name=balancer.name,
            location=balancer.location,
            sku=balancer.sku,
            frontends=self.addresses_of(balancer.frontend_ip_configuration),
            rules=tuple(map(rule_entry, self.rules.get(key, ()))),
            probes=tuple(
                ProbeEntry(one.id, one.name, one.protocol, one.port) for one in self.probes.get(key, ())
            ),
            pools=tuple(
                PoolEntry(one.id, one.name, tuple(one.backend_ip_configurations))
                for one in self.pools.get(key, ())
            ),
        )

    def tap(self, tap: VirtualNetworkTap) -> TapEntry:
        """A TAP with its destination and its sources."""
        return TapEntry(
            id=tap.id,
            name=tap.name,
            location=tap.location,
            destination_id=tap.destination_id,
            destination_address=self.addresses.get(tap.destination_id.lower()),
            destination_port=tap.destination_port,
            sources=tuple(
                SourceEntry(one.id, one.network_interface_id) for one in self.sources.get(tap.id.lower(), ())
            ),
        )


def public_address_entry(address: PublicIp) -> PublicAddressEntry:
    """A public address."""
    return PublicAddressEntry(
        address.id, address.name, address.location, address.ip_address, address.fqdn or None
    )


def machine_entry(machine: VirtualMachine) -> MachineEntry:
    """A machine with its interfaces."""
    return MachineEntry(
        id=machine.id,
        name=machine.name,
        location=machine.location,
        size=machine.size,
        power_state=machine.power_state or "",
        on_fastpath=bool(machine.on_fastpath),
        interface_ids=tuple(machine.network_interface_ids),
    )


def rule_entry(rule: LbRule) -> BalancingRuleEntry:
    """A load-balancing rule."""
    return BalancingRuleEntry(
        id=rule.id,
        name=rule.name,
        frontend_id=rule.frontend_ip_configuration_id,
        protocol=rule.protocol,
        frontend_port=rule.frontend_port,
        backend_port=rule.backend_port,
        distribution=rule.load_distribution,
        pool_ids=tuple(rule.backend_address_pool_ids or ()),
        probe_id=rule.probe_id,
    )


def _gather(resources: Iterable[T], owner_id: Callable[[T], str]) -> Mapping[str, list[T]]:
    """The resources by the ID of their owner in lower case, in their order."""
    gathered: dict[str, list[T]] = {}
    for resource in resources:
        gathered.setdefault(owner_id(resource).lower(), []).append(resource)
    return gathered


def _parent_id(resource: Resource) -> str:
    return ids.parent(resource.id)


def _group_id(resource: Resource) -> str:
    return "/".join(resource.id.split("/")[:_STEPS_OF_A_GROUP])
