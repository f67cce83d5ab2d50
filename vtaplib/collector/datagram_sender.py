"""Datagrams out of a block, many in a system call, to one address.

A datagram is a header, of which a sender has a few, and a packet that stays where it lies in its block:
nothing is copied, no object is made per packet. Streams, which are numbers of packets, are spread over
sockets with source ports of their own, so that a network or a collector that distinguishes flows of copies by
the outer source port (RFC 7348, section 5) finds something to tell apart; a stream keeps its port.

What the network answers with (ICMP) the kernel keeps in the socket's error queue (IP_RECVERR, ip(7)) and
reports at the next call, at which nothing is sent; so an error with an answer in the queue is about an
earlier datagram, and one that comes again without is about this one.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
from array import array
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final, Self

from vtaplib.collector.endpoint import Endpoint
from vtaplib.collector.message_vector import Message, send_messages
from vtaplib.collector.output import EVERY_OUTPUT
from vtaplib.errors import CollectorError
from vtaplib.loops.message_segments import group
from vtaplib.loops.message_vectors import arrange, end_of_run, fill, octets
from vtaplib.mirror.count import Count
from vtaplib.mirror.source_port import LOWEST, SPAN
from vtaplib.packets import ipv4, ipv6, udp
from vtaplib.packets.block import PacketBlock

BATCH: Final = 512
"""Messages in a system call at most. The kernel takes 1024 (UIO_MAXIOV)."""

SPREAD: Final = 16
"""Source ports, where nothing else is asked for: enough that every queue and worker gets some."""

LARGEST_DATAGRAM: Final = 65507
"""Octets of a UDP payload in IPv4 (RFC 768, RFC 791): what is longer cannot be sent."""

# <linux/in.h>, <linux/in6.h>, <asm-generic/socket.h>, <linux/errqueue.h>; Python does not name them.
_IP_MTU_DISCOVER: Final = 10
_IP_RECVERR: Final = 11
_IP_MTU: Final = 14
_IPV6_MTU: Final = 24
_IPV6_RECVERR: Final = 25
_SO_NO_CHECK: Final = 11
_FROM_ICMP: Final = (2, 3)

# Asked for; the kernel gives what net.core.wmem_max allows.
_SEND_BUFFER: Final = 1 << 22

_TTL: Final = 64

_MOST_SEGMENTS: Final = 64
"""Of a message; all kernels that cut messages take so many (UDP_MAX_SEGMENTS)."""


class DatagramSender:
    """Sockets that send to a target from `spread` source ports; close it, or use it as a context manager.

    Datagrams look like copies of the real service: TTL 64, DF clear, and in IPv4 no UDP checksum. `bind` is
    the address to send from, "" for the one that the system chooses. Each packet has in front one of
    `headers`, which are of one length; none where it is empty. With `by_port` those of one source port go
    together, which is up to twice as fast where streams alternate: then order is kept in a stream, and
    between streams up to `BATCH` packets. With `offload` the kernel gets what is of one length as one message
    and cuts it into datagrams late, on the way out or where they are received (UDP_SEGMENT): several times as
    fast, but datagrams then have a UDP checksum. Raises `CollectorError` where there are no such ports.
    """

    def __init__(
        self,
        target: Endpoint,
        *,
        spread: int = SPREAD,
        bind: str = "",
        headers: Sequence[bytes] = (b"",),
        by_port: bool = False,
        offload: bool = False,
    ) -> None:
        if not 1 <= spread <= SPAN:
            raise CollectorError(f"source ports: {spread} of them cannot be; there are 1 to {SPAN}")
        self.target = target
        self.sent = Count()
        """Datagrams that the kernel took, and the octets of their payloads."""
        self.lost: dict[str, Count] = {}
        """Datagrams that could not be sent, by the reason in the system's words."""
        self.answers: dict[str, int] = {}
        """What the network answered with, in the system's words: errors that were reported for sent
        datagrams."""
        self._by_port = by_port
        self.use_headers(headers)
        self._vectors = array("q", bytes(4 * 8 * BATCH))
        self._vectors_address = self._vectors.buffer_info()[0]
        self._controls = array("q", bytes(3 * 8 * BATCH))
        self._controls_address = self._controls.buffer_info()[0]
        self._message_words = array("q", bytes(8 * 8 * BATCH))
        self._messages = (Message * BATCH).from_buffer(self._message_words)
        self._ends = array("q", bytes(8 * BATCH))
        self._most_segments = _MOST_SEGMENTS if offload else 1
        self._order, self._chosen = array("q", bytes(8 * BATCH)), array("q", bytes(8 * BATCH))
        self._places = array("q", bytes(8 * (spread + 1)))
        self._zeros = array("q")
        self._undo = ExitStack()
        with ExitStack() as undo:
            self._sockets = [
                undo.enter_context(
                    _open(target, bind, LOWEST + number * (SPAN // spread), with_checksum=offload)
                )
                for number in range(spread)
            ]
            self._largest_segment = _largest_segment(self._sockets[0])
            self._undo = undo.pop_all()

    def use_headers(self, headers: Sequence[bytes]) -> None:
        """Put others in front from now on, of one length again."""
        self._header_length = len(headers[0])
        self._header_count = len(headers)
        self._headers = ctypes.create_string_buffer(b"".join(headers) + b"\0")

    @property
    def source_ports(self) -> list[int]:
        """The source ports, by the number of a stream modulo how many there are."""
        return [one.getsockname()[1] for one in self._sockets]

    def send(
        self,
        block: PacketBlock,
        first: int = 0,
        stop: int | None = None,
        *,
        output: int = EVERY_OUTPUT,
        streams: array[int] | None = None,
        headers: array[int] | None = None,
    ) -> None:
        """Send the packets of a block from `first` to before `stop` that go to this output (-1: all of them).

        `streams` are the numbers of the packets' streams, `headers` those of their headers; all 0 if left
        out. What cannot be sent is counted, and the rest sent.
        """
        stop = block.count if stop is None else stop
        if streams is None or headers is None:
            if len(self._zeros) < block.room:
                self._zeros = array("q", bytes(8 * block.room))
            streams = self._zeros if streams is None else streams
            headers = self._zeros if headers is None else headers
        if not 0 <= first <= stop <= min(block.count, len(streams), len(headers)):
            raise ValueError(f"packets {first} to {stop} are not all in a block of {block.count}")
        if not len(block.buffer):
            # Nothing lies in it, and ctypes has no address for it.
            block_memory = ctypes.create_string_buffer(1)
            size = 0
        else:
            size = len(block.buffer)
            block_memory = (ctypes.c_char * size).from_buffer(block.buffer)
        address = ctypes.addressof(block_memory)
        for start in range(first, stop, BATCH):
            count = arrange(
                block.outputs,
                streams,
                start,
                min(start + BATCH, stop),
                output,
                len(self._sockets),
                self._by_port,
                self._places,
                self._order,
                self._chosen,
            )
            filled = fill(
                block.starts,
                block.lengths,
                self._order,
                count,
                address,
                size,
                headers,
                ctypes.addressof(self._headers),
                self._header_length,
                self._header_count,
                self._vectors,
            )
            if filled != count:
                raise ValueError(f"packet {self._order[filled]} or its header lies outside of its buffer")
            at = 0
            while at < count:
                end = end_of_run(self._chosen, at, count)
                self._send_run(self._sockets[self._chosen[at]], at, end, block.lengths)
                at = end

    def _send_run(self, one: socket.socket, at: int, end: int, lengths: array[int]) -> None:
        """Send the packets from `at` to before `end` of the order through one socket."""
        ends, messages = self._ends, self._messages
        count = self._group(at, end)
        number = 0
        is_again = False
        while number < count:
            try:
                went = send_messages(one.fileno(), messages, number, count - number)
            except InterruptedError:
                continue
            except OSError as error:
                if self._note_answers(one):
                    continue
                if is_again and ends[number] - at > 1:
                    # This system, or this way out, does not cut messages.
                    self._most_segments = 1
                    count, number = self._group(at, end), 0
                elif is_again:
                    self._lose(error, lengths[self._order[at]])
                    at += 1
                    number += 1
                is_again = not is_again
                continue
            number += went
            stop = ends[number - 1]
            self.sent.add(
                stop - at, octets(lengths, self._order, at, stop) + (stop - at) * self._header_length
            )
            at = stop
            is_again = False
            if number < count:
                # The kernel stops at an error and keeps it for itself where something went before.
                self._note_answers(one)

    def _group(self, at: int, end: int) -> int:
        """Make messages of packets; returns how many."""
        count: int = group(
            self._vectors,
            at,
            end,
            self._most_segments,
            self._largest_segment,
            LARGEST_DATAGRAM,
            self._vectors_address,
            self._controls_address,
            self._controls,
            self._message_words,
            self._ends,
        )
        return count

    def _lose(self, error: OSError, length: int) -> None:
        words = _words(error.errno or 0)
        self.lost.setdefault(words, Count()).add(1, length + self._header_length)

    def _note_answers(self, one: socket.socket) -> int:
        """Count the answers that stand in the error queue of a socket; returns how many there were."""
        count = 0
        while True:
            try:
                _, control, _, _ = one.recvmsg(0, 256, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
            except OSError:
                # It is empty.
                return count
            for _, _, extended in control:
                # struct sock_extended_err: the errno, and where it comes from.
                if len(extended) >= 8 and extended[4] in _FROM_ICMP:
                    words = _words(int.from_bytes(extended[:4], "little"))
                    self.answers[words] = self.answers.get(words, 0) + 1
                    count += 1

    def close(self) -> None:
        """Close the sockets. Answers that have come by now are counted."""
        for one in self._sockets:
            if one.fileno() != -1:
                self._note_answers(one)
        self._undo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _largest_segment(one: socket.socket) -> int:
    """The octets of a payload that leaves in one piece, as far as the way to the target is known."""
    if one.family == socket.AF_INET6:
        mtu, ip = one.getsockopt(socket.IPPROTO_IPV6, _IPV6_MTU), ipv6.HEADER_LENGTH
    else:
        mtu, ip = one.getsockopt(socket.IPPROTO_IP, _IP_MTU), ipv4.HEADER_LENGTH
    return mtu - ip - udp.HEADER_LENGTH


def _open(target: Endpoint, bind: str, lowest_port: int, *, with_checksum: bool) -> socket.socket:
    """A socket to the target, from the first free port in the dynamic range from `lowest_port` on, or else
    any.
    """
    with ExitStack() as undo:
        try:
            one = undo.enter_context(socket.socket(target.family, socket.SOCK_DGRAM))
            _set_options(one, target.family, with_checksum=with_checksum)
            _bind(one, bind, lowest_port)
            one.connect(target.socket_address)
        except OSError as error:
            whence = f" from {bind}" if bind else ""
            # What looks up names has errors of its own, with words of their own.
            words = error.strerror if isinstance(error, socket.gaierror) else _words(error.errno or 0)
            raise CollectorError(f"{target}: cannot be sent to{whence}: {words}") from error
        undo.pop_all()
    return one


def _set_options(one: socket.socket, family: int, *, with_checksum: bool) -> None:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, _TTL)
        return
    one.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
    one.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, 0)
    one.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, _TTL)
    one.setsockopt(socket.SOL_SOCKET, _SO_NO_CHECK, int(not with_checksum))


def _bind(one: socket.socket, bind: str, lowest_port: int) -> None:
    for port in (*range(lowest_port, min(lowest_port + 64, LOWEST + SPAN)), 0):
        try:
            one.bind((bind, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not port:
                raise
        else:
            return


def _words(code: int) -> str:
    """An error in the system's words, and its name."""
    return f"{os.strerror(code)} ({errno.errorcode.get(code, code)})"
