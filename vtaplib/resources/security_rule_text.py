"""What stands in a security rule: ports as a number or a range, addresses as a prefix or a service tag."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Final

from vtaplib.model.spans import IPV6_BASE, Range, address_range

ANY: Final = "*"
EVERY_PORT: Final[Range] = (0, 65535)
EVERY_ADDRESS: Final[Range] = (0, IPV6_BASE + (1 << 128) - 1)

_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*([.-][A-Za-z0-9_]+)*")


def maybe_ports(text: str) -> Range | None:
    """The ports that `*`, a number or a range means, or None if it is malformed."""
    if text == ANY:
        return EVERY_PORT
    match = _PORTS.fullmatch(text)
    if match is None:
        return None
    first, last = int(match[1]), int(match[2] or match[1])
    return (first, last) if first <= last <= EVERY_PORT[1] else None


def maybe_addresses(text: str) -> Range | None:
    """The addresses that `*`, an address or a prefix means; None for a service tag, and what is malformed."""
    if text == ANY:
        return EVERY_ADDRESS
    try:
        return address_range(ip_network(text, strict=False))
    except ValueError:
        return None


def is_service_tag(text: str) -> bool:
    """Whether a text is written as service tags are: `VirtualNetwork`, `Storage.WestEurope`."""
    return maybe_addresses(text) is None and _TAG.fullmatch(text) is not None


def ports_problem(text: str) -> str | None:
    """Why a text stands for no ports, as a clause; None if it does, or says nothing."""
    if not text or maybe_ports(text) is not None:
        return None
    return f"is not {ANY}, a port from 0 to 65535, or a range of ports such as 1024-2048"


def addresses_problem(text: str) -> str | None:
    """Why a text stands for no addresses, as a clause; None if it does, or says nothing."""
    if not text or maybe_addresses(text) is not None or is_service_tag(text):
        return None
    return f"is not {ANY}, an address, a prefix in CIDR notation, or a service tag"
