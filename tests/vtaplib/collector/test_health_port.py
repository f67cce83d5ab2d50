from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.vtaplib.collector.recording import LOOPBACK, send, wrapped
from vtaplib.collector import Collector, HealthPort, health_port
from vtaplib.errors import CollectorError


def received_until_the_end(one: socket.socket) -> bytes:
    """What comes before the other side hangs up, in whichever of the two ways."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while octets := one.recv(100):
            received += octets
    return received


@pytest.fixture
def port() -> Iterator[HealthPort]:
    with HealthPort(LOOPBACK, lambda: "all is well") as one:
        yield one


def connect(port: HealthPort) -> socket.socket:
    return socket.create_connection((port.listen.address, port.listen.port), timeout=10)


def test_a_probe_that_shakes_hands_and_goes_is_content(port: HealthPort) -> None:
    for _ in range(3):
        connect(port).close()


@pytest.mark.parametrize(("method", "body"), [("GET", b"all is well\n"), ("HEAD", b"")])
def test_a_probe_that_asks_in_http_gets_200_and_a_line(port: HealthPort, method: str, body: bytes) -> None:
    connection = http.client.HTTPConnection(port.listen.address, port.listen.port, timeout=10)
    connection.request(method, "/health")
    answer = connection.getresponse()
    assert (answer.status, answer.reason) == (200, "OK")
    assert answer.getheader("Content-Length") == "12"
    assert answer.read() == body
    connection.close()


def test_a_request_may_come_in_pieces(port: HealthPort) -> None:
    with connect(port) as one:
        for piece in (b"G", b"ET / HTTP/1.1\r\nHost: x\r\n", b"\r\n"):
            one.sendall(piece)
        assert one.makefile("rb").readline() == b"HTTP/1.0 200 OK\r\n"


@pytest.mark.parametrize("octets", [b"\x16\x03\x01\x02\x00", b"POST / HTTP/1.0\r\n\r\n"])
def test_what_is_no_request_is_hung_up_on(port: HealthPort, octets: bytes) -> None:
    with connect(port) as one:
        one.sendall(octets)
        assert received_until_the_end(one) == b""


def test_a_request_without_end_is_hung_up_on(port: HealthPort) -> None:
    with connect(port) as one:
        one.sendall(b"GET " + b"x" * health_port.LONGEST_REQUEST)
        assert received_until_the_end(one) == b""


def test_silent_clients_hold_nobody_up_and_are_hung_up_on(
    port: HealthPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as clients:
        silent = [clients.enter_context(connect(port)) for _ in range(health_port.MOST_CLIENTS + 5)]
        with connect(port) as one:
            one.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert one.recv(15) == b"HTTP/1.0 200 OK"
        # Those that were there longest made room.
        assert silent[0].recv(1) == b""
        monkeypatch.setattr(health_port, "PATIENCE_SECONDS", 0.0)
        connect(port).close()
        assert silent[-1].recv(1) == b""


def test_a_closed_port_is_not_there_and_clients_are_hung_up_on() -> None:
    port = HealthPort(LOOPBACK, lambda: "all is well")
    with connect(port) as one:
        connect(port).close()
        port.close()
        port.close()
        with pytest.raises(ConnectionRefusedError):
            connect(port)
        assert received_until_the_end(one) == b""


def test_a_port_that_is_taken_is_named(port: HealthPort) -> None:
    with pytest.raises(
        CollectorError, match=r"^health port 127\.0\.0\.1:\d+: cannot be listened on: Address"
    ):
        HealthPort(port.listen, lambda: "")


def test_a_collector_answers_probes_while_it_runs_with_its_counters() -> None:
    with Collector(LOOPBACK, health=LOOPBACK) as collector:
        send(collector.listen, [wrapped(bytes(60)), b"x"])
        while collector.report().received.frames < 2:
            assert not collector.wait(0.001)
        where = collector.health
        assert where is not None
        connection = http.client.HTTPConnection(where.address, where.port, timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"received 2 taken 1 refused 1 dropped 0 waiting 0\n"
        connection.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((where.address, where.port), timeout=10)
