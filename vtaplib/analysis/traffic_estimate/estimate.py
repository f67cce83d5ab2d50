"""An estimate: traffic through the mirror engine, and its accounts times a scale as a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from vtaplib.analysis.load_entries import RatesEntry
from vtaplib.analysis.lost_frames import loss_entries
from vtaplib.analysis.naming import distinct_names
from vtaplib.analysis.report_parts import Amount, NotMirroredEntry
from vtaplib.analysis.traffic_estimate.flow_logs import FlowLogs, count_flow_logs
from vtaplib.analysis.traffic_estimate.report import (
    CollectorEstimate,
    EstimateReport,
    TapEstimate,
    TopTalker,
)
from vtaplib.analysis.traffic_warnings import traffic_warnings
from vtaplib.capture import CaptureReader
from vtaplib.capture.feed import CaptureFeed
from vtaplib.fabric.topology import Topology
from vtaplib.mirror.accounting import Accounts, TapPointAccount
from vtaplib.mirror.capacity import collected_beside, figures_of, machine_accounts
from vtaplib.mirror.count import Count
from vtaplib.mirror.engine import MirrorEngine
from vtaplib.mirror.flow_volume import FlowVolumes
from vtaplib.mirror.replay import Replay
from vtaplib.mirror.series import Series, total
from vtaplib.mirror.verdict import Reason
from vtaplib.model.policy import Policy

LONGEST_FRAME: Final = 0xFFFF + 18
"""The longest IP packet in a tagged Ethernet frame: what a capture says to be longer was not."""


def estimate(
    traffic: CaptureReader | FlowLogs,
    topology: Topology,
    policy: Policy | None = None,
    *,
    down: Sequence[str] = (),
    scale: float = 1,
    duration_seconds: float = 86_400,
    talkers: int = 5,
    cloud: str = "",
) -> EstimateReport:
    """What the TAPs of a topology would make of traffic, and their collectors get.

    `down` are the IDs of interfaces whose machine is taken for failed. All figures are `scale` times the
    measured ones, volumes those of `duration_seconds`; of each TAP the `talkers` largest pairs of addresses
    are listed. `cloud` is what the report calls the topology. A frame that was captured only in part counts
    in full. Raises `CaptureError` for what cannot be read at all.
    """
    policy = policy or Policy()
    feed = flow_logs = None
    if isinstance(traffic, FlowLogs):
        volumes = FlowVolumes(MirrorEngine(topology, policy, down=down))
        flow_logs = count_flow_logs(traffic, topology, volumes)
        accounts = volumes.accounts
    else:
        feed = CaptureFeed(traffic)
        accounts = _replayed(feed, Replay(topology, policy, down=down, with_talkers=True))
    figures = _Figures(topology, accounts, policy, scale, duration_seconds)
    return EstimateReport(
        source=traffic.name,
        format="flow logs" if feed is None else feed.format,
        cloud=cloud,
        policy=policy.in_force(),
        down=tuple(down),
        scale=scale,
        duration_seconds=duration_seconds,
        seconds=accounts.by_second.span,
        read=Amount.of(accounts.read, scale),
        tapped=Amount.of(accounts.tapped, scale),
        untapped=Amount.of(accounts.untapped, scale),
        nowhere=loss_entries(accounts.unrouted, scale),
        dropped=loss_entries(accounts.dropped, scale),
        taps=tuple(figures.taps(talkers, with_lengths=feed is not None)),
        collectors=tuple(figures.collectors()),
        warnings=traffic_warnings(
            accounts, topology, policy, machine_accounts(topology, accounts, policy, scale), scale
        ),
        flow_logs=flow_logs,
        skipped=() if feed is None else feed.skipped,
        ended_early=None if feed is None else feed.ended_early,
    )


def _replayed(feed: CaptureFeed, run: Replay) -> Accounts:
    for block in feed.blocks():
        run.block(block, longest_whole=LONGEST_FRAME)
    return run.accounts


@dataclass(frozen=True, slots=True)
class _Figures:
    """The figures of TAPs and collectors, so many times what the accounts have."""

    topology: Topology
    accounts: Accounts
    policy: Policy
    scale: float
    duration_seconds: float

    def taps(self, talkers: int, *, with_lengths: bool) -> Iterator[TapEstimate]:
        """Those of each TAP. Without lengths nobody knows whether a copy exceeds the MTU."""
        points: dict[str, list[TapPointAccount]] = {tap.id: [] for tap in self.topology.taps}
        sources: dict[str, set[str]] = {tap.id: set() for tap in self.topology.taps}
        for point, account in self.accounts.tap_points.items():
            points.setdefault(point.tap_id, []).append(account)
            sources.setdefault(point.tap_id, set()).add(point.interface_id)
        names = distinct_names(points)
        for tap_id, of_tap in points.items():
            copies = total(account.copies for account in of_tap)
            entered = sum(account.entered.frames for account in of_tap)
            over_mtu = sum(account.over_mtu for account in of_tap)
            yield TapEstimate(
                tap_id=tap_id,
                tap=names[tap_id],
                sources=len(sources[tap_id]),
                copies=self._amount(copies),
                rates=self._rates(copies),
                bytes_in_duration=self._volume(copies),
                over_mtu_share=over_mtu / entered if with_lengths and entered else None,
                not_mirrored=tuple(self._not_mirrored(of_tap)),
                talkers=tuple(self._talkers(tap_id, copies, talkers)),
            )

    def collectors(self) -> Iterator[CollectorEstimate]:
        """Those of each collector, beside the size of its machine."""
        collectors = self.topology.collectors
        names = distinct_names(one.id for one in collectors)
        for one in collectors:
            got = self.accounts.collectors.get(one.id, Series())
            figures = figures_of(self.topology, one, self.policy)
            collected = collected_beside(self.topology, self.accounts, one)
            peak = 8 * collected.peak_octets * self.scale
            packets = collected.peak_frames * self.scale
            yield CollectorEstimate(
                interface_id=one.id,
                interface=names[one.id],
                copies=self._amount(got),
                rates=self._rates(got),
                bytes_in_duration=self._volume(got),
                size=figures.size,
                megabits_per_second=figures.megabits_per_second,
                headroom_mbit_per_second=figures.headroom(peak),
                packets_per_second=figures.packets_per_second,
                headroom_packets_per_second=figures.packet_headroom(packets),
                smallest_size=figures.smallest(peak, packets) if got.frames else None,
            )

    def _not_mirrored(self, of_tap: Sequence[TapPointAccount]) -> Iterator[NotMirroredEntry]:
        for reason in Reason:
            counts = [account.not_mirrored[reason] for account in of_tap if reason in account.not_mirrored]
            if counts:
                count = Count(sum(one.frames for one in counts), sum(one.octets for one in counts))
                yield NotMirroredEntry.of(reason, count, self.scale)

    def _talkers(self, tap_id: str, copies: Series, most: int) -> Iterator[TopTalker]:
        if self.accounts.talkers is None:
            return
        for pair, count in self.accounts.talkers.largest(tap_id, most):
            amount = Amount.of(count, self.scale)
            yield TopTalker(
                source=_address_text(pair.source),
                destination=_address_text(pair.destination),
                frames=amount.frames,
                bytes=amount.bytes,
                share=count.octets / copies.octets,
            )

    def _amount(self, series: Series) -> Amount:
        return Amount.of(Count(series.frames, series.octets), self.scale)

    def _rates(self, series: Series) -> RatesEntry:
        return RatesEntry.of(series, self.accounts.by_second.span, self.scale)

    def _volume(self, series: Series) -> int:
        """The bytes of the duration asked for, at the average rate."""
        average = series.bits(self.accounts.by_second.span).average / 8
        return round(average * self.scale * self.duration_seconds)


def _address_text(packed: bytes) -> str:
    """An inner address: of IP, or of Ethernet."""
    return str(ip_address(packed)) if len(packed) in (4, 16) else packed.hex(":")
