"""Routing: which interface a frame comes from, and which it goes to.

The same address may exist in networks that have nothing to do with each other. So an address alone says
little; the pair of addresses must fit two interfaces whose networks reach each other, and exactly one pair
may. Where more than one fits, the frame is ambiguous: that is an answer with a name, not a guess.
"""

from __future__ import annotations

from enum import Enum
from ipaddress import ip_address
from typing import NamedTuple

from vtaplib.fabric.topology import Interface, Topology
from vtaplib.packets.ethernet import IPV4, IPV6
from vtaplib.packets.flow import Flow


class Unrouted(Enum):
    """Why a frame belongs to no interface."""

    MALFORMED = "too short or too broken to read addresses from"
    NOT_IP = "neither IPv4 nor IPv6: a cloud's network carries nothing else between machines"
    NO_INTERFACE = "neither address belongs to an interface"
    AMBIGUOUS = "the addresses fit interfaces in more than one network"


class Route(NamedTuple):
    """The interfaces at the two ends of a frame; one of them may be None, an address that is no interface's
    or that the other cannot reach.
    """

    source: Interface | None
    destination: Interface | None


class Router:
    """Answers for one topology. The addresses of a frame are packed: 4 or 16 bytes."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self._by_address: dict[bytes, list[Interface]] = {}
        for interface in topology.interfaces:
            for configuration in interface.ip_configurations:
                if configuration.address is not None:
                    self._by_address.setdefault(configuration.address.packed, []).append(interface)

    def route(self, flow: Flow) -> Route | Unrouted:
        """Where the frames of a flow come from and go to, or why that cannot be said."""
        if not flow.version:
            return Unrouted.MALFORMED if flow.ethertype in (-1, IPV4, IPV6) else Unrouted.NOT_IP
        sources = self._by_address.get(flow.source, [])
        destinations = self._by_address.get(flow.destination, [])
        connected = [
            Route(source, destination)
            for source in sources
            for destination in destinations
            if self.topology.is_reachable(
                source.network_id, destination.network_id, ip_address(flow.destination)
            )
        ]
        if connected:
            return connected[0] if len(connected) == 1 else Unrouted.AMBIGUOUS
        # No pair fits. A sole owner of the source address did send it, and it got lost on the way.
        if len(sources) > 1 or (not sources and len(destinations) > 1):
            return Unrouted.AMBIGUOUS
        if sources:
            return Route(sources[0], None)
        if destinations:
            return Route(None, destinations[0])
        return Unrouted.NO_INTERFACE
