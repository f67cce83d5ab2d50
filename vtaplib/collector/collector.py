"""The collector: datagrams in, inner frames through a pipeline to outputs, and an account of all of them.

Two threads. One does nothing but receive, into the arenas of a bounded backlog. The other takes arenas,
decapsulates, applies the pipeline and writes. While outputs are slower than what comes, the backlog fills;
then receiving stands still, the kernel's buffer fills, and what finds no room there either the kernel drops
and counts. So what can wait, and what was lost, is always known.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from copy import copy
from dataclasses import dataclass, field
from threading import Event, Lock, get_native_id
from typing import Final, Protocol, Self, TypeAlias

from vtaplib.collector.acceptance import VERDICTS, Acceptance
from vtaplib.collector.arena import Datagrams, Judge
from vtaplib.collector.backlog import Backlog
from vtaplib.collector.endpoint import Endpoint
from vtaplib.collector.health_port import HealthPort
from vtaplib.collector.kernel_counters import KernelCounters
from vtaplib.collector.output import EVERY_OUTPUT, Output
from vtaplib.collector.receiver import DEFAULT_RECEIVE_BUFFER, Receiver
from vtaplib.collector.refusal_log import RefusalLog
from vtaplib.collector.report import CollectorReport, OutputReport, stage_accounts
from vtaplib.collector.streams import StreamAccount, Streams
from vtaplib.collector.tap_interface import TapInterface
from vtaplib.errors import CollectorError, words_of
from vtaplib.mirror.count import Count
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.nanoseconds import NS_PER_SECOND
from vtaplib.packets.vxlan import HEADER_LENGTH

DEFAULT_BACKLOG: Final = 65_536
"""Datagrams that can wait in memory: a third of a second at 200 000 a second."""

_TICK_SECONDS: Final = 0.2

# After a small batch the next is left to gather for a moment, as interrupts of network cards are: at high
# rates that saves half the work. Only where the kernel's buffer holds what comes meanwhile.
_SMALL_BATCH: Final = 128
_GATHER_SECONDS: Final = 0.001
_GATHER_BUFFER: Final = 4 << 20

_AHEAD: Final = 10
"""By how much the receiving thread is less nice than the others (nice(1)); needs CAP_SYS_NICE."""


class StageOrPipeline(Protocol):
    """A broker's stage or pipeline: changes a block in place."""

    def apply(self, block: PacketBlock) -> None:
        """Drop, shorten, rewrite, choose outputs."""


@dataclass(slots=True)
class Destination:
    """An output, and the number of the packets that it is given: all of them, or those that a balancing stage
    gave this number.
    """

    output: Output
    number: int = EVERY_OUTPUT
    given: Count = field(default_factory=Count)


Outputs: TypeAlias = Sequence[Output | Destination]


