"""Sending: payloads at a pace to the targets that they are for, and an account of it.

What is sent is made in `payloads`, when it is due is said by `pacing`. A packet goes to the target whose
number is its output; with a single target, all do.

    with Sender([Endpoint.of("127.0.0.1:4789")], AtRate(packets=50_000), vni=7) as sender:
        sender.send(frame_payloads(block))
        print(sender.report())
"""

from __future__ import annotations

import socket
from array import array
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

from vtaplib.collector.datagram_sender import BATCH, SPREAD, DatagramSender
from vtaplib.collector.endpoint import Endpoint
from vtaplib.collector.pacing import AsRecorded, Clock, Pace, Pacer
from vtaplib.collector.payloads import Payloads
from vtaplib.mirror.count import Count
from vtaplib.packets import ethernet, ipv4, ipv6, udp, vxlan
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.nanoseconds import NS_PER_SECOND


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """What the system reported of datagrams: an error in its words, and how many."""

    error: str
    datagrams: int


@dataclass(frozen=True, slots=True)
class TargetReport:
    """What became of the datagrams for one target; `octets` are those of their payloads.

    `sent` ones the system took; what the network `answered` with may come of any of them. `lost` ones could
    not be sent.
    """

    address: str
    sent: int
    octets: int
    lost: tuple[ErrorReport, ...]
    answered: tuple[ErrorReport, ...]


@dataclass(frozen=True, slots=True)
class SendingReport:
    """What was sent, how fast, and how late.

    Rates are over the time from the first datagram's to the last's; bits are those of Ethernet frames without
    FCS, with all headers. `latest_ms` is how late a datagram was at most, `put_off_ms` how long the run was
    put off, for it could not keep up.
    """

    sent: int
    octets: int
    lost: int
    seconds: float
    packets_per_second: float
    mbit_per_second: float
    latest_ms: float
    put_off_ms: float
    targets: tuple[TargetReport, ...]


def overhead_of(target: Endpoint) -> int:
    """The octets of the headers on the wire around a UDP payload: Ethernet, IP and UDP."""
    is_ipv6 = target.family == socket.AF_INET6
    ip = ipv6.HEADER_LENGTH if is_ipv6 else ipv4.HEADER_LENGTH
    return ethernet.HEADER_LENGTH + ip + udp.HEADER_LENGTH


class Sender:
    """Sends payloads to targets, at a pace (as recorded, if none is given).

    With a `vni` what is sent are frames, and each is put behind a VXLAN header; without it is payloads.
    `spread`, `bind`, `by_port` and `offload` are those of `DatagramSender`; `most` is how many datagrams to
    send at all, `stop_after_ns` how long. Raises `CollectorError` for a target that cannot be sent to,
    `PacketError` for what is no VNI.
    """

    def __init__(
        self,
        targets: Sequence[Endpoint],
        pace: Pace | None = None,
        *,
        vni: int | None = None,
        spread: int = SPREAD,
        bind: str = "",
        by_port: bool = False,
        offload: bool = False,
        most: int | None = None,
        stop_after_ns: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._header = b"" if vni is None else vxlan.emit(vxlan.VxlanPacket(vni))
        self._pace = pace or AsRecorded()
        self._pacer = Pacer(
            self._pace, clock, stop_after_ns=stop_after_ns, is_stopped=lambda: self._is_stopped
        )
        self._left = most
        self._is_stopped = False
        self._ended_ns = 0
        self._undo = ExitStack()
        with ExitStack() as undo:
            self._senders = [
                undo.enter_context(
                    DatagramSender(
                        target,
                        spread=spread,
                        bind=bind,
                        headers=[self._header],
                        by_port=by_port,
                        offload=offload,
                    )
                )
                for target in targets
            ]
            self._undo = undo.pop_all()

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will be sent: enough are, the time is over, or someone said stop."""
        return self._is_stopped or self._pacer.has_ended or self._left == 0

    @property
    def sent(self) -> Count:
        """The datagrams sent so far, and the octets of their payloads."""
        total = Count()
        for one in self._senders:
            total.add(one.sent.frames, one.sent.octets)
        return total

    def stop(self) -> None:
        """Send nothing more; from a signal's handler or another thread."""
        self._is_stopped = True

    def start_anew(self) -> None:
        """Say that another round of the same capture begins."""
        self._pace.start_anew()

    def send(self, payloads: Payloads) -> None:
        """Send a block, each packet when it is due; returns when all are sent, or it has ended."""
        block, streams = payloads
        if self.has_ended or not block.count:
            return
        for first, stop in self._pacer.bursts(block, BATCH):
            if self._left is not None:
                stop = min(stop, first + self._left)
                self._left -= stop - first
            self._send(block, streams, first, stop)
            self._ended_ns = self._pacer.elapsed_ns
            if self._left == 0:
                return

    def _send(self, block: PacketBlock, streams: array[int], first: int, stop: int) -> None:
        if len(self._senders) == 1:
            self._senders[0].send(block, first, stop, streams=streams)
            return
        for output, one in enumerate(self._senders):
            one.send(block, first, stop, output=output, streams=streams)

    def report(self) -> SendingReport:
        """What was sent up to now."""
        sent = self.sent
        seconds = self._ended_ns / NS_PER_SECOND
        wire = sum(8 * (one.sent.octets + one.sent.frames * overhead_of(one.target)) for one in self._senders)
        return SendingReport(
            sent=sent.frames,
            octets=sent.octets,
            lost=sum(count.frames for one in self._senders for count in one.lost.values()),
            seconds=round(seconds, 6),
            packets_per_second=round(sent.frames / seconds, 1) if seconds else 0.0,
            mbit_per_second=round(wire / seconds / 1e6, 3) if seconds else 0.0,
            latest_ms=round(self._pacer.latest_ns / 1e6, 3),
            put_off_ms=round(self._pacer.put_off_ns / 1e6, 3),
            targets=tuple(map(_target_report, self._senders)),
        )

    def close(self) -> None:
        """Close the sockets; a report can still be had."""
        self._undo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _target_report(one: DatagramSender) -> TargetReport:
    return TargetReport(
        address=str(one.target),
        sent=one.sent.frames,
        octets=one.sent.octets,
        lost=tuple(ErrorReport(words, count.frames) for words, count in one.lost.items()),
        answered=tuple(ErrorReport(words, count) for words, count in one.answers.items()),
    )
