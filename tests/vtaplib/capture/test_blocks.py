"""One file is one list of packets and one end, however it is read: in blocks by compiled or interpreted
loops, or one packet at a time, from a file or in whatever pieces a stream gives.
"""

from __future__ import annotations

import gzip
import io
import random
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.vtaplib.capture import record_by_record
from tests.vtaplib.capture.test_properties import SECTION, STARTS, Dripping
from tests.vtaplib.loops.interpreted import interpreted as run_interpreted
from vtaplib.capture import (
    CaptureFeed,
    CaptureReader,
    CaptureSource,
    EarlyEnd,
    PcapngWriter,
    PcapWriter,
    Record,
    block_piece,
    open_capture,
    pcap,
    pcapng,
)
from vtaplib.errors import CaptureError, TruncatedCaptureError
from vtaplib.packets.block import PacketBlock

LINUX_COOKED = 113

INTERPRETED = run_interpreted("capture_records")


def of_blocks(reader: CaptureReader) -> Iterable[Record]:
    for block in reader.blocks():
        for index in range(block.count):
            yield Record(
                block.times_ns[index],
                block.packet(index),
                block.original_lengths[index],
                block.interfaces[index],
            )


WAYS: tuple[Callable[[CaptureReader], Iterable[Record]], ...] = (of_blocks, iter)


@dataclass
class Read:
    """What a reader gave, and the error it ended with."""

    records: list[Record]
    error: CaptureError | None
    skipped: dict[int, int]

    @property
    def all(self) -> tuple[object, ...]:
        return self.records, str(self.error), self.skipped


def read(
    capture: CaptureSource, way: Callable[[CaptureReader], Iterable[Record]] = iter, *, skip: bool = True
) -> Read | None:
    """Read to the end; None if the capture cannot be opened."""
    try:
        reader = open_capture(capture, skip_other_link_types=skip)
    except CaptureError:
        return None
    outcome = Read([], None, reader.skipped)
    with reader:
        try:
            outcome.records.extend(way(reader))
        except CaptureError as error:
            outcome.error = error
    return outcome


def check(capture: bytes, pieces: int) -> None:
    """Let every reader read a capture, and compare with what it holds."""
    expected = record_by_record.read(capture)
    streams: tuple[Callable[[], Any], ...] = (
        lambda: io.BytesIO(capture),
        lambda: Dripping(capture, pieces),
        lambda: io.BytesIO(gzip.compress(capture, 1)),
    )
    first = read(streams[0]())
    if expected is None:
        assert first is None
        return
    assert first is not None
    assert first.records == expected.records
    assert first.skipped == expected.skipped
    if expected.end is None:
        assert first.error is None
    else:
        kind, offset = expected.end
        assert isinstance(first.error, CaptureError)
        assert isinstance(first.error, TruncatedCaptureError) == (kind == "cut")
        assert (first.error.offset, first.error.record) == (offset, len(expected.records) + 1)
        assert f"record {first.error.record:,}" in first.error.trouble
        assert f"byte {offset:,}" in first.error.trouble
    for is_interpreted in (False, True):
        with pytest.MonkeyPatch.context() as patch:
            if is_interpreted:
                patch.setattr(pcap, "scan_pcap", INTERPRETED.scan_pcap)
                patch.setattr(pcapng, "scan_pcapng", INTERPRETED.scan_pcapng)
            for way in WAYS:
                for stream in streams:
                    other = read(stream(), way)
                    assert other is not None
                    assert other.all == first.all


def check_feed(capture: bytes) -> None:
    """A feed gives the same, and says where it ends in full unless nothing could be read."""
    expected = record_by_record.read(capture)
    if expected is None:
        return
    feed = CaptureFeed(open_capture(io.BytesIO(capture), skip_other_link_types=True))
    if not expected.records and expected.end is not None and expected.end[0] == "damaged":
        with pytest.raises(CaptureError):
            list(feed.blocks())
        return
    assert [packet for block in feed.blocks() for packet in block] == [one[:3] for one in expected.records]
    if expected.end is None:
        assert feed.ended_early is None
    else:
        assert isinstance(feed.ended_early, EarlyEnd)
        assert (feed.ended_early.kind, feed.ended_early.offset) == expected.end
        assert feed.ended_early.record == len(expected.records) + 1


