"""Endpoints: where a collector listens, and where datagrams are sent, as people write them."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final, Self

from vtaplib.errors import CollectorError
from vtaplib.packets import vxlan

LARGEST_PORT = 0xFFFF

EVERY_ADDRESS = "0.0.0.0"

_WAYS_OUT: Final = {
    errno.EADDRINUSE: "; another program has it: choose another port",
    errno.EADDRNOTAVAIL: f"; no interface here has it: {EVERY_ADDRESS} stands for every address",
    errno.EACCES: "; ports below 1024 need CAP_NET_BIND_SERVICE",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An IP address, as text, and a UDP or TCP port."""

    address: str
    port: int

    @classmethod
    def of(cls, text: str, option: str = "endpoint", *, port: int = vxlan.PORT, least_port: int = 0) -> Self:
        """The endpoint of `ADDRESS`, `ADDRESS:PORT`, `[IPV6]:PORT` or `:PORT` (every address).

        `port` is what goes without saying. A host's name is looked up once, here. `option` is what an error
        names. Raises `CollectorError` for what is none, or is not found.
        """
        if text.startswith("["):
            host, bracket, rest = text[1:].partition("]")
            given = rest.removeprefix(":")
            is_wrong = not bracket or rest == ":" or rest[:1] not in ("", ":")
        elif text.count(":") > 1:
            host, given, is_wrong = text, "", False
        else:
            host, colon, given = text.partition(":")
            is_wrong = bool(colon) and not given
        if given and not (given.isascii() and given.isdigit() and least_port <= int(given) <= LARGEST_PORT):
            raise CollectorError(
                f"{option} {text}: {given} is not a port; write {least_port} to {LARGEST_PORT}"
            )
        if is_wrong or not text:
            raise CollectorError(f"{option} {text}: write an address and a port, such as 10.0.0.4:{port}")
        if host.isdecimal() and not given:
            # It would be an address, in a way that nobody means: 4789 is 0.0.18.181.
            raise CollectorError(f"{option} {text}: write an address before a port, such as 10.0.0.4:{text}")
        return cls(_address_of(host or EVERY_ADDRESS, text, option), int(given) if given else port)

    @property
    def family(self) -> socket.AddressFamily:
        """`AF_INET`, or `AF_INET6`."""
        is_long = isinstance(ip_address(self.address), IPv6Address)
        return socket.AF_INET6 if is_long else socket.AF_INET

    @property
    def socket_address(self) -> tuple[str, int]:
        """As sockets take it."""
        return self.address, self.port

    def hears(self, target: Endpoint) -> bool:
        """Whether what listens here surely gets what is sent to a target: at the same address, or, listening
        on every one, at this machine's own loopback.
        """
        ours, theirs = ip_address(self.address), ip_address(target.address)
        is_own = ours == theirs or (ours.is_unspecified and (theirs.is_loopback or theirs.is_unspecified))
        return is_own and self.port == target.port

    def __str__(self) -> str:
        host = f"[{self.address}]" if self.family == socket.AF_INET6 else self.address
        return f"{host}:{self.port}"


def _address_of(host: str, text: str, option: str) -> str:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CollectorError(
            f"{option} {text}: {host} is neither an address nor a known host: {why}"
        ) from error
    # A name with both kinds of address is taken by its IPv4 one: Azure's TAPs have no other.
    found.sort(key=lambda one: one[0] != socket.AF_INET)
    return str(found[0][4][0])


def no_listening(what: str, error: OSError) -> CollectorError:
    """The error that says why an endpoint cannot be listened on, and what to do."""
    return CollectorError(
        f"{what}: cannot be listened on: {os.strerror(error.errno or 0)}{_WAYS_OUT.get(error.errno or 0, '')}"
    )
