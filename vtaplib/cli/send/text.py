"""The report of a run of `vtap send` as text and tables for people."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from vtaplib.cli.send.report import SendReport
from vtaplib.cli.table import end_text, make_table, skipped_table
from vtaplib.reports.number import counted

_REFUSED: Final = "ECONNREFUSED"
_TOO_LONG: Final = "EMSGSIZE"

_LATE_MS: Final = 10.0
"""What is later than this is told: less is what a busy system does at any time."""


def send_text(report: SendReport) -> Iterator[RenderableType]:
    """What to print, in order."""
    sending = report.sending
    yield Text.assemble(
        (report.capture, "bold"),
        f" ({report.format}, {counted(report.read.frames, 'frame')} read): "
        f"{counted(sending.sent, 'datagram')} sent in {sending.seconds:,.3f} s, "
        f"{sending.packets_per_second:,.0f} packets/s, {sending.mbit_per_second:,.1f} Mbit/s on the wire"
        + (", interrupted" if report.interrupted else ""),
    )
    yield _targets(report)
    if report.not_sent:
        table = make_table("Frames that were not sent", ["why"], ["frames", "bytes"])
        for entry in report.not_sent:
            table.add_row(entry.reason, f"{entry.frames:,}", f"{entry.bytes:,}")
        yield table
    if report.other_collectors:
        table = make_table("Copies for collectors that were not sent to", ["collector"], ["frames", "bytes"])
        for other in report.other_collectors:
            table.add_row(other.collector, f"{other.frames:,}", f"{other.bytes:,}")
        yield table
    if report.skipped:
        yield skipped_table(report.skipped)
    yield from _warnings(report)
    if report.ended_early is not None:
        yield end_text(report.ended_early)


def _targets(report: SendReport) -> Table:
    targets = report.sending.targets
    texts = ["collector", "address"] if report.collectors else ["address"]
    table = make_table("Sent", texts, ["datagrams", "bytes"])
    for name, target in zip_longest(report.collectors, targets):
        row = [target.address, f"{target.sent:,}", f"{target.octets:,}"]
        table.add_row(*([name, *row] if report.collectors else row))
    return table


def _warnings(report: SendReport) -> Iterator[Text]:
    sending = report.sending
    for target in sending.targets:
        for answer in target.answered:
            hint = "; nobody listens there" if _REFUSED in answer.error else ""
            many = counted(answer.datagrams, "datagram")
            yield Text(f"Warning: {target.address} answered to {many}: {answer.error}{hint}.", "yellow")
        for answer in target.lost:
            hint = "; a UDP payload has at most 65,507 bytes" if _TOO_LONG in answer.error else ""
            many = counted(answer.datagrams, "datagram")
            yield Text(f"Warning: to {target.address} {many} not sent: {answer.error}{hint}.", "yellow")
    if sending.put_off_ms:
        yield Text(
            f"Warning: the pace could not be kept; it was put off by {sending.put_off_ms:,.0f} ms in all.",
            "yellow",
        )
    elif sending.latest_ms > _LATE_MS:
        yield Text(f"A datagram was late by up to {sending.latest_ms:,.1f} ms.")
