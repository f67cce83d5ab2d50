"""The elements of a topology: networks, interfaces, frontends and TAPs, frozen.

IDs are compared without case; addresses are values of `ipaddress`, MAC addresses 6 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
