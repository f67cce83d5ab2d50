from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtaplib.packets.flow import Flow, directional_hash, read_flow, symmetric_hash

MACS = "000d3a123456 000d3a654321 "
WEB, DATABASE = (ip_address(text).packed for text in ("10.0.0.4", "10.0.0.5"))
WEB6, DATABASE6 = (ip_address(text).packed for text in ("2001:db8::1", "2001:db8::2"))
LINK = (bytes.fromhex("000d3a654321"), bytes.fromhex("000d3a123456"))


# Whole frames are what scapy 2.8.0 builds.
@pytest.mark.parametrize(
    ("name", "octets", "flow"),
    [
        (
            "UDP",
            MACS + "0800 4500001c000100004011 0000 0a0000040a000005 00359c4000080000",
            Flow(4, 0x0800, WEB, DATABASE, 17, 53, 40000),
        ),
        (
            "TCP behind two VLAN tags",
            MACS
            + "88a8 0005 8100 0007 0800 4500002800010000400666c70a0000040a000005 005004d2 00000000 00000000"
            "5002200076b80000",
            Flow(4, 0x0800, WEB, DATABASE, 6, 80, 1234),
        ),
        (
            "TCP behind IP options",
            MACS + "0800 4700003000010000400659b80a0000040a0000050707040000000000 005004d20000000000000000"
            "5002200076b80000",
            Flow(4, 0x0800, WEB, DATABASE, 6, 80, 1234),
        ),
        (
            "ICMP has no ports",
            MACS + "0800 4500001c00010000400166d80a0000040a000005 0800f7f700070001",
            Flow(4, 0x0800, WEB, DATABASE, 1),
        ),
        (
            "a first fragment has no ports",
            MACS + "0800 4500001c000120004011 0000 0a0000040a000005 00359c4000080000",
            Flow(4, 0x0800, WEB, DATABASE, 17, is_fragment=True),
        ),
        (
            "a last fragment has no ports",
            MACS + "0800 4500001c000100024011 0000 0a0000040a000005 00359c4000080000",
            Flow(4, 0x0800, WEB, DATABASE, 17, is_fragment=True),
        ),
        (
            "UDP behind a hop-by-hop header",
            MACS + "86dd 600000000010004020010db800000000000000000000000120010db8000000000000000000000002"
            "1100010400000000 00359c40000807f4",
            Flow(6, 0x86DD, WEB6, DATABASE6, 17, 53, 40000),
        ),
        (
            "an IPv6 fragment",
            MACS + "86dd 600000000018004020010db800000000000000000000000120010db8000000000000000000000002"
            "2c00010400000000 1100005100000005 3132333435363738",
            Flow(6, 0x86DD, WEB6, DATABASE6, 17, is_fragment=True),
        ),
        (
            # Azure's security rules name AH as a protocol; RFC 4302.
            "AH, whatever is behind it",
            MACS + "0800 45000034000100004033 0000 0a0000040a000005 11040000 00000007 00000001"
            "000000000000000000000000 00359c4000080000",
            Flow(4, 0x0800, WEB, DATABASE, 51),
        ),
        (
            "TCP behind a tag of 0x9100",
            MACS + "9100 0005 0800 4500002800010000400666c70a0000040a000005 005004d2 00000000 00000000"
            "5002200076b80000",
            Flow(4, 0x0800, WEB, DATABASE, 6, 80, 1234),
        ),
        (
            "ARP",
            "ffffffffffff 000d3a654321 0806 0001080006040001000d3a6543210a0000040000000000000a000005",
            Flow(0, 0x0806, bytes.fromhex("000d3a654321"), b"\xff" * 6),
        ),
        ("a header of four words", MACS + "0800 44" + "00" * 19, Flow(0, 0x0800, *LINK)),
        ("version 6 where 4 was said", MACS + "0800 65" + "00" * 39, Flow(0, 0x0800, *LINK)),
        ("version 4 where 6 was said", MACS + "86dd 45" + "00" * 39, Flow(0, 0x86DD, *LINK)),
        ("IPv4 cut in its header", MACS + "0800 45" + "00" * 18, Flow(0, 0x0800, *LINK)),
        (
            "UDP cut in its ports",
            MACS + "0800 4500001c000100004011 0000 0a0000040a000005 00359c",
            Flow(4, 0x0800, WEB, DATABASE, 17),
        ),
        ("a VLAN tag cut", MACS + "8100 00", Flow(0, -1, *LINK)),
        ("thirteen bytes", MACS + "08", Flow(0, -1, b"", b"")),
        ("nothing", "", Flow(0, -1, b"", b"")),
    ],
)
def test_a_flow_is_read(name: str, octets: str, flow: Flow) -> None:
    assert read_flow(bytes.fromhex(octets)) == flow


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda tail: bytes(12) + b"\x86\xdd\x60" + tail))
def test_any_bytes_have_a_flow_with_hashes(frame: bytes) -> None:
    flow = read_flow(frame)
    assert 0 <= directional_hash(flow) < 1 << 32
    assert symmetric_hash(flow) == symmetric_hash(flow.reversed())


def test_the_directional_hash_tells_directions_apart() -> None:
    flow = Flow(4, 0x0800, WEB, DATABASE, 6, 1234, 80)
    assert directional_hash(flow) != directional_hash(flow.reversed())


def test_hashes_spread_flows_over_all_ports() -> None:
    flows = [Flow(4, 0x0800, WEB, DATABASE, 6, port, 80) for port in range(16384)]
    # Thrown at random, 16384 balls hit 16384 * (1 - 1/e), about 10357, of as many bins.
    for function in (directional_hash, symmetric_hash):
        assert len({function(flow) % 16384 for flow in flows}) > 9000
