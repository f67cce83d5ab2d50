from __future__ import annotations

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


def test_refused_datagrams_make_no_streams() -> None:
    streams = Streams()
    with Collector(LOOPBACK, streams=streams, count=0) as collector:
        send(collector.listen, [wrapped(bytes(60), 5), b"anything"])
    assert list(streams) == []
    assert len(streams) == 0
