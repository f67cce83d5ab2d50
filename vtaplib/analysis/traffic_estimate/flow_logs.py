"""Flow logs into volumes: which interface each tuple is about, and since when it counts.

A flow between two machines is logged at both, as a TAP on both would copy it twice; so every tuple is what
one interface saw, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from vtaplib.analysis.traffic_estimate.report import FlowLogSummary
from vtaplib.capture.flow_log import Amounts, FlowLogRecord, FlowState, FlowTuple
from vtaplib.errors import CaptureError
from vtaplib.fabric.topology import Interface, Topology
from vtaplib.mirror.flow_volume import FlowVolumes, Volume
from vtaplib.mirror.verdict import Direction
from vtaplib.packets import ethernet
from vtaplib.packets.flow import NO_PORT, PORTED, Flow
from vtaplib.packets.nanoseconds import NS_PER_SECOND

COUNTED_EVERY_NS: Final = 300 * NS_PER_SECOND
"""A flow that goes on is counted every five minutes: what was not seen to begin counts since then."""

OPEN_FLOWS_KEPT: Final = 1 << 19
"""Flows whose last count is remembered; past this many the older half is taken as not seen to begin."""

Opened = tuple[str, IPv4Address | IPv6Address, IPv4Address | IPv6Address, int, int, int]


@dataclass(frozen=True, slots=True)
class FlowLogs:
    """Flow logs to estimate from, and what the report calls them. A log gives its records, such as a
    `FlowLogReader` does; one that raises a `CaptureError` counts up to there.
    """

    name: str
    logs: Iterable[Iterable[FlowLogRecord]]


def count_flow_logs(flow_logs: FlowLogs, topology: Topology, volumes: FlowVolumes) -> FlowLogSummary:
    """Put what flow logs count into volumes. Raises `CaptureError` where none has a record."""
    counter = _FlowLogCounter(topology, volumes)
    files = 0
    troubles: list[CaptureError] = []
    for log in flow_logs.logs:
        files += 1
        try:
            for record in log:
                counter.take(record)
        except CaptureError as error:
            troubles.append(error)
    if troubles and not counter.records:
        raise troubles[0]
    return FlowLogSummary(
        files=files,
        records=counter.records,
        tuples=counter.tuples,
        without_traffic=counter.without_traffic,
        denied=counter.denied,
        elsewhere=counter.elsewhere,
        troubles=tuple(map(str, troubles)),
    )


class _FlowLogCounter:
    """Takes records, and puts what they count into volumes."""

    def __init__(self, topology: Topology, volumes: FlowVolumes) -> None:
        self.records = 0
        self.tuples = 0
        self.without_traffic = 0
        self.denied = 0
        self.elsewhere = 0
        self._volumes = volumes
        self._by_mac = {one.mac: one for one in topology.interfaces if one.mac is not None}
        self._by_address: dict[IPv4Address | IPv6Address, list[Interface]] = {}
        for interface in topology.interfaces:
            for configuration in interface.ip_configurations:
                if configuration.address is not None:
                    self._by_address.setdefault(configuration.address, []).append(interface)
        self._open: dict[Opened, int] = {}

    def take(self, record: FlowLogRecord) -> None:
        """Take a record."""
        self.records += 1
        at = self._by_mac.get(record.mac) if record.mac is not None else None
        for one in record.tuples:
            self.tuples += 1
            own = one.source if one.is_outbound else one.destination
            interface = at or self._owner(own, record.target_id.lower())
            self.denied += one.state is FlowState.DENIED
            if interface is None:
                self.elsewhere += 1
                continue
            start = self._since(interface, one)
            if not one.forth.packets and not one.back.packets:
                self.without_traffic += 1
                continue
            flow = _flow_of(one)
            forth, back = Direction.EGRESS, Direction.INGRESS
            if not one.is_outbound:
                forth, back = back, forth
            self._pass(interface, forth, flow, one.forth, start, one.time_ns)
            self._pass(interface, back, flow.reversed(), one.back, start, one.time_ns)

    def _pass(
        self, interface: Interface, direction: Direction, flow: Flow, amounts: Amounts, start: int, stop: int
    ) -> None:
        if amounts.packets:
            octets = amounts.octets + amounts.packets * ethernet.HEADER_LENGTH
            self._volumes.pass_by(interface, direction, flow, Volume(start, stop, amounts.packets, octets))

    def _owner(self, address: IPv4Address | IPv6Address, target: str) -> Interface | None:
        """The one interface with an address; of several, that which logging is on for."""
        found = self._by_address.get(address, [])
        if len(found) > 1:
            found = [one for one in found if target in (one.id.lower(), one.network_id.lower())] or [
                one for one in found if target.startswith(one.network_id.lower() + "/")
            ]
        return found[0] if len(found) == 1 else None

    def _since(self, interface: Interface, one: FlowTuple) -> int:
        """Since when a tuple counts, in nanoseconds; remembers it for the next of the flow."""
        key = interface.id, one.source, one.destination, one.source_port, one.destination_port, one.protocol
        since = self._open.pop(key, None)
        if one.state in (FlowState.BEGINS, FlowState.CONTINUES):
            if len(self._open) >= OPEN_FLOWS_KEPT:
                for old in list(self._open)[: OPEN_FLOWS_KEPT // 2]:
                    del self._open[old]
            self._open[key] = one.time_ns
        return one.time_ns - COUNTED_EVERY_NS if since is None else min(since, one.time_ns)


def _flow_of(one: FlowTuple) -> Flow:
    """The flow of a tuple, from its source to its destination."""
    version = one.source.version
    has_ports = one.protocol in PORTED
    return Flow(
        version,
        ethernet.IPV4 if version == 4 else ethernet.IPV6,
        one.source.packed,
        one.destination.packed,
        one.protocol,
        one.source_port if has_ports else NO_PORT,
        one.destination_port if has_ports else NO_PORT,
    )
