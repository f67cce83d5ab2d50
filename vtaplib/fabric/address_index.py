"""Places: who has an address, privately and on the internet, and which addresses no route leads to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from itertools import chain
from typing import NamedTuple

from vtaplib.fabric.topology import BalancingRule, Frontend, Interface, IpConfiguration, Topology
from vtaplib.model.spans import EVERY_IPV4, Spans, address_range, edges, numbered_address, packed_number

NOT_PUBLIC = Spans.of(
    address_range(IPv4Network(prefix))
    for prefix in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
    )
)
"""What system routes never send to the internet: private and shared addresses (RFC 1918, RFC 6598),
link-local ones (RFC 3927), loopback, multicast and above, and the platform's own address."""
GLOBAL_UNICAST = Spans.of([address_range(IPv6Network("2000::/3"))])
"""All of IPv6 that is on the internet (RFC 4291, section 2.4)."""

# Answers that are kept, of either kind: memory must not grow with the number of addresses.
ANSWERS_KEPT = 1 << 12


def is_public(packed: bytes) -> bool:
    """Whether an address is one that system routes send to the internet, if no network in reach has it."""
    number = packed_number(packed)
    return number in GLOBAL_UNICAST if len(packed) == 16 else number not in NOT_PUBLIC


class IndexedAddress(NamedTuple):
    """An address of an interface."""

    interface: Interface
    configuration: IpConfiguration


class Service(NamedTuple):
    """A rule of a frontend, as one of its backends sees it."""

    frontend: Frontend
    rule: BalancingRule


def primary_of(configurations: Iterable[IpConfiguration]) -> IpConfiguration | None:
    """The primary one of some configurations, else the first."""
    return min(configurations, key=lambda configuration: not configuration.is_primary, default=None)


class AddressIndex:
    """Answers for one topology. Addresses are packed: 4 or 16 bytes."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._places: dict[str, IndexedAddress] = {}
        self._private: dict[bytes, list[IndexedAddress]] = {}
        self._public: dict[bytes, IndexedAddress] = {}
        self._frontends: dict[bytes, list[Frontend]] = {}
        self._services: dict[str, list[Service]] = {}
        for interface in topology.interfaces:
            for configuration in interface.ip_configurations:
                place = self._places[configuration.id.lower()] = IndexedAddress(interface, configuration)
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
        prefixes = chain.from_iterable(
            (network.address_prefixes, *network.peer_prefixes.values()) for network in topology.networks
        )
        spaces = (Spans((address_range(prefix),)) for prefix in chain.from_iterable(prefixes))
        # What networks say of an address, they say of all addresses up to the next edge.
        self._edges = edges((EVERY_IPV4, *spaces))
        self._is_reachable = lru_cache(ANSWERS_KEPT)(self._is_reachable_before)
        self._prefix_in_reach = lru_cache(ANSWERS_KEPT)(self._prefix_in_reach_before)

    def place_of(self, ip_configuration_id: str) -> IndexedAddress | None:
        """The IP configuration with this ID, or None."""
        return self._places.get(ip_configuration_id.lower())

    def owners(self, address: bytes) -> Sequence[IndexedAddress]:
        """The interfaces that have a private address."""
        return self._private.get(address, ())

    def owners_in_reach(self, network_id: str, address: bytes) -> Sequence[IndexedAddress]:
        """Those that a network reaches."""
        owners = self._private.get(address)
        if owners is None:
            return ()
        return [
            place for place in owners if self.is_reachable(network_id, place.interface.network_id, address)
        ]

    def public_owner(self, address: bytes) -> IndexedAddress | None:
        """The interface that has a public address."""
        return self._public.get(address)

    def frontends(self, address: bytes) -> Sequence[Frontend]:
        """The frontends that have an address, private or public."""
        return self._frontends.get(address, ())

    def frontends_in_reach(self, network_id: str, address: bytes) -> Sequence[Frontend]:
        """Those that a network reaches; a public one is in reach of all."""
        frontends = self._frontends.get(address)
        if frontends is None:
            return ()
        return [
            frontend
            for frontend in frontends
            if frontend.is_public or self.is_reachable(network_id, frontend.network_id, address)
        ]

    def interfaces_with(self, address: bytes) -> tuple[Interface, ...]:
        """The interfaces that have an address, private or public, whatever reaches them."""
        public = self.public_owner(address)
        places = [*self.owners(address), *([] if public is None else [public])]
        return tuple({place.interface.id: place.interface for place in places}.values())

    def services(self, configuration: IpConfiguration) -> Sequence[Service]:
        """The rules that send to an IP configuration."""
        return self._services.get(configuration.id.lower(), ())

    def configuration_of(self, interface: Interface, address: bytes) -> IpConfiguration | None:
        """The IP configuration of an interface that has an address, or None."""
        found = [configuration for owner, configuration in self.owners(address) if owner is interface]
        return found[0] if len(found) == 1 else primary_of(found)

    def forwarded_from(self, interface: Interface) -> Iterator[bytes]:
        """The addresses that an interface may send from beside its own: of frontends with floating IP."""
        for configuration in interface.ip_configurations:
            for frontend, rule in self.services(configuration):
                if rule.is_floating_ip and frontend.address is not None:
                    yield frontend.address.packed

    def is_reachable(self, from_network_id: str, to_network_id: str, address: bytes) -> bool:
        """Whether a network is another, or reaches this address of it."""
        return from_network_id == to_network_id or self._is_reachable(
            from_network_id, to_network_id, bisect_right(self._edges, packed_number(address))
        )

    def _is_reachable_before(self, from_network_id: str, to_network_id: str, edge: int) -> bool:
        address = numbered_address(self._edges[edge - 1])
        return self._topology.is_reachable(from_network_id, to_network_id, address)

    def prefix_in_reach(self, network_id: str, address: bytes) -> str | None:
        """The ID of the network in reach, or None, whose space an address is in."""
        return self._prefix_in_reach(network_id, bisect_right(self._edges, packed_number(address)))

    def _prefix_in_reach_before(self, network_id: str, edge: int) -> str | None:
        wanted = numbered_address(self._edges[edge - 1])
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
