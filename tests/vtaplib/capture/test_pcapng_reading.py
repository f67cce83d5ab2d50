"""Bytes of pcapng files written by hand from draft-ietf-opsawg-pcapng, sections 3 and 4."""

from __future__ import annotations

import io
import struct

import pytest

from vtaplib.capture import CaptureInterface, Record, open_capture
from vtaplib.errors import CaptureError

FRAME = bytes.fromhex("02 00 00 00 00 02 02 00 00 00 00 01 08 00 45 00 2e")
PADDED = FRAME + bytes(3)

LITTLE_SECTION = bytes.fromhex(
    "0a 0d 0d 0a 1c 00 00 00 4d 3c 2b 1a 01 00 00 00 ff ff ff ff ff ff ff ff 1c 00 00 00"
)
BIG_SECTION = bytes.fromhex(
    "0a 0d 0d 0a 00 00 00 1c 1a 2b 3c 4d 00 01 00 00 ff ff ff ff ff ff ff ff 00 00 00 1c"
)
LITTLE_INTERFACE = bytes.fromhex("01 00 00 00 14 00 00 00 01 00 00 00 00 00 00 00 14 00 00 00")
BIG_INTERFACE = bytes.fromhex("00 00 00 01 00 00 00 14 00 01 00 00 00 00 00 00 00 00 00 14")

# 1,700,000,000,123,456 microseconds are 0x00060A24_18202240; the packet is 17 bytes of 60.
LITTLE_PACKET = (
    bytes.fromhex("06 00 00 00 34 00 00 00 00 00 00 00 24 0a 06 00 40 22 20 18 11 00 00 00 3c 00 00 00")
    + PADDED
    + bytes.fromhex("34 00 00 00")
)
BIG_PACKET = (
    bytes.fromhex("00 00 00 06 00 00 00 34 00 00 00 00 00 06 0a 24 18 20 22 40 00 00 00 11 00 00 00 3c")
    + PADDED
    + bytes.fromhex("00 00 00 34")
)
TIMESTAMP_NS = 1_700_000_000_123_456_000


def block(kind: int, body: bytes) -> bytes:
    """Return a little-endian block (section 3.1)."""
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def interface(link_type: int = 1, snap_length: int = 0, options: bytes = b"") -> bytes:
    """Return an CaptureInterface Description Block (section 4.2)."""
    return block(1, struct.pack("<HHI", link_type, 0, snap_length) + options)


def option(code: int, value: bytes) -> bytes:
    """Return an option (section 3.5)."""
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def packet(number: int, ticks: int, data: bytes = FRAME) -> bytes:
    """Return an Enhanced Packet Block (section 4.3)."""
    head = struct.pack("<5I", number, ticks >> 32, ticks & 0xFFFF_FFFF, len(data), len(data))
    return block(6, head + data + bytes(-len(data) % 4))


def read(*blocks: bytes) -> list[Record]:
    return list(open_capture(io.BytesIO(b"".join(blocks))))


def test_little_endian_is_read() -> None:
    assert read(LITTLE_SECTION, LITTLE_INTERFACE, LITTLE_PACKET) == [Record(TIMESTAMP_NS, FRAME, 60, 0)]


def test_big_endian_is_read() -> None:
    assert read(BIG_SECTION, BIG_INTERFACE, BIG_PACKET) == [Record(TIMESTAMP_NS, FRAME, 60, 0)]


def test_a_section_has_its_own_byte_order_and_interfaces() -> None:
    records = read(
        LITTLE_SECTION,
        LITTLE_INTERFACE,
        LITTLE_INTERFACE,
        LITTLE_PACKET,
        BIG_SECTION,
        BIG_INTERFACE,
        BIG_PACKET,
    )
    assert records == [Record(TIMESTAMP_NS, FRAME, 60, 0), Record(TIMESTAMP_NS, FRAME, 60, 2)]


@pytest.mark.parametrize(
    ("options", "ticks", "timestamp_ns"),
    [
        (b"", 7, 7_000),
        (option(9, b"\x06"), 7, 7_000),
        (option(9, b"\x00"), 7, 7_000_000_000),
        (option(9, b"\x03"), 7, 7_000_000),
        (option(9, b"\x09"), 2**63 - 1, 2**63 - 1),
        (option(9, b"\x0c"), 7_999, 7),
        (option(9, b"\x7f"), 2**64 - 1, 0),
        # The top bit makes it a power of two: 2^-1, 2^-10, 2^-32 of a second.
        (option(9, b"\x81"), 3, 1_500_000_000),
        (option(9, b"\x8a"), 1_025, 1_000_976_562),
        (option(9, b"\xa0"), 2**31, 500_000_000),
        (option(14, struct.pack("<q", 1_700_000_000)), 1, 1_700_000_000_000_001_000),
        (option(14, struct.pack("<q", -1)) + option(9, b"\x09"), 1_000_000_001, 1),
        (option(14, struct.pack("<q", -(2**34))) + option(9, b"\x09"), 2**64 - 1, 2**64 - 1 - 2**34 * 10**9),
        (option(0, b"") + option(9, b"\x09"), 7, 7_000),
    ],
)
def test_the_clock_of_an_interface_is_followed(options: bytes, ticks: int, timestamp_ns: int) -> None:
    records = read(LITTLE_SECTION, interface(options=options), packet(0, ticks))
    assert [record.timestamp_ns for record in records] == [timestamp_ns]


