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
from vtaplib.fabric.routing import Unrouted
from vtaplib.fabric.topology import Topology
from vtaplib.mirror.accounting import Accounts
from vtaplib.mirror.flow_decision import FlowDecider, FlowDecision
from vtaplib.model.policy import Policy
from vtaplib.packets.flow import Flow

FLOWS_REMEMBERED = 1 << 18
"""Flows of which no more frames are sent, before all are forgotten: memory must not grow with a capture."""


class Explainer:
    """Explains packets of one network. `down` are the IDs of interfaces whose machine is taken for failed.
    `accounts` has at its tap points what was explained, and not what was only sent.
    """

    def __init__(
        self, topology: Topology, peerings: Peerings, policy: Policy, *, down: Iterable[str] = ()
    ) -> None:
        self.topology = topology
        self._decider = FlowDecider(topology, policy, down=down)
        self.accounts = Accounts()
        for interface in topology.interfaces:
            self.accounts.list_points(self._decider.engine.points_of(interface.id))
        self._settled: set[Flow] = set()
        self._peerings = peerings
        self._names = Names.of(topology)
        self._paths = PathEntries(topology, peerings, self._names, AddressIndex(topology))

    def skip(self, packet: Packet) -> None:
        """Send a packet that is not explained; of a flow whose frames all fare alike, one is enough."""
        flow = packet.flow
        if flow in self._settled:
            return
        times_forgotten = self._decider.times_forgotten
        is_settled = not self._decider.decide(flow).awaits
        if len(self._settled) >= FLOWS_REMEMBERED or self._decider.times_forgotten != times_forgotten:
            self._settled.clear()
        if is_settled:
            self._settled.add(flow)

    def send(self, packet: Packet, source_id: str | None = None) -> FlowDecision:
        """Send a packet, from an interface; without one, its sender is known by address only."""
        return self._decider.send(packet.frame, packet.flow, source_id)

    def answer(self, packet: Packet, decision: FlowDecision, *, is_made: bool) -> PathEntry | str:
        """What became of the answer to a packet that was sent; or why there is none.

        Of a made packet the answer comes from where it arrived. Where an address was translated,
        only its outside is known.
        """
        trace = decision.trace
        if isinstance(trace, Unrouted) or not trace.delivered:
            return "the packet is not delivered"
        answer = answer_to(packet)
        if answer is None:
            return "nothing answers a single fragment, or a frame that is not IP"
        at = trace.destination
        is_known = is_made and at is not None and trace.arrival == packet.flow
        return self.path_entry(answer, self.send(answer, at.id if at is not None and is_known else None))

    def path_entry(self, packet: Packet, decision: FlowDecision) -> PathEntry:
        """What became of a packet that was sent, and of its copies."""
        if isinstance(decision.trace, Unrouted):
            return self._paths.unrouted(packet, decision.trace)
        return self._paths.entry(packet, decision.trace, tuple(self._copies(packet, decision)))

    def _copies(self, packet: Packet, decision: FlowDecision) -> Iterator[CopyEntry]:
        """What became of its copies: where it leaves its source, and where it gets to its destination."""
        engine, accounts, octets = self._decider.engine, self.accounts, len(packet.frame)
        verdicts = self._decider.carry(decision, packet.frame, packet.timestamp_ns)
        for (hop, outcome), verdict in zip(decision.outcomes, verdicts, strict=True):
            accounts.splits.note(outcome.point.tap_configuration_id, hop.flow, outcome.split)
            accounts.enter(
                verdict,
                octets,
                packet.original_length > octets,
                octets > engine.oversize.within_mtu,
                engine.is_clamped(packet.flow),
                packet.timestamp_ns,
            )
            yield copy_entry(CopyCase(engine, self._peerings, self._names, hop, octets, verdict))
