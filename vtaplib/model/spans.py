"""Spans: whole numbers as ranges, for what a rule says of ports and addresses.

A set may be met by another of which it holds some numbers and not others. What that means for a packet, of
which only the set is known, nobody can say: that is the third answer here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Self

from vtaplib.model.addresses import Address, Network

Range = tuple[int, int]
"""The first number and the last."""

IPV6_BASE = 1 << 32
"""Addresses of both families stand in one line: IPv4 from 0, IPv6 from here."""


@dataclass(frozen=True, slots=True)
class Spans:
    """A set of whole numbers: ranges in order, no two of which touch."""

    ranges: tuple[Range, ...]

    @classmethod
    def of(cls, ranges: Iterable[Range]) -> Self:
        """The numbers of all the ranges."""
        merged: list[Range] = []
        for first, last in sorted(ranges):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        return cls(tuple(merged))

    @classmethod
    def one(cls, number: int) -> Self:
        """A single number."""
        return cls(((number, number),))

    def __contains__(self, number: int) -> bool:
        return self._holds(number, number) is True

    def holds(self, other: Spans) -> bool | None:
        """Whether the other's numbers are among these: all of them, none, or, with None, only some."""
        if len(other.ranges) == 1:
            return self._holds(*other.ranges[0])
        held = [self._holds(first, last) for first, last in other.ranges]
        return held[0] if held and all(one is held[0] for one in held) else None

    def _holds(self, first: int, last: int) -> bool | None:
        ranges = self.ranges
        if len(ranges) > 2:
            position = bisect_right(ranges, (last, last))
            ranges = ranges[max(position - 1, 0) : position + 1]
        for low, high in ranges:
            if low <= first and last <= high:
                return True
            if low <= last and first <= high:
                return None
        return False


EVERY_IPV4 = Spans(((0, IPV6_BASE - 1),))


def edges(sets: Iterable[Spans]) -> tuple[int, ...]:
    """Where one of the sets begins or has just ended, in order. All numbers from one edge up to the next are
    in the same of the sets; `bisect_right(edges, number)` is the position of the next.
    """
    return tuple(sorted({edge for one in sets for first, last in one.ranges for edge in (first, last + 1)}))


def address_number(address: Address) -> int:
    """An address's place in the line."""
    return int(address) + (IPV6_BASE if isinstance(address, IPv6Address) else 0)


def packed_number(packed: bytes) -> int:
    """The same of an address of 4 or 16 bytes."""
    number = int.from_bytes(packed, "big")
    return number if len(packed) == 4 else number + IPV6_BASE


def numbered_address(number: int) -> Address:
    """The address at a place in the line."""
    return IPv4Address(number) if number < IPV6_BASE else IPv6Address(number - IPV6_BASE)


def address_range(network: Network) -> Range:
    """The addresses of a prefix."""
    return address_number(network.network_address), address_number(network.broadcast_address)