def block(order: str, kind: int, body: bytes) -> bytes:
    """A block of a pcapng (section 3.1)."""
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


# Whole and half bytes of a word, its ends, and lengths of packets.
NUMBERS = st.integers(0, 2**32 - 1) | st.integers(0, 90) | st.sampled_from([2**31, 2**32 - 1, 262_144])
PACKETS = st.lists(st.tuples(NUMBERS, NUMBERS, st.binary(max_size=90), NUMBERS), max_size=8)
CLOCKS = st.sampled_from(
    [None, 6, 6, 9, 9, 9, 0, 10, 12, 19, 27, 28, 0x7F, 0x80, 0x8A, 0x94, 0xA0, 0xA1, 0xA2, 0xFF]
)
OFFSETS = st.sampled_from([None, None, None, 0, 1, -1, 1_700_000_000, 2**33, -(2**33), 2**63 - 1, -(2**63)])
VERSIONS = st.sampled_from([(2, 4), (2, 4), (2, 4), (2, 3), (2, 2), (2, 0), (543, 0)])


@st.composite
def pcaps(draw: st.DrawFn) -> bytes:
    """Captures of both byte orders and units of time, and of every version."""
    order = draw(st.sampled_from("<>"))
    magic = draw(st.sampled_from([0xA1B2C3D4, 0xA1B23C4D]))
    version = draw(VERSIONS)
    capture = struct.pack(order + "IHHiIII", magic, *version, 0, 0, 0, 1)
    for seconds, fraction, data, original in draw(PACKETS):
        lengths = [len(data), original]
        if version < (2, 3) or version[0] == 543 or (version == (2, 3) and draw(st.booleans())):
            lengths.reverse()
        capture += struct.pack(order + "4I", seconds, fraction, *lengths) + data
    return capture


@st.composite
def sections(draw: st.DrawFn) -> bytes:
    """Sections of a pcapng of both byte orders, with all kinds of blocks and clocks."""
    order = draw(st.sampled_from("<>"))
    minor = draw(st.sampled_from([0, 0, 0, 0, 2, 1]))
    capture = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, minor, -1))
    interfaces = draw(st.lists(st.tuples(CLOCKS, OFFSETS), min_size=1, max_size=3))
    for clock, offset in interfaces:
        link_type = LINUX_COOKED if clock == 12 else 1
        options = b""
        if clock is not None:
            options += struct.pack(order + "HHBxxx", 9, 1, clock)
        if offset is not None:
            options += struct.pack(order + "HHq", 14, 8, offset)
        capture += block(order, 1, struct.pack(order + "HHI", link_type, 0, draw(NUMBERS)) + options)
    for high, low, data, original in draw(PACKETS):
        number = draw(st.integers(0, len(interfaces) - 1))
        # Nearly all times that there are in captures are low.
        times = draw(st.sampled_from([high >> 12, high >> 12, high >> 12, high])), low
        kind = draw(st.sampled_from([6, 6, 6, 3, 2, 5]))
        if kind == 3:
            capture += block(order, 3, struct.pack(order + "I", len(data)) + data)
        elif kind == 2:
            head = struct.pack(order + "HH4I", number, 0, *times, len(data), original)
            capture += block(order, 2, head + data)
        else:
            capture += block(
                order, kind, struct.pack(order + "5I", number, *times, len(data), original) + data
            )
    return capture


def captures() -> st.SearchStrategy[bytes]:
    """Captures of all kinds."""
    return pcaps() | st.lists(sections(), min_size=1, max_size=3).map(b"".join)


def damaged(capture: bytes, seed: int) -> bytes:
    """A capture with bits flipped, numbers replaced, and bytes removed or put in: a few of these."""
    chance = random.Random(seed)
    octets = bytearray(capture)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(octets))
        match chance.randrange(6):
            case 0:
                octets[at] ^= 1 << chance.randrange(8)
            case 1:
                octets[at] = chance.randrange(256)
            case 2:
                at &= ~3
                number = chance.choice((0, 3, 11, 12, 262_144, 262_145, 1 << 24, (1 << 32) - 1))
                octets[at : at + 4] = struct.pack(chance.choice("<>") + "I", number)
            case 3:
                del octets[max(at, 24) :]
            case 4:
                del octets[at : at + chance.choice((1, 4))]
            case 5:
                octets[at:at] = bytes(chance.choice((1, 4)))
        if not octets:
            return capture
    return bytes(octets)


