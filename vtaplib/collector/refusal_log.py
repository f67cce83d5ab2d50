"""A log of refused datagrams that nobody can flood: a few lines a second for each reason, and how many more.

Lines go to the logger `vtaplib.collector`, as warnings.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from vtaplib.collector.acceptance import VERDICTS, DatagramRefusal
from vtaplib.collector.arena import Datagrams, length_of, sender_of
from vtaplib.packets.nanoseconds import NS_PER_SECOND

LINES_PER_SECOND: Final = 3
"""Of each reason."""


_logger = logging.getLogger("vtaplib.collector")


@dataclass(slots=True)
class _Interval:
    """The lines of a reason in the second that began at a time, and what was left out of them."""

    began_ns: int = -NS_PER_SECOND
    lines: int = 0
    left_out: int = 0


class RefusalLog:
    """Refused datagrams, logged within bounds. Times are nanoseconds since 1970."""

    def __init__(self, lines_per_second: int = LINES_PER_SECOND) -> None:
        self._lines_per_second = lines_per_second
        self._intervals = {verdict: _Interval() for verdict in VERDICTS}

    def note(self, datagrams: Datagrams, now_ns: int) -> None:
        """Tell of those that were refused."""
        for verdict, refusal in VERDICTS.items():
            # Nothing is wrong with what came when enough was taken.
            if refusal is not DatagramRefusal.NOT_WANTED:
                count = datagrams.verdicts.count(verdict, 0, datagrams.count)
                if count:
                    self._note_some(datagrams, verdict, refusal, count, now_ns)

    def _note_some(
        self, datagrams: Datagrams, verdict: int, refusal: DatagramRefusal, count: int, now_ns: int
    ) -> None:
        interval = self._intervals[verdict]
        if now_ns - interval.began_ns >= NS_PER_SECOND:
            self._tell_rest(refusal, interval)
            interval.began_ns, interval.lines = now_ns, 0
        index = -1
        while interval.lines < self._lines_per_second and count:
            index = datagrams.verdicts.index(verdict, index + 1, datagrams.count)
            address, port = sender_of(datagrams, index)
            length = length_of(datagrams, index)
            _logger.warning("refused %d octets from %s port %d: %s", length, address, port, _words(refusal))
            interval.lines += 1
            count -= 1
        interval.left_out += count

    def tick(self, now_ns: int) -> None:
        """Tell what was left out of a second that is over."""
        for verdict, interval in self._intervals.items():
            if interval.left_out and now_ns - interval.began_ns >= NS_PER_SECOND:
                self._tell_rest(VERDICTS[verdict], interval)

    def close(self) -> None:
        """Tell what was left out so far."""
        for verdict, interval in self._intervals.items():
            self._tell_rest(VERDICTS[verdict], interval)

    def _tell_rest(self, refusal: DatagramRefusal, interval: _Interval) -> None:
        if interval.left_out:
            _logger.warning("… and %s more: %s", f"{interval.left_out:,}", _words(refusal))
            interval.left_out = 0


def _words(refusal: DatagramRefusal) -> str:
    return f"{refusal} ({refusal.option})" if refusal.option else str(refusal)
