"""An estimate from a capture or from flow logs, through a cloud's file, into a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from vtaplib.capture import Batch
from vtaplib.capture.flow_log import FlowLogReader
from vtaplib.cli.cloud_file import cloud_files, open_cloud
from vtaplib.cli.collector_captures import collectors_of
from vtaplib.cli.estimate.flow_logs import FlowLogIntake, flow_logs_in
from vtaplib.cli.estimate.report import (
    CollectorEntry,
    EstimateReport,
    FlowLogEntry,
    TalkerEntry,
    TapEntry,
)
from vtaplib.cli.feed import Feed
from vtaplib.cli.input_directory import Input, input_files
from vtaplib.cli.load_entries import RatesEntry, machine_warnings
from vtaplib.cli.naming import distinct_names, one_named
from vtaplib.cli.progress import Progress
from vtaplib.cli.replay_report import Amount, EarlyEnd, NotMirroredEntry, SkippedEntry
from vtaplib.errors import CaptureError
from vtaplib.fabric.topology import Interface, Topology
from vtaplib.loops import COMPILED
from vtaplib.mirror.accounting import Accounts, CollectorAccount, TapPointAccount
from vtaplib.mirror.block_replay import BlockReplay
from vtaplib.mirror.capacity import figures_of, machine_accounts
from vtaplib.mirror.count import Count
from vtaplib.mirror.engine import MirrorEngine
from vtaplib.mirror.flow_volume import FlowVolumes
from vtaplib.mirror.series import Series, total
from vtaplib.mirror.verdict import Reason
from vtaplib.model.policy import Policy

LONGEST_FRAME: Final = 0xFFFF + 18
"""The longest IP packet in a tagged Ethernet frame: what a capture says to be longer was not."""


@dataclass(frozen=True, slots=True)
class EstimateRequest:
    """What to estimate from: a capture, or flow logs. `talkers` is how many pairs of addresses to list."""

    cloud: Path
    policy: Policy
    capture: str | None = None
    flow_logs: tuple[Path, ...] = ()
    down: tuple[str, ...] = ()
    scale: float = 1
    duration_seconds: float = 86_400
    talkers: int = 5

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What is read."""
        logs = flow_logs_in(self.flow_logs) if self.capture is None else [self.capture]
        return *logs, *cloud_files(self.cloud)


@dataclass(frozen=True, slots=True)
class Intake:
    """What was taken in, and from where."""

    source: str
    format: str
    accounts: Accounts
    flow_logs: FlowLogEntry | None = None
    skipped: tuple[SkippedEntry, ...] = ()
    ended_early: EarlyEnd | None = None


def estimate(request: EstimateRequest) -> EstimateReport:
    """Estimate. Raises `VtapError` for what cannot be opened, or read at all."""
    with open_cloud(request.cloud) as cloud, cloud.snapshot() as view:
        topology = Topology.of(view)
    interface_ids = [one.id for one in topology.interfaces]
    down = tuple(one_named(interface_ids, one, "interface", "--down ") for one in request.down)
    if request.capture is not None:
        intake = _take_capture(
            request.capture, BlockReplay(topology, request.policy, down=down, with_talkers=True)
        )
    else:
        volumes = FlowVolumes(MirrorEngine(topology, request.policy, down=down))
        intake = _take_flow_logs(request.flow_logs, topology, volumes)
    accounts = intake.accounts
    return EstimateReport(
        source=intake.source,
        format=intake.format,
        cloud=str(request.cloud),
        policy=request.policy.in_force(),
        down=down,
        scale=request.scale,
        duration_seconds=request.duration_seconds,
        seconds=accounts.by_second.span,
        read=_amount(accounts.read, request.scale),
        untapped=_amount(accounts.untapped, request.scale),
        taps=tuple(_taps(topology, accounts, request, in_flow_logs=intake.flow_logs is not None)),
        collectors=tuple(_collectors(topology, accounts, request)),
        warnings=tuple(
            warning
            for machine in machine_accounts(topology, accounts, request.policy, request.scale)
            for warning in machine_warnings(machine, request.policy)
        ),
        flow_logs=intake.flow_logs,
        skipped=intake.skipped,
        ended_early=intake.ended_early,
    )


def _take_capture(capture: str, run: BlockReplay) -> Intake:
    with Feed(capture, "estimating") as feed:
        if COMPILED:
            for block in feed.blocks():
                run.block(block, longest_whole=LONGEST_FRAME)
        else:
            for batch in feed:
                run.batch(batch.timestamps_ns, whole_frames(batch))
        return Intake(
            feed.name, feed.format, run.accounts, skipped=feed.skipped, ended_early=feed.ended_early
        )


def whole_frames(batch: Batch) -> list[bytes]:
    """The frames of a batch as long as they were, with zeros for what the capture does not have of them."""
    if sum(batch.original_lengths) == sum(map(len, batch.data)):
        return batch.data
    return [
        frame.ljust(min(length, LONGEST_FRAME), b"\0")
        for frame, length in zip(batch.data, batch.original_lengths, strict=True)
    ]


