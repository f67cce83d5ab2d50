from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vtaplib.packets.block import Block

PACKETS = st.lists(
    st.tuples(st.integers(0, (1 << 63) - 1), st.binary(max_size=70), st.integers(0, (1 << 32) - 1)),
    max_size=20,
)


@given(PACKETS)
def test_a_block_has_the_packets_that_it_was_made_of(packets: list[tuple[int, bytes, int]]) -> None:
    block = Block.of(packets)
    assert list(block) == packets
    assert len(block) == block.room == len(packets)
    assert block.octets == sum(len(octets) for _, octets, _ in packets)


@given(PACKETS, st.data())
def test_what_is_retained_keeps_its_order_and_its_columns(
    packets: list[tuple[int, bytes, int]], data: st.DataObject
) -> None:
    kept = data.draw(st.lists(st.booleans(), min_size=len(packets), max_size=len(packets)))
    block = Block.of(packets)
    for index in range(len(packets)):
        block.interfaces[index] = index
        block.outputs[index] = -index
    block.retain(bytes(kept))
    staying = [index for index, stays in enumerate(kept) if stays]
    assert list(block) == [packets[index] for index in staying]
    assert list(block.interfaces[: len(block)]) == staying
    assert list(block.outputs[: len(block)]) == [-index for index in staying]
