"""A run of `vtap collect`: from options to a collector, until it is to end, and the report of it.

SIGINT or SIGTERM ends the run: what was received by then is finished first. A later one ends the process at
once, whatever an output may be waiting for. A SIGHUP is never that later one: shells and systemd send it
behind another signal, or twice.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TypeAlias

from vtaplib.analysis.collecting.report import CollectReport, OutputEntry, collect_report
from vtaplib.cli.collect.hangup import OnHangup
from vtaplib.cli.collect.live import Live
from vtaplib.cli.collect.request import STANDARD_OUTPUT, CollectRequest
from vtaplib.cli.output import say_what_is_logged
from vtaplib.cli.signals import FirstSignal
from vtaplib.collector.acceptance import Acceptance
from vtaplib.collector.collector import Collector, Destination
from vtaplib.collector.forwarding import Forwarder
from vtaplib.collector.output import EVERY_OUTPUT, Output
from vtaplib.collector.rotation import RotatingCapture
from vtaplib.collector.streams import Streams
from vtaplib.collector.tap_interface import TapInterface
from vtaplib.errors import CollectorError

# How often the run looks whether it is over, and shows how it goes.
_GLANCE_SECONDS = 0.1


@dataclass(slots=True)
class Openings:
    """The outputs that are open, what each is called, and what closes them if it comes to nothing."""

    streams: Streams
    undo: ExitStack
    names: list[str] = field(default_factory=list)
    destinations: list[Destination] = field(default_factory=list)

    def add(self, name: str, output: Output, number: int = EVERY_OUTPUT) -> None:
        """Keep one."""
        self.undo.callback(output.close)
        self.names.append(name)
        self.destinations.append(Destination(output, number))

    def reopen(self) -> None:
        """Have the files that are being written finished, and new ones begun."""
        for destination in self.destinations:
            if isinstance(destination.output, RotatingCapture):
                destination.output.reopen()


def run(request: CollectRequest) -> tuple[CollectReport, CollectorError | None]:
    """Collect until that is over; returns also what an output ended it with, if one did. Raises `VtapError`
    where it cannot listen, or an output cannot be.
    """
    say_what_is_logged()
    with _signals(request.on_hangup) as asked, ExitStack() as undo:
        openings = Openings(Streams(), undo)
        collector = Collector(
            request.listen,
            lambda: _open_outputs(request, openings),
            acceptance=Acceptance(request.vnis, request.sources, request.max_frame),
            pipeline=request.pipeline,
            backlog=request.backlog,
            streams=openings.streams,
            health=request.health,
            count=request.count,
        )
        failure: CollectorError | None = None
        collector.start()
        try:
            with Live(collector) as live:
                live.begin(openings.names)
                while not (asked.end or collector.wait(_GLANCE_SECONDS)):
                    live.show()
                    if asked.reopen:
                        asked.reopen = False
                        openings.reopen()
                    if request.seconds is not None and collector.seconds >= request.seconds:
                        break
        finally:
            try:
                collector.stop()
            except CollectorError as error:
                # What was done until then is still worth a report.
                failure = error
    outputs = tuple(
        OutputEntry.of(name, destination)
        for name, destination in zip(openings.names, openings.destinations, strict=True)
    )
    said = None if failure is None else str(failure)
    return collect_report(collector, request.stages, outputs, said), failure


def _open_outputs(request: CollectRequest, openings: Openings) -> Sequence[Destination]:
    """Open what frames go to; returns it. Of several outputs each gets files of its own; an interface shows
    all frames; collectors get those of one output each, or all frames where there is one.
    """
    numbers = range(request.outputs) if request.outputs > 1 else (EVERY_OUTPUT,)
    if request.write is not None:
        for number in (EVERY_OUTPUT,) if request.write == STANDARD_OUTPUT else numbers:
            target, name = _numbered(request.write, number, is_folder=request.writes_folder)
            capture = RotatingCapture(
                target,
                describe=openings.streams.describe,
                name=name,
                rotate_octets=request.rotate_octets,
                rotate_seconds=request.rotate_seconds,
                keep=request.keep,
                fsync=request.fsync,
            )
            openings.add("standard output" if target == STANDARD_OUTPUT else f"{target}", capture, number)
    if request.interface is not None:
        openings.add(f"interface {request.interface}", TapInterface(request.interface))
    for index, endpoint in enumerate(request.forward):
        number = index if request.outputs > 1 else EVERY_OUTPUT
        forwarder = Forwarder(endpoint, vni_of=openings.streams.vni)
        openings.add(f"collector {endpoint}", forwarder, number)
    return openings.destinations


def _numbered(target: str, number: int, *, is_folder: bool) -> tuple[str, str]:
    """Where the files of an output go, and what they are called: those of several have its number, from 1."""
    if number == EVERY_OUTPUT:
        return target, "vtap"
    path = Path(target)
    if is_folder or target.endswith("/") or path.is_dir():
        return target, f"vtap-{number + 1}"
    return str(path.with_name(f"{path.stem}-{number + 1}{path.suffix}")), "vtap"


_Action: TypeAlias = "Callable[[int, FrameType | None], None] | signal.Handlers"


@dataclass(slots=True)
class _Asked:
    """What signals have asked for. No locks: one signal may come in the middle of the handler of another."""

    end: bool = False
    reopen: bool = False


@contextmanager
def _signals(on_hangup: OnHangup) -> Iterator[_Asked]:
    """What signals ask for from here on."""
    asked, first = _Asked(), FirstSignal()

    def end(number: int, frame: FrameType | None) -> None:
        asked.end = True
        if number != signal.SIGHUP:
            first.is_this(number)

    def reopen(number: int, frame: FrameType | None) -> None:
        asked.reopen = True

    hangups: dict[OnHangup, _Action] = {
        OnHangup.END: end,
        OnHangup.REOPEN: reopen,
        OnHangup.IGNORE: signal.SIG_IGN,
    }
    actions = {signal.SIGHUP: hangups[on_hangup], signal.SIGINT: end, signal.SIGTERM: end}
    before = {one: signal.signal(one, action) for one, action in actions.items()}
    try:
        yield asked
    finally:
        if asked.end:
            # It may come once more while the report is printed.
            del before[signal.SIGHUP]
        for one, action in before.items():
            signal.signal(one, action)