@pytest.mark.parametrize(
    ("options", "ticks", "ns"),
    [
        (option(9, b"\x09"), 2**63, "9,223,372,036,854,775,808"),
        (b"", 2**64 - 1, "18,446,744,073,709,551,615,000"),
        (option(9, b"\x00"), 2**34, "17,179,869,184,000,000,000"),
        (option(9, b"\x80"), 2**34, "17,179,869,184,000,000,000"),
        (option(14, struct.pack("<q", 2**34)), 0, "17,179,869,184,000,000,000"),
        (option(14, struct.pack("<q", -1)), 999_999, "-1,000"),
        (option(14, struct.pack("<q", -(2**63))), 0, "-9,223,372,036,854,775,808,000,000,000"),
    ],
)
def test_a_time_before_1970_or_after_2262_ends_the_capture(options: bytes, ticks: int, ns: str) -> None:
    capture = LITTLE_SECTION + interface() + interface(options=options)
    records = iter(open_capture(io.BytesIO(capture + packet(0, 1) + packet(1, ticks) + packet(0, 2))))
    assert next(records).timestamp_ns == 1_000
    with pytest.raises(CaptureError) as caught:
        next(records)
    assert f"has a time that is not between 1970 and 2262: {ns} ns since 1970" in str(caught.value)
    assert (caught.value.record, caught.value.offset) == (2, len(capture) + len(packet(0, 1)))


@pytest.mark.parametrize("version", [(0, 0), (1, 1), (1, 3), (2, 0)])
def test_a_section_of_another_version_is_not_taken_for_one_of_1_0(version: tuple[int, int]) -> None:
    other = LITTLE_SECTION[:12] + struct.pack("<HH", *version) + LITTLE_SECTION[16:]
    words = f"begins a section of pcapng version {version[0]}.{version[1]}"
    with pytest.raises(CaptureError, match=words):
        read(other, interface(), packet(0, 1))
    capture = LITTLE_SECTION + interface() + packet(0, 1)
    records = iter(open_capture(io.BytesIO(capture + other + interface() + packet(0, 2))))
    assert next(records).timestamp_ns == 1_000
    with pytest.raises(CaptureError, match=words) as caught:
        next(records)
    assert (caught.value.record, caught.value.offset) == (2, len(capture))


def test_version_1_2_means_1_0() -> None:
    assert len(read(LITTLE_SECTION[:14] + b"\2\0" + LITTLE_SECTION[16:], interface(), packet(0, 1))) == 1


def test_a_length_without_the_padding_is_read_as_wireshark_does() -> None:
    # Section 3.1 demands a multiple of 4 today.
    unpadded = struct.pack("<II", 6, 49) + LITTLE_PACKET[8:-4] + struct.pack("<I", 49)
    assert len(LITTLE_PACKET) == 52
    assert read(LITTLE_SECTION, interface(), unpadded, packet(0, 1)) == [
        Record(TIMESTAMP_NS, FRAME, 60, 0),
        Record(1_000, FRAME, 17, 0),
    ]


def test_interfaces_keep_their_own_clocks_and_names() -> None:
    reader = open_capture(
        io.BytesIO(
            LITTLE_SECTION
            + interface(options=option(2, b"eth0") + option(3, "außen".encode()))
            + interface(snap_length=96, options=option(2, b"eth1\0") + option(9, b"\x09"))
            + packet(1, 5)
            + packet(0, 5)
            + packet(1, 6)
        )
    )
    assert [(record.interface, record.timestamp_ns) for record in reader] == [(1, 5), (0, 5_000), (1, 6)]
    assert reader.interfaces == [CaptureInterface(1, 0, "eth0", "außen"), CaptureInterface(1, 96, "eth1")]


