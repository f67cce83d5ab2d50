"""The account of a capture that was sent to collectors."""

from __future__ import annotations

from dataclasses import dataclass

from vtaplib.analysis.report_parts import Amount
from vtaplib.capture.feed import EarlyEnd, SkippedEntry
from vtaplib.collector.sending import SendingReport


@dataclass(frozen=True, slots=True)
class NotSentEntry:
    """Frames that were not sent, for one reason."""

    reason: str
    frames: int
    bytes: int


@dataclass(frozen=True, slots=True)
class OtherCollectorEntry:
    """Copies of a replay for a collector, named by its interface, that nothing was sent to."""

    collector: str
    frames: int
    bytes: int


@dataclass(frozen=True, slots=True)
class SendReport:
    """What was sent of a capture.

    `read` are its Ethernet frames, as often as they were read. `collectors` are the
    interfaces whose copies the targets got, in the order of the targets; none where frames were wrapped here
    or the capture held the copies. `interrupted`: a signal ended the run.
    """

    capture: str
    format: str
    collectors: tuple[str, ...]
    sending: SendingReport
    interrupted: bool
    read: Amount
    not_sent: tuple[NotSentEntry, ...]
    other_collectors: tuple[OtherCollectorEntry, ...]
    skipped: tuple[SkippedEntry, ...]
    ended_early: EarlyEnd | None

    @property
    def found_something(self) -> bool:
        """Whether there is something to look into: for the exit code."""
        return bool(
            self.sending.lost
            or any(target.answered for target in self.sending.targets)
            or self.not_sent
            or self.skipped
            or self.ended_early
        )
