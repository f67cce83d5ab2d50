"""What is in a cloud: tenants, subscriptions, resource groups and their resources, as plain data.

Every entry has its ID and refers to others by theirs, so that the document can be searched. An entry's field
is its resource's field of the same name; a mark says where it has another, or comes from somewhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from functools import cache
from types import NoneType
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from vtaplib.control.cloud import Cloud
from vtaplib.errors import require_type
from vtaplib.model import ids
from vtaplib.model.resource import Resource
from vtaplib.resources import (
    Lb,
    LbBackendAddressPool,
    LbProbe,
    LbRule,
    NetworkInterface,
    NetworkInterfaceTapConfiguration,
    PublicIp,
    ResourceGroup,
    Subnet,
    Subscription,
    VirtualMachine,
    VirtualNetwork,
    VirtualNetworkPeering,
    VirtualNetworkTap,
)


class FieldOf(NamedTuple):
    """Marks what the resource has in a field of another name."""

    name: str


class AddressOf(NamedTuple):
    """Marks the address of what a field refers to: a public address, an IP configuration or a frontend."""

    name: str


class Belonging(NamedTuple):
    """Marks an entry, or the value of a field, of each resource of a type that belongs to this one."""

    kind: type[Resource]
    owner_id: Callable[[Any], str] = lambda one: ids.parent(one.id)
    """The ID of what a resource belongs to."""
    field: str = ""


Origin = FieldOf | AddressOf | Belonging


def _group_id(resource: Resource) -> str:
    return "/".join(resource.id.split("/")[:5])  # `/subscriptions/…/resourceGroups/…`


def _tap_id(configuration: NetworkInterfaceTapConfiguration) -> str:
    return configuration.virtual_network_tap_id


TAP_IDS = Belonging(NetworkInterfaceTapConfiguration, field="virtual_network_tap_id")


@dataclass(frozen=True, slots=True)
class Entry:
    """What every entry has."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class LocatedEntry(Entry):
    """What every entry has that is in a region."""

    location: str


@dataclass(frozen=True, slots=True)
class SubnetEntry(Entry):
    """A subnet of a network."""

    address_prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeeringEntry(Entry):
    """One side of a peering."""

    remote_network_id: Annotated[str, FieldOf("remote_virtual_network_id")]
    state: Annotated[str, FieldOf("peering_state")]
    allows_access: Annotated[bool, FieldOf("allow_virtual_network_access")]


@dataclass(frozen=True, slots=True)
class NetworkEntry(LocatedEntry):
    """A virtual network."""

    address_space: tuple[str, ...]
    subnets: Annotated[tuple[SubnetEntry, ...], Belonging(Subnet)]
    peerings: Annotated[tuple[PeeringEntry, ...], Belonging(VirtualNetworkPeering)]


@dataclass(frozen=True, slots=True)
class AddressEntry(Entry):
    """An address of an interface or of a frontend, with the public one in front of it."""

    address: Annotated[str | None, FieldOf("private_ip_address")]
    subnet_id: str | None
    public_address: Annotated[str | None, AddressOf("public_ip_address_id")]


@dataclass(frozen=True, slots=True)
class PublicAddressEntry(LocatedEntry):
    """A public address, held by something or not."""

    address: Annotated[str, FieldOf("ip_address")]
    fqdn: str | None


@dataclass(frozen=True, slots=True)
class InterfaceEntry(LocatedEntry):
    """A network interface. `machine_id` and `mac_address` are None while it is attached to nothing."""

    addresses: Annotated[tuple[AddressEntry, ...], FieldOf("ip_configuration")]
    mac_address: str | None
    machine_id: Annotated[str | None, FieldOf("virtual_machine_id")]
    tap_ids: Annotated[tuple[str, ...], TAP_IDS]


@dataclass(frozen=True, slots=True)
class MachineEntry(LocatedEntry):
    """A virtual machine. `power_state` is `running` or `deallocated`; on the fast path its interfaces can be
    tapped.
    """

    size: str
    power_state: str
    on_fastpath: bool
    interface_ids: Annotated[tuple[str, ...], FieldOf("network_interface_ids")]


@dataclass(frozen=True, slots=True)
class BalancingRuleEntry(Entry):
    """A rule of a load balancer; port 0 is any port."""

    frontend_id: Annotated[str, FieldOf("frontend_ip_configuration_id")]
    protocol: str
    frontend_port: int
    backend_port: int
    distribution: Annotated[str, FieldOf("load_distribution")]
    pool_ids: Annotated[tuple[str, ...], FieldOf("backend_address_pool_ids")]
    probe_id: str | None


@dataclass(frozen=True, slots=True)
class ProbeEntry(Entry):
    """A health probe of a load balancer."""

    protocol: str
    port: int


@dataclass(frozen=True, slots=True)
class PoolEntry(Entry):
    """A backend pool: the IDs of the IP configurations in it."""

    member_ids: Annotated[tuple[str, ...], FieldOf("backend_ip_configurations")]


