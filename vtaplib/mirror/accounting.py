"""Accounts: where every frame went. Frames in = mirrored + not mirrored, at every tap point.

Integers throughout: counts, bytes, nanoseconds. Rates are made of them when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from vtaplib.fabric.path_trace import Drop
from vtaplib.fabric.routing import Unrouted
from vtaplib.mirror.count import Count
from vtaplib.mirror.flow_count import FlowCount, flow_hash
from vtaplib.mirror.flow_split import SplitAccounts
from vtaplib.mirror.oversize import MTU
from vtaplib.mirror.series import Series
from vtaplib.mirror.talkers import Talkers
from vtaplib.mirror.verdict import Direction, Mirrored, Reason, TapPoint, Verdict
from vtaplib.packets import ethernet
from vtaplib.packets.flow import Flow
from vtaplib.packets.nanoseconds import NS_PER_SECOND

# Frames whose numbers are kept for a reason that a frame belongs nowhere.
POSITIONS_KEPT = 10


@dataclass(slots=True)
class TapPointAccount:
    """What entered a tap point, and what became of it.

    `truncated` are frames of which the capture holds less than there was; they are carried as they are.
    `over_mtu` are frames whose whole copy is longer than the guest's MTU of 1500, whatever policy then does,
    and `clamped` those that are too, but TCP, which the policy's `mss_clamp` takes for smaller than captured.
    `cut` are those that policy shortened and `fragmented` those that it split. `copies` are the outer frames.
    """

    entered: Count = field(default_factory=Count)
    mirrored: Count = field(default_factory=Count)
    not_mirrored: dict[Reason, Count] = field(default_factory=dict)
    truncated: int = 0
    over_mtu: int = 0
    clamped: int = 0
    cut: int = 0
    fragmented: int = 0
    copies: Series = field(default_factory=Series)

    def refuse(self, reason: Reason, frames: int, octets: int) -> None:
        """Count frames that were not mirrored."""
        self.not_mirrored.setdefault(reason, Count()).add(frames, octets)

    def note_over_mtu(self, frames: int, is_clamped: bool) -> None:
        """Count frames whose copy is longer than the MTU."""
        if is_clamped:
            self.clamped += frames
        else:
            self.over_mtu += frames

    @property
    def is_balanced(self) -> bool:
        """Whether all that entered is accounted for."""
        out = [self.mirrored, *self.not_mirrored.values()]
        return self.entered == Count(sum(count.frames for count in out), sum(count.octets for count in out))


class CollectorAccount(Series):
    """What a collector's interface gets: outer Ethernet frames by second, and what they are copies of.

    `mirrored` are the frames of which it gets a copy, at each tap point that they pass. Policy `cut` some and
    `fragmented` some; `over_mtu` are those whose copy comes in one piece that is longer than the guest's MTU
    of 1500, but for TCP, which the policy's `mss_clamp` takes for smaller than captured.
    """

    __slots__ = ("cut", "fragmented", "mirrored", "over_mtu")

    def __init__(self) -> None:
        super().__init__()
        self.mirrored = self.cut = self.fragmented = self.over_mtu = 0

    def get(self, second: int, mirrored: int, frames: int, octets: int, over_mtu: int = 0) -> None:
        """Count frames that are mirrored to it in a second, and the outer frames that their copies are."""
        self.add(second, frames, octets)
        self.mirrored += mirrored
        self.over_mtu += over_mtu

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, CollectorAccount)
            and super().__eq__(other)
            and all(getattr(self, name) == getattr(other, name) for name in CollectorAccount.__slots__)
        )

    __hash__ = None


@dataclass(slots=True)
class LossAccount:
    """Frames that are lost for one reason, and the numbers of the first of them, counted from 1."""

    count: Count = field(default_factory=Count)
    first_positions: list[int] = field(default_factory=list)

    def note(self, position: int) -> None:
        """Remember a frame's number, if it is among the first."""
        if len(self.first_positions) < POSITIONS_KEPT:
            self.first_positions.append(position)


