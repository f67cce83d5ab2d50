from __future__ import annotations

import pytest

from tests.vtaplib.collector.recording import LOOPBACK, Recording, send, wrapped
from vtaplib.collector import Collector, Streams


def test_streams_beyond_the_limit_are_counted_together() -> None:
    streams, output = Streams(limit=2), Recording()
    with Collector(LOOPBACK, [output], streams=streams) as collector:
        send(collector.listen, [wrapped(bytes(60), vni) for vni in (10, 11, 12, 13, 10)])
    assert output.interfaces == [0, 1, 2, 2, 0]
    assert [(one.number, one.name, one.frames, one.octets) for one in streams] == [
        (0, "127.0.0.1 VNI 10", 2, 120),
        (1, "127.0.0.1 VNI 11", 1, 60),
        (2, "other streams", 2, 120),
    ]
    assert len(streams) == 3
    assert [streams.vni(number) for number in range(3)] == [10, 11, None]


def test_a_stream_is_described_by_its_sender_and_its_vni() -> None:
    streams = Streams(limit=1)
    with Collector(LOOPBACK, streams=streams) as collector:
        send(collector.listen, [wrapped(bytes(60), 99)], source="127.0.0.9")
    assert streams.describe(0) == (
        "127.0.0.9 VNI 99",
        "frames mirrored by 127.0.0.9 in VXLAN network 99",
    )
    assert streams.describe(1) == ("other streams", "senders and VNIs beyond the first 1")


def tcp(sequence: int, size: int) -> bytes:
    """A frame with a TCP segment in IPv4."""
    segment = b"\x10\0\x01\xbb" + sequence.to_bytes(4, "big") + bytes(4) + b"\x50\x10" + bytes(6 + size)
    length = (20 + len(segment)).to_bytes(2, "big")
    return bytes(12) + b"\x08\0\x45\0" + length + bytes(4) + b"\x40\x06" + bytes(10) + segment


@pytest.mark.parametrize("estimates_gaps", [True, False])
def test_what_is_missing_of_a_streams_tcp_is_estimated_where_that_is_wanted(estimates_gaps: bool) -> None:
    streams = Streams(limit=2)
    with Collector(LOOPBACK, streams=streams, estimates_gaps=estimates_gaps) as collector:
        send(collector.listen, [wrapped(tcp(number * 100, 100), 10) for number in (0, 1, 4, 5)])
        send(collector.listen, [wrapped(tcp(number * 100, 100), 11) for number in (0, 2, 1, 3)])
        send(collector.listen, [wrapped(tcp(number * 100, 100), 12) for number in (0, 2)])
    told = [(one.tcp_gaps, one.tcp_missing_octets) for one in collector.report().streams]
    assert told == ([(1, 200), (1, 0), (1, 100)] if estimates_gaps else [(0, 0)] * 3)


def test_refused_datagrams_make_no_streams() -> None:
    streams = Streams()
    with Collector(LOOPBACK, streams=streams, count=0) as collector:
        send(collector.listen, [wrapped(bytes(60), 5), b"anything"])
    assert list(streams) == []
    assert len(streams) == 0
