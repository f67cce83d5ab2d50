"""Replay: a stream of captured frames sent through the fabric, and the copies that collectors get.

No input or output: frames come in batches of lists, copies go out as lists per collector. A frame goes out of
its source interface and into its destination interface; if both are tapped, there are two copies, the
source's first.

This is the bulk path. What `Route` and `MirrorEngine.decide` say of a flow is kept in an *itinerary*, found
by the raw bytes of the headers. While a flow is known and its frames fit, a frame costs one look-up, one
increment or two, and per copy one join of the pieces of a header; objects are made per flow, not per frame.
Everything else goes the long way round, through the engine's single path; a property test holds the two
equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from vtaplib.control.policy import Policy
from vtaplib.fabric.routing import Router, Unrouted
from vtaplib.fabric.topology import Topology
from vtaplib.mirror.accounting import Accounts, CollectorAccount, UnroutedAccount
from vtaplib.mirror.engine import Carriage, Decision, MirrorEngine
from vtaplib.mirror.outer_header import Pieces
from vtaplib.mirror.oversize import LARGEST_INNER_WITHIN_MTU
from vtaplib.mirror.verdict import Direction, Mirrored, Reason
from vtaplib.packets.flow import NO_PORT, Flow, read_flow
from vtaplib.packets.ipv4 import MORE_FRAGMENTS, OFFSET_MASK

# Itineraries that are kept before all are settled and forgotten: memory must not grow with the capture.
ITINERARIES_KEPT = 1 << 16

# Frames in a batch of `Replay.run`: enough to spread the cost of a batch, few enough to stay in the cache.
BATCH = 4096

# Where an untagged Ethernet frame has what makes an IPv4 flow: from the EtherType to the ports of a header
# without options. The mask keeps EtherType, version and header length, fragmentation but DF, protocol,
# addresses and ports.
HEADERS = slice(12, 38)
MASK = int.from_bytes(
    bytes.fromhex("ffff ff 00 0000 0000")
    + (MORE_FRAGMENTS | OFFSET_MASK).to_bytes(2, "big")
    + bytes.fromhex("00 ff 0000 ffffffff ffffffff ffff ffff"),
    "big",
)
# EtherType IPv4, version 4, five words of header, not a fragment: the headers that the mask is made for.
PLAIN_MASK = int.from_bytes(bytes.fromhex("ffff ff") + bytes(5) + b"\x3f\xff" + bytes(16), "big")
PLAIN = int.from_bytes(bytes.fromhex("0800 45") + bytes(23), "big")


class Copies(NamedTuple):
    """The copies for one collector, in order: outer Ethernet frames and their times in nanoseconds."""

    timestamps: list[int]
    frames: list[bytes]


class Hop(NamedTuple):
    """A tap point on a flow's way whose copies are made in bulk."""

    pieces: Pieces
    ports: bytes
    add_time: Callable[[int], None]
    add_copy: Callable[[bytes], None]


class Itinerary:
    """The way of a flow through the fabric, and counts of its frames that are not settled yet.

    Exactly one of `unrouted` and `decisions` says something; a flow that passes no tap point has neither.
    """

    __slots__ = ("decisions", "frames", "hops", "octets", "over_mtu", "truncated", "unrouted")

    def __init__(
        self, decisions: tuple[Decision, ...], hops: tuple[Hop, ...], unrouted: UnroutedAccount | None
    ) -> None:
        self.decisions = decisions
        self.hops = hops
        self.unrouted = unrouted
        self.frames = 0
        self.octets = 0
        self.truncated = 0
        self.over_mtu = 0


