"""Sampling and balancing: what is decided by a flow's hash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.vtaplib.collector.broker.blocks import any_frames
from tests.vtaplib.collector.broker.header_chains import AH
from vtaplib.collector.broker import Balance, Sample
from vtaplib.collector.broker.header_offsets import HeaderOffsets
from vtaplib.errors import CollectorError
from vtaplib.packets import ethernet, ipv4, ipv6, udp
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.flow import NO_PORT, Flow, read_flow


def block_of(frames: Sequence[bytes]) -> PacketBlock:
    return PacketBlock.of([(number, frame, len(frame)) for number, frame in enumerate(frames)])


def hashes(frames: Sequence[bytes], seed: int = 0) -> list[int]:
    places = HeaderOffsets()
    block = block_of(frames)
    places.hash_flows(block, seed)
    return list(places.hashes[: block.count])


def conversation(flow: Flow) -> tuple[object, ...]:
    """What both directions of a flow share; of what is not IP, the MAC addresses."""
    ends = sorted([(flow.source, flow.source_port), (flow.destination, flow.destination_port)])
    return (*ends, flow.version, flow.protocol)


@given(st.lists(any_frames(), max_size=12))
def test_packets_have_one_hash_if_they_are_of_one_conversation_and_only_then(frames: list[bytes]) -> None:
    numbers = hashes(frames)
    for one, number in zip(frames, numbers, strict=True):
        for other, other_number in zip(frames, numbers, strict=True):
            same = conversation(read_flow(one)) == conversation(read_flow(other))
            assert (number == other_number) == same


@given(any_frames())
def test_places_of_headers_are_those_that_flows_are_read_by(frame: bytes) -> None:
    flow, places = read_flow(frame), HeaderOffsets()
    places.locate(block_of([frame]))
    assert (places.networks[0] >= 0) == (flow.version > 0)
    assert places.flow_protocols[0] == flow.protocol
    # Behind AH, which ends what is read of a flow, may be a fragment, and ports that are none of the flow's.
    assert places.fragmented[0] == flow.is_fragment or flow.protocol == AH
    if flow.source_port != NO_PORT:
        ports = flow.source_port.to_bytes(2, "big") + flow.destination_port.to_bytes(2, "big")
        assert frame[places.transports[0] :][:4] == ports
        assert places.protocols[0] == flow.protocol
    assert 0 <= min(12, len(frame)) <= places.payloads[0] <= len(frame)


@given(any_frames())
# TCP whose header is said to have two words.
@example(bytes(12) + bytes.fromhex("08004500002800000000 4006 0000") + bytes(20) + b"\x20" + bytes(20))
def test_behind_a_tag_everything_is_where_it_was_and_four_octets_on(frame: bytes) -> None:
    tagged = frame[:12] + b"\x81\x00\x00\x07" + frame[12:]
    places, others = HeaderOffsets(), HeaderOffsets()
    places.locate(block_of([frame]))
    others.locate(block_of([tagged]))
    assume(len(frame) >= 14)
    for name in ("links", "networks", "transports", "payloads"):
        before, after = getattr(places, name)[0], getattr(others, name)[0]
        assert after == (before if before < 0 else before + 4), name
    for name in ("protocols", "flow_protocols", "fragmented", "known"):
        assert getattr(places, name)[0] == getattr(others, name)[0], name


def datagram(number: int, *, back: bool = False, six: bool = False) -> bytes:
    """A datagram of one of many flows."""
    ends = [(number >> 8 & 3, 1024 + (number & 255)), (9 + (number >> 10), 53)]
    (source, here), (destination, there) = reversed(ends) if back else ends
    segment = udp.emit(udp.UdpDatagram(here, there, b"?"))
    macs = (b"\2" * 6, b"\4" * 6)
    if six:
        base = int(IPv6Address("2001:db8::"))
        packet = ipv6.emit(
            ipv6.Ipv6Packet(IPv6Address(base + source), IPv6Address(base + destination), 17, segment)
        )
        return ethernet.emit(ethernet.EthernetFrame(*macs, ethernet.IPV6, packet))
    base = int(IPv4Address("10.0.0.0"))
    packet = ipv4.emit(
        ipv4.Ipv4Packet(IPv4Address(base + source), IPv4Address(base + destination), 17, segment)
    )
    return ethernet.emit(ethernet.EthernetFrame(*macs, ethernet.IPV4, packet))


FLOWS = 4096


def outputs(balance: Balance, *, back: bool = False, six: bool = False) -> list[int]:
    block = block_of([datagram(number, back=back, six=six) for number in range(FLOWS)])
    balance.apply(block)
    return list(block.outputs[: block.count])


def sampled(sample: Sample, *, back: bool = False, six: bool = False) -> set[int]:
    block = block_of([datagram(number, back=back, six=six) for number in range(FLOWS)])
    sample.apply(block)
    return set(block.times_ns[: block.count])


# Of n flows, a share p has a standard deviation of the root of n p (1 - p): five of them are allowed.
@pytest.mark.parametrize("six", [False, True])
def test_each_output_gets_its_share_of_flows_and_both_directions(six: bool) -> None:
    chosen = outputs(Balance(4), six=six)
    assert chosen == outputs(Balance(4), six=six, back=True)
    for output in range(4):
        assert abs(chosen.count(output) - FLOWS / 4) < 5 * (FLOWS * 3 / 16) ** 0.5


def test_a_weight_is_a_share_and_none_is_nothing() -> None:
    counted = Counter(outputs(Balance([3, 0, 1])))
    assert set(counted) == {0, 2}
    assert abs(counted[2] - FLOWS / 4) < 5 * (FLOWS * 3 / 16) ** 0.5


def test_another_output_takes_its_share_and_moves_no_flow_between_the_others() -> None:
    pairs = list(zip(outputs(Balance(4)), outputs(Balance(5)), strict=True))
    assert all(after in (before, 4) for before, after in pairs)
    assert abs(sum(after == 4 for _, after in pairs) - FLOWS / 5) < 5 * (FLOWS * 4 / 25) ** 0.5


@pytest.mark.parametrize("six", [False, True])
@pytest.mark.parametrize(("part", "of"), [(1, 10), (1, 2), (9, 10)])
def test_a_sample_is_its_share_of_flows_and_both_directions(part: int, of: int, six: bool) -> None:
    chosen = sampled(Sample(part, of), six=six)
    assert chosen == sampled(Sample(part, of), six=six, back=True)
    share = part / of
    assert abs(len(chosen) - FLOWS * share) < 5 * (FLOWS * share * (1 - share)) ** 0.5


def test_all_of_all_is_everything_and_a_smaller_sample_is_within_a_larger() -> None:
    assert len(sampled(Sample(7, 7))) == FLOWS
    assert sampled(Sample(1, 10)) < sampled(Sample(1, 5))


def test_another_seed_chooses_other_flows() -> None:
    both = sampled(Sample(1, 2, seed=1)) & sampled(Sample(1, 2, seed=2))
    assert abs(len(both) - FLOWS / 4) < 5 * (FLOWS * 3 / 16) ** 0.5


def test_a_samples_flows_are_spread_over_all_outputs() -> None:
    block = block_of([datagram(number) for number in range(FLOWS)])
    Sample(1, 4).apply(block)
    count = block.count
    Balance(4).apply(block)
    for output in range(4):
        share = list(block.outputs[:count]).count(output)
        assert abs(share - count / 4) < 5 * (count * 3 / 16) ** 0.5


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(CollectorError, match="sample: 3 of 2"):
        Sample(3, 2)
    with pytest.raises(CollectorError, match="sample: a seed of -1"):
        Sample(1, 2, seed=-1)
    with pytest.raises(CollectorError, match="balance: 0 outputs; it is from 1 to 1024"):
        Balance(0)
    with pytest.raises(CollectorError, match="balance: weights 0:0"):
        Balance([0, 0])
