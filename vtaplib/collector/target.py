"""Targets: where datagrams are sent, from `ADDRESS[:PORT]` as a person writes it.

A name is looked up once, when the target is made: a run goes to one address.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import Any, Self

from vtaplib.errors import CollectorError
from vtaplib.packets import vxlan

# An IPv6 address stands in brackets where a port follows (RFC 3986, section 3.2.2), and may do so always.
_BRACKETED = re.compile(r"\[(?P<host>[^\]]+)\](?::(?P<port>.*))?")
_PLAIN = re.compile(r"(?P<host>[^:]+)(?::(?P<port>.*))?")

_LARGEST_PORT = 0xFFFF


@dataclass(frozen=True, slots=True)
class Target:
    """An address of a family of sockets, and what the user called it."""

    text: str
    family: int
    address: tuple[Any, ...]
    """As sockets take it: the address, the port, and in IPv6 two numbers more."""

    @classmethod
    def of(cls, text: str, port: int = vxlan.PORT) -> Self:
        """The target that a text names; `port` is taken where it has none. Raises `CollectorError`."""
        match = _BRACKETED.fullmatch(text) or _PLAIN.fullmatch(text)
        if match is None and text.count(":") > 1:
            # An IPv6 address without brackets can have no port.
            host, port_text = text, None
        elif match is None:
            raise CollectorError(f"{text!r}: no address to send to; write ADDRESS or ADDRESS:PORT")
        else:
            host, port_text = match["host"], match["port"]
        if port_text is not None:
            port = _port(text, port_text)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise CollectorError(f"{text}: {host} has no address: {why}") from error
        family, _, _, _, address = found[0]
        return cls(text, family, address)

    @property
    def host(self) -> str:
        """The address in digits."""
        return str(self.address[0])

    @property
    def port(self) -> int:
        """The UDP port."""
        return int(self.address[1])

    def __str__(self) -> str:
        host = f"[{self.host}]" if self.family == socket.AF_INET6 else self.host
        return f"{host}:{self.port}"


def _port(text: str, port: str) -> int:
    if not port.isascii() or not port.isdecimal() or not 1 <= int(port) <= _LARGEST_PORT:
        raise CollectorError(f"{text}: {port!r} is no port; ports are 1 to {_LARGEST_PORT}")
    return int(port)
