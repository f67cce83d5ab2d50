from __future__ import annotations

import random
from array import array
from ipaddress import ip_address
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.loops import tcp_gaps
from vtaplib.packets.block import PacketBlock

INTERPRETED = interpreted("tcp_gaps")
BOTH = [pytest.param(tcp_gaps, id="as imported"), pytest.param(INTERPRETED, id="interpreted")]

FIN, SYN, RST, ACK = 1, 2, 4, 16


def segment(
    sequence: int, size: int, *, flags: int = ACK, port: int = 4000, source: str = "10.0.0.4", tags: int = 0
) -> bytes:
    """A frame with a TCP segment, laid out by RFC 9293, section 3.1; checksums are nothing to this loop."""
    tcp = (port).to_bytes(2, "big") + b"\x01\xbb" + (sequence % (1 << 32)).to_bytes(4, "big") + bytes(4)
    tcp += bytes([5 << 4, flags]) + bytes(6) + bytes(size)
    address = ip_address(source)
    if address.version == 4:
        head = b"\x45\0" + (20 + len(tcp)).to_bytes(2, "big") + bytes(5) + b"\x06\0\0"
        kind, packet = b"\x08\x00", head + address.packed + bytes(4) + tcp
    else:
        head = b"\x60\0\0\0" + len(tcp).to_bytes(2, "big") + b"\x06\x40"
        kind, packet = b"\x86\xdd", head + address.packed + bytes(16) + tcp
    return bytes(12) + b"\x81\x00\0\x05" * tags + kind + packet


def seen(
    loop: ModuleType, frames: list[bytes], streams: list[int] | None = None, rows: int = 64
) -> list[int]:
    """What is counted of two streams: gaps and octets missing of each."""
    return seen_with_rows(loop, frames, streams, rows)[0]


def seen_with_rows(
    loop: ModuleType, frames: list[bytes], streams: list[int] | None, rows: int
) -> tuple[list[int], array[int]]:
    block = PacketBlock.of([(0, frame, len(frame)) for frame in frames])
    for index, stream in enumerate(streams or []):
        block.interfaces[index] = stream
    table, gaps = array("q", bytes(8 * loop.ROW_WORDS * rows)), array("q", bytes(8 * loop.GAP_WORDS * 2))
    loop.look(block.buffer, block.starts, block.lengths, block.interfaces, block.count, table, gaps)
    return list(gaps), table


@pytest.mark.parametrize("loop", BOTH)
@pytest.mark.parametrize("source", ["10.0.0.4", "2001:db8::4"])
@pytest.mark.parametrize("tags", [0, 1, 2])
@pytest.mark.parametrize("start", [0, 1000, (1 << 32) - 250])
def test_octets_that_never_come_are_missing(loop: ModuleType, source: str, tags: int, start: int) -> None:
    whole = [
        segment(start - 1, 0, flags=SYN, source=source, tags=tags),
        *[segment(start + 100 * number, 100, source=source, tags=tags) for number in range(5)],
        segment(start + 500, 0, flags=FIN | ACK, source=source, tags=tags),
        segment(start + 501, 0, source=source, tags=tags),
    ]
    assert seen(loop, whole) == [0, 0, 0, 0]
    assert seen(loop, [*whole[:2], *whole[4:]], [1] * 6) == [0, 0, 1, 200]
    # An empty segment tells too what was sent before it.
    assert seen(loop, [*whole[:4], *whole[-1:]]) == [1, 201, 0, 0]


@pytest.mark.parametrize("loop", BOTH)
def test_what_comes_again_fills_its_gap_in_pieces_too(loop: ModuleType) -> None:
    first, late = segment(0, 100), segment(400, 100)
    assert seen(loop, [first, late]) == [1, 300, 0, 0]
    assert seen(loop, [first, late, segment(100, 300)]) == [1, 0, 0, 0]
    assert seen(loop, [first, late, segment(200, 100), segment(300, 100), segment(100, 100)]) == [1, 0, 0, 0]
    assert seen(loop, [first, late, segment(50, 100)]) == [1, 250, 0, 0]
    assert seen(loop, [first, late, segment(100, 100), segment(200, 50), segment(250, 400)]) == [1, 0, 0, 0]
    assert seen(loop, [first, late, segment(350, 50)]) == [1, 250, 0, 0]
    assert seen(loop, [first, late, segment(0, 100), segment(400, 100)]) == [1, 300, 0, 0]


