"""Recognition of copies: is a frame one that some tap point made, on its way to a collector?

A copy is UDP to a place where copies for a TAP arrive, in the network of the interface that sees it or in one
that it reaches. Other VXLAN is ordinary traffic. Of a fragmented copy the later fragments have no ports: a
fragment of UDP counts as part of a copy if it also comes from the primary address of a tapped interface. That
errs towards not mirroring, for the other error is a loop.
"""

from __future__ import annotations

from typing import NamedTuple

from vtaplib.fabric.topology import Topology
from vtaplib.mirror.destination import arrivals
from vtaplib.packets.flow import UDP, Flow


class InReach(NamedTuple):
    """What copies are recognised by on the interfaces of one network."""

    places: frozenset[tuple[bytes, int]]
    """Addresses and UDP ports where copies arrive."""
    addresses: frozenset[bytes]
    """The addresses among them."""
    senders: frozenset[bytes]
    """The addresses that copies come from."""


class Recognition:
    """Answers for one topology."""

    def __init__(self, topology: Topology) -> None:
        self._peers = {
            network.id.lower(): [peer_id.lower() for peer_id in network.peer_ids]
            for network in topology.networks
        }
        self._places: dict[str, set[tuple[bytes, int]]] = {}
        self._senders: dict[str, set[bytes]] = {}
        for tap in topology.taps:
            for network_id, address, port in arrivals(topology, tap):
                self._places.setdefault(network_id, set()).add((address, port))
        for configuration in topology.tap_configurations:
            interface = topology.interface(configuration.interface_id)
            if interface is not None and interface.primary_ipv4 is not None:
                senders = self._senders.setdefault(interface.network_id.lower(), set())
                senders.add(interface.primary_ipv4.packed)
        self._in_reach: dict[str, InReach] = {}
        self._arrivals = {address for places in self._places.values() for address, _ in places}

    def may_be_copy(self, flow: Flow) -> bool:
        """Whether frames of this flow go where copies arrive in some network."""
        return flow.destination in self._arrivals

    def is_copy(self, flow: Flow, network_id: str) -> bool:
        """Whether frames of this flow, seen on an interface of this network, are copies."""
        if flow.protocol != UDP or flow.version != 4:
            return False
        in_reach = self._in_reach.get(network_id) or self._look_around(network_id)
        if flow.is_fragment:
            return flow.destination in in_reach.addresses and flow.source in in_reach.senders
        return (flow.destination, flow.destination_port) in in_reach.places

    def _look_around(self, network_id: str) -> InReach:
        """What is in reach of a network, worked out once for each that sees a frame."""
        here = network_id.lower()
        networks = (here, *self._peers.get(here, ()))
        places = frozenset[tuple[bytes, int]]().union(*(self._places.get(one, ()) for one in networks))
        found = self._in_reach[network_id] = InReach(
            places,
            frozenset(address for address, _ in places),
            frozenset[bytes]().union(*(self._senders.get(one, ()) for one in networks)),
        )
        return found
