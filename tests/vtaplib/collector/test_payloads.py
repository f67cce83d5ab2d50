from __future__ import annotations

from array import array
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtaplib.collector.payloads import LONE_FRAGMENT, CopyPayloads, frame_payloads
from vtaplib.collector.recombination import PACKETS_WAITING, Recombination
from vtaplib.packets import vxlan
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.ethernet import TAGS
from vtaplib.packets.flow import directional_hash, read_flow
from vtaplib.testing import frames

SOURCE_PORT = 55_555


def copy_of(payload: bytes, identification: int = 1) -> Any:
    """A copy in scapy's terms, as far as IP."""
    from scapy.layers.inet import IP, UDP
    from scapy.packet import Raw

    datagram = UDP(sport=SOURCE_PORT, dport=vxlan.PORT, chksum=0) / Raw(payload)
    return IP(src="10.0.0.1", dst="10.0.0.2", id=identification) / datagram


def framed(packet: Any) -> bytes:
    from scapy.layers.l2 import Ether
    from scapy.packet import raw

    return bytes(raw(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / packet))


def fragments_of(payload: bytes, size: int, identification: int = 1) -> list[bytes]:
    """The fragments of a copy, as scapy cuts them."""
    from scapy.layers.inet import fragment

    return [framed(one) for one in fragment(copy_of(payload, identification), fragsize=size)]


def block_of(packets: list[bytes]) -> PacketBlock:
    return PacketBlock.of((number, packet, len(packet)) for number, packet in enumerate(packets))


def payloads_of(copies: CopyPayloads, packets: list[bytes]) -> list[tuple[bytes, int]]:
    block, streams = copies.of(block_of(packets))
    return [(block.packet(number), streams[number]) for number in range(block.count)]


@given(st.lists(frames() | st.binary(max_size=60), max_size=8))
def test_frames_are_sent_as_they_are_in_streams_of_their_flows(drawn: list[bytes]) -> None:
    block, streams = frame_payloads(block_of(drawn))
    assert [octets for _, octets, _ in block] == drawn
    assert list(streams) == [directional_hash(read_flow(frame)) for frame in drawn]


@given(
    st.lists(st.binary(max_size=60).map(lambda frame: vxlan.emit(vxlan.VxlanPacket(5, frame))), max_size=5)
)
def test_of_copies_the_payloads_are_sent_and_the_rest_is_counted(payloads: list[bytes]) -> None:
    copies = CopyPayloads()
    packets = [framed(copy_of(payload)) for payload in payloads]
    mixed = [one for packet in packets for one in (b"no copy", packet, packet[:-1])]
    assert payloads_of(copies, mixed) == [(payload, SOURCE_PORT) for payload in payloads]
    counts = {why: (count.frames, count.octets) for why, count in copies.skipped.items()}
    assert sum(frames for frames, _ in counts.values()) == 2 * len(payloads)
    if payloads:
        assert counts["the capture holds only a part of the copy"] == (
            len(payloads),
            sum(len(packet) - 1 for packet in packets),
        )


@given(
    st.lists(st.binary(min_size=1, max_size=120), min_size=1, max_size=3),
    st.integers(1, 6),
    st.lists(st.sampled_from(sorted(TAGS)), max_size=2),
    st.data(),
)
def test_fragments_in_any_order_are_put_together(
    payloads: list[bytes], eights: int, tags: list[int], data: st.DataObject
) -> None:
    tag = b"".join(one.to_bytes(2, "big") + b"\0\7" for one in tags)
    cut = [
        fragment[:12] + tag + fragment[12:]
        for number, payload in enumerate(payloads)
        for fragment in fragments_of(payload, 8 * eights, number + 1)
    ]
    copies = CopyPayloads()
    came = payloads_of(copies, data.draw(st.permutations(cut)))
    assert sorted(came) == sorted((payload, SOURCE_PORT) for payload in payloads)
    assert copies.skipped == {}


def test_a_fragment_alone_is_not_sent_and_is_counted() -> None:
    copies = CopyPayloads()
    first, *rest = fragments_of(bytes(100), 40)
    whole = framed(copy_of(b"whole"))
    assert payloads_of(copies, [first, whole]) == [(b"whole", SOURCE_PORT)]
    waiting = copies.skipped[LONE_FRAGMENT]
    assert (waiting.frames, waiting.octets) == (1, len(first))
    # The rest may come with the next piece of the capture.
    assert payloads_of(copies, rest) == [(bytes(100), SOURCE_PORT)]
    assert copies.skipped == {}


def test_fragments_of_what_is_no_copy_are_all_counted() -> None:
    from scapy.layers.inet import IP, fragment
    from scapy.packet import Raw

    packets = [framed(one) for one in fragment(IP(proto=17) / Raw(bytes(100)), fragsize=40)]
    copies = CopyPayloads()
    assert payloads_of(copies, packets) == []
    ((_, count),) = copies.skipped.items()
    assert (count.frames, count.octets) == (3, sum(map(len, packets)))


def test_fragments_seen_in_two_places_are_not_put_together() -> None:
    first, last = fragments_of(bytes(60), 40)
    block = block_of([first, last])
    block.outputs = array("q", [0, 1])
    copies = CopyPayloads()
    assert copies.of(block).block.count == 0
    assert copies.skipped[LONE_FRAGMENT].frames == 2


@given(st.lists(st.binary(max_size=80) | frames(), max_size=6), st.data())
def test_no_bytes_raise_and_every_frame_is_sent_counted_or_joined(
    packets: list[bytes], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(packets)))
    copies = CopyPayloads()
    sent = payloads_of(copies, packets[:cut]) + payloads_of(copies, packets[cut:])
    counted = sum(count.frames for count in copies.skipped.values())
    assert counted <= len(packets)
    assert len(sent) <= len(packets) - counted


def test_what_waits_is_bounded() -> None:
    recombination = Recombination()
    for identification in range(PACKETS_WAITING + 5):
        first, _ = fragments_of(bytes(60), 40, identification)
        assert recombination.add(first) is None
    # The first five were given up: their rest completes nothing.
    for identification in range(5, 10):
        _, last = fragments_of(bytes(60), 40, identification)
        assert recombination.add(last) is not None
    _, last = fragments_of(bytes(60), 40, 0)
    assert recombination.add(last) is None
    assert recombination.incomplete.frames == PACKETS_WAITING + 5 - 5 + 1


@pytest.mark.parametrize("offset", [8190, 8191])
def test_a_fragment_that_ends_behind_the_largest_packet_is_given_up(offset: int) -> None:
    (packet,) = fragments_of(bytes(60), 1000)
    fragment = bytearray(packet)
    fragment[20:22] = offset.to_bytes(2, "big")
    recombination = Recombination()
    assert recombination.add(bytes(fragment)) is None
    assert recombination.incomplete.frames == 1
