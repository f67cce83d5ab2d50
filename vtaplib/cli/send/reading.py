"""The reading of a capture that a signal may end, also while it waits for what a pipe gives."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import FrameType

from vtaplib.capture.feed import CaptureFeed, EarlyEnd, SkippedEntry
from vtaplib.cli.progress import reading
from vtaplib.cli.signals import FirstSignal
from vtaplib.collector.payload_source import PayloadSource
from vtaplib.collector.payloads import Payloads
from vtaplib.collector.read_ahead import read_ahead
from vtaplib.collector.sending import Sender


class InterruptedReading(BaseException):
    """A signal to end came while a capture was waited for. It is nobody's to catch but the reading's."""


class CaptureReading:
    """The reading of a capture, from its beginning each time; `ahead` of what is sent, or as it is sent.

    A pipe is never read ahead: a thread that waits for it could not be told to stop.
    """

    def __init__(self, capture: str, source: PayloadSource, *, ahead: bool) -> None:
        self.is_waiting = False
        """Whether it waits for what stands in the capture: a pipe may give nothing for a while."""
        self.is_interrupted = False
        self.name = capture
        self.format = ""
        self.skipped: tuple[SkippedEntry, ...] = ()
        self.ended_early: EarlyEnd | None = None
        self._capture = capture
        self._ahead = ahead and os.path.isfile(capture)
        self._source = source

    def read(self) -> Iterator[Payloads]:
        """The payloads of the capture."""
        with reading(self._capture, "sending") as reader:
            feed = CaptureFeed(reader)
            self.name, self.format = feed.name, feed.format
            pieces = self._source.payloads(feed)
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
def ended_by_signals(sender: Sender, capture: CaptureReading) -> Iterator[None]:
    """Let a signal to end stop the sender, and its reader where that waits for something."""
    first = FirstSignal()

    def end(number: int, frame: FrameType | None) -> None:
        capture.is_interrupted = True
        sender.stop()
        if first.is_this(number) and capture.is_waiting:
            raise InterruptedReading

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
