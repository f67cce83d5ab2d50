from __future__ import annotations

from io import BytesIO
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.capture import PcapngWriter, open_capture
from vtaplib.loops import enhanced_packets
from vtaplib.packets.block import PacketBlock

BOTH = [
    pytest.param(enhanced_packets, id="as imported"),
    pytest.param(interpreted("enhanced_packets"), id="interpreted"),
]

PACKETS = st.lists(
    st.tuples(st.integers(0, (1 << 63) - 1), st.binary(max_size=70), st.integers(0, (1 << 32) - 1)),
    max_size=20,
)


def emit(loop: ModuleType, block: PacketBlock, output: int, room: int) -> bytes:
    """Write packets of a block with as many calls as a small buffer takes."""
    written = bytearray()
    out = bytearray(b"\xa5" * room)
    index = 0
    packets = 0
    while index < block.count:
        index, octets, more = loop.emit(
            block.buffer,
            block.times_ns,
            block.starts,
            block.lengths,
            block.original_lengths,
            block.interfaces,
            block.outputs,
            index,
            block.count,
            output,
            out,
        )
        written += out[:octets]
        packets += more
    assert packets == sum(output in (-1, chosen) for chosen in block.outputs[: block.count])
    return bytes(written)


@pytest.mark.parametrize("loop", BOTH)
@given(PACKETS, st.sampled_from([-1, 0, 1]), st.integers(104, 1000))
def test_a_reader_gets_what_was_emitted(
    loop: ModuleType, packets: list[tuple[int, bytes, int]], output: int, room: int
) -> None:
    block = PacketBlock.of(packets)
    for index in range(block.count):
        block.outputs[index] = index % 2
    file = BytesIO()
    writer = PcapngWriter(file)
    writer.add_interface()
    writer.close()
    file.write(emit(loop, block, output, room))
    file.seek(0)
    with open_capture(file) as reader:
        read = [(record.timestamp_ns, record.data, record.original_length) for record in reader]
    assert read == [packet for index, packet in enumerate(packets) if output in (-1, index % 2)]


@given(PACKETS, st.integers(104, 1000))
def test_compiled_and_interpreted_emit_the_same_octets(
    packets: list[tuple[int, bytes, int]], room: int
) -> None:
    block = PacketBlock.of(packets)
    assert emit(enhanced_packets, block, -1, room) == emit(interpreted("enhanced_packets"), block, -1, room)


def test_a_packet_that_does_not_fit_is_told_by_its_number() -> None:
    block = PacketBlock.of([(1, b"1234", 4), (2, b"12345", 5)])
    out = bytearray(36 + 39)
    columns = [
        getattr(block, name)
        for name in ("times_ns", "starts", "lengths", "original_lengths", "interfaces", "outputs")
    ]
    assert enhanced_packets.emit(block.buffer, *columns, 0, 2, -1, out) == (1, 36, 1)
