"""IP prefixes and addresses as resources use them: containment, and claims that make overlap a lookup.

A prefix is written as the string of its leading bits; one prefix contains another where its string begins the
other's. So "which prefixes overlap this one" is a range in an ordered index plus one lookup a bit, and costs
the same in a network of three subnets and of three thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

RESERVED_AT_START = 4
"""Network, gateway and two for DNS (Azure: "five reserved addresses per subnet")."""
RESERVED_AT_END = 1
"""The broadcast address."""


@lru_cache(maxsize=4096)
def maybe_network(prefix: str) -> Network | None:
    """The network a prefix describes, or None if it is malformed or has host bits set."""
    try:
        return ip_network(prefix)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def maybe_address(address: str) -> Address | None:
    """The address in a string, or None."""
    try:
        return ip_address(address)
    except ValueError:
        return None


def networks(prefixes: Iterable[str]) -> list[Network]:
    """The well-formed ones among some prefixes."""
    return [network for prefix in prefixes if (network := maybe_network(prefix)) is not None]


def overlaps(first: Iterable[Network], second: Sequence[Network]) -> Iterator[tuple[Network, Network]]:
    """The pairs that share addresses."""
    for one in first:
        for other in second:
            if one.version == other.version and one.overlaps(other):
                yield one, other


def contains(outer: Network, inner: Network) -> bool:
    """Whether every address of `inner` is in `outer`."""
    return outer.version == inner.version and inner.subnet_of(outer)  # type: ignore[arg-type]  # same version


def bits(network: Network) -> str:
    """A prefix as the string of its leading bits, after its family."""
    width = network.max_prefixlen
    leading = f"{int(network.network_address):0{width}b}"[: network.prefixlen]
    return f"{network.version}:{leading}"


def from_bits(name: str) -> Network:
    """The prefix that a string of leading bits means: the inverse of `bits`."""
    version, _, leading = name.partition(":")
    width = 32 if version == "4" else 128
    value = int(leading.ljust(width, "0"), 2)
    return IPv4Network((value, len(leading))) if version == "4" else IPv6Network((value, len(leading)))


def reserved(network: Network, address: Address) -> bool:
    """Whether Azure keeps an address of a subnet for itself."""
    offset = int(address) - int(network.network_address)
    return offset < RESERVED_AT_START or offset >= network.num_addresses - RESERVED_AT_END


def assignable(network: Network) -> int:
    """How many addresses of a subnet can be given to somebody."""
    return network.num_addresses - RESERVED_AT_START - RESERVED_AT_END


def claim_name(address: Address) -> str:
    """An address as a fixed-width name, so that names order as addresses do."""
    return f"{address.version}:{int(address):0{8 if address.version == 4 else 32}x}"


def lowest_free(
    prefixes: Iterable[Network], version: int, count: Callable[[str, str], int], granted: Container[str] = ()
) -> str | None:
    """The lowest assignable address of the prefixes that is free, or None.

    `count`: how many claims there are from one claim name to another, both included. `granted`: claim names
    that are taken beside those. Counting finds the lowest gap in a few steps, however many are taken.
    """
    address = IPv4Address if version == 4 else IPv6Address
    for network in prefixes:
        if network.version != version:
            continue
        first = int(network.network_address) + RESERVED_AT_START
        last = int(network.broadcast_address) - RESERVED_AT_END
        while first <= last and (gap := _lowest_gap(first, last, version, count)) is not None:
            if claim_name(address(gap)) not in granted:
                return str(address(gap))
            first = gap + 1
    return None


def _lowest_gap(first: int, last: int, version: int, count: Callable[[str, str], int]) -> int | None:
    """The lowest number between two, both included, whose address has no claim."""
    address = IPv4Address if version == 4 else IPv6Address

    def is_full(begin: int, end: int) -> bool:
        return count(claim_name(address(begin)), claim_name(address(end))) > end - begin

    # Everything below `low` is taken. First in wider and wider strides, for most pools are nearly empty.
    low, high = first, first
    while is_full(low, high):
        if high == last:
            return None
        low, high = high + 1, min(last, high + 2 * (high - first + 1))
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if is_full(low, middle) else (low, middle)
    return low
