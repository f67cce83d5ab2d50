from __future__ import annotations

import errno
import os
import socket
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.loops import frame_writing
from vtaplib.packets.block import PacketBlock

BOTH = [
    pytest.param(frame_writing, id="as imported"),
    pytest.param(interpreted("frame_writing"), id="interpreted"),
]


def write(
    loop: ModuleType, descriptor: int, block: PacketBlock, first: int = 0, output: int = -1
) -> tuple[int, int, int, int]:
    told = loop.write_frames(
        descriptor,
        block.buffer,
        block.starts,
        block.lengths,
        block.outputs,
        first,
        block.count,
        output,
        2,
        20,
    )
    assert isinstance(told, tuple)
    return told


@pytest.mark.parametrize("loop", BOTH)
@given(st.lists(st.binary(max_size=24), max_size=10), st.sampled_from([-1, 0, 1]))
def test_each_frame_is_written_by_itself_and_others_are_told(
    loop: ModuleType, frames: list[bytes], output: int
) -> None:
    block = PacketBlock.of((0, frame, len(frame)) for frame in frames)
    for index in range(block.count):
        block.outputs[index] = index % 2
    chosen = [frame for index, frame in enumerate(frames) if output in (-1, index % 2)]
    # A socket of packets keeps what is written apart, as a network device does.
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        refused = []
        written = [0, 0]
        first = 0
        while first < block.count:
            first, trouble, count, octets = write(loop, ours.fileno(), block, first, output)
            written[0] += count
            written[1] += octets
            if trouble:
                assert trouble in (loop.TOO_SHORT, loop.TOO_LONG)
                assert (trouble == loop.TOO_SHORT) == (block.lengths[first] < 2)
                refused.append(block.packet(first))
                first += 1
        ours.close()
        arrived = list(iter(lambda: theirs.recv(64), b""))
    assert arrived == [frame for frame in chosen if 2 <= len(frame) <= 20]
    assert refused == [frame for frame in chosen if not 2 <= len(frame) <= 20]
    assert written == [len(arrived), sum(map(len, arrived))]


@pytest.mark.parametrize("loop", BOTH)
def test_an_error_ends_it_at_the_frame_and_is_told(loop: ModuleType) -> None:
    block = PacketBlock.of([(0, b"first", 5), (0, b"second", 6)])
    reading, writing = os.pipe2(os.O_NONBLOCK)
    try:
        assert write(loop, reading, block) == (0, errno.EBADF, 0, 0)
        while True:
            try:
                os.write(writing, bytes(4096))
            except BlockingIOError:
                break
        assert write(loop, writing, block, 1) == (1, errno.EAGAIN, 0, 0)
    finally:
        os.close(reading)
        os.close(writing)
