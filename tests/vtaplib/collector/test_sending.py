from __future__ import annotations

import threading
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.collector.receiving import payloads, receiving, text_of
from vtaplib.capture import Packet
from vtaplib.collector.endpoint import Endpoint
from vtaplib.collector.pacing import AsRecorded, AtOnce, AtRate
from vtaplib.collector.payloads import frame_payloads
from vtaplib.collector.sending import Sender
from vtaplib.errors import CollectorError, PacketError
from vtaplib.packets import vxlan
from vtaplib.packets.block import PacketBlock
from vtaplib.testing.captures import captures


@given(captures(max_gap_ns=1000), st.integers(0, (1 << 24) - 1))
def test_a_collector_gets_every_frame_in_order_under_the_vni(capture: list[Packet], vni: int) -> None:
    with receiving() as collector, Sender([Endpoint.of(text_of(collector))], vni=vni) as sender:
        sender.send(frame_payloads(PacketBlock.of(capture)))
        came = [vxlan.parse(payload) for payload in payloads(collector)]
    assert [(one.vni, one.frame) for one in came] == [(vni, frame) for _, frame, _ in capture]
    report = sender.report()
    assert (report.sent, report.octets, report.lost) == (
        len(capture),
        sum(8 + len(frame) for _, frame, _ in capture),
        0,
    )


def test_scapy_reads_the_frames_that_went_in() -> None:
    from scapy.layers.inet import IP, UDP
    from scapy.layers.l2 import Ether
    from scapy.layers.vxlan import VXLAN
    from scapy.packet import raw

    frame = bytes(raw(Ether(src="02:00:00:00:00:01") / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(dport=53)))
    with receiving() as collector, Sender([Endpoint.of(text_of(collector))], AtOnce(), vni=77) as sender:
        sender.send(frame_payloads(PacketBlock.of([(0, frame, len(frame))])))
        (payload,) = payloads(collector)
    packet = VXLAN(payload)
    assert (packet.vni, packet.flags) == (77, 8)
    assert bytes(raw(packet[Ether])) == frame


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=20), st.integers(0, 1)), max_size=10))
def test_each_target_gets_the_packets_of_its_output(packets: list[tuple[bytes, int]]) -> None:
    block = PacketBlock.of((0, octets, len(octets)) for octets, _ in packets)
    block.outputs = array("q", [output for _, output in packets])
    with receiving() as one, receiving() as other:
        targets = [Endpoint.of(text_of(one)), Endpoint.of(text_of(other))]
        with Sender(targets, AtOnce()) as sender:
            sender.send(frame_payloads(block))
        for number, collector in enumerate((one, other)):
            expected = [octets for octets, output in packets if output == number]
            assert payloads(collector) == expected
            assert sender.report().targets[number].sent == len(expected)


def test_it_stops_after_as_many_as_wanted() -> None:
    block = PacketBlock.of((0, b"%d" % number, 1) for number in range(10))
    with receiving() as collector, Sender([Endpoint.of(text_of(collector))], AtOnce(), most=13) as sender:
        ended = []
        for _ in range(3):
            sender.send(frame_payloads(block))
            ended.append(sender.has_ended)
        assert ended == [False, True, True]
        assert payloads(collector) == [b"%d" % (number % 10) for number in range(13)]


def test_another_thread_stops_it_while_nothing_is_due() -> None:
    block = PacketBlock.of([(0, b"now", 3), (3600 * 10**9, b"in an hour", 10)])
    with receiving() as collector, Sender([Endpoint.of(text_of(collector))], AsRecorded()) as sender:
        thread = threading.Thread(target=sender.send, args=(frame_payloads(block),))
        thread.start()
        while not sender.sent.frames:
            pass
        sender.stop()
        thread.join()
        assert payloads(collector) == [b"now"]
        assert sender.has_ended


def test_nothing_sent_is_a_report_too() -> None:
    with receiving() as collector, Sender([Endpoint.of(text_of(collector))]) as sender:
        sender.send(frame_payloads(PacketBlock.of([])))
    report = sender.report()
    assert (report.sent, report.seconds, report.packets_per_second, report.mbit_per_second) == (0, 0, 0, 0)


def test_the_rate_is_that_of_frames_on_the_wire() -> None:
    block = PacketBlock.of([(0, bytes(100), 100)] * 50)
    with receiving() as collector, Sender([Endpoint.of(text_of(collector))], AtRate(packets=1e6)) as sender:
        sender.send(frame_payloads(block))
    report = sender.report()
    # 42 octets of Ethernet, IPv4 and UDP around each.
    bits_per_packet = report.mbit_per_second * 1e6 / report.packets_per_second
    assert bits_per_packet == pytest.approx(8 * 142, rel=1e-3)


def test_a_vni_has_24_bits() -> None:
    with pytest.raises(PacketError, match="VNI"):
        Sender([Endpoint.of("127.0.0.1")], vni=1 << 24)


def test_that_a_target_cannot_be_sent_to_is_said() -> None:
    with pytest.raises(CollectorError, match=r"255\.255\.255\.255:4789"):
        Sender([Endpoint.of("127.0.0.1"), Endpoint.of("255.255.255.255")])
