"""Places: who has an address, privately and on the internet, and which addresses no route leads to."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import NamedTuple

from vtaplib.fabric.topology import BalancingRule, Frontend, Interface, IpConfiguration, Topology

NOT_PUBLIC = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "168.63.129.16/32",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "224.0.0.0/3",
        ),
    )
)
"""What system routes never send to the internet: private and shared addresses (RFC 1918, RFC 6598),
link-local ones (RFC 3927), loopback, multicast and above, and the platform's own address."""
GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is on the internet (RFC 4291, section 2.4)."""


def is_public(packed: bytes) -> bool:
    """Whether an address is one that system routes send to the internet, if no network in reach has it."""
    address = ip_address(packed)
    if address.version == 6:
        return address in GLOBAL_UNICAST
    return not any(address in prefix for prefix in NOT_PUBLIC)


class IndexedAddress(NamedTuple):
    """An address of an interface."""

    interface: Interface
    configuration: IpConfiguration


class Service(NamedTuple):
    """A rule of a frontend, as one of its backends sees it."""

    frontend: Frontend
    rule: BalancingRule


class AddressIndex:
    """Answers for one topology. Addresses are packed: 4 or 16 bytes."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._private: dict[bytes, list[IndexedAddress]] = {}
        self._public: dict[bytes, IndexedAddress] = {}
        self._frontends: dict[bytes, list[Frontend]] = {}
        self._services: dict[str, list[Service]] = {}
        for interface in topology.interfaces:
            for configuration in interface.ip_configurations:
                place = IndexedAddress(interface, configuration)
                if configuration.address is not None:
                    self._private.setdefault(configuration.address.packed, []).append(place)
                if configuration.public_address is not None:
                    self._public[configuration.public_address.packed] = place
        for frontend in topology.frontends:
            if frontend.address is not None:
                self._frontends.setdefault(frontend.address.packed, []).append(frontend)
            for rule in frontend.rules:
                for backend in rule.backends:
                    key = backend.ip_configuration_id.lower()
                    self._services.setdefault(key, []).append(Service(frontend, rule))

    def owners(self, address: bytes) -> list[IndexedAddress]:
        """The interfaces that have a private address."""
        return self._private.get(address, [])

    def owners_in_reach(self, network_id: str, address: bytes) -> list[IndexedAddress]:
        """Those that a network reaches."""
        return [
            place
            for place in self.owners(address)
            if self._topology.is_reachable(network_id, place.interface.network_id, ip_address(address))
        ]

    def public_owner(self, address: bytes) -> IndexedAddress | None:
        """The interface that has a public address."""
        return self._public.get(address)

    def frontends(self, address: bytes) -> list[Frontend]:
        """The frontends that have an address, private or public."""
        return self._frontends.get(address, [])

    def frontends_in_reach(self, network_id: str, address: bytes) -> list[Frontend]:
        """Those that a network reaches; a public one is in reach of all."""
        return [
            frontend
            for frontend in self.frontends(address)
            if frontend.is_public
            or self._topology.is_reachable(network_id, frontend.network_id, ip_address(address))
        ]

    def interfaces_with(self, address: bytes) -> tuple[Interface, ...]:
        """The interfaces that have an address, private or public, whatever reaches them."""
        public = self.public_owner(address)
        places = [*self.owners(address), *([] if public is None else [public])]
        return tuple({place.interface.id: place.interface for place in places}.values())

    def services(self, place: IndexedAddress) -> list[Service]:
        """The rules that send to an address of an interface."""
        return self._services.get(place.configuration.id.lower(), [])

    def sends_from(self, interface: Interface) -> Iterator[bytes]:
        """The addresses that an interface may send from: its own, and of frontends with floating IP."""
        for configuration in interface.ip_configurations:
            if configuration.address is not None:
                yield configuration.address.packed
            for frontend, rule in self._services.get(configuration.id.lower(), ()):
                if rule.is_floating_ip and frontend.address is not None:
                    yield frontend.address.packed

    def prefix_in_reach(self, network_id: str, address: bytes) -> str | None:
        """The ID of the network in reach, or None, whose space an address is in."""
        wanted = ip_address(address)
        own = self._topology.network(network_id)
        reached = () if own is None else (own, *map(self._topology.network, sorted(own.peer_ids)))
        for network in reached:
            if (
                network is not None
                and any(wanted in prefix for prefix in network.address_prefixes)
                and self._topology.is_reachable(network_id, network.id, wanted)
            ):
                return network.id
        return None