@dataclass(frozen=True, slots=True)
class LoadBalancerEntry(LocatedEntry):
    """A load balancer with what belongs to it."""

    sku: str
    frontends: Annotated[tuple[AddressEntry, ...], FieldOf("frontend_ip_configuration")]
    rules: Annotated[tuple[BalancingRuleEntry, ...], Belonging(LbRule)]
    probes: Annotated[tuple[ProbeEntry, ...], Belonging(LbProbe)]
    pools: Annotated[tuple[PoolEntry, ...], Belonging(LbBackendAddressPool)]


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """An interface that sends to a TAP."""

    tap_configuration_id: Annotated[str, FieldOf("id")]
    interface_id: Annotated[str, FieldOf("network_interface_id")]


@dataclass(frozen=True, slots=True)
class TapEntry(LocatedEntry):
    """A virtual network TAP. It sends to an interface's IP configuration or a load balancer's frontend."""

    destination_id: str
    destination_address: Annotated[str | None, AddressOf("destination_id")]
    destination_port: int
    sources: Annotated[tuple[SourceEntry, ...], Belonging(NetworkInterfaceTapConfiguration, _tap_id)]


@dataclass(frozen=True, slots=True)
class GroupEntry(LocatedEntry):
    """A resource group and what is in it."""

    networks: Annotated[tuple[NetworkEntry, ...], Belonging(VirtualNetwork, _group_id)]
    public_addresses: Annotated[tuple[PublicAddressEntry, ...], Belonging(PublicIp, _group_id)]
    interfaces: Annotated[tuple[InterfaceEntry, ...], Belonging(NetworkInterface, _group_id)]
    machines: Annotated[tuple[MachineEntry, ...], Belonging(VirtualMachine, _group_id)]
    load_balancers: Annotated[tuple[LoadBalancerEntry, ...], Belonging(Lb, _group_id)]
    taps: Annotated[tuple[TapEntry, ...], Belonging(VirtualNetworkTap, _group_id)]


@dataclass(frozen=True, slots=True)
class SubscriptionEntry:
    """A subscription and its resource groups."""

    subscription_id: str
    groups: Annotated[tuple[GroupEntry, ...], Belonging(ResourceGroup)]


@dataclass(frozen=True, slots=True)
class TenantEntry:
    """A tenant and its subscriptions."""

    tenant_id: str
    subscriptions: tuple[SubscriptionEntry, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything in a cloud. `cloud` is what the user calls it."""

    cloud: str
    tenants: tuple[TenantEntry, ...]


def take_inventory(cloud: Cloud, name: str = "") -> Inventory:
    """What is in a cloud, as of one moment; everything in the order of IDs. `name`: what to call it."""
    require_type("a cloud", cloud, Cloud, "give one, such as Cloud.open(…)")
    with cloud.snapshot():
        return _Survey(cloud).inventory(name)


class _Survey:
    """Each type is read once, and sorted by what it belongs to."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._sorted: dict[Belonging, Mapping[str, Sequence[Any]]] = {}
        self._addresses = {one.id.lower(): one.ip_address for one in cloud.list(PublicIp)}
        self._addresses |= {
            block.id.lower(): block.private_ip_address
            for blocks in (
                *(one.ip_configuration for one in cloud.list(NetworkInterface)),
                *(one.frontend_ip_configuration for one in cloud.list(Lb)),
            )
            for block in blocks
        }

    def inventory(self, name: str) -> Inventory:
        """All of it."""
        tenants: dict[str, list[Subscription]] = {}
        for one in self._cloud.list(Subscription):
            tenants.setdefault(one.tenant_id.lower(), []).append(one)
        return Inventory(
            name,
            tuple(
                TenantEntry(its[0].tenant_id, tuple(self._entry(SubscriptionEntry, one) for one in its))
                for _, its in sorted(tenants.items())
            ),
        )

    def _entry(self, kind: Any, source: Any) -> Any:
        return kind(**{name: self._value(hint, origin, source) for name, hint, origin in _origins(kind)})

    def _value(self, hint: Any, origin: Origin, source: Any) -> Any:
        value: Any
        if isinstance(origin, Belonging):
            found = self._belonging(origin).get(source.id.lower(), ())
            value = [getattr(one, origin.field) for one in found] if origin.field else found
        else:
            value = getattr(source, origin.name)
        if isinstance(origin, AddressOf):
            value = self._addresses.get((value or "").lower())
        if get_origin(hint) is tuple:
            element = get_args(hint)[0]
            return tuple(self._entry(element, one) if is_dataclass(element) else one for one in value or ())
        # The service says "" of what is not there.
        return value or (None if NoneType in get_args(hint) else hint())

    def _belonging(self, origin: Belonging) -> Mapping[str, Sequence[Any]]:
        """The resources of a type, in their order, by the ID of what they belong to."""
        if origin not in self._sorted:
            found: dict[str, list[Any]] = {}
            for one in self._cloud.list(origin.kind):
                found.setdefault(origin.owner_id(one).lower(), []).append(one)
            self._sorted[origin] = found
        return self._sorted[origin]


@cache
def _origins(kind: Any) -> Sequence[tuple[str, Any, Origin]]:
    """The fields of an entry, with their types and what they come from."""
    found = []
    for name, hint in get_type_hints(kind, include_extras=True).items():
        marks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
        found.append((name, get_args(hint)[0] if marks else hint, marks[0] if marks else FieldOf(name)))
    return found
