from __future__ import annotations

from io import BytesIO
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.capture import PcapngWriter
from vtaplib.loops import whole_blocks

BOTH = [
    pytest.param(whole_blocks, id="as imported"),
    pytest.param(interpreted("whole_blocks"), id="interpreted"),
]


@pytest.mark.parametrize("loop", BOTH)
@given(st.lists(st.binary(max_size=40), max_size=8), st.data())
def test_a_capture_cut_anywhere_is_whole_up_to_its_last_packet_that_is(
    loop: ModuleType, packets: list[bytes], data: st.DataObject
) -> None:
    file = BytesIO()
    writer = PcapngWriter(file)
    writer.add_interface("one")
    ends = [(file.tell(), 0)]
    for number, packet in enumerate(packets):
        writer.write(number, packet)
        ends.append((file.tell(), ends[-1][1] + len(packet)))
    octets = file.getvalue()
    cut = data.draw(st.integers(ends[0][0], len(octets)))
    whole = max(index for index, (end, _) in enumerate(ends) if end <= cut)
    assert loop.measure(octets, cut) == (ends[whole][0], whole, ends[whole][1])


@pytest.mark.parametrize("loop", BOTH)
def test_room_without_anything_written_to_it_is_no_block(loop: ModuleType) -> None:
    assert loop.measure(bytes(64), 64) == (0, 0, 0)
    assert loop.measure(b"\xff" * 64, 64) == (0, 0, 0)


@pytest.mark.parametrize("loop", BOTH)
def test_a_length_with_its_highest_bit_set_is_no_negative_one(loop: ModuleType) -> None:
    block = (6).to_bytes(4, "little") + (32).to_bytes(4, "little") + bytes(12) + b"\0\0\0\x80" + bytes(4)
    octets = block + (32).to_bytes(4, "little")
    assert loop.measure(octets, len(octets)) == (32, 1, 1 << 31)


@given(st.binary(max_size=80), st.booleans())
def test_compiled_and_interpreted_agree_on_arbitrary_octets(drawn: bytes, begins_well: bool) -> None:
    octets = b"\x06\0\0\0" + bytes([len(drawn) + 8 & 0xFC]) + bytes(3) + drawn if begins_well else drawn
    told = whole_blocks.measure(octets, len(octets))
    assert told == interpreted("whole_blocks").measure(octets, len(octets))
    assert 0 <= told[0] <= len(octets)
