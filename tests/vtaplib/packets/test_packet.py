"""Every protocol against literal bytes: emit, parse, every prefix, what follows, and values at random."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.packets.cases import BROADCAST, WEB_MAC, Case, Packet, each_case
from vtaplib.errors import PacketError
from vtaplib.packets import ethernet, ipv4, ipv6, tcp, udp, vxlan

Parser = Callable[[bytes], Packet]

PARSERS: tuple[Parser, ...] = (ethernet.parse, ipv4.parse, ipv6.parse, udp.parse, tcp.parse, vxlan.parse)


@each_case
def test_emit_writes_the_bytes_of_the_table(case: Case) -> None:
    assert case.emit() == case.octets
    assert len(case.value) == len(case.octets)


@each_case
@pytest.mark.parametrize("filling", [0x00, 0xFF, 0xA5])
def test_emit_leaves_no_byte_of_a_used_buffer_and_touches_none_behind(case: Case, filling: int) -> None:
    buffer = bytearray([filling]) * (len(case.octets) + 3)
    case.emit_into(buffer)
    assert buffer == case.octets + bytes([filling]) * 3


@each_case
def test_emit_refuses_a_buffer_that_is_too_short(case: Case) -> None:
    with pytest.raises(PacketError, match=f"holds {len(case.octets) - 1} bytes"):
        case.emit_into(bytearray(len(case.octets) - 1))


@each_case
def test_parse_reads_the_value_of_the_table(case: Case) -> None:
    assert case.parse(case.octets) == case.value


@each_case
def test_every_strict_prefix_of_what_a_packet_needs_is_an_error(case: Case) -> None:
    for length in range(case.indispensable):
        with pytest.raises(PacketError, match=f"{length} bytes, its .* needs"):
            case.parse(case.octets[:length])


@each_case
def test_bytes_that_follow_are_payload_or_padding(case: Case) -> None:
    longer = case.parse(case.octets + b"\0\x01")
    if case.takes_all:
        assert len(longer) == len(case.octets) + 2
    else:
        assert longer == case.value


@pytest.mark.parametrize(
    ("parse", "octets", "message"),
    [
        (ipv4.parse, "60000014 00000000 4011 0000 0a000004 0a000005", "version is 6"),
        (ipv4.parse, "44000014 00000000 4011 0000 0a000004 0a000005", "header length is 16"),
        (ipv4.parse, "45000013 00000000 4011 0000 0a000004 0a000005", "total length 19"),
        (ipv4.parse, "45000014 00008000 4011 0000 0a000004 0a000005", "reserved flag"),
        # The right checksum of this header is 66d3, by scapy.
        (ipv4.parse, "45000014 00000000 4011 66d4 0a000004 0a000005", "checksum 66d4"),
        (ipv6.parse, "40000000 0000 11 40" + "00" * 32, "version is 4"),
        (udp.parse, "0035 9c40 0007 0000", "length is 7"),
        (tcp.parse, "0001 0002 00000003 00000004 40 00 0005 0000 0000", "data offset is 16"),
        (vxlan.parse, "00 000000 00001b 00", "I flag"),
    ],
)
def test_parse_names_what_is_wrong(parse: Parser, octets: str, message: str) -> None:
    with pytest.raises(PacketError, match=message):
        parse(bytes.fromhex(octets))


def test_reserved_bits_of_vxlan_are_ignored_as_rfc_7348_says() -> None:
    assert vxlan.parse(bytes.fromhex("ff ffffff 00001b ff")) == vxlan.VxlanPacket(27)


def test_values_out_of_a_field_cannot_be_built() -> None:
    here, there = IPv4Address("10.0.0.4"), IPv4Address("10.0.0.5")
    with pytest.raises(PacketError, match="5 bytes"):
        ethernet.EthernetFrame(WEB_MAC[:5], BROADCAST, 0)
    with pytest.raises(PacketError, match="EtherType is 65536"):
        ethernet.EthernetFrame(WEB_MAC, BROADCAST, 65536)
    with pytest.raises(PacketError, match="multiple of 8"):
        ipv4.Ipv4Packet(here, there, 17, fragment_offset=12)
    with pytest.raises(PacketError, match="options are 3 bytes"):
        ipv4.Ipv4Packet(here, there, 17, options=b"abc")
    with pytest.raises(PacketError, match="total length is 65536"):
        ipv4.Ipv4Packet(here, there, 17, bytes(65516))
    with pytest.raises(PacketError, match="flow label"):
        ipv6.Ipv6Packet(IPv6Address(0), IPv6Address(1), 17, flow_label=1 << 20)
    with pytest.raises(PacketError, match="source port is -1"):
        udp.UdpDatagram(-1, 0)
    with pytest.raises(PacketError, match="options are 44 bytes"):
        tcp.TcpSegment(1, 2, options=bytes(44))
    with pytest.raises(PacketError, match="VNI is 16777216"):
        vxlan.VxlanPacket(1 << 24)


@pytest.mark.parametrize("text", ["00:0d:3a:12:34:56", "00-0D-3A-12-34-56"])
def test_mac_addresses_are_read_in_both_spellings(text: str) -> None:
    assert ethernet.mac_from_text(text) == WEB_MAC
    assert ethernet.mac_to_text(WEB_MAC) == "00:0d:3a:12:34:56"


@pytest.mark.parametrize(
    "text", ["", "00:0d:3a:12:34", "00:0d:3a:12:34:5g", "00:0d-3a:12-34:56", "000d3a123456"]
)
def test_what_is_no_mac_address_is_named(text: str) -> None:
    with pytest.raises(PacketError, match=repr(text)):
        ethernet.mac_from_text(text)


def unsigned(bits: int) -> st.SearchStrategy[int]:
    return st.integers(0, (1 << bits) - 1)


payloads = st.binary(max_size=80)
macs = st.binary(min_size=6, max_size=6)
options = st.integers(0, 10).flatmap(lambda words: st.binary(min_size=words * 4, max_size=words * 4))
v4 = st.builds(IPv4Address, unsigned(32))
v6 = st.builds(IPv6Address, unsigned(128))


@given(st.builds(ethernet.EthernetFrame, macs, macs, unsigned(16), payloads))
def test_ethernet_round_trips(value: ethernet.EthernetFrame) -> None:
    assert ethernet.parse(ethernet.emit(value)) == value


@given(
    st.builds(
        ipv4.Ipv4Packet,
        v4,
        v4,
        unsigned(8),
        payloads,
        ttl=unsigned(8),
        tos=unsigned(8),
        identification=unsigned(16),
        dont_fragment=st.booleans(),
        more_fragments=st.booleans(),
        fragment_offset=unsigned(13).map(lambda units: units * 8),
        options=options,
    )
)
def test_ipv4_round_trips(value: ipv4.Ipv4Packet) -> None:
    assert ipv4.parse(ipv4.emit(value)) == value


@given(
    st.builds(
        ipv6.Ipv6Packet,
        v6,
        v6,
        unsigned(8),
        payloads,
        hop_limit=unsigned(8),
        traffic_class=unsigned(8),
        flow_label=unsigned(20),
    )
)
def test_ipv6_round_trips(value: ipv6.Ipv6Packet) -> None:
    assert ipv6.parse(ipv6.emit(value)) == value


@given(st.builds(udp.UdpDatagram, unsigned(16), unsigned(16), payloads, unsigned(16)))
def test_udp_round_trips(value: udp.UdpDatagram) -> None:
    assert udp.parse(udp.emit(value)) == value


@given(
    st.builds(
        tcp.TcpSegment,
        unsigned(16),
        unsigned(16),
        sequence=unsigned(32),
        acknowledgment=unsigned(32),
        flags=unsigned(8),
        window=unsigned(16),
        checksum=unsigned(16),
        urgent_pointer=unsigned(16),
        reserved=unsigned(4),
        options=options,
        payload=payloads,
    )
)
def test_tcp_round_trips(value: tcp.TcpSegment) -> None:
    assert tcp.parse(tcp.emit(value)) == value


@given(st.builds(vxlan.VxlanPacket, unsigned(24), payloads))
def test_vxlan_round_trips(value: vxlan.VxlanPacket) -> None:
    assert vxlan.parse(vxlan.emit(value)) == value


@given(st.sampled_from(PARSERS), st.binary(max_size=120))
def test_parsing_any_bytes_gives_a_value_or_a_packet_error(parse: Parser, octets: bytes) -> None:
    try:
        value = parse(octets)
    except PacketError:
        return
    assert len(value) <= len(octets)
