"""Recognition of copies: is a frame one that some tap point made, on its way to a collector?

A copy is UDP to a place where copies for a TAP arrive, in the network of the interface that sees it or in one
that it reaches. Other VXLAN is ordinary traffic. Of a fragmented copy the later fragments have no ports: a
fragment of UDP counts as part of a copy if it also comes from the primary address of a tapped interface. That
errs towards not mirroring, for the other error is a loop.
"""

from __future__ import annotations

from collections.abc import Iterable

from vtaplib.fabric.topology import Topology
from vtaplib.mirror.destination import arrivals
from vtaplib.packets.flow import UDP, Flow


class Recognition:
    """Answers for one topology."""

    def __init__(self, topology: Topology) -> None:
        self._peers = {
            network.id.lower(): [peer_id.lower() for peer_id in network.peer_ids]
            for network in topology.networks
        }
        # By network, the places where copies arrive and the addresses that they come from.
        self._arrivals: dict[str, set[tuple[bytes, int]]] = {}
        self._senders: dict[str, set[bytes]] = {}
        for tap in topology.taps:
            for network_id, address, port in arrivals(topology, tap):
                self._arrivals.setdefault(network_id, set()).add((address, port))
        self._addresses = {
            network_id: {address for address, _ in places} for network_id, places in self._arrivals.items()
        }
        for configuration in topology.tap_configurations:
            interface = topology.interface(configuration.interface_id)
            if interface is not None and interface.primary_ipv4 is not None:
                self._senders.setdefault(interface.network_id.lower(), set()).add(
                    interface.primary_ipv4.packed
                )

    def is_copy(self, flow: Flow, network_id: str) -> bool:
        """Whether frames of this flow, seen on an interface of this network, are copies."""
        if flow.protocol != UDP or flow.version != 4:
            return False
        if flow.is_fragment:
            return any(
                flow.destination in self._addresses.get(network, ()) for network in self._in_reach(network_id)
            ) and any(flow.source in self._senders.get(network, ()) for network in self._in_reach(network_id))
        place = flow.destination, flow.destination_port
        return any(place in self._arrivals.get(network, ()) for network in self._in_reach(network_id))

    def _in_reach(self, network_id: str) -> Iterable[str]:
        here = network_id.lower()
        return (here, *self._peers.get(here, ()))
