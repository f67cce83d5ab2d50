"""The explainer: sends packets through the fabric and the mirror engine, and reports what they decide.

Packets are sent in order, as in a replay: each opens the connections that later ones are answers on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vtaplib.analysis.packet_explanation.copies import copy_entry
from vtaplib.analysis.packet_explanation.copy_case import CopyCase
from vtaplib.analysis.packet_explanation.made_packet import answer_to
from vtaplib.analysis.packet_explanation.names import Names
from vtaplib.analysis.packet_explanation.packet import Packet
from vtaplib.analysis.packet_explanation.path_entry import PathEntries
from vtaplib.analysis.packet_explanation.peerings import Peerings
from vtaplib.analysis.packet_explanation.report import CopyEntry, PathEntry
from vtaplib.fabric.address_index import AddressIndex
from vtaplib.fabric.connections import Connections
from vtaplib.fabric.fabric import Fabric
from vtaplib.fabric.path_trace import PathTrace
from vtaplib.fabric.routing import Unrouted
from vtaplib.fabric.topology import Topology
from vtaplib.mirror.accounting import Accounts
from vtaplib.mirror.engine import MirrorEngine
from vtaplib.mirror.interface_hop import interface_hops
from vtaplib.model.policy import Policy
from vtaplib.packets.flow import TCP, Flow

FLOWS_REMEMBERED = 1 << 18
"""Flows of which no more frames are sent, before all are forgotten: memory must not grow with a capture."""


class Explainer:
    """Explains packets of one network. `down` are the IDs of interfaces whose machine is taken for failed.
    `accounts` has at its tap points what was explained, and not what was only sent.
    """

    def __init__(
        self, topology: Topology, peerings: Peerings, policy: Policy, *, down: Iterable[str] = ()
    ) -> None:
        down = tuple(down)
        self.topology = topology
        self._fabric = Fabric(topology, policy, down=down)
        self._engine = MirrorEngine(topology, policy, down=down)
        self._connections = Connections()
        self.accounts = Accounts()
        for interface in topology.interfaces:
            self.accounts.list_points(self._engine.points_of(interface.id))
        self._settled: set[Flow] = set()
        self._peerings = peerings
        self._names = Names.of(topology)
        self._paths = PathEntries(topology, peerings, self._names, AddressIndex(topology))

    def skip(self, packet: Packet) -> None:
        """Send a packet that is not explained; of a flow whose frames all fare alike, one is enough."""
        flow = packet.flow
        if flow in self._settled:
            return
        trace = self._sent(self._fabric.captured(flow, self._connections))
        if isinstance(trace, Unrouted) or trace.awaits is None:
            if len(self._settled) >= FLOWS_REMEMBERED:
                self._settled.clear()
            self._settled.add(flow)

    def send(self, packet: Packet, source_id: str | None = None) -> PathTrace | Unrouted:
        """Send a packet, from an interface; without one, its sender is known by address only."""
        if source_id is None:
            return self._sent(self._fabric.captured(packet.flow, self._connections, with_steps=True))
        return self._sent(self._fabric.frame(packet.frame, source_id, self._connections, with_steps=True))

    def _sent(self, trace: PathTrace | Unrouted) -> PathTrace | Unrouted:
        """What became of a packet; from now on its answers pass."""
        if isinstance(trace, PathTrace) and self._connections.open(trace.opens):
            self._settled.clear()
        return trace

    def answer(self, packet: Packet, trace: PathTrace | Unrouted, *, is_made: bool) -> PathEntry | str:
        """What became of the answer to a packet that was sent; or why there is none.

        Of a made packet the answer comes from where it arrived. Where an address was translated,
        only its outside is known.
        """
        if isinstance(trace, Unrouted) or not trace.delivered:
            return "the packet is not delivered"
        answer = answer_to(packet)
        if answer is None:
            return "nothing answers a single fragment, or a frame that is not IP"
        at = trace.destination
        is_known = is_made and at is not None and trace.arrival == packet.flow
        return self.path_entry(answer, self.send(answer, at.id if at is not None and is_known else None))

    def path_entry(self, packet: Packet, trace: PathTrace | Unrouted) -> PathEntry:
        """What became of a packet that was sent, and of its copies."""
        if isinstance(trace, Unrouted):
            return self._paths.unrouted(packet, trace)
        return self._paths.entry(packet, trace, tuple(self._copies(packet, trace)))

    def _copies(self, packet: Packet, trace: PathTrace) -> Iterator[CopyEntry]:
        """What became of its copies: where it leaves its source, and where it gets to its destination."""
        engine, accounts = self._engine, self.accounts
        octets = len(packet.frame)
        is_clamped = packet.flow.protocol == TCP and engine.policy.mss_clamp != "off"
        for hop in interface_hops(trace, packet.flow):
            frame = packet.frame if hop.translation is None else hop.translation.apply(packet.frame)
            for decision in engine.decide(hop.interface_id, hop.direction, hop.flow, hop.context):
                verdict = engine.carry(decision, frame, packet.timestamp_ns)
                accounts.splits.note(decision.point.tap_configuration_id, hop.flow, decision.split)
                accounts.enter(
                    verdict,
                    octets,
                    packet.original_length > octets,
                    octets > engine.oversize.within_mtu,
                    is_clamped,
                    packet.timestamp_ns,
                )
                yield copy_entry(CopyCase(engine, self._peerings, self._names, hop, len(frame), verdict))
