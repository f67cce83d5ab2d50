"""The report of an estimate, as plain data that a machine can read.

Bytes and rates are those of copies: outer Ethernet frames without FCS, 10^6 bits per second. All are `scale`
times the measured ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vtaplib.analysis.load_entries import RatesEntry
from vtaplib.analysis.lost_frames import LossEntry
from vtaplib.analysis.report_parts import Amount, NotMirroredEntry, WarningEntry
from vtaplib.analysis.traffic_warnings import TOO_MUCH
from vtaplib.capture.feed import EarlyEnd, SkippedEntry


@dataclass(frozen=True, slots=True)
class TopTalker:
    """A pair of inner addresses, and the copies that are about them."""

    source: str
    destination: str
    frames: int
    bytes: int
    share: float
    """Of the bytes of the TAP's copies, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class TapEstimate:
    """What a TAP would carry. `sources` are interfaces that send to it.

    `over_mtu_share` is the share of its frames, from 0 to 1, whose copies exceed the guest's MTU of 1500
    bytes; None where that cannot be told: flow logs have no lengths of packets.
    """

    tap_id: str
    tap: str
    sources: int
    copies: Amount
    rates: RatesEntry
    bytes_in_duration: int
    over_mtu_share: float | None
    not_mirrored: tuple[NotMirroredEntry, ...]
    talkers: tuple[TopTalker, ...]


@dataclass(frozen=True, slots=True)
class CollectorEstimate:
    """What a collector's interface would get, beside what the size of its machine can do.

    Azure does not limit what a machine gets; `megabits_per_second` is the rate that its size may send at, for
    a yardstick, and `headroom_mbit_per_second` what the peak leaves of it. `packets_per_second` is by the
    policy's `packets_per_second_per_vcpu`, for Azure publishes no packet rate; it has a headroom too.
    `smallest_size` would do for the peak. These four are about all that the machine collects.
    """

    interface_id: str
    interface: str
    copies: Amount
    rates: RatesEntry
    bytes_in_duration: int
    size: str | None
    megabits_per_second: int | None
    headroom_mbit_per_second: float | None
    packets_per_second: int | None
    headroom_packets_per_second: float | None
    smallest_size: str | None


@dataclass(frozen=True, slots=True)
class FlowLogSummary:
    """What the flow logs had. Tuples without traffic are those of flows that begin or are denied;
    `elsewhere` those whose interface the cloud does not have, or has several for.
    """

    files: int
    records: int
    tuples: int
    without_traffic: int
    denied: int
    elsewhere: int
    troubles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EstimateReport:
    """An estimate from `source`, a capture or flow logs of `seconds` seconds. `tapped`, `untapped`, `nowhere`
    and `dropped` are the frames that were `read`, as in a replay.
    """

    source: str
    format: str
    cloud: str
    policy: Mapping[str, object]
    down: tuple[str, ...]
    scale: float
    duration_seconds: float
    seconds: int
    read: Amount
    tapped: Amount
    untapped: Amount
    nowhere: tuple[LossEntry, ...]
    dropped: tuple[LossEntry, ...]
    taps: tuple[TapEstimate, ...]
    collectors: tuple[CollectorEstimate, ...]
    warnings: tuple[WarningEntry, ...]
    flow_logs: FlowLogSummary | None
    skipped: tuple[SkippedEntry, ...]
    ended_early: EarlyEnd | None

    @property
    def found_something(self) -> bool:
        """Whether something is too much for a machine, or a part could not be read."""
        troubles = self.flow_logs is not None and bool(self.flow_logs.troubles)
        is_too_much = any(one.code in TOO_MUCH for one in self.warnings)
        return is_too_much or bool(self.skipped) or self.ended_early is not None or troubles