def test_unknown_blocks_and_options_of_packets_are_passed_over() -> None:
    head = struct.pack("<5I", 0, 0, 7, len(FRAME), 60)
    commented = block(6, head + PADDED + option(1, b"a comment") + option(0, b""))
    unknown = block(0x0BAD, bytes(40)) + block(5, bytes(12)) + block(4, b"") + block(0x8000_0001, b"")
    assert read(LITTLE_SECTION, unknown, interface(), unknown, commented, unknown, packet(0, 8)) == [
        Record(7_000, FRAME, 60, 0),
        Record(8_000, FRAME, 17, 0),
    ]


def test_a_simple_packet_is_cut_by_the_interface_and_has_no_time() -> None:
    simple = block(3, struct.pack("<I", 60) + FRAME[:16])
    assert read(LITTLE_SECTION, interface(snap_length=14), simple) == [Record(0, FRAME[:14], 60, 0)]


def test_a_simple_packet_without_limit_is_whole() -> None:
    simple = block(3, struct.pack("<I", 17) + PADDED)
    assert read(LITTLE_SECTION, interface(), simple) == [Record(0, FRAME, 17, 0)]


def test_the_obsolete_packet_block_is_read() -> None:
    # Section 4.5 (appendix of old drafts): interface and drop count are 16 bits each.
    obsolete = block(2, struct.pack("<HH4I", 1, 0xFFFF, 0, 9, 17, 60) + PADDED)
    assert read(LITTLE_SECTION, interface(), interface(), obsolete) == [Record(9_000, FRAME, 60, 1)]


def test_a_packet_of_another_link_type_is_refused_by_name() -> None:
    capture = (
        LITTLE_SECTION + interface() + interface(113, options=option(2, b"any")) + packet(0, 1) + packet(1, 2)
    )
    records = iter(open_capture(io.BytesIO(capture)))
    assert next(records).timestamp_ns == 1_000
    with pytest.raises(CaptureError) as caught:
        next(records)
    assert "record 2 at byte 128 is of interface 1 ('any'), which has link type 113 (LINUX_SLL)" in str(
        caught.value
    )
    assert caught.value.record == 2


def test_packets_of_another_link_type_can_be_left_out_and_counted() -> None:
    capture = LITTLE_SECTION + interface() + interface(113) + packet(1, 2) + packet(0, 1) + packet(1, 2)
    reader = open_capture(io.BytesIO(capture), skip_other_link_types=True)
    assert [record.interface for record in reader] == [0]
    assert reader.skipped == {113: 2}


def test_an_interface_of_another_link_type_without_packets_does_no_harm() -> None:
    assert len(read(LITTLE_SECTION, interface(113), interface(), packet(1, 2))) == 1


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        (LITTLE_SECTION[:8] + bytes(20), "has no byte order: 00 00 00 00"),
        (
            struct.pack("<II", 0x0A0D0D0A, 28) + b"\x4d\x3c\x2b\x1a\x02\0" + bytes(10) + b"\x1c\0\0\0",
            "version 2",
        ),
        (LITTLE_SECTION + struct.pack("<IIII", 6, 8, 0, 0), "is not a pcapng block: it claims 8 bytes"),
        (LITTLE_SECTION + struct.pack("<IIII", 6, 2**31, 0, 0), "it claims 2,147,483,648 bytes"),
        (
            LITTLE_SECTION + struct.pack("<IIII", 9, 16, 0, 20),
            "claims 16 bytes at its start and 20 at its end",
        ),
        (LITTLE_SECTION + packet(0, 1), "is of interface 0, and its section has described 0"),
        (LITTLE_SECTION + block(3, struct.pack("<I", 0)), "is of interface 0"),
        (LITTLE_SECTION + block(6, bytes(16)), "is too short for a packet: 28 bytes"),
        (
            LITTLE_SECTION + block(1, bytes(4)),
            "byte 28, before record 1, is too short for an interface: 4 bytes",
        ),
        (LITTLE_SECTION + interface(options=struct.pack("<HH", 2, 99)), "claims 99 bytes for its option 2"),
        (
            LITTLE_SECTION + interface() + block(6, struct.pack("<5I", 0, 0, 0, 21, 21) + PADDED),
            "claims 21 bytes of packet; 20 are there",
        ),
    ],
)
def test_what_no_capture_holds_is_refused_in_words(blocks: bytes, words: str) -> None:
    with pytest.raises(CaptureError) as caught:
        read(blocks)
    assert words in str(caught.value)


def test_packets_before_garbage_are_given() -> None:
    records = iter(
        open_capture(io.BytesIO(LITTLE_SECTION + interface() + packet(0, 1) + packet(0, 2) + bytes(40)))
    )
    assert [next(records).timestamp_ns, next(records).timestamp_ns] == [1_000, 2_000]
    with pytest.raises(CaptureError) as caught:
        next(records)
    assert caught.value.record == 3