class Collector:
    """Collects from `start` until `stop`; as a context manager, from entering to leaving.

    `outputs` are given all frames, or as a `Destination` those of one number. A function that opens them is
    called by `start` once it is sure that it can listen, so that nothing is touched where it cannot.
    `backlog` is how many datagrams can wait in memory, `receive_buffer` the octets of the kernel's buffer
    that are asked for. After `count` frames no more are taken, and it ends. `streams` is given where an
    output needs their descriptions. `health` is where load-balancer probes are answered while it runs.
    `estimates_gaps` says whether TCP flows are followed to estimate what is missing from streams. Raises
    `CollectorError` where it cannot listen.
    """

    def __init__(
        self,
        listen: Endpoint,
        outputs: Outputs | Callable[[], Outputs] = (),
        *,
        acceptance: Acceptance | None = None,
        pipeline: StageOrPipeline | None = None,
        backlog: int = DEFAULT_BACKLOG,
        receive_buffer: int = DEFAULT_RECEIVE_BUFFER,
        streams: Streams | None = None,
        health: Endpoint | None = None,
        count: int | None = None,
        estimates_gaps: bool = True,
    ) -> None:
        if backlog < 1:
            raise CollectorError(f"backlog {backlog}: cannot be; at least 1 datagram must find room")
        self.streams = Streams() if streams is None else streams
        self.streams.want(count)
        self._judge = Judge(Acceptance() if acceptance is None else acceptance, self.streams)
        self._pipeline = pipeline
        self._estimates_gaps = estimates_gaps
        self._open_outputs = outputs if callable(outputs) else None
        self._destinations = [] if callable(outputs) else _destinations(outputs)
        self._backlog = Backlog(backlog, self._judge.slot)
        self._listen, self._receive_buffer, self._health = listen, receive_buffer, health
        self._log = RefusalLog()
        self._stopping, self._ended = Event(), Event()
        self._lock = Lock()
        self._passed = Count()
        self._totals = self._judge.totals[:]
        self._undo = ExitStack()
        self._is_begun = False
        self._receiver: Receiver | None = None
        self._threads: list[Future[None]] = []
        self._started = self._stopped = 0.0
        self._kernel = self._kernel_before = self._read_counters()
        self._next_tick_ns = 0

    @property
    def listen(self) -> Endpoint:
        """Where it listens, once it is started: with the port that the system chose where 0 was asked for."""
        return self._listen

    @property
    def health(self) -> Endpoint | None:
        """Where probes are answered; likewise."""
        return self._health

    def start(self) -> None:
        """Begin to receive. Raises `CollectorError` where that cannot be; a collector starts once."""
        if self._is_begun:
            raise CollectorError(f"{self._listen}: a collector starts once; make another")
        self._is_begun = True
        with ExitStack() as undo:
            # Closed in any case, and last.
            undo.callback(self._close_outputs)
            undo.callback(self._log.close)
            receiver = Receiver(self._listen, self._receive_buffer)
            undo.callback(receiver.close)
            self._listen = receiver.listen
            self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            undo.callback(os.close, self._wake)
            if self._health is not None:
                port = undo.enter_context(HealthPort(self._health, self._health_line))
                self._health = port.listen
            if self._open_outputs is not None:
                self._destinations = _destinations(self._open_outputs())
            self._kernel_before = self._read_counters()
            self._started = time.monotonic()
            threads = undo.enter_context(ThreadPoolExecutor(2, "vtap-collector"))
            self._threads = [threads.submit(self._receive, receiver), threads.submit(self._work)]
            self._receiver = receiver
            self._undo = undo.pop_all()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it ends by itself (it has as many frames as it wanted, or an output failed), but at most
        so long. Returns whether it did; `stop` must follow in any case.
        """
        return self._ended.wait(seconds)

    def stop(self) -> None:
        """Take what the kernel still holds, finish the outputs, and end; a second call does nothing. Raises
        the `CollectorError` of an output that failed.
        """
        if self._stopped or self._receiver is None:
            return
        self._end()
        try:
            for thread in self._threads:
                thread.exception()
            self._kernel = self._read_counters()
            self._stopped = time.monotonic()
        finally:
            self._undo.close()
        for thread in self._threads:
            thread.result()

    @property
    def seconds(self) -> float:
        """How long it has been running, or did."""
        if self._receiver is None:
            return 0.0
        return (self._stopped or time.monotonic()) - self._started

    def report(self) -> CollectorReport:
        """What it did so far. Of a running collector, what is just being worked on may be in it in part."""
        return self._report(tuple(self.streams))

    def _report(self, streams: tuple[StreamAccount, ...]) -> CollectorReport:
        receiver, is_over = self._receiver, bool(self._stopped)
        kernel = self._kernel if is_over or receiver is None else self._read_counters()
        with self._lock:
            counts = [Count(*self._totals[at : at + 2]) for at in range(0, len(self._totals), 2)]
            passed = copy(self._passed)
            waiting = self._backlog.waiting
        refused = {refusal: counts[verdict] for verdict, refusal in VERDICTS.items()}
        # A taken datagram had a header that its frame has not.
        octets = (
            counts[0].octets + HEADER_LENGTH * counts[0].frames + sum(one.octets for one in refused.values())
        )
        return CollectorReport(
            seconds=self.seconds,
            received=Count(sum(one.frames for one in counts), octets),
            taken=counts[0],
            refused=refused,
            stages=stage_accounts(self._pipeline),
            passed=passed,
            outputs=tuple(OutputReport.of(one.given, one.output) for one in self._destinations),
            waiting=waiting,
            kernel_dropped=0 if receiver is None else receiver.dropped(),
            kernel=kernel.since(self._kernel_before),
            backlog=self._backlog.capacity,
            backlog_high_water=self._backlog.high_water,
            backlog_full=self._backlog.times_full,
            receive_buffer=0 if receiver is None else receiver.receive_buffer,
            streams=streams,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _receive(self, receiver: Receiver) -> None:
        """The receiving thread, until `stop` or the end of the other."""
        backlog = self._backlog
        # What reads too late loses; what works too late only waits. Where it may not, it goes without.
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) - _AHEAD)
        try:
            waiter = select.poll()
            waiter.register(receiver.fileno(), select.POLLIN)
            waiter.register(self._wake, select.POLLIN)
            gathers = receiver.receive_buffer >= _GATHER_BUFFER
            while not self._stopping.is_set():
                waiter.poll()
                arena = backlog.begin(_TICK_SECONDS)
                if arena is None:
                    continue
                count = receiver.receive(arena)
                backlog.filled(count)
                if gathers and count < _SMALL_BATCH:
                    time.sleep(_GATHER_SECONDS)
            receiver.refuse_more()
            while not self._ended.is_set():
                arena = backlog.begin(_TICK_SECONDS)
                if arena is not None:
                    count = receiver.receive(arena)
                    backlog.filled(count)
                    if not count:
                        break
        except OSError as error:
            raise CollectorError(f"{self._listen}: cannot be received from: {words_of(error)}") from error
        except MemoryError as error:
            raise CollectorError(
                f"backlog {self._backlog.capacity:,}: there is not enough memory for it; make it smaller"
            ) from error
        finally:
            backlog.end()

    def _work(self) -> None:
        """The working thread, until nothing more comes, or an output fails."""
        try:
            while not self._backlog.is_over:
                datagrams = self._backlog.take(_TICK_SECONDS)
                now_ns = time.time_ns()
                if datagrams is not None:
                    try:
                        self._pass_on(datagrams, now_ns)
                    finally:
                        self._backlog.release(datagrams)
                if now_ns >= self._next_tick_ns or datagrams is None:
                    self._next_tick_ns = now_ns + int(_TICK_SECONDS * NS_PER_SECOND)
                    self._log.tick(now_ns)
                    for destination in self._destinations:
                        destination.output.tick(now_ns)
        finally:
            self._ended.set()
            self._end()

    def _pass_on(self, datagrams: Datagrams, now_ns: int) -> None:
        """Judge datagrams, and bring the frames of those that are taken to the outputs."""
        block = self._judge.decapsulate(datagrams, now_ns)
        if block.count != datagrams.count:
            self._log.note(datagrams, now_ns)
        if block.count and self._estimates_gaps:
            self.streams.look_for_gaps(block)
        if block.count and self._pipeline is not None:
            self._pipeline.apply(block)
        octets = block.octets
        try:
            for destination in self._destinations:
                self._give(destination, block, octets)
        finally:
            with self._lock:
                self._totals = self._judge.totals[:]
                self._passed.add(block.count, octets)
        if self.streams.is_satisfied:
            self._ended.set()

    def _give(self, destination: Destination, block: PacketBlock, octets: int) -> None:
        """Write what is a destination's of a block, which has so many octets altogether."""
        number, count = destination.number, block.count
        frames = count
        if number != EVERY_OUTPUT:
            outputs = block.outputs[:count]
            frames = outputs.count(number)
            octets = sum(
                length for length, one in zip(block.lengths[:count], outputs, strict=True) if one == number
            )
        if frames:
            destination.output.write(block, number)
            destination.given.add(frames, octets)

    def _read_counters(self) -> KernelCounters:
        outputs = (one.output for one in self._destinations)
        return KernelCounters.read([one.name for one in outputs if isinstance(one, TapInterface)])

    def _close_outputs(self) -> None:
        """Close the outputs, each whatever becomes of the others."""
        with ExitStack() as undo:
            for destination in self._destinations:
                undo.callback(destination.output.close)

    def _end(self) -> None:
        """Let the receiving thread come to its end."""
        self._stopping.set()
        os.eventfd_write(self._wake, 1)

    def _health_line(self) -> str:
        """A line of counters for a probe that asks."""
        # Without the streams, which are many.
        report = self._report(())
        refused = sum(count.frames for count in report.refused.values())
        return (
            f"received {report.received.frames} taken {report.taken.frames} refused {refused} "
            f"dropped {report.kernel_dropped} waiting {report.waiting}"
        )


def _destinations(outputs: Outputs) -> list[Destination]:
    return [one if isinstance(one, Destination) else Destination(one) for one in outputs]