class Replay:
    """One replay through one topology. `down` are the IDs of interfaces whose machine is taken for failed."""

    def __init__(self, topology: Topology, policy: Policy | None = None, *, down: Iterable[str] = ()) -> None:
        self.engine = MirrorEngine(topology, policy, down=down)
        self._router = Router(topology)
        self._accounts = Accounts()
        for interface in topology.interfaces:
            self._accounts.list_points(self.engine.points_of(interface.id))
        self._out: dict[str, Copies] = {}
        # By masked headers for the common case, by flow for the rest.
        self._plain: dict[int, Itinerary] = {}
        self._others: dict[object, Itinerary] = {}
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
        small = min(largest, LARGEST_INNER_WITHIN_MTU)
        lengths = original_lengths if original_lengths is not None else map(len, frames)
        position = self._position
        for at, frame, original_length in zip(timestamps, frames, lengths, strict=True):
            position += 1
            itinerary = find(from_bytes(frame[headers], "big") & mask)
            if itinerary is None:
                itinerary = self._itinerary(frame)
            length = len(frame)
            if length > small:
                if length > largest and itinerary.hops:
                    self._carry_one(itinerary, frame, at, original_length > length)
                    continue
                itinerary.over_mtu += length > LARGEST_INNER_WITHIN_MTU
            itinerary.frames += 1
            itinerary.octets += length
            if original_length > length:
                itinerary.truncated += 1
            if itinerary.unrouted is not None:
                itinerary.unrouted.note(position)
            for pieces, ports, add_time, add_copy in itinerary.hops:
                front, back = pieces[length]
                add_copy(join((front, ports, back, frame)))
                add_time(at)
        self._position = position
        return self._hand_over()

    def _itinerary(self, frame: bytes) -> Itinerary:
        """The itinerary of a frame whose headers are not plain, or were not seen yet."""
        flow = read_flow(frame)
        itinerary = self._others.get(flow)
        if itinerary is None:
            if len(self._others) >= ITINERARIES_KEPT:
                self._settle()
                self._others.clear()
                self._plain.clear()
            itinerary = self._others[flow] = self._plan(flow)
            key = int.from_bytes(frame[HEADERS], "big") & MASK
            # Without ports the bytes in their place are anything, and would make an itinerary each.
            if key & PLAIN_MASK == PLAIN and flow.source_port != NO_PORT:
                self._plain[key] = itinerary
        return itinerary

    def _plan(self, flow: Flow) -> Itinerary:
        """Work out the way of a flow."""
        route = self._router.route(flow)
        if isinstance(route, Unrouted):
            return Itinerary((), (), self._accounts.unrouted.setdefault(route, UnroutedAccount()))
        decisions: tuple[Decision, ...] = ()
        for interface, direction in (
            (route.source, Direction.EGRESS),
            (route.destination, Direction.INGRESS),
        ):
            if interface is not None:
                decisions += self.engine.decide(interface.id, direction, flow)
        return Itinerary(decisions, tuple(self._hops(decisions)), None)

    def _hops(self, decisions: tuple[Decision, ...]) -> Iterator[Hop]:
        for decision in decisions:
            carriage = decision.outcome
            if isinstance(carriage, Carriage):
                out = self._copies_for(carriage.collector_id)
                yield Hop(carriage.header.pieces, carriage.ports, out.timestamps.append, out.frames.append)

    def _copies_for(self, collector_id: str) -> Copies:
        return self._out.setdefault(collector_id, Copies([], []))

    def _carry_one(self, itinerary: Itinerary, frame: bytes, at: int, is_truncated: bool) -> None:
        """Carry a frame that does not fit, one tap point at a time."""
        self._accounts.read.add(1, len(frame))
        self._accounts.truncated += is_truncated
        for decision in itinerary.decisions:
            verdict = self.engine.carry(decision, frame, at)
            self._accounts.enter(verdict, len(frame), is_truncated, len(frame) > LARGEST_INNER_WITHIN_MTU)
            if isinstance(verdict, Mirrored):
                out = self._copies_for(verdict.collector_id)
                out.frames.extend(verdict.copies)
                out.timestamps.extend([at] * len(verdict.copies))

    def _hand_over(self) -> dict[str, Copies]:
        """Account for what the collectors get and give it out. The lists inside stay: itineraries append to
        them.
        """
        handed: dict[str, Copies] = {}
        for collector_id, out in self._out.items():
            if out.frames:
                self._accounts.collectors.setdefault(collector_id, CollectorAccount()).receive(*out)
                handed[collector_id] = Copies(out.timestamps.copy(), out.frames.copy())
                out.timestamps.clear()
                out.frames.clear()
        return handed

    def _settle(self) -> None:
        """Move what itineraries have counted into the accounts."""
        accounts = self._accounts
        for itinerary in self._others.values():
            frames, size = itinerary.frames, itinerary.octets
            if not frames:
                continue
            accounts.read.add(frames, size)
            accounts.truncated += itinerary.truncated
            if itinerary.unrouted is not None:
                itinerary.unrouted.count.add(frames, size)
            elif not itinerary.decisions:
                accounts.untapped.add(frames, size)
            for decision in itinerary.decisions:
                account = accounts.tap_points[decision.point]
                account.entered.add(frames, size)
                account.truncated += itinerary.truncated
                account.over_mtu += itinerary.over_mtu
                if isinstance(decision.outcome, Reason):
                    account.refuse(decision.outcome, frames, size)
                else:
                    account.mirrored.add(frames, size)
            itinerary.frames = itinerary.octets = itinerary.truncated = itinerary.over_mtu = 0
