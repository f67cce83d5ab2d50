from __future__ import annotations

import json
import os
import subprocess
import sys
from array import array
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.collector.receiving import payloads, received, receiving, text_of
from vtaplib.collector.datagram_sender import BATCH, LARGEST_DATAGRAM, DatagramSender
from vtaplib.collector.endpoint import Endpoint
from vtaplib.errors import CollectorError
from vtaplib.packets.block import PacketBlock

PACKETS = st.lists(st.binary(max_size=200), max_size=12)

# Some of one length, so that the kernel cuts them out of one message.
ALIKE = st.lists(st.sampled_from([b"one", b"two", b"six", b"three", b"", bytes(40_000)]), max_size=150)


def block_of(packets: list[bytes]) -> PacketBlock:
    return PacketBlock.of((0, packet, len(packet)) for packet in packets)


def column(numbers: list[int]) -> array[int]:
    return array("q", numbers)


@given(PACKETS | ALIKE, st.binary(max_size=12), st.integers(1, 3), st.booleans())
def test_what_is_sent_is_received_in_order_behind_its_header(
    packets: list[bytes], header: bytes, spread: int, offload: bool
) -> None:
    streams = column(list(range(len(packets))))
    with (
        receiving() as collector,
        DatagramSender(
            Endpoint.of(text_of(collector)), spread=spread, headers=[header], offload=offload
        ) as sender,
    ):
        sender.send(block_of(packets), streams=streams)
        assert payloads(collector) == [header + packet for packet in packets]
    assert sender.sent.frames == len(packets)
    assert sender.sent.octets == sum(map(len, packets)) + len(header) * len(packets)
    assert (sender.lost, sender.answers) == ({}, {})


@given(st.lists(st.tuples(st.binary(max_size=40), st.integers(-3, 9), st.integers(0, 2)), max_size=20))
def test_by_port_each_stream_keeps_its_order_and_its_port(packets: list[tuple[bytes, int, int]]) -> None:
    with (
        receiving() as collector,
        DatagramSender(
            Endpoint.of(text_of(collector)), spread=4, headers=[b"00", b"11", b"22"], by_port=True
        ) as sender,
    ):
        sender.send(
            block_of([packet for packet, _, _ in packets]),
            streams=column([stream for _, stream, _ in packets]),
            headers=column([header for _, _, header in packets]),
        )
        came = received(collector)
        assert len(set(sender.source_ports)) == 4
        for number, port in enumerate(sender.source_ports):
            assert [payload for source, payload in came if source == port] == [
                b"%d%d" % (header, header) + packet
                for packet, stream, header in packets
                if stream % 4 == number
            ]


@given(PACKETS, st.data())
def test_only_packets_of_the_output_go(packets: list[bytes], data: st.DataObject) -> None:
    block = block_of(packets)
    outputs = data.draw(st.lists(st.integers(0, 2), min_size=len(packets), max_size=len(packets)))
    block.outputs = column(outputs)
    with receiving() as collector, DatagramSender(Endpoint.of(text_of(collector))) as sender:
        sender.send(block, output=1)
        expected = [packet for packet, output in zip(packets, outputs, strict=True) if output == 1]
        assert payloads(collector) == expected


@pytest.mark.parametrize("by_port", [False, True])
@pytest.mark.parametrize("offload", [False, True])
def test_a_block_of_many_batches_is_sent_whole(by_port: bool, offload: bool) -> None:
    packets = [number.to_bytes(4, "big") for number in range(3 * BATCH + 7)]
    with (
        receiving() as collector,
        DatagramSender(Endpoint.of(text_of(collector)), by_port=by_port, offload=offload) as sender,
    ):
        sender.send(block_of(packets))
        assert payloads(collector) == packets


@pytest.mark.parametrize("offload", [False, True])
def test_what_does_not_fit_a_datagram_is_counted_and_the_rest_is_sent(offload: bool) -> None:
    packets = [b"a", bytes(LARGEST_DATAGRAM), bytes(LARGEST_DATAGRAM + 1), bytes(1 << 16), b"b"]
    with (
        receiving() as collector,
        DatagramSender(Endpoint.of(text_of(collector)), offload=offload) as sender,
    ):
        sender.send(block_of(packets))
        assert payloads(collector) == [packets[0], packets[1], packets[4]]
    ((words, count),) = sender.lost.items()
    assert "EMSGSIZE" in words
    assert (count.frames, count.octets) == (2, LARGEST_DATAGRAM + 1 + (1 << 16))
    assert (sender.sent.frames, sender.answers) == (3, {})


@pytest.mark.parametrize("offload", [False, True])
def test_that_nobody_listens_is_told_and_everything_is_sent_all_the_same(offload: bool) -> None:
    with receiving() as collector:
        text = text_of(collector)
    with DatagramSender(Endpoint.of(text), spread=2, offload=offload) as sender:
        sender.send(block_of([b"packet"] * 100), streams=column([0, 1] * 50))
    assert (sender.sent.frames, sender.lost) == (100, {})
    ((words, count),) = sender.answers.items()
    assert "ECONNREFUSED" in words
    assert 0 < count <= 100


@pytest.mark.parametrize("offload", [False, True])
def test_an_ipv6_target_is_sent_to(offload: bool) -> None:
    with (
        receiving("::1") as collector,
        DatagramSender(Endpoint.of(text_of(collector)), offload=offload) as sender,
    ):
        sender.send(block_of([b"one", b"two"]))
        assert payloads(collector) == [b"one", b"two"]


@pytest.mark.namespaces
@pytest.mark.parametrize("mtu_first", [False, True])
def test_datagrams_larger_than_the_way_are_sent_and_others_if_it_narrows(
    require: Callable[[str], str], mtu_first: bool
) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: makes a network namespace")
    require("ip")
    steps = ["mtu", "open"] if mtu_first else ["open", "mtu"]
    process = "tests.vtaplib.collector.segments_process"
    told = subprocess.run(
        [require("unshare"), "--net", sys.executable, "-m", process, *steps],
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    assert json.loads(told.stdout) == {"in_order": True, "sent": 90, "lost": {}}


def test_a_source_port_that_is_taken_is_stepped_over() -> None:
    with (
        receiving() as collector,
        DatagramSender(Endpoint.of(text_of(collector)), spread=8) as first,
        DatagramSender(Endpoint.of(text_of(collector)), spread=8) as second,
    ):
        ports = first.source_ports + second.source_ports
        assert len(set(ports)) == 16
        assert all(port >= 49152 for port in ports)


def test_the_address_to_send_from_is_the_one_asked_for() -> None:
    with (
        receiving() as collector,
        DatagramSender(Endpoint.of(text_of(collector)), bind="127.0.0.9") as sender,
    ):
        sender.send(block_of([b"one"]))
        assert collector.recvfrom(9)[1][0] == "127.0.0.9"


@pytest.mark.parametrize(
    ("bind", "words"), [("192.0.2.1", "Cannot assign requested address"), ("no address", "192.0.2.9:4789")]
)
def test_an_address_that_cannot_be_sent_from_is_refused(bind: str, words: str) -> None:
    with pytest.raises(CollectorError, match=words):
        DatagramSender(Endpoint.of("192.0.2.9"), bind=bind)


@pytest.mark.parametrize("spread", [0, 16385])
def test_there_are_as_many_source_ports_as_the_dynamic_range_has(spread: int) -> None:
    with pytest.raises(CollectorError, match="1 to 16384"):
        DatagramSender(Endpoint.of("127.0.0.1"), spread=spread)
