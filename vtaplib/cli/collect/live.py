"""How a collector is doing, once a second on a terminal: what comes, what waits and what is lost."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from vtaplib.cli.output import make_console, say
from vtaplib.collector.collector import Collector

if TYPE_CHECKING:
    from rich.status import Status


class Live:
    """A line on standard error that is written anew. Where that is no terminal, only where it listens is
    said, once, so that whoever starts a collector can wait for it.
    """

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._console = make_console(stderr=True)
        self._status: Status | None = None
        self._then = time.monotonic()
        self._frames = self._octets = 0

    def begin(self, outputs: Sequence[str]) -> None:
        """Say where it listens and where frames go."""
        where = ", ".join(outputs) if outputs else "nothing: frames are only counted"
        lines = [f"listening on {self._collector.listen}, to {where}"]
        if self._collector.health is not None:
            lines.append(f"answering probes on {self._collector.health}")
        for line in lines:
            say(line)
        if self._console.is_terminal:
            self._status = self._console.status("")
            self._status.start()

    def show(self) -> None:
        """Show how it is doing, if it is time."""
        now = time.monotonic()
        if self._status is None or now - self._then < 1:
            return
        report = self._collector.report()
        seconds = now - self._then
        packets = (report.taken.frames - self._frames) / seconds
        bits = (report.taken.octets - self._octets) * 8 / seconds
        lost = report.kernel_dropped + sum(
            count.frames for output in report.outputs for count in output.lost.values()
        )
        refused = sum(count.frames for count in report.refused.values())
        self._status.update(
            f"{report.taken.frames:,} frames, {packets:,.0f}/s, {bits / 1e6:,.1f} Mbit/s, "
            f"{len(report.streams):,} streams, {refused:,} refused, {lost:,} lost; Ctrl-C ends"
        )
        self._then, self._frames, self._octets = now, report.taken.frames, report.taken.octets

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._status is not None:
            self._status.stop()
