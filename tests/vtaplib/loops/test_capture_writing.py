"""Records and outer headers, compiled and interpreted, judged by the reader and by the wrapper."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from ipaddress import IPv4Address
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.capture import PcapngWriter, PcapWriter, open_capture
from vtaplib.loops import capture_writing
from vtaplib.loops.capture_writing import FULL, PCAP, PCAPNG
from vtaplib.mirror.outer_header import OuterHeader
from vtaplib.packets import block as blocks
from vtaplib.packets import copy_block
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.copy_block import CopyBlock, OuterHeaders

INTERPRETED = interpreted("capture_writing")
BOTH = [pytest.param(capture_writing, id="as imported"), pytest.param(INTERPRETED, id="interpreted")]

# Of times within those of a pcap.
PACKETS = st.lists(
    st.tuples(st.integers(0, (1 << 61)), st.binary(max_size=70), st.integers(0, (1 << 32) - 1)), max_size=20
)
ADDRESSES = st.integers(0, (1 << 32) - 1).map(IPv4Address)
HEADERS = st.builds(
    OuterHeader,
    source_mac=st.binary(min_size=6, max_size=6),
    destination_mac=st.binary(min_size=6, max_size=6),
    source=ADDRESSES,
    destination=ADDRESSES,
    destination_port=st.integers(0, 0xFFFF),
    vni=st.integers(0, 0xFFFFFF),
)


@contextmanager
def written_by(module: ModuleType) -> Iterator[None]:
    """Blocks are written by this module's loop."""
    with pytest.MonkeyPatch.context() as patch:
        for user in (blocks, copy_block):
            patch.setattr(user, "write", module.write)
        yield


def emit(block: PacketBlock | CopyBlock, output: int, room: int, record_format: int) -> bytes:
    """Write packets of a block with as many calls as a small buffer takes."""
    written, out = bytearray(), bytearray(b"\xa5" * room)
    index, packets, reason = 0, 0, FULL
    while reason == FULL:
        index, octets, more, reason = block.write(
            out, index, output=output, interface=0, record_format=record_format
        )
        written += out[:octets]
        packets += more
    assert reason == capture_writing.DONE
    assert packets == sum(output in (-1, chosen) for chosen in block.outputs[: block.count])
    return bytes(written)


@pytest.mark.parametrize("module", BOTH)
@given(PACKETS, st.sampled_from([-1, 0, 1]), st.integers(104, 1000), st.sampled_from([PCAPNG, PCAP]))
def test_a_reader_gets_what_was_written(
    module: ModuleType, packets: list[tuple[int, bytes, int]], output: int, room: int, record_format: int
) -> None:
    block = PacketBlock.of(packets)
    for index in range(block.count):
        block.outputs[index] = index % 2
    file = BytesIO()
    writer = PcapWriter(file) if record_format == PCAP else PcapngWriter(file)
    if isinstance(writer, PcapngWriter):
        writer.add_interface()
    writer.close()
    with written_by(module):
        file.write(emit(block, output, room, record_format))
    file.seek(0)
    with open_capture(file) as reader:
        read = [(record.timestamp_ns, record.data, record.original_length) for record in reader]
    assert read == [packet for index, packet in enumerate(packets) if output in (-1, index % 2)]


@given(PACKETS, HEADERS, st.data())
def test_copies_are_what_the_header_wraps_or_what_lies_aside(
    packets: list[tuple[int, bytes, int]], header: OuterHeader, data: st.DataObject
) -> None:
    inner = PacketBlock.of(packets)
    outer = OuterHeaders()
    outer.add(bytes(50), 0)
    number = outer.add(header.wrap(header.ports(0), b""), header.template.sum_without_length)
    copies = CopyBlock()
    copies.clear(inner.buffer, outer)
    expected = []
    for index, (time_ns, frame, _) in enumerate(packets):
        port, output = data.draw(st.integers(0, 0xFFFF)), data.draw(st.integers(0, 2))
        if data.draw(st.booleans()):
            copies.add(time_ns, frame, output)
            expected.append((time_ns, frame, output))
            continue
        copies.add(time_ns, b"", output)
        row = copies.count - 1
        copies.starts[row], copies.lengths[row] = inner.starts[index], len(frame)
        copies.headers[row], copies.ports[row] = number, port
        expected.append((time_ns, header.wrap(header.ports(port), frame), output))
    for module in (capture_writing, INTERPRETED):
        with written_by(module):
            for output in (-1, 0, 1, 2):
                bare = copies.packets(output)
                got = [
                    (bare.times_ns[index], bare.packet(index), bare.outputs[index])
                    for index in range(bare.count)
                ]
                assert got == [one for one in expected if output in (-1, one[2])]
    assert list(copies.counts(3)) == [sum(one[2] == number for one in expected) for number in range(3)]


@given(PACKETS, st.integers(104, 1000), st.sampled_from([PCAPNG, PCAP]))
def test_compiled_and_interpreted_write_the_same_octets(
    packets: list[tuple[int, bytes, int]], room: int, record_format: int
) -> None:
    block = PacketBlock.of(packets)
    written = []
    for module in (capture_writing, INTERPRETED):
        with written_by(module):
            written.append(emit(block, -1, room, record_format))
    assert written[0] == written[1]


@pytest.mark.parametrize("module", BOTH)
def test_a_packet_that_finds_no_room_is_told_by_its_number(module: ModuleType) -> None:
    block = PacketBlock.of([(1, b"1234", 4), (2, b"12345", 5)])
    with written_by(module):
        assert block.write(bytearray(36 + 39), 0, record_format=PCAPNG) == (1, 36, 1, FULL)
