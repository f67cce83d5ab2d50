"""Routing: which interface a frame comes from, and which it goes to.

The same address may exist in networks that have nothing to do with each other. So an address alone says
little; the pair of addresses must fit two interfaces whose networks reach each other, and exactly one pair
may. Where more than one fits, the frame is ambiguous: that is an answer with a name, not a guess.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from vtaplib.fabric.address_index import AddressIndex
from vtaplib.fabric.topology import Interface
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
    """Answers for one topology."""

    def __init__(self, address_index: AddressIndex) -> None:
        self._address_index = address_index

    def route(self, flow: Flow) -> Route | Unrouted:
        """Where the frames of a flow come from and go to, or why that cannot be said."""
        if not flow.version:
            return Unrouted.MALFORMED if flow.ethertype in (-1, IPV4, IPV6) else Unrouted.NOT_IP
        index, address = self._address_index, flow.destination
        sources, destinations = index.owners(flow.source), index.owners(address)
        if sources and destinations:
            connected = [
                Route(source, destination)
                for source, _ in sources
                for destination, _ in destinations
                if index.is_reachable(source.network_id, destination.network_id, address)
            ]
            if connected:
                return connected[0] if len(connected) == 1 else Unrouted.AMBIGUOUS
        # No pair fits. A sole owner of the source address did send it, and it got lost on the way.
        if len(sources) > 1 or (not sources and len(destinations) > 1):
            return Unrouted.AMBIGUOUS
        if sources:
            return Route(sources[0].interface, None)
        if destinations:
            return Route(None, destinations[0].interface)
        return Unrouted.NO_INTERFACE
