"""A run of `vtap send`: from a capture to datagrams, and the report of it.

A signal to end (SIGINT, SIGTERM) ends the run with its report; a later one ends it at once.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from vtaplib.analysis.amount import Amount
from vtaplib.analysis.naming import interfaces_named, listed, one_named
from vtaplib.capture.feed import CaptureFeed, EarlyEnd, SkippedEntry
from vtaplib.cli.cloud_file import read_topology
from vtaplib.cli.progress import reading
from vtaplib.cli.send.origin import CapturedCopies, Frames, Origin, ReplayedCopies
from vtaplib.cli.send.rate import pace_of
from vtaplib.cli.send.read_ahead import read_ahead
from vtaplib.cli.send.report import NotSentEntry, OtherCollectorEntry, SendReport
from vtaplib.cli.send.rounds import rounds
from vtaplib.cli.signals import FirstSignal
from vtaplib.collector.endpoint import Endpoint
from vtaplib.collector.payloads import Payloads
from vtaplib.collector.sending import Sender, overhead_of
from vtaplib.errors import VtapError
from vtaplib.model import ids
from vtaplib.model.policy import Policy
from vtaplib.packets import vxlan
from vtaplib.packets.nanoseconds import NS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Network:
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
    network: Network | None
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
    origin, collectors, targets = _origin(request)
    header_length = 0 if request.vni is None else vxlan.HEADER_LENGTH
    pace = pace_of(
        speed=request.speed,
        rate=request.rate,
        top_speed=request.top_speed,
        max_gap=request.max_gap,
        overhead=overhead_of(targets[0]) + header_length,
    )
    reading = Reading(request.capture, origin, ahead=not request.top_speed)
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
        ending(sender, reading),
    ):
        for payloads in rounds(reading.read, request.loop, sender.start_anew, request.capture):
            sender.send(payloads)
            if sender.has_ended:
                break
    sending = sender.report()
    others = origin.others if isinstance(origin, ReplayedCopies) else {}
    return SendReport(
        capture=reading.name,
        format=reading.format,
        collectors=tuple(ids.name(one) for one in collectors),
        sending=sending,
        interrupted=reading.is_interrupted,
        read=Amount.of(origin.read),
        not_sent=tuple(
            NotSentEntry(why, count.frames, count.octets) for why, count in origin.skipped.items()
        ),
        other_collectors=tuple(
            OtherCollectorEntry(ids.name(one), count.frames, count.octets) for one, count in others.items()
        ),
        skipped=reading.skipped,
        ended_early=reading.ended_early,
    )


class InterruptedReading(BaseException):
    """A signal to end came while a capture was waited for. It is nobody's to catch but the reading's."""


class Reading:
    """The reading of a capture, from its beginning each time; `ahead` of what is sent, or as it is sent.

    A pipe is never read ahead: a thread that waits for it could not be told to stop.
    """

    def __init__(self, capture: str, origin: Origin, *, ahead: bool) -> None:
        self.is_waiting = False
        """Whether it waits for what stands in the capture: a pipe may give nothing for a while."""
        self.is_interrupted = False
        self.name = capture
        self.format = ""
        self.skipped: tuple[SkippedEntry, ...] = ()
        self.ended_early: EarlyEnd | None = None
        self._capture = capture
        self._ahead = ahead and os.path.isfile(capture)
        self._origin = origin

    def read(self) -> Iterator[Payloads]:
        """The payloads of the capture."""
        with reading(self._capture, "sending") as reader:
            feed = CaptureFeed(reader)
            self.name, self.format = feed.name, feed.format
            pieces = self._origin.payloads(feed)
            if self._ahead:
                pieces = read_ahead(pieces)
            try:
                while (payloads := self._next(pieces)) is not None:
                    yield payloads
            finally:
                if isinstance(pieces, Generator):
                    pieces.close()
                self.skipped, self.ended_early = feed.skipped, feed.ended_early

    def _next(self, pieces: Iterator[Payloads]) -> Payloads | None:
        self.is_waiting = True
        try:
            return next(pieces, None)
        except InterruptedReading:
            return None
        finally:
            self.is_waiting = False


@contextmanager
def ending(sender: Sender, reading: Reading) -> Iterator[None]:
    """Let a signal to end stop the sender, and its reader where that waits for something."""
    first = FirstSignal()

    def end(number: int, frame: FrameType | None) -> None:
        reading.is_interrupted = True
        sender.stop()
        if first.is_this(number) and reading.is_waiting:
            raise InterruptedReading

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _origin(request: SendRequest) -> tuple[Origin, list[str], list[Endpoint]]:
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
        return CapturedCopies() if request.vni is None else Frames(), [], [_endpoint(request.to[0])]
    topology = read_topology(request.network.cloud)
    known = [one.id for one in topology.collectors]
    wanted = _targets(request.to, request.collector, known)
    down = interfaces_named(topology, request.network.down, "--down ")
    origin = ReplayedCopies(topology, request.network.policy, list(wanted), down)
    return origin, list(wanted), [_endpoint(text) for text in wanted.values()]


def _endpoint(text: str) -> Endpoint:
    return Endpoint.of(text, "--to", least_port=1)


def _targets(to: Sequence[str], collector: str | None, known: Sequence[str]) -> dict[str, str]:
    """The address for each collector that is sent to, by the ID of its interface."""
    if not known:
        raise VtapError(
            "the cloud has no TAP with a collector, so that there are no copies to send; --vni N sends the "
            "frames of the capture themselves"
        )
    names = listed([ids.name(one) for one in known])
    if len(to) == 1 and "=" not in to[0]:
        if collector is not None:
            return {one_named(known, collector, "collector", "--collector "): to[0]}
        if len(known) > 1:
            raise VtapError(
                f"--to {to[0]}: the cloud has {len(known)} collectors, {names}; choose one with --collector, "
                "or give each its own with --to NAME=ADDRESS"
            )
        return {known[0]: to[0]}
    if collector is not None:
        raise VtapError(
            f"--collector {collector}: it chooses for one --to ADDRESS; here --to names collectors"
        )
    wanted: dict[str, str] = {}
    for one in to:
        name, equals, address = one.partition("=")
        if not equals:
            raise VtapError(f"--to {one}: of several, each says for whom it is: --to NAME=ADDRESS[:PORT]")
        collector_id = one_named(known, name, "collector", "--to ")
        if collector_id in wanted:
            raise VtapError(f"--to {one}: {name} has the address {wanted[collector_id]} already")
        wanted[collector_id] = address
    return wanted
