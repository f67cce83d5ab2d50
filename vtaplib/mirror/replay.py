"""Replay: a stream of captured frames sent through the fabric, and the copies that collectors get.

No input or output: frames come in blocks, or one at a time, copies go to whoever takes them. A frame goes out
of its source interface and into its destination interface; if both are tapped, there are two copies, the
source's first. A capture does not tell who sent a frame: that is found by address. What the fabric drops is
counted by reason, although it stands in the capture: the simulated network need not be the one where it was
captured.

What is decided of a flow is decided once (`flow_decision`), and carried two ways. `frame` carries one frame
and says what each tap point makes of it. `block` has loops carry all frames that are copied as they are, by
what columns say of their flows, and counts them per second; whatever those leave goes by `frame`'s way, and
its copies stand where they would have stood. A property holds both ways equal.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Iterator
from functools import partial
from ipaddress import IPv4Address
from typing import NamedTuple

from vtaplib.errors import require_type
from vtaplib.fabric.path_trace import PathTrace
from vtaplib.fabric.routing import Unrouted
from vtaplib.fabric.topology import Topology
from vtaplib.loops import mirroring as loops
from vtaplib.mirror.accounting import Accounts
from vtaplib.mirror.copies import Copies, CopyLists, CopyTaker
from vtaplib.mirror.flow_columns import FlowColumns
from vtaplib.mirror.flow_count import WINDOW_SECONDS, FlowCount, flow_hash
from vtaplib.mirror.flow_counters import FlowCounters
from vtaplib.mirror.flow_decision import FlowDecider, FlowDecision, awaited
from vtaplib.mirror.outer_header import Encapsulation
from vtaplib.mirror.talkers import Pair, Talkers
from vtaplib.mirror.verdict import Mirrored, Reason, Verdict
from vtaplib.model.policy import Policy
from vtaplib.packets import ethernet
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.copy_block import CopyBlock
from vtaplib.packets.flow import Flow, read_flow
from vtaplib.packets.nanoseconds import NS_PER_SECOND

# Flows in the table before all are counted and forgotten: twice as many slots, of 24 octets, take 48 MiB.
FLOWS_KEPT = 1 << 20

# Loads, and flows that wait for an answer to be let through, of which there may be as many.
OBJECTS_KEPT = 1 << 16

# Decisions that are kept for frames that are carried one by one.
DECISIONS_KEPT = 1 << 12

# Octets of a frame that is kept until its flow is let through; nearly always enough to say which flow it is.
HEADERS_KEPT = 128

EARLIEST_NS, LATEST_NS = -1 << 63, (1 << 63) - 1
"""The times that columns have room for, from the year 1677 to 2262."""


class Alike(NamedTuple):
    """What the table knows of all flows of a kind, but for the port that those have which are copied; and the
    counts of flows at both ends.
    """

    path: int
    is_copied: bool
    ends: list[FlowCount]


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
        self._decider = FlowDecider(topology, policy, down=down, private_link=private_link)
        self._engine = self._decider.engine
        self._accounts = Accounts(talkers=Talkers() if with_talkers else None)
        for interface in topology.interfaces:
            self._accounts.list_points(self._engine.points_of(interface.id))
        self._taker: CopyTaker | None = None
        self._copies = CopyBlock()
        self._decisions: dict[Flow, FlowDecision] = {}
        # One for all flows that fare alike.
        self._counters: dict[Hashable, FlowCounters] = {}
        # By what flows have in common.
        self._alike: dict[Hashable, Alike] = {}
        self._second = 0
        self._position = 0
        # Changes whenever something is forgotten: what was looked up before does not hold any more.
        self._generation = 0
        self._times_forgotten = 0
        self._found = array("q")
        self._whole = array("q")
        self._columns = FlowColumns(self._output_of)

    @property
    def accounts(self) -> Accounts:
        """The accounts, up to the last frame."""
        self._columns.settle(self._accounts, self._second)
        return self._accounts

    def deliver_to(self, taker: CopyTaker | None) -> None:
        """Let something take the copies of the blocks to come; where nothing does, they are only counted."""
        self._taker = taker
        self._forget()

    def run(self, records: Iterable[tuple[int, bytes, int]]) -> Iterator[dict[str, Copies]]:
        """Replay records of time in nanoseconds, frame and original length; yields, some thousands of frames
        at a time, the copies by the ID of the collector's interface.
        """
        lists = CopyLists()
        self.deliver_to(lists)
        for block in PacketBlock.many(records):
            self.block(block)
            yield lists.taken()

    def frame(self, at: int, frame: bytes, original_length: int | None = None) -> tuple[Verdict, ...]:
        """Replay one frame, Ethernet without FCS, at a time in nanoseconds; returns what each tap point on
        its way says, in order. It takes a hundred times as long as a frame of a block.
        """
        ethernet.require_frame(frame)
        self._position += 1
        if at // NS_PER_SECOND != self._second:
            self._turn(at)
        return self._carry(at, frame, read_flow(frame), original_length or len(frame), self._position)

    def block(self, block: PacketBlock, *, longest_whole: int = 0) -> None:
        """Replay a block, and hand the copies over.

        `longest_whole` above 0 takes packets that were cut for whole again, with zeros, but not for longer
        than that; which flow they are of is what was captured of them says. Raises `ValueError` for a block
        whose packets are not in its buffer, and where the taker gives a collector a number below 0.
        """
        require_type("a block of packets", block, PacketBlock, "give PacketBlock.of(records)")
        block.check()
        lengths, original_lengths = block.lengths, block.original_lengths
        if longest_whole:
            self._whole = _with_room(self._whole, block.room)
            loops.whole_lengths(lengths, original_lengths, block.count, longest_whole, self._whole)
            lengths = original_lengths = self._whole
        self._found = _with_room(self._found, block.room)
        if block.count and block.times_ns[0] // NS_PER_SECOND != self._second:
            # A single frame may have been of a time that columns have no room for.
            self._turn(block.times_ns[0])
        copies = self._copies
        copies.clear(block.buffer, self._columns.outer)
        if self._taker is not None:
            copies.make_room(block.count)
        position, generation, index = self._position, -1, 0
        while index < block.count:
            columns = self._columns
            if generation != self._generation:
                generation = self._generation
                columns.table.look_up(
                    block.buffer, block.starts, block.lengths, index, block.count, self._found
                )
            index, reason, count = loops.mirror(
                block.times_ns,
                block.starts,
                lengths,
                block.lengths,
                original_lengths,
                self._found,
                index,
                block.count,
                columns.paths,
                columns.hops,
                columns.loads,
                columns.touched,
                self._limits(),
                copies.times_ns,
                copies.starts,
                copies.lengths,
                copies.headers,
                copies.ports,
                copies.outputs,
                -1 if self._taker is None else copies.count,
            )
            copies.count = max(count, 0)
            self._position = position + index
            if reason == loops.TURN:
                self._turn(block.times_ns[index])
            elif reason == loops.UNKNOWN:
                self._learn_from(block, index)
            elif reason == loops.FULL:
                copies.make_room(2 * len(copies.times_ns) + 8)
            elif reason == loops.ALONE:
                self._carry_alone(block, index, lengths[index], original_lengths[index])
                index += 1
        self._position = position + block.count
        if self._taker is not None and copies.count:
            self._taker.take(copies)
        # Whoever keeps them has none that lie in what is overwritten.
        copies.clear(b"", self._columns.outer)

    def _limits(self) -> array[int]:
        """The second that is counted, and the lengths that make a difference."""
        start = self._second * NS_PER_SECOND
        oversize = self._engine.oversize
        # The first and the last second that there are numbers for are not whole.
        return array(
            "q",
            (
                max(start, EARLIEST_NS),
                min(start + NS_PER_SECOND - 1, LATEST_NS),
                oversize.largest_inner,
                oversize.within_mtu,
            ),
        )

    def _learn_from(self, block: PacketBlock, first: int) -> None:
        """Learn the flow of a packet, and of those behind it what can be known already."""
        window = self._second // WINDOW_SECONDS * WINDOW_SECONDS * NS_PER_SECOND
        begin = max(window, EARLIEST_NS)
        end = min(window + WINDOW_SECONDS * NS_PER_SECOND - 1, LATEST_NS)
        index, generation = first, self._generation
        # Where something was forgotten, the flows of packets in between are perhaps not known any more.
        while generation == self._generation:
            index = self._columns.table.next_unknown(
                block.buffer,
                block.times_ns,
                block.starts,
                block.lengths,
                index,
                block.count,
                begin,
                end,
                self._found,
            )
            if index == block.count or not self._learn(block.packet(index), is_first=index == first):
                return

    def _learn(self, frame: bytes, *, is_first: bool) -> bool:
        """Put the flow of a frame into the table; returns whether it is there."""
        columns = self._columns
        if (
            columns.table.flows >= FLOWS_KEPT
            or self._decider.waiting >= OBJECTS_KEPT
            or len(self._counters) >= OBJECTS_KEPT
        ):
            if not is_first:
                return False
            self._forget()
        flow = read_flow(frame)
        trace = self._follow(flow) if is_first else self._decider.follow_ahead(flow)
        if trace is None:
            return False
        columns.table.learn(frame, self._known_of(flow, trace))
        if awaits := awaited(trace):
            self._decider.wait(awaits, partial(self._unlearn, _headers_of(frame, flow)))
        return True

    def _known_of(self, flow: Flow, trace: PathTrace | Unrouted) -> int:
        """What the table is to know of a flow, which is counted at both ends."""
        kind = self._decider.kind_of(flow, trace)
        if self._accounts.talkers is not None:
            kind = None if kind is None else (kind, flow.source, flow.destination)
        alike = None if kind is None else self._alike.get(kind)
        if alike is None:
            decision = self._decider.decision(flow, trace)
            self._note(decision)
            known = self._columns.known_of(decision, self._counters_of(decision))
            if kind is not None:
                self._alike[kind] = Alike(
                    known & ~0xFFFF,
                    any(isinstance(one.outcome, Encapsulation) for _, one in decision.outcomes),
                    [self._accounts.flows_of(hop.interface_id, hop.direction) for hop in decision.hops],
                )
            return known
        if alike.ends:
            hashed = flow_hash(flow)
            for flows in alike.ends:
                flows.add(self._second, hashed)
        return alike.path | self._engine.source_port(flow) if alike.is_copied else alike.path

    def _unlearn(self, frame: bytes) -> None:
        """Forget the flow of a frame."""
        self._columns.table.forget(frame)
        self._generation += 1

    def _follow(self, flow: Flow) -> PathTrace | Unrouted:
        """The way of the frames of a flow that come now."""
        trace = self._decider.follow(flow)
        if self._decider.times_forgotten != self._times_forgotten:
            self._times_forgotten = self._decider.times_forgotten
            self._forget()
        return trace

    def _note(self, decision: FlowDecision) -> None:
        """Count a flow at both ends, and what load balancers take apart; again it makes no difference."""
        accounts = self._accounts
        for hop in decision.hops:
            accounts.see(hop.interface_id, hop.direction, hop.flow, self._second)
        for hop, outcome in decision.outcomes:
            if outcome.split is not None:
                accounts.splits.note(outcome.point.tap_configuration_id, hop.flow, outcome.split)

    def _counters_of(self, decision: FlowDecision) -> FlowCounters:
        """What counts the frames of a flow: one for all that have the sender, tap points, outcomes and end in
        common, and the addresses where talkers are counted.
        """
        accounts, flow, lost, sender = self._accounts, decision.flow, decision.lost, decision.sender_id
        outcomes = tuple(
            [
                (one.point, one.outcome if isinstance(one.outcome, Reason) else one.outcome.collector_id)
                for _, one in decision.outcomes
            ]
        )
        pair = None if accounts.talkers is None else (flow.source, flow.destination)
        is_clamped = self._engine.is_clamped(flow)
        key = sender, outcomes, is_clamped, pair, lost
        counters = self._counters.get(key)
        if counters is None:
            counters = self._counters[key] = FlowCounters(
                outcomes=tuple((accounts.tap_points[point], outcome) for point, outcome in outcomes),
                sent=None if sender is None else accounts.sent_by(sender),
                pairs=tuple(
                    Pair(point.tap_id, *pair)
                    for point, outcome in outcomes
                    if pair is not None and not isinstance(outcome, Reason)
                ),
                is_clamped=is_clamped,
                lost=None if lost is None else accounts.lost_for(lost),
            )
        return counters

    def _carry_alone(self, block: PacketBlock, index: int, length: int, original_length: int) -> None:
        """Carry one packet of a block by itself, and add its copies to the others."""
        at, captured = block.times_ns[index], block.packet(index)
        frame, flow = captured.ljust(length, b"\0"), read_flow(captured)
        for verdict in self._carry(at, frame, flow, original_length, self._position + 1):
            if isinstance(verdict, Mirrored) and self._taker is not None:
                output = self._output_of(verdict.collector_id)
                for copy in verdict.copies:
                    self._copies.add(at, copy, output)
        self._columns.note_no_more()

    def _carry(
        self, at: int, frame: bytes, flow: Flow, original_length: int, position: int
    ) -> tuple[Verdict, ...]:
        """Carry one frame, and account for it at every tap point on its way."""
        accounts, second, octets = self._accounts, at // NS_PER_SECOND, len(frame)
        is_truncated = original_length > octets
        accounts.read.add(1, octets)
        accounts.by_second.add(second, 1, octets)
        accounts.truncated += is_truncated
        decision = self._decision(flow)
        if decision.lost is not None:
            account = accounts.lost_for(decision.lost)
            account.count.add(1, octets)
            account.note(position)
        if decision.sender_id is not None:
            accounts.sent_by(decision.sender_id).add(second, 1, max(octets, original_length))
        verdicts = self._decider.carry(decision, frame, at)
        if decision.lost is None:
            accounts.deliver(1, octets, is_tapped=bool(verdicts))
        is_over_mtu = octets > self._engine.oversize.within_mtu
        is_clamped = self._engine.is_clamped(decision.flow)
        for verdict in verdicts:
            accounts.enter(verdict, octets, is_truncated, is_over_mtu, is_clamped, at)
            if isinstance(verdict, Mirrored) and accounts.talkers is not None:
                pair = Pair(verdict.tap_id, decision.flow.source, decision.flow.destination)
                accounts.talkers.add(pair, len(verdict.copies), verdict.copy_octets)
        return verdicts

    def _decision(self, flow: Flow) -> FlowDecision:
        """What becomes of a flow; remembered, for the frames that follow."""
        decision = self._decisions.get(flow)
        if decision is None:
            if self._decider.waiting >= OBJECTS_KEPT:
                self._forget()
            elif len(self._decisions) >= DECISIONS_KEPT:
                self._decisions.clear()
            trace = self._follow(flow)
            decision = self._decisions[flow] = self._decider.decision(flow, trace)
            self._note(decision)
            if decision.awaits:
                self._decider.wait(decision.awaits, partial(self._decisions.pop, flow, None))
        return decision

    def _output_of(self, collector_id: str) -> int:
        output = 0 if self._taker is None else self._taker.output_of(collector_id)
        if output < 0:
            raise ValueError(f"outputs are numbered from 0, not {output}")
        return output

    def _turn(self, at: int) -> None:
        """Begin the second of a time."""
        self._columns.settle(self._accounts, self._second)
        second = at // NS_PER_SECOND
        # Forgotten flows are looked up, and counted, anew.
        if second // WINDOW_SECONDS > self._second // WINDOW_SECONDS:
            self._forget()
        self._second = second

    def _forget(self) -> None:
        """Forget all flows: they are functions of the topology and come again when asked for."""
        self._columns.settle(self._accounts, self._second)
        self._columns.forget()
        self._decisions.clear()
        self._counters.clear()
        self._alike.clear()
        self._decider.forget_who_waits()
        self._generation += 1


def _headers_of(frame: bytes, flow: Flow) -> bytes:
    """The beginning of a frame that says which flow it is of."""
    headers = frame[:HEADERS_KEPT]
    return headers if read_flow(headers) == flow else frame


def _with_room(column: array[int], room: int) -> array[int]:
    return column if len(column) >= room else array("q", bytes(8 * room))
