"""The Internet checksum, RFC 1071, and the pseudo-headers that UDP and TCP add to it.

The ones' complement sum of 16-bit words is the whole number that the octets spell, modulo 65535: a carry out
of the top comes back in at the bottom (RFC 1071, section 2). Python does that division faster than any loop.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from vtaplib.errors import PacketError

UDP = 17


def sum_of_words(octets: bytes) -> int:
    """The ones' complement sum of 16-bit words, odd octets padded with a zero (RFC 1071, section 4.1)."""
    number = int.from_bytes(octets, "big")
    if len(octets) % 2:
        number <<= 8
    # The two zeros of ones' complement: only all-zero input sums to +0.
    return number % 0xFFFF or (0xFFFF if number else 0)


def internet_checksum(octets: bytes) -> int:
    """The complement of the sum: what a header holds so that the whole sums to 0xFFFF."""
    return ~sum_of_words(octets) & 0xFFFF


def transport_checksum(
    source: IPv4Address | IPv6Address, destination: IPv4Address | IPv6Address, protocol: int, segment: bytes
) -> int:
    """The checksum of a UDP datagram or TCP segment whose own checksum field is zero.

    The pseudo-header is that of RFC 768 and RFC 9293, section 3.1, over IPv4, and of RFC 8200, section 8.1,
    over IPv6. A UDP result of zero is sent as 0xFFFF, because zero says that there is no checksum (RFC 768).
    Raises `PacketError` if the addresses are of two versions.
    """
    if source.version != destination.version:
        raise PacketError(f"checksum: {source} and {destination} are of two versions of IP")
    # IPv6 spends 32 bits on length and next header each, IPv4 16; zeros do not change the sum.
    pseudo = (
        source.packed + destination.packed + len(segment).to_bytes(4, "big") + protocol.to_bytes(4, "big")
    )
    checksum = internet_checksum(pseudo + segment)
    return 0xFFFF if checksum == 0 and protocol == UDP else checksum
