"""The topology: a frozen picture of networks, interfaces, frontends and taps, made for looking up packets.

It knows nothing of where it came from: `survey.py` beside it makes one of a cloud, a test builds one by hand.
IDs are compared without case; addresses are values of `ipaddress`, MAC addresses 6 bytes. Looking up is by
dictionary, so that its cost does not grow with the world.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Protocol, TypeVar

from vtaplib.errors import VtapError

if TYPE_CHECKING:
    from vtaplib.control.cloud import Cloud
    from vtaplib.model.view import View
    from vtaplib.rules.security_evaluation import EffectiveSecurityRules

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Network:
    """A virtual network. `peer_ids` are the networks it reaches by a peering that is connected and allows
    access, on both sides; peerings are not transitive. `peer_prefixes` says how much of a peer it reaches, by
    lower-case ID, where that is not all: some subnets are peered, or the peer has grown since.
    """

    id: str
    address_prefixes: tuple[IPv4Network | IPv6Network, ...] = ()
    peer_ids: frozenset[str] = frozenset()
    peer_prefixes: Mapping[str, tuple[IPv4Network | IPv6Network, ...]] = field(
        default_factory=dict, hash=False
    )


@dataclass(frozen=True, slots=True)
class IpConfiguration:
    """One address of an interface. `address` is None where it is not assigned yet; `public_address` is the
    one that it has on the internet, if it has one of its own, and `is_shielded` says that this lets in only
    what a security group allows. `effective_rules` is None where no security group is in force.
    """

    id: str
    address: Address | None
    is_primary: bool = False
    public_address: IPv4Address | None = None
    is_shielded: bool = False
    subnet_id: str = ""
    effective_rules: EffectiveSecurityRules | None = field(default=None, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface. It has neither machine nor, in Azure, a MAC address before it is first attached.
    `machine_size` and `is_running` are the machine's; `ip_forwarding` lets it send from other addresses.
    """

    id: str
    network_id: str
    ip_configurations: tuple[IpConfiguration, ...]
    mac: bytes | None = None
    machine_id: str | None = None
    region: str = ""
    machine_size: str | None = None
    is_running: bool = True
    ip_forwarding: bool = False

    @property
    def primary_ipv4(self) -> IPv4Address | None:
        """The IPv4 address that its copies come from: the primary configuration's, else the first."""
        found = [
            (not configuration.is_primary, position, configuration.address)
            for position, configuration in enumerate(self.ip_configurations)
            if isinstance(configuration.address, IPv4Address)
        ]
        return min(found)[2] if found else None


class Distribution(StrEnum):
    """What a load balancer's rule hashes, by Azure's names."""

    DEFAULT = "Default"
    """Addresses, protocol and ports."""
    SOURCE_IP = "SourceIP"
    """Source and destination address."""
    SOURCE_IP_PROTOCOL = "SourceIPProtocol"
    """Source and destination address, and protocol."""


class RuleProtocol(StrEnum):
    """What a load balancer's rule matches, by Azure's names."""

    TCP = "Tcp"
    UDP = "Udp"
    ALL = "All"


@dataclass(frozen=True, slots=True)
class Backend:
    """A member of a pool: an IP configuration of an interface."""

    ip_configuration_id: str


@dataclass(frozen=True, slots=True)
class BalancingRule:
    """A rule of a frontend. Port 0 is any port; protocol All with both ports 0 is "HA ports". `probe_port` is
    None where it is not known, and where there is no probe. `all_probed_up`: while no backend is healthy, all
    get flows.
    """

    name: str
    protocol: RuleProtocol
    frontend_port: int
    backend_port: int
    backends: tuple[Backend, ...]
    distribution: Distribution = Distribution.DEFAULT
    is_floating_ip: bool = False
    has_probe: bool = True
    probe_port: int | None = None
    all_probed_up: bool = False


@dataclass(frozen=True, slots=True)
class Frontend:
    """A frontend IP configuration of a load balancer. `network_id` is the network of an internal one; a
    public one has the network of its backends, and a public address; if it is shielded, it lets in only what
    a security group of the backend allows.
    """

    id: str
    network_id: str
    address: Address | None
    rules: tuple[BalancingRule, ...] = ()
    is_public: bool = False
    is_shielded: bool = False


@dataclass(frozen=True, slots=True)
class Tap:
    """A virtual network TAP: `destination_id` is an IP configuration or a frontend."""

    id: str
    destination_id: str


@dataclass(frozen=True, slots=True)
class TapConfiguration:
    """An interface that is a source of a TAP."""

    id: str
    interface_id: str
    tap_id: str


