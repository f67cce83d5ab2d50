from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtaplib.packets.block import PacketBlock

PACKETS = st.lists(
    st.tuples(st.integers(0, (1 << 63) - 1), st.binary(max_size=70), st.integers(0, (1 << 32) - 1)),
    max_size=20,
)


@given(PACKETS)
def test_a_block_has_the_packets_that_it_was_made_of(packets: list[tuple[int, bytes, int]]) -> None:
    block = PacketBlock.of(packets)
    assert list(block) == packets
    assert len(block) == block.room == len(packets)
    assert block.octets == sum(len(octets) for _, octets, _ in packets)


@given(PACKETS, st.data())
def test_what_is_retained_keeps_its_order_and_its_columns(
    packets: list[tuple[int, bytes, int]], data: st.DataObject
) -> None:
    kept = data.draw(st.lists(st.booleans(), min_size=len(packets), max_size=len(packets)))
    block = PacketBlock.of(packets)
    for index in range(len(packets)):
        block.interfaces[index] = index
        block.outputs[index] = -index
    block.retain(bytes(kept))
    staying = [index for index, stays in enumerate(kept) if stays]
    assert list(block) == [packets[index] for index in staying]
    assert list(block.interfaces[: len(block)]) == staying
    assert list(block.outputs[: len(block)]) == [-index for index in staying]


OUTSIDE = {
    "begins before the buffer": (-1, 4),
    "ends behind it": (7, 4),
    "begins behind it": (100, 1),
    "is shorter than nothing": (4, -1),
    "is as long as numbers go": (1, (1 << 63) - 1),
    "begins as far as numbers go": ((1 << 63) - 1, 1),
    "begins as far before as numbers go": (-1 << 63, 1),
}


@pytest.mark.parametrize(("start", "length"), OUTSIDE.values(), ids=OUTSIDE)
def test_a_packet_that_does_not_lie_in_the_buffer_is_refused(start: int, length: int) -> None:
    block = PacketBlock.of([(0, b"first", 5), (0, b"other", 5)])
    block.check()
    block.starts[1], block.lengths[1] = start, length
    with pytest.raises(ValueError, match=rf"^packet 1, {length} octets from {start}, does not lie in .* 10$"):
        block.check()


def test_more_packets_than_a_column_tells_of_are_refused() -> None:
    block = PacketBlock.of([(0, b"first", 5), (0, b"other", 5)])
    del block.outputs[1]
    with pytest.raises(ValueError, match="columns do not have 2 packets"):
        block.check()


def test_what_stays_has_to_be_told_of_every_packet() -> None:
    block = PacketBlock.of([(0, b"first", 5), (0, b"other", 5)])
    with pytest.raises(ValueError, match="which of 2 packets stay, 1 octets cannot tell"):
        block.retain(b"\1")
    assert len(block) == 2
