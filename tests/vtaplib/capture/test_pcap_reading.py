"""Bytes of pcap files written by hand from draft-ietf-opsawg-pcap, sections 4 and 5."""

from __future__ import annotations

import gzip
import io
import struct
from pathlib import Path

import pytest

from vtaplib.capture import CaptureInterface, Record, open_capture
from vtaplib.errors import CaptureError, TruncatedCaptureError

# 2023-11-14T22:13:20Z is 1,700,000,000 = 0x6553F100 seconds after 1970.
FRAME = bytes.fromhex("02 00 00 00 00 02 02 00 00 00 00 01 08 00 45 00")

LITTLE_HEADER = bytes.fromhex("02 00 04 00 00 00 00 00 00 00 00 00 00 00 04 00 01 00 00 00")
BIG_HEADER = bytes.fromhex("00 02 00 04 00 00 00 00 00 00 00 00 00 04 00 00 00 00 00 01")

LITTLE_RECORD = bytes.fromhex("00 f1 53 65 15 cd 5b 07 10 00 00 00 3c 00 00 00") + FRAME
BIG_RECORD = bytes.fromhex("65 53 f1 00 07 5b cd 15 00 00 00 10 00 00 00 3c") + FRAME

# 0x075BCD15 is 123,456,789; a fraction in microseconds is never that large, so those have 0x0001E240 =
# 123,456.
LITTLE_MICRO_RECORD = bytes.fromhex("00 f1 53 65 40 e2 01 00 10 00 00 00 3c 00 00 00") + FRAME
BIG_MICRO_RECORD = bytes.fromhex("65 53 f1 00 00 01 e2 40 00 00 00 10 00 00 00 3c") + FRAME

NANOSECONDS = 1_700_000_000_123_456_789
MICROSECONDS = 1_700_000_000_123_456_000

LITTLE_NANO = bytes.fromhex("4d 3c b2 a1") + LITTLE_HEADER + LITTLE_RECORD
LITTLE_MICRO = bytes.fromhex("d4 c3 b2 a1") + LITTLE_HEADER + LITTLE_MICRO_RECORD
BIG_NANO = bytes.fromhex("a1 b2 3c 4d") + BIG_HEADER + BIG_RECORD
BIG_MICRO = bytes.fromhex("a1 b2 c3 d4") + BIG_HEADER + BIG_MICRO_RECORD

CASES = [
    pytest.param(LITTLE_NANO, NANOSECONDS, id="little-endian nanoseconds"),
    pytest.param(LITTLE_MICRO, MICROSECONDS, id="little-endian microseconds"),
    pytest.param(BIG_NANO, NANOSECONDS, id="big-endian nanoseconds"),
    pytest.param(BIG_MICRO, MICROSECONDS, id="big-endian microseconds"),
]


@pytest.mark.parametrize(("capture", "timestamp_ns"), CASES)
def test_each_byte_order_and_unit_of_time_is_read(capture: bytes, timestamp_ns: int) -> None:
    with open_capture(io.BytesIO(capture)) as reader:
        assert reader.format == "pcap"
        assert reader.interfaces == [CaptureInterface(link_type=1, snap_length=262_144)]
        assert list(reader) == [Record(timestamp_ns, FRAME, 60, 0)]


@pytest.mark.parametrize(("capture", "timestamp_ns"), CASES)
def test_blocks_give_the_same_packets_as_bare_tuples(capture: bytes, timestamp_ns: int) -> None:
    with open_capture(io.BytesIO(capture)) as reader:
        assert [packet for block in reader.blocks() for packet in block] == [(timestamp_ns, FRAME, 60)]


@pytest.mark.parametrize(("capture", "timestamp_ns"), CASES)
def test_gzip_is_seen_through_by_its_first_bytes(capture: bytes, timestamp_ns: int) -> None:
    assert list(open_capture(io.BytesIO(gzip.compress(capture, mtime=0)))) == [
        Record(timestamp_ns, FRAME, 60, 0)
    ]


def test_several_gzip_members_are_one_capture() -> None:
    zipped = gzip.compress(LITTLE_NANO[:30], mtime=0) + gzip.compress(LITTLE_NANO[30:]) + bytes(100)
    assert list(open_capture(io.BytesIO(zipped))) == [Record(NANOSECONDS, FRAME, 60, 0)]


def test_a_capture_without_packets_is_a_capture() -> None:
    assert list(open_capture(io.BytesIO(LITTLE_NANO[:24]))) == []


