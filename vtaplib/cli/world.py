"""The world as `vtap show` gives it: tenants, subscriptions, groups and what is in them, as plain data.

Every entry has its ID and refers to others by theirs, so that the JSON document can be searched.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SubnetEntry:
    """A subnet of a network."""

    id: str
    name: str
    address_prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeeringEntry:
    """One side of a peering."""

    id: str
    name: str
    remote_network_id: str
    state: str
    allows_access: bool


@dataclass(frozen=True, slots=True)
class NetworkEntry:
    """A virtual network."""

    id: str
    name: str
    location: str
    address_space: tuple[str, ...]
    subnets: tuple[SubnetEntry, ...]
    peerings: tuple[PeeringEntry, ...]


@dataclass(frozen=True, slots=True)
class AddressEntry:
    """An address of an interface or of a frontend, with the public one in front of it."""

    id: str
    name: str
    address: str | None
    subnet_id: str | None
    public_address: str | None


@dataclass(frozen=True, slots=True)
class PublicAddressEntry:
    """A public address, held by something or not."""

    id: str
    name: str
    location: str
    address: str
    fqdn: str | None


@dataclass(frozen=True, slots=True)
class InterfaceEntry:
    """A network interface. `machine_id` and `mac_address` are None while it is attached to nothing."""

    id: str
    name: str
    location: str
    addresses: tuple[AddressEntry, ...]
    mac_address: str | None
    machine_id: str | None
    tap_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MachineEntry:
    """A virtual machine. `power_state` is `running` or `deallocated`; on the fast path its interfaces can be
    tapped.
    """

    id: str
    name: str
    location: str
    size: str
    power_state: str
    on_fastpath: bool
    interface_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BalancingRuleEntry:
    """A rule of a load balancer; port 0 is any port."""

    id: str
    name: str
    frontend_id: str
    protocol: str
    frontend_port: int
    backend_port: int
    distribution: str
    pool_ids: tuple[str, ...]
    probe_id: str | None


@dataclass(frozen=True, slots=True)
class ProbeEntry:
    """A health probe of a load balancer."""

    id: str
    name: str
    protocol: str
    port: int


@dataclass(frozen=True, slots=True)
class PoolEntry:
    """A backend pool: the IDs of the IP configurations in it."""

    id: str
    name: str
    member_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoadBalancerEntry:
    """A load balancer with what belongs to it."""

    id: str
    name: str
    location: str
    sku: str
    frontends: tuple[AddressEntry, ...]
    rules: tuple[BalancingRuleEntry, ...]
    probes: tuple[ProbeEntry, ...]
    pools: tuple[PoolEntry, ...]


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """An interface that sends to a TAP."""

    tap_configuration_id: str
    interface_id: str


@dataclass(frozen=True, slots=True)
class TapEntry:
    """A virtual network TAP. It sends to an interface's IP configuration or a load balancer's frontend."""

    id: str
    name: str
    location: str
    destination_id: str
    destination_address: str | None
    destination_port: int
    sources: tuple[SourceEntry, ...]


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """A resource group and what is in it."""

    id: str
    name: str
    location: str
    networks: tuple[NetworkEntry, ...]
    public_addresses: tuple[PublicAddressEntry, ...]
    interfaces: tuple[InterfaceEntry, ...]
    machines: tuple[MachineEntry, ...]
    load_balancers: tuple[LoadBalancerEntry, ...]
    taps: tuple[TapEntry, ...]


@dataclass(frozen=True, slots=True)
class SubscriptionEntry:
    """A subscription and its resource groups."""

    subscription_id: str
    groups: tuple[GroupEntry, ...]


@dataclass(frozen=True, slots=True)
class TenantEntry:
    """A tenant and its subscriptions."""

    tenant_id: str
    subscriptions: tuple[SubscriptionEntry, ...]


@dataclass(frozen=True, slots=True)
class World:
    """Everything in a cloud. `cloud` is the file as the user named it."""

    cloud: str
    tenants: tuple[TenantEntry, ...]
