"""Flow decisions: what becomes of all frames of a flow, decided in one place.

A frame goes out of its source's interface and into its destination's; the fabric says whether it gets there,
and at each tap point that it passes the mirror engine says whether it is copied, and to whom. What is decided
of a flow holds until something goes the other way that makes an answer of it, which no security group denies.
All who ask, frame by frame, in blocks, or to explain, get the same decision.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import partial
from ipaddress import IPv4Address
from typing import NamedTuple

from vtaplib.fabric.connections import Connections, link_keys
from vtaplib.fabric.fabric import Fabric
from vtaplib.fabric.path_trace import Drop, Link, PathTrace
from vtaplib.fabric.routing import Unrouted
from vtaplib.fabric.topology import Topology
from vtaplib.mirror.engine import MirrorDecision, MirrorEngine
from vtaplib.mirror.interface_hop import InterfaceHop, interface_hops
from vtaplib.mirror.verdict import Verdict
from vtaplib.model.policy import Policy
from vtaplib.packets.flow import Flow


class FlowDecision(NamedTuple):
    """What becomes of the frames of a flow: `trace` is their way, or why none is known; `hops` are the
    interfaces on it, and `outcomes` what is decided at each tap point, in order.
    """

    flow: Flow
    trace: PathTrace | Unrouted
    hops: tuple[InterfaceHop, ...] = ()
    outcomes: tuple[tuple[InterfaceHop, MirrorDecision], ...] = ()

    @property
    def lost(self) -> Drop | Unrouted | None:
        """Why the frames are not delivered."""
        return self.trace if isinstance(self.trace, Unrouted) else self.trace.drop

    @property
    def awaits(self) -> tuple[Link, ...]:
        """The links any of which, once opened, would change this."""
        return awaited(self.trace)

    @property
    def sender_id(self) -> str | None:
        """The interface that sends the frames, if they get past it."""
        trace = self.trace
        if isinstance(trace, Unrouted) or trace.source is None or not trace.leaves:
            return None
        return trace.source.id


def awaited(trace: PathTrace | Unrouted) -> tuple[Link, ...]:
    """The links any of which, once opened, would make another of this."""
    return () if isinstance(trace, Unrouted) else trace.awaits


class FlowDecider:
    """Decides for one topology. It knows which connections are open, so that flows are to be asked for in
    the order in which their first frames come.
    """

    def __init__(
        self,
        topology: Topology,
        policy: Policy | None = None,
        *,
        down: Iterable[str] = (),
        private_link: Iterable[IPv4Address] = (),
    ) -> None:
        self.engine = MirrorEngine(topology, policy, down=down, private_link=private_link)
        self.fabric = Fabric(topology, policy, down=self.engine.down)
        self._connections = Connections()
        # Whom to tell that a link was opened, by the interface and the first of the link's keys: what was
        # decided of some flow does not hold any more.
        self._waiting: dict[tuple[str, bytes], list[Callable[[], object]]] = {}
        self.waiting = 0
        """How many links flows wait for, or did."""
        self.times_forgotten = 0
        """How often connections became too many: then all that was decided is to be asked again."""

    def decide(self, flow: Flow) -> FlowDecision:
        """What becomes of the frames of a flow that come now; from then on their answers pass."""
        return self.decision(flow, self.follow(flow))

    def follow(self, flow: Flow) -> PathTrace | Unrouted:
        """The first half of that: the way of the frames."""
        return self._go(partial(self.fabric.captured, flow, self._connections))

    def follow_ahead(self, flow: Flow) -> PathTrace | Unrouted | None:
        """The same for a flow whose first frame comes after others that are not carried yet; None where what
        is decided of those would change.
        """
        trace = self.fabric.captured(flow, self._connections)
        if isinstance(trace, PathTrace) and trace.opens:
            has_room = self._connections.has_room(trace.opens)
            if not has_room or any(key in self._waiting for key in _opened_keys(trace)):
                return None
        return self._open(trace)

    def decision(self, flow: Flow, trace: PathTrace | Unrouted) -> FlowDecision:
        """The other half: what is decided at the tap points on a way."""
        if isinstance(trace, Unrouted):
            return FlowDecision(flow, trace)
        hops = interface_hops(trace, flow)
        decide = self.engine.decide
        outcomes = tuple(
            [
                (hop, outcome)
                for hop in hops
                for outcome in decide(hop.interface_id, hop.direction, hop.flow, hop.context)
            ]
        )
        return FlowDecision(flow, trace, hops, outcomes)

    def kind_of(self, flow: Flow, trace: PathTrace | Unrouted) -> Hashable:
        """What flows have in common for which the same is decided, but for the outer source port; None where
        that depends on more.
        """
        if isinstance(trace, Unrouted):
            return trace
        source, destination = trace.source, trace.destination
        if (
            trace.departure is not flow
            or trace.arrival is not flow
            or not self.engine.is_indifferent(source, flow)
            or not self.engine.is_indifferent(destination, flow)
        ):
            return None
        return id(source), id(destination), id(trace.drop), trace.is_answer, flow.version, flow.protocol

    def wait(self, links: Iterable[Link], forget: Callable[[], object]) -> None:
        """Have `forget` called when any of some links is opened, and what is decided of a flow that awaits
        them does not hold any more; unless that is so of all flows (`times_forgotten`).
        """
        for link in links:
            key, _ = link_keys(link)
            self._waiting.setdefault((link.interface_id, key), []).append(forget)
            self.waiting += 1

    def send(self, frame: bytes, flow: Flow, source_id: str | None) -> FlowDecision:
        """What becomes of a single frame that an interface sends; without one its sender is known by address
        only. The trace has its steps.
        """
        find: Callable[[], PathTrace | Unrouted]
        if source_id is None:
            find = partial(self.fabric.captured, flow, self._connections, with_steps=True)
        else:
            find = partial(self.fabric.frame, frame, source_id, self._connections, with_steps=True)
        return self.decision(flow, self._go(find))

    def forget_who_waits(self) -> None:
        """Tell nobody of those who waited until now."""
        self._waiting.clear()
        self.waiting = 0

    def carry(self, decision: FlowDecision, frame: bytes, at: int) -> tuple[Verdict, ...]:
        """What becomes of one frame of a flow at each tap point on its way, at a time in nanoseconds."""
        return tuple(
            [
                self.engine.carry(
                    outcome, frame if hop.translation is None else hop.translation.apply(frame), at
                )
                for hop, outcome in decision.outcomes
            ]
        )

    def _go(self, find: Callable[[], PathTrace | Unrouted]) -> PathTrace | Unrouted:
        """Find the way of frames, and open what they open on it."""
        trace = find()
        if isinstance(trace, PathTrace) and not self._connections.has_room(trace.opens):
            # Forgotten before it is decided on: what it answers, too.
            self._connections.forget()
            self.forget_who_waits()
            self.times_forgotten += 1
            trace = find()
        return self._open(trace)

    def _open(self, trace: PathTrace | Unrouted) -> PathTrace | Unrouted:
        """Open what frames on this way open, and tell those who waited for it."""
        if isinstance(trace, PathTrace) and trace.opens:
            self._connections.open(trace.opens)
            for key in _opened_keys(trace) if self._waiting else ():
                for tell in self._waiting.pop(key, ()):
                    tell()
        return trace


def _opened_keys(trace: PathTrace) -> Iterator[tuple[str, bytes]]:
    """What those wait by whom a path trace lets pass: the answers to what it opens, and their fragments."""
    for link in trace.opens:
        for key in link_keys(link):
            yield link.interface_id, key
