"""The table tells flows apart as `read_flow` does, for any octets, compiled or not."""

from __future__ import annotations

from array import array
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.fabric.worlds import frames, related_frames, udp_frame
from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.loops import flow_table
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.flow import Flow, read_flow

BOTH = [
    pytest.param(flow_table, id="as imported"),
    pytest.param(interpreted("flow_table"), id="interpreted"),
]

HEADS = [
    bytes(12) + bytes.fromhex(text)
    for text in (
        "0800 4500",
        "8100 0001 0800 4500",
        "88a8 0001 8100 0002 0800 4600",
        "86dd 6000 0000 0000 2c00",
        "8100 0001 86dd 6000 0000 0000 0000",
        "0806",
        "0800 6500",
    )
]
few = st.sampled_from([b"\0", b"\1", b"\x06", b"\x11", b"\x2c", b"\x3c", b"\x84"])
made = st.builds(
    lambda head, octets: head + b"".join(octets), st.sampled_from(HEADS), st.lists(few, max_size=80)
)
captured = st.lists(made | frames | st.binary(max_size=60), max_size=30) | related_frames()


def look_up(table: flow_table.FlowTable, block: PacketBlock) -> list[int]:
    found = array("q", bytes(8 * block.room))
    table.look_up(block.buffer, block.starts, block.lengths, 0, block.count, found)
    return list(found[: block.count])


def block_of(seen: list[bytes]) -> PacketBlock:
    return PacketBlock.of([(0, frame, len(frame)) for frame in seen])


@pytest.mark.parametrize("module", BOTH)
@given(captured)
def test_a_frame_is_known_when_one_of_its_flow_was_learnt(module: ModuleType, seen: list[bytes]) -> None:
    table = module.FlowTable()
    numbers: dict[Flow, int] = {}
    for frame in seen:
        block = block_of([frame])
        flow = read_flow(frame)
        assert look_up(table, block) == [numbers.get(flow, -1)] or frame_is_plain_elsewhere(module)
        numbers.setdefault(flow, 1 << 16 | len(numbers))
        table.learn(frame, numbers[flow])
    assert look_up(table, block_of(seen)) == [numbers[read_flow(frame)] for frame in seen]


def frame_is_plain_elsewhere(module: ModuleType) -> bool:
    """Interpreted, a flow may be learnt twice: by a tagged frame, and by one whose headers are plain."""
    return module is not flow_table


@pytest.mark.parametrize("module", BOTH)
@given(captured, st.data())
def test_a_flow_that_is_forgotten_is_unknown_and_all_others_stay(
    module: ModuleType, seen: list[bytes], data: st.DataObject
) -> None:
    table = module.FlowTable()
    for frame in seen:
        table.learn(frame, 7)
    forgotten = data.draw(st.sampled_from(seen or [b""]))
    table.forget(forgotten)
    for frame, known in zip(seen, look_up(table, block_of(seen)), strict=True):
        if frame == forgotten or read_flow(frame) != read_flow(forgotten):
            assert known == (-1 if frame == forgotten else 7)
    table.learn(forgotten, 9)
    assert look_up(table, block_of([forgotten])) == [9]


@pytest.mark.parametrize("module", BOTH)
def test_a_table_that_grows_keeps_what_it_knows(module: ModuleType) -> None:
    seen = [udp_frame("10.0.0.4", "10.0.0.5", (port, 53)) for port in range(1000, 4000)]
    wide = [
        bytes(12) + b"\x86\xdd\x60" + bytes(5) + b"\x11" + bytes(13) + number.to_bytes(4, "big") + bytes(20)
        for number in range(2000)
    ]
    table = module.FlowTable()
    for number, frame in enumerate(seen + wide, start=2):
        table.learn(frame, number)
    assert table.flows == len(seen + wide)
    assert look_up(table, block_of(seen + wide)) == list(range(2, 2 + len(seen + wide)))


@pytest.mark.parametrize("module", BOTH)
def test_the_next_unknown_is_the_first_of_its_time_and_what_became_known_is_noted(module: ModuleType) -> None:
    seen = [udp_frame("10.0.0.4", "10.0.0.5", (port, 53)) for port in (1, 2, 1, 3, 4)]
    block = PacketBlock.of([(at, frame, len(frame)) for at, frame in enumerate(seen)])
    table = module.FlowTable()
    found = array("q", [-1] * block.count)
    table.learn(seen[0], 5)
    table.learn(seen[3], 6)

    def following(first: int, end: int) -> int:
        number: int = table.next_unknown(
            block.buffer, block.times_ns, block.starts, block.lengths, first, block.count, 0, end, found
        )
        return number

    assert following(0, 10) == 1
    assert following(2, 10) == 4
    assert list(found) == [5, -1, 5, 6, -1]
    assert following(2, 3) == block.count
