"""The health port: a TCP listener that a load balancer's probes find while a collector runs.

Azure has no UDP probe, so a collector behind a load balancer needs a port that answers for it. A probe of
kind Tcp wants its handshake, which the kernel gives as soon as the port listens; one of kind Http wants a 200
to its request. One thread serves all, in turn and within bounds: who says nothing, or never ends, is hung up
on.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from threading import Thread
from typing import Final, Self

from vtaplib.collector.endpoint import Endpoint, no_listening

PATIENCE_SECONDS: Final = 1.0
"""How long a client may be silent, or slow; probes of kind Tcp say nothing and need no answer."""

MOST_CLIENTS: Final = 64
"""Clients at a time; who comes then takes the place of the one that was there longest."""

LONGEST_REQUEST: Final = 8192
"""Octets of a request: more are no probe's."""

_REST_SECONDS: Final = 0.1

_METHODS: Final = (b"GET ", b"HEAD ")


class HealthPort:
    """A listener that serves from its making until it is closed. `report` gives a line of text for those that
    ask in HTTP. Raises `CollectorError` where it cannot listen.
    """

    def __init__(self, listen: Endpoint, report: Callable[[], str]) -> None:
        self._report = report
        self._clients: dict[socket.socket, tuple[float, bytearray]] = {}
        self._undo = ExitStack()
        with ExitStack() as undo:
            try:
                self._listener = undo.enter_context(
                    socket.create_server((listen.address, listen.port), family=listen.family)
                )
            except OSError as error:
                raise no_listening(f"health port {listen}", error) from error
            self._listener.setblocking(False)  # noqa: FBT003  # the one way in which sockets say it
            self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            undo.callback(os.close, self._wake)
            self._selector = undo.enter_context(selectors.DefaultSelector())
            self._selector.register(self._listener, selectors.EVENT_READ)
            self._selector.register(self._wake, selectors.EVENT_READ)
            self.listen = Endpoint(listen.address, self._listener.getsockname()[1])
            """Where it listens: with the port that the system chose, where 0 was asked for."""
            self._thread = Thread(target=self._serve, name="vtap-health", daemon=True)
            self._thread.start()
            self._undo = undo.pop_all()
        self._is_closed = False

    def close(self) -> None:
        """Stop listening, and hang up. A second call does nothing."""
        if not self._is_closed:
            self._is_closed = True
            os.eventfd_write(self._wake, 1)
            self._thread.join()
            self._undo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _serve(self) -> None:
        try:
            while True:
                ready = [key.fileobj for key, _ in self._selector.select(self._time_left())]
                if self._wake in ready:
                    return
                for one in ready:
                    if one is self._listener:
                        self._accept()
                    elif isinstance(one, socket.socket) and one in self._clients:
                        self._read(one)
                self._hang_up_on_the_slow()
        finally:
            for one in list(self._clients):
                self._hang_up(one)

    def _time_left(self) -> float | None:
        """Seconds until the next client has used up its patience; None without clients."""
        began = next(iter(self._clients.values()), None)
        return None if began is None else max(0.0, began[0] + PATIENCE_SECONDS - time.monotonic())

    def _accept(self) -> None:
        try:
            one, _ = self._listener.accept()
        except OSError as error:
            # It went again; or descriptors ran out, and it waits: asking on and on would not help it.
            if error.errno in (errno.EMFILE, errno.ENFILE):
                time.sleep(_REST_SECONDS)
            return
        one.setblocking(False)  # noqa: FBT003  # the one way in which sockets say it
        if len(self._clients) >= MOST_CLIENTS:
            self._hang_up(next(iter(self._clients)))
        self._clients[one] = time.monotonic(), bytearray()
        self._selector.register(one, selectors.EVENT_READ)

    def _read(self, one: socket.socket) -> None:
        _, request = self._clients[one]
        try:
            more = one.recv(LONGEST_REQUEST)
            request += more
            is_wanted = more and _can_be_http(request) and len(request) <= LONGEST_REQUEST
            is_whole = b"\r\n\r\n" in request or b"\n\n" in request
            if is_wanted and is_whole:
                one.send(self._answer(bytes(request)))
        except BlockingIOError:
            return
        except OSError:
            is_wanted = is_whole = False
        if is_whole or not is_wanted:
            self._hang_up(one)

    def _answer(self, request: bytes) -> bytes:
        line = f"{self._report()}\n".encode()
        head = (
            "HTTP/1.0 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(line)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + (b"" if request.startswith(b"HEAD ") else line)

    def _hang_up_on_the_slow(self) -> None:
        now = time.monotonic()
        for one, (began, _) in list(self._clients.items()):
            if now - began >= PATIENCE_SECONDS:
                self._hang_up(one)

    def _hang_up(self, one: socket.socket) -> None:
        del self._clients[one]
        self._selector.unregister(one)
        one.close()


def _can_be_http(request: bytearray) -> bool:
    """Whether what came so far begins as a request does."""
    return any(request.startswith(method[: len(request)]) for method in _METHODS)