# What libpcap's sf-pcap.c does: before 2.3, and in DG/UX's 543.0, the original length comes first; with 2.3
# that is told by the captured one, which cannot be the larger.
@pytest.mark.parametrize(
    ("version", "captured_first"),
    [((2, 0), False), ((2, 1), False), ((2, 2), False), ((2, 3), False), ((2, 3), True), ((543, 0), False)],
)
@pytest.mark.parametrize("order", "<>")
def test_the_lengths_of_old_versions_are_told_apart(
    version: tuple[int, int], captured_first: bool, order: str
) -> None:
    capture = struct.pack(order + "IHHiIII", 0xA1B2C3D4, *version, 0, 0, 68, 1)
    for length in (60, 16):
        lengths = (16, length) if captured_first else (length, 16)
        capture += struct.pack(order + "4I", 1_700_000_000, 123_456, *lengths) + FRAME
    whole = [Record(MICROSECONDS, FRAME, 60, 0), Record(MICROSECONDS, FRAME, 16, 0)]
    assert list(open_capture(io.BytesIO(capture))) == whole
    records = iter(open_capture(io.BytesIO(capture[:-1])))
    assert next(records) == whole[0]
    with pytest.raises(TruncatedCaptureError, match="cut off in record 2 at byte 56: 31 of 32 bytes"):
        next(records)


def test_the_length_of_a_frame_check_sequence_is_not_taken_for_a_link_type() -> None:
    # Section 4: the upper four bits give its length in 16-bit words; the bit below says that they are valid.
    with_fcs = LITTLE_NANO[:20] + struct.pack("<I", 0x2400_0001) + LITTLE_NANO[24:]
    assert len(list(open_capture(io.BytesIO(with_fcs)))) == 1


@pytest.mark.parametrize(
    ("link_type", "words"),
    [(0, "0 (NULL)"), (101, "101 (RAW)"), (113, "113 (LINUX_SLL)"), (147, "147 (USER0)"), (4711, "4711")],
)
def test_another_link_type_than_ethernet_is_refused_by_name(link_type: int, words: str) -> None:
    capture = LITTLE_NANO[:20] + struct.pack("<I", link_type) + LITTLE_NANO[24:]
    with pytest.raises(CaptureError, match=r"has link type") as caught:
        open_capture(io.BytesIO(capture))
    assert f"has link type {words};" in str(caught.value)


def test_a_record_of_impossible_length_is_garbage_and_named() -> None:
    capture = LITTLE_NANO + struct.pack("<4I", 1_700_000_001, 0, 0x4000_0000, 60) + bytes(100)
    with pytest.raises(CaptureError) as caught:
        list(open_capture(io.BytesIO(capture)))
    assert not isinstance(caught.value, TruncatedCaptureError)
    assert (caught.value.record, caught.value.offset) == (2, 56)
    assert "record 2 at byte 56 is not a packet: it claims 1,073,741,824 bytes" in str(caught.value)


def test_packets_before_garbage_are_given() -> None:
    capture = LITTLE_NANO + struct.pack("<4I", 1_700_000_001, 0, 0x4000_0000, 60) + bytes(100)
    records = iter(open_capture(io.BytesIO(capture)))
    assert next(records).timestamp_ns == NANOSECONDS
    with pytest.raises(CaptureError):
        next(records)


@pytest.mark.parametrize(
    ("capture", "words"),
    [
        (b"", "is empty"),
        (b"\xd4", "is neither pcap nor pcapng: it starts with the bytes d4"),
        (b"GIF89a, and more", "is neither pcap nor pcapng: it starts with the bytes 47 49 46 38"),
        (bytes.fromhex("34 cd b2 a1") + bytes(60), "is Kuznetzov's modified pcap"),
        (bytes.fromhex("d4 c3 b2 a1 01 00 04 00") + bytes(60), "is pcap version 1.4"),
        (bytes.fromhex("d4 c3 b2 a1 02 00 05 00") + bytes(60), "is pcap version 2.5"),
        (b"\x1f\x8b\x08\x00" + bytes(60), "its gzip data is damaged"),
        (gzip.compress(LITTLE_NANO, mtime=0) + b"tail", "something that is not gzip follows its gzip data"),
    ],
)
def test_what_is_no_capture_is_refused_in_words(capture: bytes, words: str) -> None:
    with pytest.raises(CaptureError) as caught:
        list(open_capture(io.BytesIO(capture)))
    assert words in str(caught.value)


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(LITTLE_NANO, mtime=0))))
    with open_capture("-") as reader:
        assert reader.name == "standard input"
        assert list(reader) == [Record(NANOSECONDS, FRAME, 60, 0)]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"missing\.pcap: no such file or directory"):
        open_capture(tmp_path / "missing.pcap")


def test_a_directory_is_no_capture(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="is a directory"):
        open_capture(tmp_path)