def _take_flow_logs(paths: Sequence[Path], topology: Topology, volumes: FlowVolumes) -> Intake:
    files = list(input_files(flow_logs_in(paths)))
    taking = FlowLogIntake(topology, volumes)
    troubles: list[CaptureError] = []
    for path in files:
        with Progress(str(path), "estimating") as progress:
            try:
                with closing(FlowLogReader(progress.source)) as reader:
                    for _ in taking.read(reader):
                        progress.advance()
            except CaptureError as error:
                troubles.append(error)
    if troubles and not taking.records:
        raise troubles[0]
    return Intake(
        ", ".join(str(path) for path in paths),
        "flow logs",
        volumes.accounts,
        FlowLogEntry(
            files=len(files),
            records=taking.records,
            tuples=taking.tuples,
            without_traffic=taking.without_traffic,
            denied=taking.denied,
            elsewhere=taking.elsewhere,
            troubles=tuple(str(one) for one in troubles),
        ),
    )


def _taps(
    topology: Topology, accounts: Accounts, request: EstimateRequest, *, in_flow_logs: bool
) -> Iterator[TapEntry]:
    points: dict[str, list[TapPointAccount]] = {tap.id: [] for tap in topology.taps}
    sources: dict[str, set[str]] = {tap.id: set() for tap in topology.taps}
    for point, account in accounts.tap_points.items():
        points.setdefault(point.tap_id, []).append(account)
        sources.setdefault(point.tap_id, set()).add(point.interface_id)
    names = distinct_names(points)
    for tap_id, of_tap in points.items():
        copies = total(account.copies for account in of_tap)
        entered = sum(account.entered.frames for account in of_tap)
        over_mtu = sum(account.over_mtu for account in of_tap)
        yield TapEntry(
            tap_id=tap_id,
            tap="/".join(names[tap_id]),
            sources=len(sources[tap_id]),
            copies=_amount(Count(copies.frames, copies.octets), request.scale),
            rates=RatesEntry.of(copies, accounts.by_second.span, request.scale),
            bytes_in_duration=_volume(copies, accounts, request),
            over_mtu_share=None if in_flow_logs or not entered else over_mtu / entered,
            not_mirrored=tuple(_not_mirrored(of_tap, request.scale)),
            talkers=tuple(_talkers(tap_id, copies, accounts, request)),
        )


def _not_mirrored(of_tap: Sequence[TapPointAccount], scale: float) -> Iterator[NotMirroredEntry]:
    for reason in Reason:
        counts = [account.not_mirrored[reason] for account in of_tap if reason in account.not_mirrored]
        if counts:
            count = Count(sum(one.frames for one in counts), sum(one.octets for one in counts))
            amount = _amount(count, scale)
            yield NotMirroredEntry(reason.name.lower(), reason.value, amount.frames, amount.bytes)


def _talkers(
    tap_id: str, copies: Series, accounts: Accounts, request: EstimateRequest
) -> Iterator[TalkerEntry]:
    if accounts.talkers is None:
        return
    for pair, count in accounts.talkers.largest(tap_id, request.talkers):
        amount = _amount(count, request.scale)
        yield TalkerEntry(
            source=address_text(pair.source),
            destination=address_text(pair.destination),
            frames=amount.frames,
            bytes=amount.bytes,
            share=count.octets / copies.octets,
        )


def _collectors(topology: Topology, accounts: Accounts, request: EstimateRequest) -> Iterator[CollectorEntry]:
    collectors: tuple[Interface, ...] = collectors_of(topology)
    names = distinct_names(one.id for one in collectors)
    for one in collectors:
        got = accounts.collectors.get(one.id, CollectorAccount())
        figures = figures_of(topology, one)
        peak = got.bits().peak * request.scale
        yield CollectorEntry(
            interface_id=one.id,
            interface="/".join(names[one.id]),
            copies=_amount(Count(got.frames, got.octets), request.scale),
            rates=RatesEntry.of(got, accounts.by_second.span, request.scale),
            bytes_in_duration=_volume(got, accounts, request),
            size=figures.size,
            megabits_per_second=figures.megabits_per_second,
            headroom_mbit_per_second=figures.headroom(peak),
            smallest_size=figures.smallest(peak) if got.frames else None,
        )


def _volume(series: Series, accounts: Accounts, request: EstimateRequest) -> int:
    """The bytes of the duration asked for, at the average rate."""
    average = series.bits(accounts.by_second.span).average / 8
    return round(average * request.scale * request.duration_seconds)


def _amount(count: Count, scale: float) -> Amount:
    return Amount(round(count.frames * scale), round(count.octets * scale))


def address_text(packed: bytes) -> str:
    """An inner address: of IP, or of Ethernet."""
    return str(ip_address(packed)) if len(packed) in (4, 16) else packed.hex(":")