@pytest.mark.parametrize("loop", BOTH)
@given(st.randoms(use_true_random=False), st.integers(0, (1 << 32) - 1), st.integers(1, 4))
def test_nothing_is_missing_of_segments_that_pass_each_other(
    loop: ModuleType, randomness: random.Random, start: int, reach: int
) -> None:
    # Each comes at most so many places from where it was: no more gaps are open than are remembered.
    order = sorted(range(1, 40), key=lambda number: number + randomness.uniform(0, reach))
    frames = [segment(start, 10), *[segment(start + 10 * number, 10) for number in order]]
    assert seen(loop, frames)[1] == 0


@pytest.mark.parametrize("loop", BOTH)
@given(st.sets(st.integers(1, 40)), st.integers(0, (1 << 32) - 1))
def test_of_segments_in_order_exactly_those_that_are_left_out_are_missing(
    loop: ModuleType, left_out: set[int], start: int
) -> None:
    frames = [segment(start + 10 * number, 10) for number in range(42) if number not in left_out]
    runs = sum(number - 1 not in left_out for number in left_out)
    assert seen(loop, frames) == [runs, 10 * len(left_out), 0, 0]


@pytest.mark.parametrize("loop", BOTH)
def test_flows_and_connections_have_numbers_of_their_own(loop: ModuleType) -> None:
    assert seen(loop, [segment(0, 10), segment(99, 10, port=4001), segment(10, 10)]) == [0, 0, 0, 0]
    assert seen(loop, [segment(0, 10), segment(99, 10), segment(10, 10)], [0, 1, 0]) == [0, 0, 0, 0]
    assert seen(loop, [segment(0, 10), segment(500, 0, flags=SYN), segment(501, 10)]) == [0, 0, 0, 0]
    assert seen(loop, [segment(0, 10), segment(1 << 31, 10), segment((1 << 31) + 10, 10)]) == [0, 0, 0, 0]
    assert seen(loop, [segment(0, 10), segment(5000, 0, flags=RST), segment(10, 10)]) == [0, 0, 0, 0]


FRAMES = st.one_of(
    st.binary(max_size=80),
    st.builds(
        segment,
        st.one_of(st.integers(0, 60), st.integers(0, (1 << 32) - 1)),
        st.integers(0, 30),
        flags=st.sampled_from([ACK, ACK, SYN, FIN, RST]),
        port=st.integers(4000, 4002),
        source=st.sampled_from(["10.0.0.4", "2001:db8::4"]),
        tags=st.integers(0, 2),
    ),
    st.builds(
        lambda frame, at, octet, length: (frame[:at] + bytes([octet]) + frame[at + 1 :])[:length],
        st.builds(segment, st.integers(0, 60), st.integers(0, 30)),
        st.integers(0, 53),
        st.integers(0, 255),
        st.integers(0, 90),
    ),
)


@given(st.lists(st.tuples(FRAMES, st.integers(-1, 2)), max_size=30), st.integers(1, 8))
def test_compiled_and_interpreted_find_the_same_in_any_frames(
    frames: list[tuple[bytes, int]], rows: int
) -> None:
    ones, streams = [frame for frame, _ in frames], [stream for _, stream in frames]
    assert seen_with_rows(tcp_gaps, ones, streams, rows) == seen_with_rows(INTERPRETED, ones, streams, rows)


@pytest.mark.parametrize("loop", BOTH)
@pytest.mark.parametrize("start", [-1, 1, 1 << 62, (1 << 63) - 1, -1 << 63])
def test_what_does_not_lie_in_the_buffer_is_not_looked_at(loop: ModuleType, start: int) -> None:
    rows, gaps = array("q", bytes(8 * 12)), array("q", bytes(8 * 2))
    one = array("q", [start]), array("q", [60]), array("q", [0])
    loop.look(bytes(60), *one, 1, rows, gaps)
    loop.look(bytes(60), *one, 1, array("q"), gaps)
    assert not any(rows)
    assert not any(gaps)
