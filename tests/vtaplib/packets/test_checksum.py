from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtaplib.errors import PacketError
from vtaplib.packets.checksum import internet_checksum, sum_of_words, transport_checksum


def loop_of_rfc_1071(octets: bytes) -> int:
    """The algorithm of RFC 1071, section 4.1, word for word."""
    total = 0
    for position in range(0, len(octets) - 1, 2):
        total += octets[position] << 8 | octets[position + 1]
    if len(octets) % 2:
        total += octets[-1] << 8
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def test_the_sum_is_that_of_the_example_in_rfc_1071_section_3() -> None:
    assert sum_of_words(bytes.fromhex("0001 f203 f4f5 f6f7")) == 0xDDF2


@pytest.mark.parametrize(
    ("octets", "checksum"),
    [
        ("", 0xFFFF),
        ("00", 0xFFFF),
        ("0000 0000", 0xFFFF),
        ("ffff", 0x0000),
        ("ffff ffff ff", 0x00FF),
        # The header of a UDP packet from 192.168.0.1 to 192.168.0.199, much cited.
        ("45000073000040004011 0000 c0a80001c0a800c7", 0xB861),
    ],
)
def test_the_checksum_is_the_complement(octets: str, checksum: int) -> None:
    assert internet_checksum(bytes.fromhex(octets)) == checksum


@given(st.binary(max_size=100))
def test_the_checksum_is_that_of_the_loop_in_rfc_1071(octets: bytes) -> None:
    assert internet_checksum(octets) == loop_of_rfc_1071(octets)


# Datagrams and a segment with their checksum fields zeroed, and what scapy 2.8.0 puts there.
@pytest.mark.parametrize(
    ("addresses", "protocol", "segment", "checksum"),
    [
        ((IPv4Address("10.0.0.4"), IPv4Address("10.0.0.5")), 17, "00359c40000e0000616e73776572", 0x14FC),
        (
            (IPv6Address("2001:db8::1"), IPv6Address("2001:db8::2")),
            17,
            "00359c40000e0000616e73776572",
            0xCD8F,
        ),
        (
            (IPv4Address("10.0.0.4"), IPv4Address("10.0.0.5")),
            6,
            "c00001bb01020304050607087012faf0000000000204055001030307",
            0xA3A3,
        ),
    ],
)
def test_transport_checksums_cover_the_pseudo_header(
    addresses: tuple[IPv4Address | IPv6Address, IPv4Address | IPv6Address],
    protocol: int,
    segment: str,
    checksum: int,
) -> None:
    assert transport_checksum(*addresses, protocol, bytes.fromhex(segment)) == checksum


def test_a_udp_checksum_of_zero_is_sent_as_all_ones() -> None:
    # RFC 768. The payload is chosen so that pseudo-header and datagram sum to 0xffff.
    nowhere = IPv4Address(0)
    length = 10
    filler = 0xFFFF - 17 - length - length
    datagram = bytes(4) + length.to_bytes(2, "big") + bytes(2) + filler.to_bytes(2, "big")
    assert transport_checksum(nowhere, nowhere, 17, datagram) == 0xFFFF
    # TCP has no such rule.
    assert transport_checksum(nowhere, nowhere, 6, bytes(8) + (0xFFFF - 6 - length).to_bytes(2, "big")) == 0


def test_addresses_of_two_versions_have_no_checksum() -> None:
    with pytest.raises(PacketError, match="two versions"):
        transport_checksum(IPv4Address(1), IPv6Address(1), 17, b"")
