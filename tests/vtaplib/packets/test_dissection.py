from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtaplib.packets import ethernet
from vtaplib.packets.dissection import dissect
from vtaplib.testing import frames

# What scapy 2.8.0 builds of Ether, Dot1Q, IP, UDP, VXLAN, Ether, IPv6, TCP and bytes(range(17)), with the
# fields that the test below names.
COPY = bytes.fromhex(
    "020000000002020000000001 8100 a007 0800"
    "4500007f 1267 4000 4011 3bd0 c0000201 c6336402"
    "c350 12b5 006b 0000"
    "08000000 00126700"
    "02000000000b02000000000a 86dd"
    "60000000 0025 06 40 20010db8000000000000000000000001 20010db8000000000000000000000002"
    "01bb c351 00000001 00000002 50 12 2000 26fd 0000"
    "000102030405060708090a0b0c0d0e0f10"
)


def lines(frame: bytes) -> list[str]:
    return [str(layer) for layer in dissect(frame)]


def test_a_copy_is_shown_layer_by_layer() -> None:
    assert lines(COPY) == [
        "Ethernet destination 02:00:00:00:00:02, source 02:00:00:00:00:01, ethertype 0x8100",
        "VLAN     priority 5, vlan 7, ethertype 0x0800",
        (
            "IPv4     source 192.0.2.1, destination 198.51.100.2, protocol 17, ttl 64, tos 0, "
            "identification 0x1267, dont fragment, fragment offset 0"
        ),
        "UDP      source port 50000, destination port 4789, checksum 0x0000",
        "VXLAN    vni 4711",
        "Ethernet destination 02:00:00:00:00:0b, source 02:00:00:00:00:0a, ethertype 0x86dd",
        (
            "IPv6     source 2001:db8::1, destination 2001:db8::2, next header 6, hop limit 64, "
            "traffic class 0, flow label 0"
        ),
        (
            "TCP      source port 443, destination port 50001, sequence 1, acknowledgment 2, flags SYN ACK, "
            "window 8192, checksum 0x26fd, urgent pointer 0, reserved 0"
        ),
        "Data     17 bytes (00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f …)",
    ]


@pytest.mark.parametrize(
    ("length", "last"),
    [
        (
            13,
            (
                "Data     13 bytes (02 00 00 00 00 02 02 00 00 00 00 01 81), "
                "unread: Ethernet: 13 bytes, its header needs 14"
            ),
        ),
        (14, "Data     0 bytes, unread: VLAN: 0 bytes, a tag and the EtherType behind it need 4"),
        (18, "Data     0 bytes, unread: IPv4: 0 bytes, its header needs 20"),
    ],
)
def test_a_frame_that_is_cut_off_is_shown_as_far_as_it_goes(length: int, last: str) -> None:
    assert lines(COPY[:length])[-1] == last


def test_a_frame_without_a_payload_ends_with_its_header() -> None:
    frame = ethernet.emit(ethernet.EthernetFrame(bytes(6), bytes(6), 0x88CC))
    assert [layer.protocol for layer in dissect(frame)] == ["Ethernet"]


@given(st.binary(max_size=200) | frames())
def test_any_bytes_are_shown_to_the_last(frame: bytes) -> None:
    shown = lines(frame)
    assert shown
    assert not any("\n" in line for line in shown)


@pytest.mark.oracle
@given(frames(malformed=False, fragments=False, tunnels=False, non_ip=False))
def test_the_layers_are_those_that_scapy_finds(frame: bytes) -> None:
    import scapy.layers.inet6  # noqa: F401  # binds IPv6 to its EtherType
    from scapy.layers.l2 import Ether

    ours = {"Ethernet": "Ethernet", "802.1Q": "VLAN", "802.1AD": "VLAN", "IP": "IPv4"}
    ours |= {name: name for name in ("IPv6", "UDP", "TCP")}
    layer: Any = Ether(frame)
    expected = []
    while layer.name in ours:
        expected.append(ours[layer.name])
        layer = layer.payload
    assert [one.protocol for one in dissect(frame)][: len(expected)] == expected
