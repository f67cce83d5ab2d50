"""Replay: a stream of captured frames sent through the fabric, and the copies that collectors get.

No input or output: frames come in batches of lists, copies go out as lists per collector. A frame goes out of
its source interface and into its destination interface; if both are tapped, there are two copies, the
source's first.

A capture does not tell who sent a frame: that is found by address. What the fabric drops is counted by
reason, although it stands in the capture: the simulated network need not be the one where it was captured.

This is the bulk path. What `Fabric` and `MirrorEngine.decide` say of a flow is kept in an *flow entry*, found
by the raw bytes of the headers. What a security group denies is looked at again when what it would answer has
been let through. While a flow is known and its frames fit, a frame costs one look-up, one
increment or two, and per copy one join of the pieces of a header; objects are made per flow, not per frame.
Everything else goes the long way round, through the engine's single path; a property test holds the two
equal.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from ipaddress import IPv4Address
from itertools import islice

from vtaplib.fabric.connections import Connections
from vtaplib.fabric.fabric import Fabric
from vtaplib.fabric.path_trace import Link, PathTrace
from vtaplib.fabric.routing import Unrouted
from vtaplib.fabric.topology import Topology
from vtaplib.mirror.accounting import Accounts
from vtaplib.mirror.copy_buffers import Copies
from vtaplib.mirror.engine import MirrorDecision, MirrorEngine
from vtaplib.mirror.flow_count import WINDOW_SECONDS
from vtaplib.mirror.flow_counters import FlowCounters
from vtaplib.mirror.flow_entry import BulkCopyAction, CopyAction, FlowEntry, rewriting_taker
from vtaplib.mirror.interface_hop import FrameContext, InterfaceHop, interface_hops
from vtaplib.mirror.outer_header import Encapsulation
from vtaplib.mirror.talkers import Pair, Talkers
from vtaplib.mirror.verdict import Direction, Mirrored, Reason, Verdict
from vtaplib.model.policy import Policy
from vtaplib.packets.flow import TCP, Flow, read_flow
from vtaplib.packets.nanoseconds import NS_PER_SECOND
from vtaplib.packets.plain_headers import HEADERS, MASK, is_plain

Decide = Callable[[str, Direction, Flow, FrameContext], tuple[MirrorDecision, ...]]

# Flow entries that are kept before all are counted and forgotten: memory must not grow with the capture.
ITINERARIES_KEPT = 1 << 16

# Path traces of single frames that are kept: those of frames too large to be copied in bulk.
JOURNEYS_KEPT = 1 << 10

# Frames in a batch of `Replay.run`: enough to spread the cost of a batch, few enough to stay in the cache.
BATCH = 4096


class Replay:
    """One replay through one topology. `down` are the IDs of interfaces whose machine is taken for failed."""

    def __init__(
        self,
        topology: Topology,
        policy: Policy | None = None,
        *,
        down: Iterable[str] = (),
        private_link: Iterable[IPv4Address] = (),
        with_talkers: bool = False,
    ) -> None:
        self.engine = MirrorEngine(topology, policy, down=down, private_link=private_link)
        self._fabric = Fabric(topology, policy, down=down)
        self._connections = Connections()
        self._accounts = Accounts(talkers=Talkers() if with_talkers else None)
        for interface in topology.interfaces:
            self._accounts.list_points(self.engine.points_of(interface.id))
        self._out: dict[str, Copies] = {}
        self._takers: dict[str, tuple[Callable[[int], None], Callable[[bytes], None]]] = {}
        # By masked headers for the common case, by flow for the rest.
        self._plain: dict[int, FlowEntry] = {}
        self._others: dict[Flow, FlowEntry] = {}
        self._journeys: dict[Flow, PathTrace | Unrouted] = {}
        # What is kept of flows that would pass if a link were open, where it is kept.
        self._waiting: dict[Link, list[Callable[[], object]]] = {}
        # One for all flows that fare alike.
        self._loads: dict[Hashable, FlowCounters] = {}
        # Those with frames in this second.
        self._touched: list[FlowCounters] = []
        self._second = 0
        self._position = 0

    @property
    def accounts(self) -> Accounts:
        """The accounts, up to the last frame."""
        self._settle()
        return self._accounts

    def run(self, records: Iterable[tuple[int, bytes, int]]) -> Iterator[dict[str, Copies]]:
        """Replay records of time in nanoseconds, frame and original length; yields what `batch` returns."""
        records = iter(records)
        while batch := list(islice(records, BATCH)):
            timestamps, frames, original_lengths = map(list, zip(*batch, strict=True))
            yield self.batch(timestamps, frames, original_lengths)

    def batch(
        self, timestamps: list[int], frames: list[bytes], original_lengths: list[int] | None = None
    ) -> dict[str, Copies]:
        """Replay a batch; returns the copies by the ID of the collector's interface.

        The lists are of one length: times in nanoseconds, Ethernet frames without FCS, and how long the
        frames were before the capture cut them (without this list: as long as they are).
        """
        from_bytes = int.from_bytes
        find = self._plain.get
        mask, headers, join = MASK, HEADERS, b"".join
        largest = self.engine.oversize.largest_inner
        within_mtu = self.engine.oversize.within_mtu
        small = min(largest, within_mtu)
        lengths = original_lengths if original_lengths is not None else map(len, frames)
        position = self._position
        touch = self._touched.append
        start = self._second * NS_PER_SECOND
        stop = start + NS_PER_SECOND
        for at, frame, original_length in zip(timestamps, frames, lengths, strict=True):
            position += 1
            if not start <= at < stop:
                start = self._turn(at)
                stop = start + NS_PER_SECOND
            flow_entry = find(from_bytes(frame[headers], "big") & mask)
            if flow_entry is None:
                flow_entry = self._flow_entry(frame)
            counters, hops = flow_entry
            length = len(frame)
            if length > small:
                if length > largest and hops:
                    self._enter_one(frame, at, original_length, position)
                    continue
                counters.over_mtu += length > within_mtu
            count = counters.frames
            if not count:
                touch(counters)
            counters.frames = count + 1
            counters.octets += length
            if original_length > length:
                counters.truncated += 1
                counters.missing += original_length - length
            if counters.lost is not None:
                counters.lost.note(position)
            for template, ports, add_time, add_copy in hops:
                front, back = template[length]
                add_copy(join((front, ports, back, frame)))
                add_time(at)
        self._position = position
        return self._hand_over()

    def frame(self, at: int, frame: bytes, original_length: int | None = None) -> tuple[Verdict, ...]:
        """Replay one frame; returns what each tap point on its way says, in order. It takes several times as
        long as a frame of a batch.
        """
        self._position += 1
        if at // NS_PER_SECOND != self._second:
            self._turn(at)
        verdicts = self._enter_one(frame, at, original_length or len(frame), self._position)
        self._hand_over()
        return verdicts

    def _flow_entry(self, frame: bytes) -> FlowEntry:
        """The flow entry of a frame whose headers are not plain, or were not seen yet."""
        flow = read_flow(frame)
        flow_entry = self._others.get(flow)
        if flow_entry is not None:
            return flow_entry
        if len(self._plain) + len(self._others) >= ITINERARIES_KEPT:
            self._forget()
        trace = self._journey(flow)
        flow_entry = self._plan(flow, trace)
        key = int.from_bytes(frame[HEADERS], "big") & MASK
        if is_plain(key, flow):
            self._plain[key] = flow_entry
            self._wait(trace, lambda: self._plain.pop(key, None))
        else:
            self._others[flow] = flow_entry
            self._wait(trace, lambda: self._others.pop(flow, None))
        return flow_entry

    def _journey(self, flow: Flow) -> PathTrace | Unrouted:
        """What becomes of the frames of a flow that come now; from then on their answers pass."""
        trace = self._fabric.captured(flow, self._connections)
        if isinstance(trace, PathTrace) and trace.opens:
            if self._connections.open(trace.opens):
                self._forget()
            for link in trace.opens:
                for forget in self._waiting.pop(link, ()):
                    forget()
        return trace

    def _wait(self, trace: PathTrace | Unrouted, forget: Callable[[], object]) -> None:
        """Forget a flow when it would pass, as the answer to something."""
        if isinstance(trace, PathTrace) and trace.awaits is not None:
            self._waiting.setdefault(trace.awaits, []).append(forget)

    def _plan(self, flow: Flow, trace: PathTrace | Unrouted) -> FlowEntry:
        """Work out the way of a flow."""
        counters, actions = self._way(flow, trace)
        hops: list[BulkCopyAction] = []
        for encapsulation, rewritings in actions:
            add_time, add_copy = self._takers_for(encapsulation.collector_id)
            for rewriting in rewritings:
                add_copy = rewriting_taker(rewriting, add_copy)
            hops.append((encapsulation.header.template, encapsulation.ports, add_time, add_copy))
        return counters, tuple(hops)

    def _way(self, flow: Flow, trace: PathTrace | Unrouted) -> tuple[FlowCounters, list[CopyAction]]:
        """What counts the frames of a flow, and how they are carried."""
        if isinstance(trace, Unrouted):
            return self._unrouted_load(trace), []
        crossed = interface_hops(trace, flow)
        self._see(crossed)
        decisions = self._decisions(crossed, self.engine.decide_anew)
        actions: list[CopyAction] = []
        for interface_hop, decision in decisions:
            outcome = decision.outcome
            if isinstance(outcome, Encapsulation):
                rewritings = (outcome.rewriting, interface_hop.translation)
                actions.append((outcome, tuple(one for one in rewritings if one is not None)))
        return self._routed_counters(trace, flow, decisions), actions

    def _unrouted_load(self, why: Unrouted) -> FlowCounters:
        counters = self._loads.get(why)
        if counters is None:
            counters = self._loads[why] = FlowCounters(lost=self._accounts.lost_for(why))
        return counters

    def _routed_counters(
        self, trace: PathTrace, flow: Flow, decisions: tuple[tuple[InterfaceHop, MirrorDecision], ...]
    ) -> FlowCounters:
        """What counts the frames of a flow: one for all that have the sender, tap points, outcomes and end in
        common, and the addresses where talkers are counted.
        """
        accounts = self._accounts
        outcomes = tuple(
            (
                decision.point,
                decision.outcome if isinstance(decision.outcome, Reason) else decision.outcome.collector_id,
            )
            for _, decision in decisions
        )
        sender = trace.source.id if trace.source is not None and trace.leaves else None
        pair = None if accounts.talkers is None else (flow.source, flow.destination)
        is_clamped = self._is_clamped(flow)
        key = sender, outcomes, is_clamped, pair, trace.drop
        counters = self._loads.get(key)
        if counters is None:
            counters = self._loads[key] = FlowCounters(
                outcomes=tuple((accounts.tap_points[point], outcome) for point, outcome in outcomes),
                sent=None if sender is None else accounts.sent_by(sender),
                pairs=tuple(
                    Pair(point.tap_id, *pair)
                    for point, outcome in outcomes
                    if pair is not None and not isinstance(outcome, Reason)
                ),
                is_clamped=is_clamped,
                lost=None if trace.drop is None else accounts.lost_for(trace.drop),
            )
        return counters

    def _see(self, crossed: Iterable[InterfaceHop]) -> None:
        """Count a flow at both ends; counted again it makes no difference."""
        for interface_hop in crossed:
            self._accounts.see(
                interface_hop.interface_id, interface_hop.direction, interface_hop.flow, self._second
            )

    def _is_clamped(self, flow: Flow) -> bool:
        """Whether the policy takes segments of a flow for smaller than the capture shows them."""
        return flow.protocol == TCP and self.engine.policy.mss_clamp != "off"

    def _decisions(
        self, crossed: Iterable[InterfaceHop], decide: Decide
    ) -> tuple[tuple[InterfaceHop, MirrorDecision], ...]:
        """What becomes of a flow at the tap points on its way, in order."""
        decisions = tuple(
            [
                (interface_hop, decision)
                for interface_hop in crossed
                for decision in decide(
                    interface_hop.interface_id,
                    interface_hop.direction,
                    interface_hop.flow,
                    interface_hop.context,
                )
            ]
        )
        for interface_hop, decision in decisions:
            self._accounts.splits.note(
                decision.point.tap_configuration_id, interface_hop.flow, decision.split
            )
        return decisions

    def _copies_for(self, collector_id: str) -> Copies:
        return self._out.setdefault(collector_id, Copies([], []))

    def _takers_for(self, collector_id: str) -> tuple[Callable[[int], None], Callable[[bytes], None]]:
        """What takes the time and the copy for a collector; the same objects for every flow."""
        takers = self._takers.get(collector_id)
        if takers is None:
            out = self._copies_for(collector_id)
            takers = self._takers[collector_id] = out.timestamps.append, out.frames.append
        return takers

    def _enter_one(self, frame: bytes, at: int, original_length: int, position: int) -> tuple[Verdict, ...]:
        """Send one frame through by the engine's single path."""
        accounts = self._accounts
        is_truncated = original_length > len(frame)
        accounts.read.add(1, len(frame))
        accounts.by_second.add(at // NS_PER_SECOND, 1, len(frame))
        accounts.truncated += is_truncated
        flow = read_flow(frame)
        trace = self._journey_of_one(flow)
        reason = trace if isinstance(trace, Unrouted) else trace.drop
        if reason is not None:
            lost = accounts.lost_for(reason)
            lost.count.add(1, len(frame))
            lost.note(position)
        if isinstance(trace, Unrouted):
            return ()
        crossed = interface_hops(trace, flow)
        self._see(crossed)
        if trace.source is not None and trace.leaves:
            octets = max(len(frame), original_length)
            accounts.sent_by(trace.source.id).add(at // NS_PER_SECOND, 1, octets)
        verdicts = self._carry_one(crossed, flow, frame, at, is_truncated)
        if reason is None:
            accounts.deliver(1, len(frame), is_tapped=bool(verdicts))
        return verdicts

    def _journey_of_one(self, flow: Flow) -> PathTrace | Unrouted:
        """The path trace of a single frame; remembered, for those that follow."""
        trace = self._journeys.get(flow)
        if trace is None:
            trace = self._journey(flow)
            if len(self._journeys) >= JOURNEYS_KEPT:
                self._journeys.clear()
            self._journeys[flow] = trace
            self._wait(trace, lambda: self._journeys.pop(flow, None))
        return trace

    def _carry_one(
        self, crossed: Iterable[InterfaceHop], flow: Flow, frame: bytes, at: int, is_truncated: bool
    ) -> tuple[Verdict, ...]:
        """Carry a routed frame one tap point at a time, and account for it there."""
        is_over_mtu = len(frame) > self.engine.oversize.within_mtu
        is_clamped = self._is_clamped(flow)
        verdicts = tuple(
            [
                self.engine.carry(
                    decision, frame if one.translation is None else one.translation.apply(frame), at
                )
                for one, decision in self._decisions(crossed, self.engine.decide)
            ]
        )
        for verdict in verdicts:
            self._accounts.enter(verdict, len(frame), is_truncated, is_over_mtu, is_clamped, at)
            if isinstance(verdict, Mirrored):
                if self._accounts.talkers is not None:
                    pair = Pair(verdict.tap_id, flow.source, flow.destination)
                    self._accounts.talkers.add(pair, len(verdict.copies), verdict.copy_octets)
                out = self._copies_for(verdict.collector_id)
                out.frames.extend(verdict.copies)
                out.timestamps.extend([at] * len(verdict.copies))
        return verdicts

    def _hand_over(self) -> dict[str, Copies]:
        """Give out what the collectors get. The lists inside stay: flow entries append to them."""
        handed: dict[str, Copies] = {}
        for collector_id, out in self._out.items():
            if out.frames:
                handed[collector_id] = Copies(out.timestamps.copy(), out.frames.copy())
                out.timestamps.clear()
                out.frames.clear()
        return handed

    def _turn(self, at: int) -> int:
        """Begin the second of a time; returns its first nanosecond."""
        self._settle()
        second = at // NS_PER_SECOND
        # Forgotten flows are looked up, and counted, anew.
        if second // WINDOW_SECONDS > self._second // WINDOW_SECONDS:
            self._forget()
        self._second = second
        return second * NS_PER_SECOND

    def _forget(self) -> None:
        """Forget all flows: they are functions of the topology and come again when asked for."""
        self._settle()
        self._plain.clear()
        self._others.clear()
        self._journeys.clear()
        self._waiting.clear()
        self._loads.clear()

    def _settle(self) -> None:
        """Move what was counted in this second into the accounts."""
        for counters in self._touched:
            counters.settle(self._accounts, self._second)
        self._touched.clear()