@dataclass(slots=True)
class Accounts:
    """The accounts of a replay.

    `read` is every frame, and each is in one of four: `unrouted` are those that belong to no interface,
    `dropped` those that the fabric does not deliver, by reason, `tapped` and `untapped` those that it
    delivers past a tap point or past none. A frame that is dropped may have passed a tap point before: it is
    in that account too, as a frame that passes two is in both. Tap points are listed before the first frame,
    so that one that sees nothing shows. `collectors` is what their interfaces get, `sent` what interfaces
    send, in full, whether the capture holds all of a frame or not; `flows` how many different flows they send
    and receive. `by_second` has every frame that was read; its span is the one that all rates are over.
    `talkers` are counted where somebody asks. `splits` are what load balancers take apart.
    """

    read: Count = field(default_factory=Count)
    tapped: Count = field(default_factory=Count)
    untapped: Count = field(default_factory=Count)
    truncated: int = 0
    unrouted: dict[Unrouted, LossAccount] = field(default_factory=dict)
    dropped: dict[Drop, LossAccount] = field(default_factory=dict)
    tap_points: dict[TapPoint, TapPointAccount] = field(default_factory=dict)
    collectors: dict[str, CollectorAccount] = field(default_factory=dict)
    sent: dict[str, Series] = field(default_factory=dict)
    flows: dict[tuple[str, Direction], FlowCount] = field(default_factory=dict)
    by_second: Series = field(default_factory=Series)
    talkers: Talkers | None = None
    splits: SplitAccounts = field(default_factory=SplitAccounts)

    def sent_by(self, interface_id: str) -> Series:
        """What an interface sends."""
        return self.sent.setdefault(interface_id, Series())

    def got_by(self, collector_id: str) -> CollectorAccount:
        """What a collector's interface gets."""
        return self.collectors.setdefault(collector_id, CollectorAccount())

    def see(self, interface_id: str, direction: Direction, flow: Flow, second: int) -> None:
        """Note that an interface has frames of a flow in a second of the clock."""
        self.flows_of(interface_id, direction).add(second, flow_hash(flow))

    def flows_of(self, interface_id: str, direction: Direction) -> FlowCount:
        """How many flows an interface has in a direction."""
        return self.flows.setdefault((interface_id, direction), FlowCount())

    def lost_for(self, reason: Drop | Unrouted) -> LossAccount:
        """The frames that are lost for a reason."""
        if isinstance(reason, Drop):
            return self.dropped.setdefault(reason, LossAccount())
        return self.unrouted.setdefault(reason, LossAccount())

    def deliver(self, frames: int, octets: int, *, is_tapped: bool) -> None:
        """Count frames that are delivered."""
        (self.tapped if is_tapped else self.untapped).add(frames, octets)

    def list_points(self, points: Iterable[TapPoint]) -> None:
        """Open an account for each of these tap points."""
        for point in points:
            self.tap_points.setdefault(point, TapPointAccount())

    def enter(
        self,
        verdict: Verdict,
        frame_length: int,
        is_truncated: bool,
        is_over_mtu: bool,
        is_clamped: bool = False,
        at: int = 0,
    ) -> None:
        """Count one frame at a tap point, at a time in nanoseconds, and what became of it."""
        account = self.tap_points[verdict.point]
        account.entered.add(1, frame_length)
        account.truncated += is_truncated
        account.note_over_mtu(is_over_mtu, is_clamped)
        if isinstance(verdict, Mirrored):
            account.mirrored.add(1, frame_length)
            account.cut += verdict.is_cut
            is_fragmented = len(verdict.copies) > 1
            account.fragmented += is_fragmented
            second, got = at // NS_PER_SECOND, self.got_by(verdict.collector_id)
            account.copies.add(second, len(verdict.copies), verdict.copy_octets)
            is_long = not is_fragmented and len(verdict.copies[0]) > ethernet.HEADER_LENGTH + MTU
            got.get(second, 1, len(verdict.copies), verdict.copy_octets, is_long and not is_clamped)
            got.cut += verdict.is_cut
            got.fragmented += is_fragmented
        else:
            account.refuse(verdict.reason, 1, frame_length)

    @property
    def is_balanced(self) -> bool:
        """Whether every frame is accounted for, in all and at every tap point."""
        lost = [one.count for one in (*self.unrouted.values(), *self.dropped.values())]
        found = [self.tapped, self.untapped, *lost]
        return self.read == Count(
            sum(count.frames for count in found), sum(count.octets for count in found)
        ) and all(account.is_balanced for account in self.tap_points.values())
