"""Private IPv4 prefixes and addresses, as networks and interfaces may have them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from hypothesis import strategies as st

from vtaplib.model.addresses import RESERVED_AT_END, RESERVED_AT_START
from vtaplib.resources.virtual_network import SMALLEST_PREFIX

PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
"""The private address blocks, RFC 1918, section 3."""


def prefixes(
    within: st.SearchStrategy[IPv4Network] | None = None,
    *,
    min_length: int = 16,
    max_length: int = SMALLEST_PREFIX,
) -> st.SearchStrategy[IPv4Network]:
    """Prefixes that Azure takes for a subnet: without host bits, at least a /29.

    `within`: what they lie in, by default one of RFC 1918's blocks. The lengths bound the number of leading
    bits; a prefix is never wider than what it lies in. Shrinks to the widest and lowest. Raises ValueError
    for what is narrower than `max_length` itself.

    >>> str(prefixes().example())  # doctest: +SKIP
    '172.19.64.0/18'
    """
    if not 0 <= min_length <= max_length <= SMALLEST_PREFIX:
        raise ValueError(
            f"prefixes: lengths from {min_length} to {max_length}; they must be in order, between 0 and "
            f"{SMALLEST_PREFIX}"
        )

    def of(outer: IPv4Network) -> st.SearchStrategy[IPv4Network]:
        if outer.prefixlen > max_length:
            raise ValueError(f"prefixes: no prefix with a length up to {max_length} lies in {outer}")
        return st.integers(max(min_length, outer.prefixlen), max_length).flatmap(
            lambda length: st.integers(0, 2 ** (length - outer.prefixlen) - 1).map(
                lambda position: IPv4Network(
                    (int(outer.network_address) + (position << (32 - length)), length)
                )
            )
        )

    return (st.sampled_from(PRIVATE) if within is None else within).flatmap(of)


def addresses(within: st.SearchStrategy[IPv4Network] | None = None) -> st.SearchStrategy[IPv4Address]:
    """Addresses that an interface of a subnet can have: all but the five that Azure keeps for itself.

    `within`: the subnet's prefix, by default any of `prefixes`; a /29 or wider. Shrinks to the lowest.

    >>> str(addresses(st.just(IPv4Network("10.1.0.0/24"))).example())  # doctest: +SKIP
    '10.1.0.97'
    """
    return (prefixes() if within is None else within).flatmap(
        lambda prefix: st.integers(RESERVED_AT_START, capacity(prefix) + RESERVED_AT_START - 1).map(
            lambda offset: prefix[offset]
        )
    )


def capacity(prefix: IPv4Network) -> int:
    """How many addresses of a subnet interfaces can have."""
    return prefix.num_addresses - RESERVED_AT_START - RESERVED_AT_END
