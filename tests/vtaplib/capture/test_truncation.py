"""A capture that is cut off: every whole packet is given, then an error says where the cut is."""

from __future__ import annotations

import gzip
import io
import struct
from collections.abc import Callable

import pytest

from vtaplib.capture import CaptureReader, Record, open_capture
from vtaplib.errors import CaptureError, TruncatedCaptureError

FRAMES = [bytes(range(14)), bytes(range(17)), b"", bytes(range(60))]


def pcap() -> tuple[bytes, list[int]]:
    """Return a pcap of `FRAMES`, and where each of its parts ends."""
    capture = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1)
    ends = [len(capture)]
    for frame in FRAMES:
        capture += struct.pack("<4I", 1, 0, len(frame), len(frame)) + frame
        ends.append(len(capture))
    return capture, ends


def pcapng() -> tuple[bytes, list[int]]:
    """Return a big-endian pcapng of `FRAMES`, and where each block ends; the first two hold no packet."""
    capture = struct.pack(">IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    ends = [len(capture)]
    capture += struct.pack(">IIHHII", 1, 20, 1, 0, 65535, 20)
    ends.append(len(capture))
    for frame in FRAMES:
        padding = bytes(-len(frame) % 4)
        total = 32 + len(frame) + len(padding)
        capture += struct.pack(">7I", 6, total, 0, 0, 1_000_000, len(frame), len(frame)) + frame + padding
        capture += struct.pack(">I", total)
        ends.append(len(capture))
    return capture, ends


def read_until_trouble(capture: bytes) -> tuple[list[Record], CaptureError | None]:
    records: list[Record] = []
    try:
        records.extend(CaptureReader(io.BytesIO(capture)))
    except CaptureError as error:
        return records, error
    return records, None


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_every_prefix_gives_exactly_its_whole_records(make: Callable[[], tuple[bytes, list[int]]]) -> None:
    capture, ends = make()
    before_packets = len(ends) - len(FRAMES)
    for length in range(1, len(capture)):
        records, trouble = read_until_trouble(capture[:length])
        whole_parts = sum(end <= length for end in ends)
        assert [record.data for record in records] == FRAMES[: max(0, whole_parts - before_packets)], length
        if length in ends:
            assert trouble is None
        elif length < 4:
            assert trouble is not None
            assert "is neither pcap nor pcapng" in str(trouble)
        else:
            assert isinstance(trouble, TruncatedCaptureError)
            start = max((end for end in ends if end <= length), default=0)
            assert trouble.offset == start
            assert trouble.present == length - start
            assert trouble.present < trouble.expected


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_every_prefix_of_a_gzip_is_told_to_be_cut_off(make: Callable[[], tuple[bytes, list[int]]]) -> None:
    capture, _ends = make()
    zipped = gzip.compress(capture, mtime=0)
    for length in range(2, len(zipped)):
        records, trouble = read_until_trouble(zipped[:length])
        assert trouble is not None
        assert [record.data for record in records] == FRAMES[: len(records)]
    assert read_until_trouble(zipped)[1] is None


def test_the_message_says_which_record_where_and_how_much_is_there() -> None:
    capture, ends = pcap()
    _records, trouble = read_until_trouble(capture[: ends[-1] - 20])
    # The last of four records starts where the third ends: at 24 + 30 + 33 + 16.
    assert str(trouble) == "capture: cut off in record 4 at byte 103: 56 of 76 bytes"


def test_a_cut_inside_a_record_header_counts_the_bytes_of_the_header() -> None:
    capture, ends = pcap()
    _records, trouble = read_until_trouble(capture[: ends[0] + 12])
    assert str(trouble) == "capture: cut off in record 1 at byte 24: 12 of 16 bytes"


def test_a_cut_file_header_is_told() -> None:
    with pytest.raises(TruncatedCaptureError, match="cut off in its file header: 12 of 24 bytes"):
        open_capture(io.BytesIO(pcap()[0][:12]))


def test_a_cut_in_a_block_without_packet_is_told() -> None:
    _records, trouble = read_until_trouble(pcapng()[0][:40])
    assert str(trouble) == "capture: cut off in a block before record 1 at byte 28: 12 of 20 bytes"