@given(captures(), st.integers(1, 200))
def test_every_reader_gives_what_a_capture_holds(capture: bytes, pieces: int) -> None:
    check(capture, pieces)
    check_feed(capture)


@given(captures(), st.integers(0, 2**32), st.integers(1, 200))
def test_every_reader_ends_where_a_capture_is_damaged(capture: bytes, seed: int, pieces: int) -> None:
    check(damaged(capture, seed), pieces)
    check_feed(damaged(capture, seed))


@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=300), pieces=st.integers(1, 200))
@example(start=SECTION, rest=b"\x0a\x0d\x0d\x0a" + bytes(8), pieces=1)
def test_every_reader_makes_the_same_of_any_bytes(start: bytes, rest: bytes, pieces: int) -> None:
    if not start.startswith(b"\x1f\x8b"):
        check(start + rest, pieces)
        check_feed(start + rest)


@given(captures(), st.integers(0, 2**32), st.integers(1, 200))
def test_what_precedes_damage_in_gzip_is_given_whatever_the_pieces(
    capture: bytes, seed: int, pieces: int
) -> None:
    zipped = bytearray(gzip.compress(capture, mtime=0))
    chance = random.Random(seed)
    # Behind the gzip header; in the last eight are checksum and length (RFC 1952, 2.3).
    zipped[chance.choice((chance.randrange(10, len(zipped)), len(zipped) - 6))] ^= 1 << chance.randrange(8)
    whole = read(io.BytesIO(zipped))
    for way in WAYS:
        other = read(Dripping(bytes(zipped), pieces), way)  # type: ignore[arg-type]  # raw, as above
        if whole is None or other is None:
            assert whole is other
        else:
            assert other.all == whole.all


def test_a_wrong_checksum_of_gzip_takes_no_packet_away() -> None:
    file = io.BytesIO()
    with PcapWriter(file) as writer:
        for one in PacketBlock.many((number, bytes(60), 60) for number in range(10_000)):
            writer.write_block(one)
    zipped = bytearray(gzip.compress(file.getvalue(), mtime=0))
    zipped[-6] ^= 1
    feed = CaptureFeed(open_capture(io.BytesIO(zipped)))
    assert sum(one.count for one in feed.blocks()) == 10_000
    assert feed.ended_early is not None
    assert feed.ended_early.trouble.startswith("its gzip data is damaged")
    assert (feed.ended_early.record, feed.ended_early.offset) == (10_001, len(file.getvalue()))


@pytest.mark.parametrize("suffix", ["pcap", "pcapng"])
@pytest.mark.parametrize("way", WAYS)
def test_a_file_of_many_pieces_is_read_whole(
    tmp_path: Path,
    suffix: str,
    way: Callable[[CaptureReader], Iterable[Record]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Columns too short for a piece, and packets longer than one.
    monkeypatch.setattr(block_piece, "PACKETS", 7)
    written = [
        (number * 10**9, bytes([number % 251]) * (number % 90 if number % 500 else 250_000), 300_000)
        for number in range(20_000)
    ]
    path = tmp_path / f"many.{suffix}"
    with PcapWriter(path) if suffix == "pcap" else PcapngWriter(path) as writer:
        if isinstance(writer, PcapngWriter):
            writer.add_interface()
        for one in PacketBlock.many(written):
            writer.write_block(one)
    outcome = read(path, way)
    assert outcome is not None
    assert outcome.all == ([Record(*one) for one in written], "None", {})
    with open_capture(path) as reader:
        assert sum(1 for _ in reader.blocks()) > 5


def test_errors_count_the_packets_that_were_given_whatever_becomes_of_the_block() -> None:
    capture = io.BytesIO()
    with PcapWriter(capture) as writer:
        for one in PacketBlock.many((number, bytes(60), 60) for number in range(20_000)):
            writer.write_block(one)

    def empty_all(blocks: Iterable[PacketBlock]) -> None:
        for one in blocks:
            one.retain(bytes(one.count))

    reader = open_capture(io.BytesIO(capture.getvalue()[:-1]))
    with pytest.raises(TruncatedCaptureError, match="cut off in record 20,000 "):
        empty_all(reader.blocks())
