"""The path of a packet as the report has it: the fabric's steps, and what to change where it was dropped."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from vtaplib.analysis.packet_explanation.names import Names
from vtaplib.analysis.packet_explanation.packet import Packet, packet_entry
from vtaplib.analysis.packet_explanation.peerings import Peerings
from vtaplib.analysis.packet_explanation.remedies import DROP_REMEDIES, UNROUTED_REMEDIES, UNTAPPED
from vtaplib.analysis.packet_explanation.report import CopyEntry, PathEntry, StepEntry
from vtaplib.fabric.address_index import AddressIndex
from vtaplib.fabric.path_trace import Drop, PathStage, PathTrace
from vtaplib.fabric.routing import Unrouted
from vtaplib.fabric.topology import Interface, Network, Topology
from vtaplib.model import ids
from vtaplib.model.addresses import Address
from vtaplib.packets.flow import Flow


@dataclass(frozen=True, slots=True)
class PathEntries:
    """Makes the entries of packets that went through one network."""

    topology: Topology
    peerings: Peerings
    names: Names
    addresses: AddressIndex

    def entry(self, packet: Packet, trace: PathTrace, copies: tuple[CopyEntry, ...]) -> PathEntry:
        """The path of a packet, with what became of its copies."""
        source, destination = trace.source, trace.destination
        return PathEntry(
            packet=packet_entry(packet),
            source_id=source.id if source else None,
            source=self._place(source),
            source_owners=self._owners(packet.flow, packet.flow.source),
            destination_id=destination.id if destination else None,
            destination=self._place(destination),
            destination_owners=self._owners(packet.flow, packet.flow.destination),
            steps=tuple(
                StepEntry(step.stage.value, step.passed, step.text, step.decided_by) for step in trace.steps
            ),
            delivered=trace.delivered,
            drop=trace.drop.name.lower() if trace.drop else None,
            explanation=trace.drop.value if trace.drop else self._arrival(trace),
            remedy=self._remedy(trace, trace.drop) if trace.drop else None,
            copies=copies,
            untapped=None if copies else self._untapped(trace),
        )

    def unrouted(self, packet: Packet, why: Unrouted) -> PathEntry:
        """The path of a packet that belongs to no interface, or to more than one."""
        return PathEntry(
            packet=packet_entry(packet),
            source_id=None,
            source=None,
            source_owners=self._owners(packet.flow, packet.flow.source),
            destination_id=None,
            destination=None,
            destination_owners=self._owners(packet.flow, packet.flow.destination),
            steps=(StepEntry(PathStage.SOURCE.value, passed=False, text=why.value),),
            delivered=False,
            drop=why.name.lower(),
            explanation=why.value,
            remedy=UNROUTED_REMEDIES[why],
            copies=(),
            untapped=None,
        )

    def _place(self, interface: Interface | None) -> str | None:
        return None if interface is None else self._place_of(interface)

    def _place_of(self, interface: Interface) -> str:
        return f"{self.names.interface(interface.id)} in {self.names.of_id(interface.network_id)}"

    def _owners(self, flow: Flow, address: bytes) -> tuple[str, ...]:
        """What has an address of a flow."""
        if not flow.version:
            return ()
        frontends = (self.names.destination(one.id) for one in self.addresses.frontends(address))
        return (*map(self._place_of, self.addresses.interfaces_with(address)), *frontends)

    def _arrival(self, trace: PathTrace) -> str:
        if trace.destination is not None:
            return f"{self.names.interface(trace.destination.id)} gets it"
        return trace.steps[-1].text if trace.steps else "it leaves the cloud"

    def _remedy(self, trace: PathTrace, drop: Drop) -> str:
        """What to change so that a packet that was dropped is not."""
        elsewhere = self._network_elsewhere(trace) if drop is Drop.NO_ROUTE else None
        if elsewhere is not None and trace.source is not None:
            there = elsewhere.id
            found = self.peerings.obstacle(trace.source.network_id, there, self._address(trace))
            return f"{ids.name(there)} has this address, and {found.text}. {found.remedy}"
        ends = {"source": trace.source, "destination": trace.destination}
        words = {name: self.names.of_id(end.id) if end else f"the {name}" for name, end in ends.items()} | {
            f"{name}_machine": ids.name(end.machine_id) if end and end.machine_id else "NAME"
            for name, end in ends.items()
        }
        return DROP_REMEDIES[drop].format(**words)

    def _network_elsewhere(self, trace: PathTrace) -> Network | None:
        """A network in whose space the destination is, though no route leads there."""
        address = self._address(trace)
        return next(
            (
                network
                for network in self.topology.networks
                if address is not None and any(address in prefix for prefix in network.address_prefixes)
            ),
            None,
        )

    def _address(self, trace: PathTrace) -> Address | None:
        return ip_address(trace.departure.destination) if trace.departure.version else None

    def _untapped(self, trace: PathTrace) -> str:
        """Why a packet passes no tap point, and what to do."""
        ends = (trace.source, trace.leaves), (trace.destination, trace.arrives)
        passed = [end for end, is_passed in ends if end is not None and is_passed]
        if passed:
            return UNTAPPED.format(ends=" or ".join(self.names.of_id(end.id) for end in passed))
        if trace.source is None and trace.destination is None:
            return "It passes no interface of the cloud that is known: nothing here sees it."
        return "It is dropped before it gets to an interface that could be tapped."
