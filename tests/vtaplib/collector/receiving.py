"""A plain UDP socket on loopback, and what has come to it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

# Of the socket's buffer; the kernel doubles it, and more than net.core.rmem_max only root may have.
_SO_RCVBUFFORCE = 33
_ROOM = 1 << 24


@contextmanager
def receiving(address: str = "127.0.0.1") -> Iterator[socket.socket]:
    """A socket with a port of its own and room for what a test sends."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as one:
        try:
            one.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _ROOM)
        except PermissionError:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        one.bind((address, 0))
        # On loopback all that was sent is there when the call that sent it returns.
        one.setblocking(False)  # noqa: FBT003  # the parameter has no name
        yield one


def text_of(one: socket.socket) -> str:
    """The address of a socket as a command takes it."""
    host, port = one.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def received(one: socket.socket) -> list[tuple[int, bytes]]:
    """The source port and payload of every datagram that has come, in order."""
    came: list[tuple[int, bytes]] = []
    while True:
        try:
            payload, sender = one.recvfrom(1 << 16)
        except BlockingIOError:
            return came
        came.append((sender[1], payload))


def payloads(one: socket.socket) -> list[bytes]:
    """The payload of every datagram that has come, in order."""
    return [payload for _, payload in received(one)]
