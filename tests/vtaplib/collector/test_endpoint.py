from __future__ import annotations

import socket
from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtaplib.collector.endpoint import Endpoint
from vtaplib.errors import CollectorError


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("127.0.0.1", Endpoint("127.0.0.1", 4789)),
        ("127.0.0.1:5000", Endpoint("127.0.0.1", 5000)),
        (":5000", Endpoint("0.0.0.0", 5000)),
        ("0.0.0.0:0", Endpoint("0.0.0.0", 0)),
        ("::1", Endpoint("::1", 4789)),
        ("[::1]", Endpoint("::1", 4789)),
        ("[::1]:5000", Endpoint("::1", 5000)),
    ],
)
def test_an_endpoint_is_read_as_people_write_it(text: str, endpoint: Endpoint) -> None:
    assert Endpoint.of(text, "--to") == endpoint


@given(st.ip_addresses().map(str), st.integers(0, 65535))
def test_an_endpoint_is_read_back_from_its_text(address: str, port: int) -> None:
    endpoint = Endpoint(address, port)
    again = Endpoint.of(str(endpoint), "--to")
    assert (ip_address(again.address), again.port) == (ip_address(address), port)
    assert endpoint.family == (socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6)


def test_what_is_sent_to_has_a_port() -> None:
    with pytest.raises(CollectorError, match=r"^--to 127\.0\.0\.1:0: 0 is not a port; write 1 to 65535$"):
        Endpoint.of("127.0.0.1:0", "--to", least_port=1)


def test_a_host_is_looked_up() -> None:
    assert Endpoint.of("localhost:9", "--to") == Endpoint("127.0.0.1", 9)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1:",
        "127.0.0.1:x",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:١",
        "[::1]5",
        "[::1",
        "..",
        "a b",
    ],
)
def test_what_is_no_endpoint_is_named_with_its_option(text: str) -> None:
    with pytest.raises(CollectorError, match="^--to " + text.replace("[", r"\[").replace(".", r"\.")):
        Endpoint.of(text, "--to")


@given(st.text("0123456789.:[]"))
def test_nothing_but_an_endpoint_or_an_error_comes_of_a_text(text: str) -> None:
    with suppress(CollectorError):
        assert 0 <= Endpoint.of(text, "--to").port <= 65535
