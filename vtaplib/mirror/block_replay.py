"""The replay of blocks: the bulk path that compiled loops carry.

What the loops need of a flow is numbers in columns (`vtaplib.loops.mirroring`): a *path*, which has a load
and hops, each with a template of the outer headers. Flow entries say the same in objects; loops come by here
when they meet a flow, or anything else that they leave to others. That is frames that are not plain, too long
to be carried as they are, or rewritten on the way, and the first that are lost for a reason: they go through
`batch`, and their copies stand where they would have stood.

Counts are columns as well and are moved into the loads when a second is over. A property holds all three
ways equal: one frame at a time, batches, blocks.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from functools import partial
from ipaddress import IPv4Address

from vtaplib.fabric.path_trace import PathTrace
from vtaplib.fabric.topology import Topology
from vtaplib.loops import mirroring as loops
from vtaplib.mirror import replay
from vtaplib.mirror.accounting import POSITIONS_KEPT
from vtaplib.mirror.copy_buffers import Copies, CopyBuffers, RecordsTaker
from vtaplib.mirror.flow_counters import FlowCounters
from vtaplib.mirror.flow_entry import CopyAction
from vtaplib.mirror.outer_header import Encapsulation, OuterHeader
from vtaplib.mirror.replay import Replay
from vtaplib.model.policy import Policy
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.flow import read_flow
from vtaplib.packets.nanoseconds import NS_PER_SECOND
from vtaplib.packets.plain_headers import HEADERS

# Flows in the table before all are counted and forgotten: twice as many slots, of 24 octets, take 48 MiB.
FLOWS_KEPT = 1 << 20

# Slots of a table to begin with: 12 KiB, for a table is thrown away with every window of time.
SLOTS_AT_FIRST = 1 << 9

# Hops of a path that loops carry; more are not met outside of tests, and a region has room for these.
HOPS_CARRIED = 8

NO_LOOPS = -1

EARLIEST_NS, LATEST_NS = -1 << 63, (1 << 63) - 1
"""The times that columns have room for, from the year 1677 to 2262."""


class BlockReplay(Replay):
    """A replay that also takes blocks."""

    def __init__(
        self,
        topology: Topology,
        policy: Policy | None = None,
        *,
        down: Iterable[str] = (),
        private_link: Iterable[IPv4Address] = (),
        with_talkers: bool = False,
    ) -> None:
        super().__init__(topology, policy, down=down, private_link=private_link, with_talkers=with_talkers)
        self._copy_buffers = CopyBuffers()
        # Changes whenever something is forgotten: what was looked up before does not hold any more.
        self._generation = 0
        self._table = array("Q")
        self._found = array("q")
        self._whole = array("q")
        self._reset()

    def depart_to(self, taker: RecordsTaker) -> None:
        """Let something take the copies of the blocks to come; before, they are counted and not made."""
        self._copy_buffers = CopyBuffers(taker)
        self._forget()

    def block(self, block: PacketBlock, *, longest_whole: int = 0) -> None:
        """Replay a block, and hand the copies over.

        `longest_whole` above 0 takes packets that were cut for whole again, with zeros, but not for longer
        than that. Raises `ValueError` for a block whose packets are not in its buffer.
        """
        block.check()
        count = block.count
        lengths, original_lengths = block.lengths, block.original_lengths
        if len(self._found) < block.room:
            self._found = array("q", bytes(8 * block.room))
        if longest_whole:
            if len(self._whole) < block.room:
                self._whole = array("q", bytes(8 * block.room))
            loops.whole_lengths(lengths, original_lengths, count, longest_whole, self._whole)
            lengths = original_lengths = self._whole
        out = self._copy_buffers
        index = 0
        position = self._position
        generation = -1
        while index < count:
            if generation != self._generation:
                generation = self._generation
                loops.look_up(
                    block.buffer, block.starts, block.lengths, index, count, self._table, self._found
                )
            start = self._second * NS_PER_SECOND
            limits = array(
                "q",
                (
                    # The first and the last second that there are numbers for are not whole.
                    max(start, EARLIEST_NS),
                    min(start + NS_PER_SECOND - 1, LATEST_NS),
                    self.engine.oversize.largest_inner,
                    self.engine.oversize.within_mtu,
                    out.latest_ns,
                ),
            )
            index, reason, _, _ = loops.mirror(
                block.buffer,
                block.times_ns,
                block.starts,
                lengths,
                block.lengths,
                original_lengths,
                self._found,
                index,
                count,
                self._table,
                self._paths,
                self._hops,
                self._templates,
                self._counts,
                self._touched_loads,
                limits,
                out.record_format,
                out.out,
                out.region,
                out.outputs,
            )
            self._position = position + index
            if reason == loops.TURN:
                self._turn(block.times_ns[index])
            elif reason == loops.UNKNOWN:
                self._learn(block.packet(index))
            elif reason == loops.FULL:
                out.grow()
            elif reason == loops.ALONE:
                index = self._take_alone(block, index, lengths, original_lengths)
        self._position = position + count
        out.flush()

    def _take_alone(
        self, block: PacketBlock, index: int, lengths: array[int], original_lengths: array[int]
    ) -> int:
        """Send a packet through as a batch, with those behind it that are not plain either; returns the
        number of the next.
        """
        stop = index + 1
        while stop < block.count and self._found[stop] == self._found[index] == loops.NOT_PLAIN:
            stop += 1
        run = range(index, stop)
        frames = [block.packet(number).ljust(lengths[number], b"\0") for number in run]
        handed = self.batch(list(block.times_ns[index:stop]), frames, list(original_lengths[index:stop]))
        self._copy_buffers.put(handed)
        # Of the loads that note where frames are lost, some have noted enough.
        for number in self._noting.copy():
            lost = self._numbered[number].lost
            if lost is None or len(lost.first_positions) >= POSITIONS_KEPT:
                self._counts[number * loops.LOAD + 5] = 0
                self._noting.discard(number)
        return stop

    def _learn(self, frame: bytes) -> None:
        """Put the flow of a plain frame into the table."""
        if max(self._flows // FLOWS_KEPT, self._awaiting // replay.ITINERARIES_KEPT) or (
            len(self._loads) >= replay.ITINERARIES_KEPT
        ):
            self._forget()
        flow = read_flow(frame)
        trace = self._journey(flow)
        counters, actions = self._way(flow, trace)
        headers = frame[HEADERS]
        addresses = int.from_bytes(headers[14:22], "big")
        ports = int.from_bytes(headers[22:26], "big") << 8 | headers[11]
        if 2 * (self._flows + 1) * loops.SLOT > len(self._table):
            larger = array("Q", bytes(2 * 8 * len(self._table)))
            loops.move_flows(self._table, larger)
            self._table = larger
        port = actions[0][0].source_port if actions else 0
        value = self._path_of(counters, actions, port) << 16 | port
        self._flows += loops.set_flow(self._table, addresses, ports, value)
        self._wait(trace, partial(self._unlearn, addresses, ports))
        self._awaiting += isinstance(trace, PathTrace) and trace.awaits is not None

    def _unlearn(self, addresses: int, ports: int) -> None:
        """Forget one flow."""
        loops.set_flow(self._table, addresses, ports, 0)
        self._generation += 1

    def _path_of(self, counters: FlowCounters, actions: list[CopyAction], port: int) -> int:
        """The number of a path. Loops carry frames on it if all copies have the one source port, and nothing
        is rewritten.
        """
        number = self._number_of(counters)
        is_carried = len(actions) <= HOPS_CARRIED and all(
            not rewritings and encapsulation.source_port == port for encapsulation, rewritings in actions
        )
        hops = tuple([self._hop_of(*action) for action in actions]) if is_carried else NO_LOOPS
        path = self._known_paths.get((number, hops))
        if path is None:
            path = self._known_paths[number, hops] = len(self._paths) // loops.PATH
            first = len(self._hops) // loops.HOP
            if isinstance(hops, tuple):
                for header, output in hops:
                    self._add_hop(self._headers[header], output)
            self._paths.extend((number, first, len(hops) if isinstance(hops, tuple) else NO_LOOPS))
        return path

    def _hop_of(self, encapsulation: Encapsulation, _: object) -> tuple[int, int]:
        """What distinguishes one hop from another: its header, which is kept as long as the number is, and
        output.
        """
        header = encapsulation.header
        self._headers[id(header)] = header
        return id(header), self._copy_buffers.number_of(encapsulation.collector_id)

    def _copies_for(self, collector_id: str) -> Copies:
        # Whichever way it is met, a collector has its number from when it is: ties are broken by it.
        self._copy_buffers.number_of(collector_id)
        return super()._copies_for(collector_id)

    def _add_hop(self, header: OuterHeader, output: int) -> None:
        # All that depends on port and length is put in by the loops.
        template = header.wrap(header.ports(0), b"")
        self._templates += template.ljust(loops.TEMPLATE, b"\0")
        self._hops.extend((header.template.sum_without_length, output))

    def _number_of(self, counters: FlowCounters) -> int:
        number = self._numbers.get(counters)
        if number is None:
            number = self._numbers[counters] = len(self._numbered)
            self._numbered.append(counters)
            self._touched_loads.append(0)
            notes = counters.lost is not None and len(counters.lost.first_positions) < POSITIONS_KEPT
            self._counts.extend((0, 0, 0, 0, 0, notes))
            if notes:
                self._noting.add(number)
        return number

    def _settle(self) -> None:
        for place in range(1, self._touched_loads[0] + 1):
            number = self._touched_loads[place]
            counters = self._numbered[number]
            at = number * loops.LOAD
            if not counters.frames:
                self._touched.append(counters)
            counters.frames += self._counts[at]
            counters.octets += self._counts[at + 1]
            counters.truncated += self._counts[at + 2]
            counters.missing += self._counts[at + 3]
            counters.over_mtu += self._counts[at + 4]
            self._counts[at : at + 5] = array("q", bytes(40))
        self._touched_loads[0] = 0
        super()._settle()

    def _forget(self) -> None:
        super()._forget()
        self._reset()

    def _reset(self) -> None:
        """Know no flow."""
        self._generation += 1
        self._flows = 0
        self._awaiting = 0
        self._table = array("Q", bytes(8 * loops.SLOT * SLOTS_AT_FIRST))
        # The number 0 says that a flow is not known: no path has it.
        self._paths = array("q", bytes(8 * loops.PATH))
        self._known_paths: dict[tuple[int, tuple[tuple[int, int], ...] | int], int] = {}
        self._hops = array("q")
        self._templates = bytearray()
        self._headers: dict[int, OuterHeader] = {}
        self._numbers: dict[FlowCounters, int] = {}
        self._numbered: list[FlowCounters] = []
        self._noting: set[int] = set()
        self._counts = array("q")
        # Behind how many there are.
        self._touched_loads = array("q", (0,))
