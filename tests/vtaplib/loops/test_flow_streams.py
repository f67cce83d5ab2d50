from __future__ import annotations

from array import array
from types import ModuleType
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.loops import flow_streams
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.flow import directional_hash, read_flow
from vtaplib.packets.plain_headers import HEADERS, is_plain
from vtaplib.testing import frames

BOTH = [
    pytest.param(flow_streams, id="as imported"),
    pytest.param(interpreted("flow_streams"), id="interpreted"),
]

# The register after one octet, as zlib has it.
TABLE = array("q", [crc32(bytes([octet]), 0xFFFFFFFF) ^ 0xFFFFFFFF for octet in range(256)])


@pytest.mark.parametrize("loop", BOTH)
@given(st.lists(frames() | st.binary(max_size=60), max_size=8))
def test_plain_frames_have_the_hash_of_their_flow_and_others_none(
    loop: ModuleType, drawn: list[bytes]
) -> None:
    block = PacketBlock.of((0, frame, len(frame)) for frame in drawn)
    streams = array("q", [7]) * len(drawn)
    others = loop.plain_streams(block.buffer, block.starts, block.lengths, block.count, TABLE, streams)
    assert others == list(streams).count(-1)
    for frame, stream in zip(drawn, streams, strict=True):
        flow = read_flow(frame)
        if len(frame) >= 38 and is_plain(int.from_bytes(frame[HEADERS], "big"), flow):
            assert stream != -1
        assert stream in (-1, directional_hash(flow))


@pytest.mark.parametrize("loop", BOTH)
@given(st.binary(max_size=80), st.integers(-100, 100), st.integers(-100, 1 << 62))
def test_what_lies_outside_of_the_buffer_is_not_read(
    loop: ModuleType, buffer: bytes, start: int, length: int
) -> None:
    streams = array("q", [7])
    columns = array("q", [start]), array("q", [length])
    others = loop.plain_streams(bytearray(buffer), *columns, 1, TABLE, streams)
    if not 0 <= start <= start + length <= len(buffer) or length < 38:
        assert (others, streams[0]) == (1, -1)
