from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtaplib.packets import ethernet, ipv4, tcp, udp
from vtaplib.packets.checksum import transport_checksum
from vtaplib.packets.flow import read_flow
from vtaplib.packets.translation import Rewriting, Translation

HERE, THERE, PUBLIC = map(IPv4Address, ("10.0.0.4", "198.51.100.7", "203.0.113.9"))


def made(
    source: IPv4Address,
    destination: IPv4Address,
    protocol: int,
    payload: bytes,
    tags: bytes = b"",
    ports: tuple[int, int] = (1024, 53),
) -> bytes:
    """A frame with a segment whose checksums are right."""
    if protocol == ipv4.UDP:
        datagram = udp.UdpDatagram(*ports, payload)
        checksum = transport_checksum(source, destination, protocol, udp.emit(datagram))
        segment = udp.emit(replace(datagram, checksum=checksum))
    elif protocol == ipv4.TCP:
        bare = tcp.TcpSegment(*ports, flags=tcp.ACK, payload=payload)
        checksum = transport_checksum(source, destination, protocol, tcp.emit(bare))
        segment = tcp.emit(replace(bare, checksum=checksum))
    else:
        segment = payload
    packet = ipv4.emit(ipv4.Ipv4Packet(source, destination, protocol, segment))
    return bytes(12) + tags + ethernet.IPV4.to_bytes(2, "big") + packet


@given(
    st.sampled_from([ipv4.UDP, ipv4.TCP, ipv4.ICMP, 50]),
    st.binary(max_size=40),
    st.sampled_from([b"", b"\x81\x00\x00\x07", b"\x88\xa8\x00\x09\x81\x00\x00\x07"]),
    st.ip_addresses(v=4),
)
def test_a_translated_frame_is_the_one_that_has_the_other_address_from_the_start(
    protocol: int, payload: bytes, tags: bytes, other: IPv4Address
) -> None:
    frame = made(HERE, THERE, protocol, payload, tags)
    assert Rewriting(other.packed, is_source=True).apply(frame) == made(other, THERE, protocol, payload, tags)
    assert Rewriting(other.packed, is_source=False).apply(frame) == made(HERE, other, protocol, payload, tags)


@pytest.mark.parametrize("is_source", [True, False])
def test_a_later_fragment_keeps_its_payload(is_source: bool) -> None:
    whole = ipv4.Ipv4Packet(HERE, THERE, ipv4.TCP, bytes(range(64)), fragment_offset=64)
    frame = bytes(12) + b"\x08\x00" + ipv4.emit(whole)
    changed = ipv4.parse(Rewriting(PUBLIC.packed, is_source).apply(frame)[14:])
    assert changed.payload == whole.payload
    assert PUBLIC in (changed.source, changed.destination)


def test_a_datagram_without_checksum_gets_none() -> None:
    datagram = udp.emit(udp.UdpDatagram(1, 2, b"x"))
    frame = bytes(12) + b"\x08\x00" + ipv4.emit(ipv4.Ipv4Packet(HERE, THERE, ipv4.UDP, datagram))
    assert Rewriting(PUBLIC.packed, is_source=True).apply(frame)[34:] == datagram


@given(st.binary(max_size=80), st.sampled_from([b"", b"\x08\x00\x45", b"\x81\x00\x00\x01\x08\x00\x45"]))
def test_no_bytes_raise_and_none_are_added(octets: bytes, head: bytes) -> None:
    frame = bytes(12) + head + octets
    for is_source in (True, False):
        rewriting = Rewriting(PUBLIC.packed, is_source)
        assert len(rewriting.apply(frame)) == len(frame)
        assert len(rewriting.apply(octets)) == len(octets)


@given(
    st.sampled_from([ipv4.UDP, ipv4.TCP]),
    st.binary(max_size=40),
    st.tuples(*[st.ip_addresses(v=4)] * 2),
    st.tuples(*[st.integers(0, 0xFFFF)] * 2),
)
def test_a_frame_translated_to_another_flow_is_one_of_it(
    protocol: int, payload: bytes, ends: tuple[IPv4Address, IPv4Address], ports: tuple[int, int]
) -> None:
    before, after = made(HERE, THERE, protocol, payload), made(*ends, protocol, payload, ports=ports)
    translation = Translation.between(read_flow(before), read_flow(after))
    assert (before if translation is None else translation.apply(before)) == after


@given(st.binary(max_size=80))
def test_no_bytes_raise_when_ports_are_rewritten(octets: bytes) -> None:
    flow = read_flow(made(HERE, THERE, ipv4.UDP, b""))
    other = flow._replace(source_port=1, destination_port=2)
    translation = Translation.between(flow, other)
    assert translation is not None
    frame = bytes(12) + b"\x08\x00\x45" + octets
    assert len(translation.apply(frame)) == len(frame)
    assert len(translation.apply(octets)) == len(octets)
