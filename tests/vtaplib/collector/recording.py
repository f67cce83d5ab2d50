"""Outputs that keep what they are given, and senders, for tests of the collector."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from threading import Event

from vtaplib.collector import Endpoint
from vtaplib.collector.output import EVERY_OUTPUT
from vtaplib.errors import CollectorError
from vtaplib.mirror.count import Count
from vtaplib.packets.block import PacketBlock

LOOPBACK = Endpoint("127.0.0.1", 0)


class Recording:
    """Keeps frames; waits before it takes any until it is let, fails where it shall."""

    def __init__(self, *, is_slow: bool = False, fails: bool = False) -> None:
        self.taken = Count()
        self.lost: dict[str, Count] = {}
        self.frames: list[bytes] = []
        self.interfaces: list[int] = []
        self.times_ns: list[int] = []
        self.ticks = 0
        self.is_closed = False
        self.is_asked = Event()
        self.may_go_on = Event()
        self._fails = fails
        if not is_slow:
            self.may_go_on.set()

    def write(self, block: PacketBlock, output: int = EVERY_OUTPUT) -> None:
        self.is_asked.set()
        assert self.may_go_on.wait(30)
        if self._fails:
            raise CollectorError("recording: no more room; use another")
        for index, (time_ns, octets, _) in enumerate(block):
            if output in (EVERY_OUTPUT, block.outputs[index]):
                self.frames.append(octets)
                self.times_ns.append(time_ns)
                self.interfaces.append(block.interfaces[index])
                self.taken.add(1, len(octets))

    def tick(self, now_ns: int) -> None:
        self.ticks += 1

    def close(self) -> None:
        self.is_closed = True


def send(listen: Endpoint, datagrams: Iterable[bytes], source: str = "127.0.0.1") -> None:
    """Send datagrams from one socket, in order."""
    with socket.socket(listen.family, socket.SOCK_DGRAM) as one:
        one.bind((source, 0))
        for octets in datagrams:
            one.sendto(octets, (listen.address, listen.port))


def wrapped(frame: bytes, vni: int = 7) -> bytes:
    """A datagram as RFC 7348, section 5, draws it."""
    return b"\x08\0\0\0" + vni.to_bytes(3, "big") + b"\0" + frame
