"""The report of a replay: where every frame went, as plain data that a machine can read.

Bytes are those of Ethernet frames without FCS, rates 10^6 bits per second, positions the numbers of packets
in the capture, counted from 1 over its Ethernet packets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vtaplib.analysis.load_entries import LoadEntry, MachineLoad
from vtaplib.analysis.lost_frames import LossEntry
from vtaplib.analysis.report_parts import Amount, NotMirroredEntry, WarningEntry
from vtaplib.capture.feed import EarlyEnd, SkippedEntry
from vtaplib.visible_text import LINES


@dataclass(frozen=True, slots=True)
class TapPointEntry:
    """A tap point: what entered is what was mirrored and what was not.

    `truncated` frames are shorter in the capture than they were, `over_mtu` are those whose copies exceed the
    guest's MTU, and `clamped` those that would if the policy's `mss_clamp` did not take them for smaller;
    policy then `cut` some or `fragmented` them.
    """

    interface_id: str
    interface: str
    direction: str
    tap_id: str
    tap: str
    tap_configuration_id: str
    entered: Amount
    mirrored: Amount
    not_mirrored: tuple[NotMirroredEntry, ...]
    truncated: int
    over_mtu: int
    clamped: int
    cut: int
    fragmented: int


@dataclass(frozen=True, slots=True)
class CollectorEntry:
    """What a collector's interface gets, in outer frames; rates are over the seconds of the capture.
    `copies` of packets are these, of which policy `cut` and `fragmented` some; `fragments` of the frames are
    parts of copies, `over_mtu` are longer than the guest's MTU. `capture` is the file written for it.
    """

    interface_id: str
    interface: str
    frames: int
    bytes: int
    copies: int
    cut: int
    fragmented: int
    fragments: int
    over_mtu: int
    average_mbit_per_second: float
    peak_mbit_per_second: float
    capture: str | None


@dataclass(frozen=True, slots=True)
class SplitEntry:
    """What a load balancer took apart of the copies of a tap configuration.

    `split_conversations` are those whose two directions went to two collectors; there may be more of them
    where `is_lower_bound`. Of `flows`, as the load balancer sees them, `moved_flows` went to another
    collector because something is down; both are 0 where nothing is.
    """

    tap_configuration_id: str
    split_conversations: int
    is_lower_bound: bool
    flows: int
    moved_flows: int


@dataclass(frozen=True, slots=True)
class DecodedCopy:
    """A copy as a decoder, `vtap` or `scapy`, reads it."""

    collector_id: str
    timestamp_ns: int
    decoder: str
    text: str = field(metadata=LINES)


@dataclass(frozen=True, slots=True)
class ReplayStageEntry:
    """A stage, as it was written, and where its frames went: entered = left + dropped, in bytes and what it
    `removed` from frames; `noted` is what else there is to know, in words.
    """

    stage: str
    entered: Amount
    left: Amount
    dropped: dict[str, Amount]
    removed: Amount
    noted: dict[str, Amount]


@dataclass(frozen=True, slots=True)
class StagedCollectorEntry:
    """What the stages behind a collector did, and the captures of their outputs, if any were written.

    `not_decapsulated` are copies that never became frames: fragments whose others are missing.
    """

    interface_id: str
    interface: str
    not_decapsulated: dict[str, Amount]
    stages: tuple[ReplayStageEntry, ...]
    captures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """A replay. Of the frames that were `read` each is in one of four: those that belong to no interface are
    `nowhere`; of the others, `dropped` are those that the cloud's network does not deliver, though they stand
    in the capture, `tapped` and `untapped` those that it delivers past a tap point or past none.
    """

    capture: str
    format: str
    cloud: str
    policy: Mapping[str, object]
    down: tuple[str, ...]
    read: Amount
    tapped: Amount
    untapped: Amount
    truncated: int
    nowhere: tuple[LossEntry, ...]
    dropped: tuple[LossEntry, ...]
    skipped: tuple[SkippedEntry, ...]
    ended_early: EarlyEnd | None
    tap_points: tuple[TapPointEntry, ...]
    collectors: tuple[CollectorEntry, ...]
    partings: tuple[SplitEntry, ...]
    machines: tuple[MachineLoad, ...]
    loads: tuple[LoadEntry, ...]
    warnings: tuple[WarningEntry, ...]
    decoded: tuple[DecodedCopy, ...]
    staged: tuple[StagedCollectorEntry, ...] = ()

    @property
    def found_something(self) -> bool:
        """Whether a part of the capture could not be replayed."""
        return self.ended_early is not None or bool(self.skipped)
