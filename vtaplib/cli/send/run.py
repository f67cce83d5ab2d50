"""A run of `vtap send`: from a capture to datagrams, and the report of it.

A signal to end (SIGINT, SIGTERM) ends the run with its report; a later one ends it at once.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from vtaplib.analysis.amount import Amount
from vtaplib.analysis.naming import interfaces_named
from vtaplib.analysis.sending.report import NotSentEntry, OtherCollectorEntry, SendReport
from vtaplib.cli.cloud_file import read_topology
from vtaplib.cli.send.rate import pace_of
from vtaplib.cli.send.reading import CaptureReading, ended_by_signals
from vtaplib.cli.send.targets import target_of, targets_of
from vtaplib.collector.endpoint import Endpoint
from vtaplib.collector.payload_source import (
    CapturedCopySource,
    FrameSource,
    PayloadSource,
    ReplayedCopySource,
)
from vtaplib.collector.rounds import rounds
from vtaplib.collector.sending import Sender, overhead_of
from vtaplib.errors import VtapError
from vtaplib.model import ids
from vtaplib.model.policy import Policy
from vtaplib.packets import vxlan
from vtaplib.packets.nanoseconds import NS_PER_SECOND


@dataclass(frozen=True, slots=True)
class ReplayedNetwork:
    """The applied network to replay through: its file, its policy, and interfaces taken for failed."""

    cloud: Path
    policy: Policy
    down: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SendRequest:
    """What to send and how. Copies are those that the `network` makes; without one, frames under `vni`, or,
    where that is None too, the copies that the capture holds. `to` are the targets, each ADDRESS[:PORT] or
    NAME=ADDRESS[:PORT]; `collector` is the name of the collector that an address without a name is for.
    """

    capture: str
    to: tuple[str, ...]
    network: ReplayedNetwork | None
    vni: int | None
    collector: str | None
    speed: float | None
    rate: str | None
    top_speed: bool
    max_gap: float | None
    loop: int
    count: int | None
    duration: float | None
    spread: int
    bind: str
    keep_order: bool
    offload: bool


def send(request: SendRequest) -> SendReport:
    """Send a capture. Raises `VtapError` for what cannot be opened, read at all, or sent to."""
    source, collectors, targets = _source(request)
    header_length = 0 if request.vni is None else vxlan.HEADER_LENGTH
    pace = pace_of(
        speed=request.speed,
        rate=request.rate,
        top_speed=request.top_speed,
        max_gap=request.max_gap,
        overhead=overhead_of(targets[0]) + header_length,
    )
    capture = CaptureReading(request.capture, source, ahead=not request.top_speed)
    with (
        Sender(
            targets,
            pace,
            vni=request.vni,
            spread=request.spread,
            bind=request.bind,
            by_port=not request.keep_order,
            offload=request.offload,
            most=request.count,
            stop_after_ns=None if request.duration is None else int(request.duration * NS_PER_SECOND),
        ) as sender,
        ended_by_signals(sender, capture),
    ):
        rounds_of = rounds(
            capture.read,
            request.loop,
            sender.start_anew,
            name=f"--loop: {request.capture}",
            can_be_read_again=os.path.isfile(request.capture),
        )
        for payloads in rounds_of:
            sender.send(payloads)
            if sender.has_ended:
                break
    sending = sender.report()
    return SendReport(
        capture=capture.name,
        format=capture.format,
        collectors=tuple(ids.name(one) for one in collectors),
        sending=sending,
        interrupted=capture.is_interrupted,
        read=Amount.of(source.read),
        not_sent=tuple(
            NotSentEntry(why, count.frames, count.octets) for why, count in source.skipped.items()
        ),
        other_collectors=tuple(
            OtherCollectorEntry(ids.name(collector_id), count.frames, count.octets)
            for collector_id, count in source.others.items()
        ),
        skipped=capture.skipped,
        ended_early=capture.ended_early,
    )


def _source(request: SendRequest) -> tuple[PayloadSource, list[str], list[Endpoint]]:
    """What makes payloads, the IDs of the collectors that they are for, and the targets, one for each."""
    if request.network is None:
        if len(request.to) != 1 or "=" in request.to[0]:
            raise VtapError(
                f"--to {' --to '.join(request.to)}: without a network there is one stream; "
                "give one ADDRESS or ADDRESS:PORT"
            )
        if request.collector is not None:
            raise VtapError(
                f"--collector {request.collector}: without a network there is no collector to choose"
            )
        return CapturedCopySource() if request.vni is None else FrameSource(), [], [target_of(request.to[0])]
    topology = read_topology(request.network.cloud)
    known = [one.id for one in topology.collectors]
    wanted = targets_of(request.to, request.collector, known)
    down = interfaces_named(topology, request.network.down, "--down ")
    source = ReplayedCopySource(topology, request.network.policy, list(wanted), down)
    return source, list(wanted), [target_of(text) for text in wanted.values()]
