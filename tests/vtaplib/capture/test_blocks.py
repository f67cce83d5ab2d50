"""What a reader gives in blocks is what it gives in batches, on good captures and damaged ones."""

from __future__ import annotations

import gzip
import io
import random
import struct
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.vtaplib.capture.test_properties import PCAP_TIMES, STARTS, Dripping, packets
from tests.vtaplib.loops.interpreted import interpreted as run_interpreted
from vtaplib.capture import (
    CaptureReader,
    CaptureSource,
    Packet,
    PcapngWriter,
    PcapWriter,
    block_piece,
    open_capture,
    pcap,
    pcapng,
)
from vtaplib.errors import CaptureError

Given = tuple[list[list[Packet]], str | None, dict[int, int]]

LINUX_COOKED = 113

INTERPRETED = run_interpreted("capture_records")


def in_batches(capture: CaptureSource, *, skip: bool = False) -> Given:
    """The packets of every piece, the trouble that ended them, and what was left out."""
    return given_by(CaptureReader.batches, capture, skip=skip)


def in_blocks(capture: CaptureSource, *, skip: bool = False, interpreted: bool = False) -> Given:
    with pytest.MonkeyPatch.context() as patch:
        if interpreted:
            patch.setattr(pcap, "scan_pcap", INTERPRETED.scan_pcap)
            patch.setattr(pcapng, "scan_pcapng", INTERPRETED.scan_pcapng)
        return given_by(CaptureReader.blocks, capture, skip=skip)


def given_by(
    way: Callable[[CaptureReader], Iterator[Iterable[Packet]]], capture: CaptureSource, *, skip: bool
) -> Given:
    pieces: list[list[Packet]] = []
    try:
        reader = open_capture(capture, skip_other_link_types=skip)
    except CaptureError as error:
        return pieces, str(error), {}
    with reader:
        try:
            pieces += map(list, way(reader))
        except CaptureError as error:
            return pieces, str(error), reader.skipped
    return pieces, None, reader.skipped


@st.composite
def captures(draw: st.DrawFn) -> bytes:
    """Captures of both formats and byte orders, with all kinds of blocks and clocks."""
    written = draw(packets(PCAP_TIMES))
    order = draw(st.sampled_from("<>"))
    if draw(st.booleans()):
        magic, scale = draw(st.sampled_from([(0xA1B2C3D4, 1000), (0xA1B23C4D, 1)]))
        capture = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 0, 1)
        for time, data, original in written:
            seconds, fraction = divmod(time, 10**9)
            capture += struct.pack(order + "4I", seconds, fraction // scale, len(data), original) + data
        return capture

    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        length = len(body) + 12
        return struct.pack(order + "II", kind, length) + body + struct.pack(order + "I", length)

    capture = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    clocks = draw(
        st.lists(st.sampled_from([b"\x09", b"\x06", b"\x0c", b"\x94", None]), min_size=1, max_size=3)
    )
    for clock in clocks:
        link_type = LINUX_COOKED if clock == b"\x0c" else 1
        options = struct.pack(order + "HH", 9, 1) + (clock or b"\6") + b"\0\0\0"
        capture += block(1, struct.pack(order + "HHI", link_type, 0, 0) + options * (clock is not None))
    for _, data, original in written:
        interface = draw(st.integers(0, len(clocks) - 1))
        kind = draw(st.sampled_from([6, 6, 6, 3, 2, 5]))
        ticks = draw(st.integers(0, 1 << 50))
        high, low, length = ticks >> 32, ticks & 0xFFFFFFFF, len(data)
        if kind == 3:
            capture += block(3, struct.pack(order + "I", length) + data)
        elif kind == 2:
            capture += block(2, struct.pack(order + "HH4I", interface, 0, high, low, length, original) + data)
        else:
            capture += block(kind, struct.pack(order + "5I", interface, high, low, length, original) + data)
    return capture


@given(captures(), st.booleans(), st.integers(1, 200), st.booleans(), st.booleans())
def test_blocks_hold_what_batches_hold(
    capture: bytes, skip: bool, most: int, zipped: bool, interpreted: bool
) -> None:
    capture = gzip.compress(capture) if zipped else capture
    streams: tuple[Callable[[bytes], Any], ...] = (io.BytesIO, lambda octets: Dripping(octets, most))
    for stream in streams:
        blocks = in_blocks(stream(capture), skip=skip, interpreted=interpreted)
        assert blocks == in_batches(stream(capture), skip=skip)


@given(captures(), st.integers(0, 2**32), st.integers(0, 400), st.booleans())
def test_damaged_captures_end_at_the_same_place_with_the_same_words(
    capture: bytes, seed: int, length: int, interpreted: bool
) -> None:
    damaged = bytearray(capture[: len(capture) - length] if length < len(capture) else capture)
    chance = random.Random(seed)
    for _ in range(chance.randint(0, 4)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    batches = in_batches(io.BytesIO(damaged), skip=True)
    blocks = in_blocks(io.BytesIO(damaged), skip=True, interpreted=interpreted)
    if blocks[1] is None or "after the year 2262" not in blocks[1]:
        assert blocks == batches


@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=300))
@example(start=STARTS[4], rest=b"\x0a\x0d\x0d\x0a" + bytes(8))
def test_any_bytes_are_refused_in_the_same_words(start: bytes, rest: bytes) -> None:
    batches, blocks = in_batches(io.BytesIO(start + rest)), in_blocks(io.BytesIO(start + rest))
    if blocks[1] is None or "after the year 2262" not in blocks[1]:
        assert blocks == batches


@pytest.mark.parametrize("suffix", ["pcap", "pcapng"])
def test_a_file_of_many_pieces_is_read_whole(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
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
        writer.write_many(written)
    for pieces, trouble, skipped in (in_batches(path), in_blocks(path)):
        assert (list(chain(*pieces)), trouble, skipped) == (written, None, {})
        assert len(pieces) > 5


def test_a_time_that_a_block_cannot_hold_is_an_error() -> None:
    file = io.BytesIO()
    with PcapngWriter(file) as writer:
        writer.add_interface()
        writer.write(1, b"early")
        writer.write(1 << 63, b"late")
    pieces, trouble, _ = in_blocks(io.BytesIO(file.getvalue()))
    assert pieces == [[(1, b"early", 5)]]
    assert trouble is not None
    assert "9,223,372,036,854,775,808 ns" in trouble
