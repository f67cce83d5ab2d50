from __future__ import annotations

import logging
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.collector.blocks import block_of, frame_of
from tests.vtaplib.collector.receiving import received, receiving
from vtaplib.collector.endpoint import Endpoint
from vtaplib.collector.forwarding import Forwarder
from vtaplib.collector.output import Output
from vtaplib.errors import CollectorError
from vtaplib.packets import vxlan

LOOPBACK = "127.0.0.1"


@pytest.fixture
def collector() -> Iterator[socket.socket]:
    with receiving() as one:
        yield one


def endpoint_of(one: socket.socket) -> Endpoint:
    return Endpoint(LOOPBACK, one.getsockname()[1])


def arrived_at(one: socket.socket) -> list[tuple[int, vxlan.VxlanPacket]]:
    """What waits in a socket: source ports, and what is in the datagrams."""
    return [(port, vxlan.parse(octets)) for port, octets in received(one)]


def flow_frame(number: int, payload: bytes = b"") -> bytes:
    from scapy.layers.inet import IP, UDP
    from scapy.layers.l2 import Ether
    from scapy.packet import Raw

    inner = IP(src="10.0.0.4", dst="10.0.0.5") / UDP(sport=1000 + number, dport=53) / Raw(payload)
    return bytes(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / inner)


def test_it_is_an_output(collector: socket.socket) -> None:
    output: Output = Forwarder(endpoint_of(collector))
    output.close()
    output.close()


def test_frames_of_one_flow_arrive_in_order_from_one_port(collector: socket.socket) -> None:
    frames = [flow_frame(1, number.to_bytes(4, "big")) for number in range(100)]
    forwarder = Forwarder(endpoint_of(collector), vni=77)
    forwarder.write(block_of(frames))
    packets = arrived_at(collector)
    assert [packet for _, packet in packets] == [vxlan.VxlanPacket(77, frame) for frame in frames]
    assert len({port for port, _ in packets}) == 1
    assert {port for port, _ in packets} <= set(forwarder.source_ports)
    assert (forwarder.taken.frames, forwarder.taken.octets) == (100, sum(map(len, frames)))
    assert forwarder.lost == {}
    forwarder.close()


def test_flows_are_spread_over_source_ports(collector: socket.socket) -> None:
    frames = [flow_frame(number) for number in range(200)]
    forwarder = Forwarder(endpoint_of(collector), vni=77, spread=4)
    forwarder.write(block_of(frames))
    forwarder.write(block_of(frames))
    packets = arrived_at(collector)
    assert {port for port, _ in packets} == set(forwarder.source_ports)
    assert len(forwarder.source_ports) == 4
    ports: dict[bytes, set[int]] = {}
    for port, packet in packets:
        ports.setdefault(packet.frame, set()).add(port)
    assert [len(ports[frame]) for frame in frames] == [1] * 200
    forwarder.close()


@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(0, 5), st.integers(0, 1), st.binary(min_size=14, max_size=80)), max_size=9
        ),
        max_size=4,
    ),
    st.sampled_from([-1, 0, 1]),
)
def test_every_frame_keeps_its_vni_and_what_has_none_is_counted(
    blocks: list[list[tuple[int, int, bytes]]], output: int
) -> None:
    vnis = {0: 7, 1: 0xFFFFFF, 2: 0, 3: 7, 4: 9}
    with receiving() as collector:
        forwarder = Forwarder(endpoint_of(collector), vni_of=vnis.get)
        for packets in blocks:
            forwarder.write(
                block_of(
                    (frame for _, _, frame in packets),
                    interfaces=(stream for stream, _, _ in packets),
                    outputs=(chosen for _, chosen, _ in packets),
                ),
                output,
            )
        forwarder.close()
        arrived = [(packet.vni, packet.frame) for _, packet in arrived_at(collector)]
    given_ = [packet for packets in blocks for packet in packets if output in (-1, packet[1])]
    sent = [(vnis[stream], frame) for stream, _, frame in given_ if stream in vnis]
    lost = [frame for stream, _, frame in given_ if stream not in vnis]
    assert sorted(arrived) == sorted(sent)
    assert (forwarder.taken.frames, forwarder.taken.octets) == (
        len(sent),
        sum(len(frame) for _, frame in sent),
    )
    assert [(count.frames, count.octets) for count in forwarder.lost.values()] == (
        [(len(lost), sum(map(len, lost)))] if lost else []
    )


def test_a_frame_that_no_datagram_holds_is_lost_and_the_rest_goes_on(collector: socket.socket) -> None:
    frames = [frame_of(1), frame_of(2, 65_500), frame_of(3, 65_499), frame_of(4)]
    forwarder = Forwarder(endpoint_of(collector), vni=1, spread=1)
    forwarder.write(block_of(frames))
    assert [packet.frame for _, packet in arrived_at(collector)] == [frames[0], frames[2], frames[3]]
    ((reason, count),) = forwarder.lost.items()
    assert "EMSGSIZE" in reason
    assert (count.frames, count.octets) == (1, 65_500)
    assert forwarder.taken.frames == 3
    forwarder.close()


def test_that_nobody_listens_is_said_once_and_ends_nothing(
    collector: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    target = endpoint_of(collector)
    collector.close()
    forwarder = Forwarder(target, vni=1, spread=2)
    with caplog.at_level(logging.WARNING):
        for number in range(20):
            forwarder.write(block_of([flow_frame(number)] * 3))
            forwarder.tick(number)
        forwarder.close()
    assert forwarder.taken.frames + sum(count.frames for count in forwarder.lost.values()) == 60
    assert [reason for reason in forwarder.answers if "ECONNREFUSED" in reason]
    (line,) = caplog.messages
    assert str(target) in line
    assert "does a collector listen there?" in line


@pytest.mark.parametrize("vni", [-1, 1 << 24])
def test_a_vni_that_cannot_be_is_refused(vni: int) -> None:
    with pytest.raises(CollectorError, match="0 to 16777215 can"):
        Forwarder(Endpoint(LOOPBACK, 4789), vni=vni)
