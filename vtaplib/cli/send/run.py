"""A run of `vtap send`: from a capture to datagrams, and the report of it.

A signal to end (SIGINT, SIGTERM) ends the run with its report; a later one ends it at once.
"""

from __future__ import annotations

import os

from vtaplib.analysis.report_parts import Amount
from vtaplib.analysis.sending.report import NotSentEntry, OtherCollectorEntry, SendReport
from vtaplib.cli.send.reading import CaptureReading, ended_by_signals
from vtaplib.cli.send.stream import SentStream
from vtaplib.collector.rounds import rounds
from vtaplib.collector.sending import Sender
from vtaplib.model import ids


def send(capture: str, stream: SentStream, sender: Sender, *, how_often: int, ahead: bool) -> SendReport:
    """Send a capture so many times (0: without end), read `ahead` of what is sent if that can be. Raises
    `VtapError` for what cannot be opened, or read at all.
    """
    source, reading = stream.source, CaptureReading(capture, stream.source, ahead=ahead)
    with sender, ended_by_signals(sender, reading):
        for payloads in rounds(
            reading.read,
            how_often,
            sender.start_anew,
            name=f"--loop: {capture}",
            can_be_read_again=os.path.isfile(capture),
        ):
            sender.send(payloads)
            if sender.has_ended:
                break
    return SendReport(
        capture=reading.name,
        format=reading.format,
        collectors=tuple(map(ids.name, stream.collector_ids)),
        sending=sender.report(),
        interrupted=reading.is_interrupted,
        read=Amount.of(source.read),
        not_sent=tuple(
            NotSentEntry(why, count.frames, count.octets) for why, count in source.skipped.items()
        ),
        other_collectors=tuple(
            OtherCollectorEntry(ids.name(collector_id), count.frames, count.octets)
            for collector_id, count in source.others.items()
        ),
        skipped=reading.skipped,
        ended_early=reading.ended_early,
    )
