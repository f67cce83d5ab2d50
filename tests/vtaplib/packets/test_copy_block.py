"""Copies as a block: whatever is asked of one, it keeps to its columns."""

from __future__ import annotations

import pytest

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.packets import copy_block
from vtaplib.packets.copy_block import CopyBlock


@pytest.fixture(params=[False, True], ids=["compiled", "interpreted"])
def _loops(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param:
        monkeypatch.setattr(copy_block, "write", interpreted("capture_writing").write)
        loops = interpreted("interleaving")
        monkeypatch.setattr(copy_block, "interleave", loops.interleave)
        monkeypatch.setattr(copy_block, "count_outputs", loops.count_outputs)


pytestmark = pytest.mark.usefixtures("_loops")


def block_of(*copies: tuple[int, int]) -> CopyBlock:
    """Copies at a time for an output, each of one octet: its number."""
    block = CopyBlock()
    for number, (time_ns, output) in enumerate(copies):
        block.add(time_ns, bytes([number]), output)
    return block


def test_copies_come_in_the_order_of_time() -> None:
    block = block_of((3, 0), (1, 1), (2, 1))
    block.order_by_time(2)
    assert [packet for _, packet, _ in block.packets()] == [b"\1", b"\2", b"\0"]


def test_a_copy_that_is_added_to_ordered_ones_is_written_too() -> None:
    block = block_of((3, 0), (1, 0))
    block.order_by_time(1)
    block.add(2, b"\2", 0)
    assert [packet for _, packet, _ in block.packets()] == [b"\0", b"\1", b"\2"]
    block.order_by_time(1)
    assert [packet for _, packet, _ in block.packets()] == [b"\0", b"\1", b"\2"]


@pytest.mark.parametrize("output", [-1, 2, 1 << 40])
def test_an_output_that_there_is_not_is_an_error(output: int) -> None:
    block = block_of((3, 0), (1, output))
    with pytest.raises(ValueError, match=f"output {output} is none of 2, which are numbered from 0"):
        block.order_by_time(2)
    with pytest.raises(ValueError, match=f"output {output} is none of 2, which are numbered from 0"):
        block.counts(2)


def test_bare_copies_that_no_column_tells_of_are_not_written() -> None:
    out = bytearray(8)
    assert block_of((3, 0), (1, 0)).write(out, 0) == (0, 0, 0, 1)
    assert out == bytes(8)
