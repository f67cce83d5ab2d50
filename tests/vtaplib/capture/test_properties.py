"""Properties of the capture formats: what is written is read, in whatever pieces, and no bytes do harm."""

from __future__ import annotations

import gzip
import io
import random
import struct
from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st

from vtaplib.capture import Packet, PcapngWriter, PcapWriter, open_capture
from vtaplib.errors import CaptureError
from vtaplib.packets.block import PacketBlock

PCAP_TIMES = st.integers(0, 2**32 * 10**9 - 1)
PCAPNG_TIMES = st.integers(0, 2**63 - 1)


def packets(times: st.SearchStrategy[int]) -> st.SearchStrategy[list[Packet]]:
    return st.lists(st.tuples(times, st.binary(max_size=90), st.integers(0, 2**32 - 1)), max_size=12)


class Dripping(io.RawIOBase):
    """A stream that gives as few bytes at a time as it is told to, as a pipe may."""

    def __init__(self, data: bytes, most: int) -> None:
        self._rest = io.BytesIO(data)
        self._most = most

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._rest.read(min(size, self._most))


def read(capture: bytes) -> list[Packet]:
    return [packet for block in open_capture(io.BytesIO(capture)).blocks() for packet in block]


@given(packets(PCAP_TIMES))
def test_a_pcap_gives_back_what_was_written(written: list[Packet]) -> None:
    stream = io.BytesIO()
    with PcapWriter(stream) as writer:
        for block in PacketBlock.many(written):
            writer.write_block(block)
    assert read(stream.getvalue()) == written
    assert writer.records == len(written)


@given(packets(PCAP_TIMES))
def test_a_microsecond_pcap_drops_what_is_finer(written: list[Packet]) -> None:
    stream = io.BytesIO()
    with PcapWriter(stream, nanoseconds=False) as writer:
        for block in PacketBlock.many(written):
            writer.write_block(block)
    assert read(stream.getvalue()) == [
        (time // 1_000 * 1_000, data, length) for time, data, length in written
    ]


@given(st.lists(st.tuples(st.integers(0, 2), packets(PCAPNG_TIMES), st.text(max_size=20)), max_size=5))
def test_a_pcapng_gives_back_what_was_written_with_its_interfaces(
    runs: list[tuple[int, list[Packet], str]],
) -> None:
    stream = io.BytesIO()
    expected = []
    with PcapngWriter(stream) as writer:
        numbers = [writer.add_interface(name) for name in ("eth0", "", "größer")]
        for interface, written, comment in runs:
            for block in PacketBlock.many(written):
                writer.write_block(block, interface=interface)
            writer.write(1, b"commented", 99, interface=interface, comment=comment)
            expected += [(*packet, interface) for packet in [*written, (1, b"commented", 99)]]
    assert numbers == [0, 1, 2]
    with open_capture(io.BytesIO(stream.getvalue())) as reader:
        assert [tuple(record) for record in reader] == expected
        assert [interface.name for interface in reader.interfaces] == ["eth0", "", "größer"]


@given(packets(PCAP_TIMES))
def test_one_at_a_time_writes_the_same_bytes_as_many(written: list[Packet]) -> None:
    many, single, lazy = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with PcapWriter(many) as writer:
        for block in PacketBlock.many(written):
            writer.write_block(block)
    with PcapWriter(single) as writer:
        for timestamp_ns, data, original_length in written:
            writer.write(timestamp_ns, data, original_length)
    with PcapWriter(lazy) as writer:
        for block in PacketBlock.many(packet for packet in written):
            writer.write_block(block)
    assert many.getvalue() == single.getvalue() == lazy.getvalue()


@given(packets(PCAP_TIMES), st.integers(1, 100), st.booleans(), st.booleans())
def test_the_size_of_the_pieces_makes_no_difference(
    written: list[Packet], most: int, next_generation: bool, zipped: bool
) -> None:
    stream = io.BytesIO()
    if next_generation:
        with PcapngWriter(stream) as ng_writer:
            ng_writer.add_interface()
            for block in PacketBlock.many(written):
                ng_writer.write_block(block)
    else:
        with PcapWriter(stream) as writer:
            for block in PacketBlock.many(written):
                writer.write_block(block)
    capture = gzip.compress(stream.getvalue()) if zipped else stream.getvalue()
    reader = open_capture(Dripping(capture, most))  # type: ignore[arg-type]  # raw, and a reader needs no more
    assert [tuple(record)[:3] for record in reader] == written


PCAP_STARTS = [struct.pack(order + "I", magic) for order in "<>" for magic in (0xA1B2C3D4, 0xA1B23C4D)]
SECTION = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
STARTS = [b"", b"\x1f\x8b", b"\x1f\x8b\x08\x00", SECTION[:8], SECTION, *PCAP_STARTS]
STARTS += [start + struct.pack("<HHiIII", 2, 4, 0, 0, 0, 1) for start in PCAP_STARTS[:2]]
STARTS += [SECTION + struct.pack("<IIHHII", 1, 20, 1, 0, 0, 20)]


@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=300), skip=st.booleans())
@example(start=SECTION, rest=b"\x0a\x0d\x0d\x0a" + bytes(8), skip=False)
def test_no_bytes_raise_anything_but_a_capture_error(start: bytes, rest: bytes, skip: bool) -> None:
    with suppress(CaptureError):
        for record in open_capture(io.BytesIO(start + rest), skip_other_link_types=skip):
            assert len(record.data) <= len(rest)


@given(packets(PCAP_TIMES), st.integers(0, 2**32), st.booleans())
def test_damage_to_a_good_capture_raises_nothing_but_a_capture_error(
    written: list[Packet], seed: int, next_generation: bool
) -> None:
    stream = io.BytesIO()
    if next_generation:
        with PcapngWriter(stream) as ng_writer:
            ng_writer.add_interface("eth0", "an interface")
            for block in PacketBlock.many(written):
                ng_writer.write_block(block)
    else:
        with PcapWriter(stream) as writer:
            for block in PacketBlock.many(written):
                writer.write_block(block)
    damaged = bytearray(stream.getvalue())
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    with suppress(CaptureError):
        for record in open_capture(io.BytesIO(damaged)):
            assert len(record.data) <= len(damaged)