class HasId(Protocol):
    """What has an ID."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=HasId)


def index(things: Iterable[T]) -> dict[str, T]:
    """Things by ID, without case. Raises `VtapError` if two share one."""
    found: dict[str, T] = {}
    for thing in things:
        if found.setdefault(thing.id.lower(), thing) is not thing:
            raise VtapError(f"topology: two things have the ID {thing.id}")
    return found


@dataclass(frozen=True)
class Topology:
    """Everything a frame may meet. Raises `VtapError` if two things of one kind share an ID."""

    networks: tuple[Network, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    frontends: tuple[Frontend, ...] = ()
    taps: tuple[Tap, ...] = ()
    tap_configurations: tuple[TapConfiguration, ...] = ()
    _networks: dict[str, Network] = field(init=False, repr=False, compare=False)
    _interfaces: dict[str, Interface] = field(init=False, repr=False, compare=False)
    _frontends: dict[str, Frontend] = field(init=False, repr=False, compare=False)
    _taps: dict[str, Tap] = field(init=False, repr=False, compare=False)
    _owners: dict[str, tuple[Interface, IpConfiguration]] = field(init=False, repr=False, compare=False)
    _configurations: dict[str, list[TapConfiguration]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        configurations: dict[str, list[TapConfiguration]] = {}
        for configuration in index(self.tap_configurations).values():
            configurations.setdefault(configuration.interface_id.lower(), []).append(configuration)
        owners = {
            configuration.id.lower(): (interface, configuration)
            for interface in self.interfaces
            for configuration in interface.ip_configurations
        }
        for name, lookup in (
            ("_networks", index(self.networks)),
            ("_interfaces", index(self.interfaces)),
            ("_frontends", index(self.frontends)),
            ("_taps", index(self.taps)),
            ("_owners", owners),
            ("_configurations", configurations),
        ):
            object.__setattr__(self, name, lookup)

    @classmethod
    def of(cls, world: Cloud | View) -> Topology:
        """The picture of a cloud, as of one moment, or of any view: an overlay of what is planned."""
        from vtaplib.fabric.survey import topology_of
        from vtaplib.model.view import View

        if isinstance(world, View):
            return topology_of(world)
        with world.snapshot() as view:
            return topology_of(view)

    def network(self, network_id: str) -> Network | None:
        """The network with this ID, or None."""
        return self._networks.get(network_id.lower())

    def interface(self, interface_id: str) -> Interface | None:
        """The interface with this ID, or None."""
        return self._interfaces.get(interface_id.lower())

    def frontend(self, frontend_id: str) -> Frontend | None:
        """The frontend with this ID, or None."""
        return self._frontends.get(frontend_id.lower())

    def tap(self, tap_id: str) -> Tap | None:
        """The TAP with this ID, or None."""
        return self._taps.get(tap_id.lower())

    def owner_of(self, ip_configuration_id: str) -> tuple[Interface, IpConfiguration] | None:
        """The IP configuration with this ID and its interface, or None."""
        return self._owners.get(ip_configuration_id.lower())

    @property
    def collectors(self) -> tuple[Interface, ...]:
        """Every interface that copies for a TAP may arrive at, in the order of the TAPs; each once."""
        found: dict[str, Interface] = {}
        for tap in self.taps:
            frontend = self.frontend(tap.destination_id)
            rules = frontend.rules if frontend is not None else ()
            backends = (backend.ip_configuration_id for rule in rules for backend in rule.backends)
            for destination_id in (tap.destination_id, *backends):
                owner = self.owner_of(destination_id)
                if owner is not None:
                    found.setdefault(owner[0].id.lower(), owner[0])
        return tuple(found.values())

    def tap_configurations_of(self, interface_id: str) -> tuple[TapConfiguration, ...]:
        """The tap configurations of an interface, in the topology's order."""
        return tuple(self._configurations.get(interface_id.lower(), ()))

    def is_reachable(self, from_network_id: str, to_network_id: str, address: Address | None = None) -> bool:
        """Whether two networks are one, or are peers of each other; given an address of the second, peers of
        which the first routes to it.
        """
        here, there = from_network_id.lower(), to_network_id.lower()
        if here == there:
            return True
        network = self._networks.get(here)
        if network is None or not any(peer_id.lower() == there for peer_id in network.peer_ids):
            return False
        known = network.peer_prefixes.get(there)
        return known is None or address is None or any(address in prefix for prefix in known)


def derive_vni(*resource_ids: str) -> int:
    """A non-zero VNI of 24 bits, a function of resource IDs without case: the same in every run."""
    digest = blake2b("\n".join(resource_ids).lower().encode(), digest_size=8).digest()
    return 1 + int.from_bytes(digest, "big") % ((1 << 24) - 1)
