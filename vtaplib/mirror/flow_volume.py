"""Flow volumes: what flows that were only counted would make tap points mirror.

What is known of a flow is how many packets and bytes it had between two times. They are taken to have come
evenly, so that peaks are the least that there can have been; and whether a single copy is too large for the
network is not known: none is assumed to be.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtaplib.fabric.topology import Interface
from vtaplib.mirror.accounting import Accounts
from vtaplib.mirror.engine import MirrorEngine
from vtaplib.mirror.outer_header import WIRE_OVERHEAD
from vtaplib.mirror.series import evenly
from vtaplib.mirror.talkers import Pair, Talkers
from vtaplib.mirror.verdict import Direction, Reason
from vtaplib.packets.flow import Flow
from vtaplib.packets.nanoseconds import NS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Volume:
    """Frames of a flow and their bytes, from one time in nanoseconds to another."""

    start_ns: int
    stop_ns: int
    frames: int
    octets: int


class FlowVolumes:
    """Puts volumes into accounts like those of a replay."""

    def __init__(self, engine: MirrorEngine) -> None:
        self.engine = engine
        self.accounts = Accounts(talkers=Talkers())
        for interface in engine.topology.interfaces:
            self.accounts.list_points(engine.points_of(interface.id))

    def pass_by(self, interface: Interface, direction: Direction, flow: Flow, volume: Volume) -> None:
        """Count frames of a flow that pass an interface."""
        accounts = self.accounts
        frames, octets = volume.frames, volume.octets
        spread = evenly(volume.start_ns, volume.stop_ns, frames, octets)
        accounts.read.add(frames, octets)
        accounts.by_second.spread(spread)
        accounts.see(interface.id, direction, flow, volume.stop_ns // NS_PER_SECOND)
        if direction is Direction.EGRESS:
            accounts.sent_by(interface.id).spread(spread)
        decisions = self.engine.decide(interface.id, direction, flow)
        accounts.deliver(frames, octets, is_tapped=bool(decisions))
        in_copies = octets + frames * WIRE_OVERHEAD
        copies = evenly(volume.start_ns, volume.stop_ns, frames, in_copies) if decisions else spread
        for decision in decisions:
            accounts.splits.note(decision.point.tap_configuration_id, flow, decision.split)
            account = accounts.tap_points[decision.point]
            account.entered.add(frames, octets)
            if isinstance(decision.outcome, Reason):
                account.refuse(decision.outcome, frames, octets)
                continue
            account.mirrored.add(frames, octets)
            got = accounts.got_by(decision.outcome.collector_id)
            got.mirrored += frames
            for series in (account.copies, got):
                series.spread(copies)
            if accounts.talkers is not None:
                pair = Pair(decision.point.tap_id, flow.source, flow.destination)
                accounts.talkers.add(pair, frames, in_copies)
