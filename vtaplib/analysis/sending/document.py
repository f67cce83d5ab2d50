"""A run of sending for people: how many datagrams, how fast, and what was not sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vtaplib.analysis.capture_notices import capture_notices
from vtaplib.analysis.sending.report import SendReport
from vtaplib.reports.document import Column, Document, Paragraph, Phrase, Role, Section, Table, Words, numbers
from vtaplib.reports.number import counted

_REFUSED: Final = "ECONNREFUSED"
_TOO_LONG: Final = "EMSGSIZE"

_LATE_MS: Final = 10.0
"""What is later than this is told: less is what a busy system does at any time."""

_AMOUNTS: Final = numbers("Frames", "Bytes")


def send_document(report: SendReport) -> Document:
    """The document of a run."""
    sending = report.sending
    tables = [_targets(report)]
    if report.not_sent:
        rows = [(one.reason, one.frames, one.bytes) for one in report.not_sent]
        tables.append(Table("Frames that were not sent", (Column("Why"), *_AMOUNTS), rows))
    if report.other_collectors:
        rows = [(one.collector, one.frames, one.bytes) for one in report.other_collectors]
        title = "Copies not sent, by collector"
        tables.append(Table(title, (Column("Collector"), *_AMOUNTS), rows))
    notices = capture_notices(report.ended_early, report.skipped)
    if not sending.put_off_ms and sending.latest_ms > _LATE_MS:
        notices += (Paragraph(f"A datagram was late by up to {sending.latest_ms:,.1f} ms."),)
    return Document(
        f"Sending {report.capture.rpartition('/')[2]}",
        _lead(report),
        (Section("sent", "Sent", tables),),
        warnings=tuple(_warnings(report)),
        notices=notices,
    )


def _lead(report: SendReport) -> Words:
    sending = report.sending
    return (
        Phrase(report.capture, Role.STRONG),
        f" ({report.format}, {counted(report.read.frames, 'frame')} read): "
        f"{counted(sending.sent, 'datagram')} sent in {sending.seconds:,.3f} s, "
        f"{sending.packets_per_second:,.0f} packets/s, {sending.mbit_per_second:,.1f} Mbit/s on the wire"
        + (", interrupted" if report.interrupted else ""),
    )


def _targets(report: SendReport) -> Table:
    columns = (Column("Address"), *numbers("Datagrams", "Bytes"))
    rows: list[tuple[str | int, ...]] = [
        (one.address, one.sent, one.octets) for one in report.sending.targets
    ]
    if report.collectors:
        columns = (Column("Collector"), *columns)
        rows = [(name, *row) for name, row in zip(report.collectors, rows, strict=True)]
    return Table("Sent", columns, rows)


def _warnings(report: SendReport) -> Iterator[str]:
    for target in report.sending.targets:
        for answer in target.answered:
            hint = "; nobody listens there" if _REFUSED in answer.error else ""
            many = counted(answer.datagrams, "datagram")
            yield f"{target.address} answered to {many}: {answer.error}{hint}"
        for answer in target.lost:
            hint = "; a UDP payload has at most 65,507 bytes" if _TOO_LONG in answer.error else ""
            many = counted(answer.datagrams, "datagram")
            yield f"to {target.address} {many} not sent: {answer.error}{hint}"
    if report.sending.put_off_ms:
        yield f"the pace could not be kept; it was put off by {report.sending.put_off_ms:,.0f} ms in all"
