"""The receiver: a UDP socket whose datagrams come many in a system call, with the kernel's time of each.

It only receives: what a datagram is worth is judged elsewhere and later, so that reading never waits for it.
What the kernel dropped because nobody read in time is counted by the socket itself, exactly (SO_MEMINFO).
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
from threading import Lock
from typing import Final

from vtaplib.collector.arena import Arena
from vtaplib.collector.endpoint import Endpoint, no_listening
from vtaplib.collector.message_vector import receive_messages

DEFAULT_RECEIVE_BUFFER: Final = 32 << 20
"""Octets of the kernel's buffer, by its own reckoning, which counts some 800 for the smallest datagram and
2300 for one of 1500 octets. It is asked for; without CAP_NET_ADMIN `net.core.rmem_max` is the most.
"""

# <asm-generic/socket.h>, <linux/sock_diag.h>, <linux/in6.h>; Python does not name them.
_SO_RCVBUFFORCE: Final = 33
_SO_TIMESTAMPNS: Final = 35
_SO_MEMINFO: Final = 55
_MEMINFO: Final = struct.Struct("=9I")
_DROPS: Final = 8

# A classic BPF program of one instruction: RET 0 (<linux/filter.h>).
_REFUSE_ALL: Final = struct.pack("=HBBI", 0x06, 0, 0, 0)
_SO_ATTACH_FILTER: Final = 26


class Receiver:
    """A socket bound to an endpoint; close it. `::` takes IPv4 as well. Raises `CollectorError` where it
    cannot be bound.
    """

    def __init__(self, listen: Endpoint, receive_buffer: int = DEFAULT_RECEIVE_BUFFER) -> None:
        with contextlib.ExitStack() as undo:
            try:
                one = undo.enter_context(socket.socket(listen.family, socket.SOCK_DGRAM))
                if listen.family == socket.AF_INET6:
                    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(listen.address != "::"))
                one.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
                _set_receive_buffer(one, receive_buffer)
                one.bind((listen.address, listen.port))
            except OSError as error:
                raise no_listening(str(listen), error) from error
            undo.pop_all()
        self._socket = one
        self._lock = Lock()
        self._drops_seen = 0
        self._drops = 0
        self._is_open = True
        self.listen = Endpoint(listen.address, one.getsockname()[1])
        """Where it listens: with the port that the system chose, where 0 was asked for."""
        self.receive_buffer: int = one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        """Octets of the kernel's buffer, by its own reckoning."""

    def fileno(self) -> int:
        """The socket's descriptor, to wait on."""
        return self._socket.fileno()

    def receive(self, arena: Arena) -> int:
        """Receive what is there into an arena's free slots, and return how many datagrams came; does not
        wait. Raises `OSError` for what no datagram can be the cause of.
        """
        try:
            # MSG_TRUNC: the length of a datagram is its own, also where the slot was too short for it.
            count = receive_messages(
                self._socket.fileno(),
                arena.messages,
                arena.count,
                arena.slots - arena.count,
                socket.MSG_DONTWAIT | socket.MSG_TRUNC,
            )
        except (BlockingIOError, InterruptedError):
            return 0
        arena.count += count
        return count

    def dropped(self) -> int:
        """Datagrams that the socket dropped until now, or until it refused more.

        It had no room for them, or they turned out to have a wrong checksum when they were to be received.
        (That of the smallest is looked at before they come to a socket: `KernelCounters` tells of all.)
        """
        with self._lock:
            if self._is_open:
                counters = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
                drops = _MEMINFO.unpack(counters)[_DROPS]
                # The kernel counts in 32 bits.
                self._drops += drops - self._drops_seen & 0xFFFFFFFF
                self._drops_seen = drops
            return self._drops

    def refuse_more(self) -> None:
        """Let nothing more into the kernel's buffer; what is in it can still be received."""
        program = ctypes.create_string_buffer(_REFUSE_ALL)
        self._socket.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("=HxxxxxxQ", 1, ctypes.addressof(program))
        )
        self._end_counting()

    def close(self) -> None:
        """Close the socket. A second call does nothing."""
        self._end_counting()
        self._socket.close()

    def _end_counting(self) -> None:
        # What is refused from now on counts as dropped, for the kernel.
        self.dropped()
        with self._lock:
            self._is_open = False


def _set_receive_buffer(one: socket.socket, octets: int) -> None:
    # The kernel doubles what it is given (socket(7)).
    try:
        one.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, octets // 2)
    except PermissionError:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, octets // 2)
