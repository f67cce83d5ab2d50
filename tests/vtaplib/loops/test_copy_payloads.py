from __future__ import annotations

from array import array
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.loops import copy_payloads
from vtaplib.loops.copy_payloads import CUT, FRAGMENT, NO_COPY, WHOLE
from vtaplib.testing import frames

LOOPS = [copy_payloads, interpreted("copy_payloads")]
BOTH = [pytest.param(LOOPS[0], id="as imported"), pytest.param(LOOPS[1], id="interpreted")]

HEADER = bytes.fromhex("0800000000000700")


def found(loop: ModuleType, buffer: bytes, start: int, length: int) -> tuple[int, int, int, int, int]:
    starts, lengths, streams = array("q", [start]), array("q", [length]), array("q", [0])
    kinds = bytearray(b"\xff")
    whole = loop.find_payloads(bytearray(buffer), starts, lengths, streams, kinds, 1)
    return whole, kinds[0], starts[0], lengths[0], streams[0]


def datagram(payload: bytes, port: int = 4789, **ip: Any) -> bytes:
    """A datagram in Ethernet, as scapy writes it."""
    from scapy.layers.inet import IP, UDP
    from scapy.layers.l2 import Ether
    from scapy.packet import Raw, raw

    frame = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(**ip)
    return bytes(raw(frame / UDP(sport=50_000, dport=port, chksum=0) / Raw(payload)))


@pytest.mark.parametrize("loop", BOTH)
@given(st.binary(max_size=40), st.binary(max_size=9), st.booleans())
def test_a_payload_is_what_the_udp_header_says(
    loop: ModuleType, inner: bytes, behind: bytes, tagged: bool
) -> None:
    frame = datagram(HEADER + inner, options=[])
    if tagged:
        frame = frame[:12] + bytes.fromhex("88a80001 81000002") + frame[12:]
    buffer = b"xyz" + frame + behind
    whole, kind, start, length, stream = found(loop, buffer, 3, len(frame) + len(behind))
    assert (whole, kind, stream) == (1, WHOLE, 50_000)
    assert buffer[start : start + length] == HEADER + inner


@pytest.mark.parametrize("loop", BOTH)
def test_options_of_ip_are_stepped_over(loop: ModuleType) -> None:
    from scapy.layers.inet import IPOption_NOP

    frame = datagram(HEADER, options=[IPOption_NOP() for _ in range(5)])
    assert frame[14] == 0x47
    assert found(loop, frame, 0, len(frame)) == (1, WHOLE, len(frame) - 8, 8, 50_000)


@pytest.mark.parametrize("loop", BOTH)
@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (datagram(b"", 4789), WHOLE),
        (datagram(b"anything", 4789), WHOLE),
        (datagram(HEADER, 8472), WHOLE),
        (datagram(b"anything", 8472), NO_COPY),
        (datagram(HEADER[:7], 8472), NO_COPY),
        (datagram(HEADER, flags="MF"), FRAGMENT),
        (datagram(HEADER, frag=3), FRAGMENT),
        (datagram(HEADER, proto=6), NO_COPY),
        (datagram(HEADER)[:-1], CUT),
        (datagram(HEADER)[:40], CUT),
        (datagram(HEADER)[:30], NO_COPY),
        (b"", NO_COPY),
    ],
)
def test_what_a_frame_is(loop: ModuleType, frame: bytes, kind: int) -> None:
    whole, is_kind, start, length, _ = found(loop, frame, 0, len(frame))
    assert (whole, is_kind) == (int(kind == WHOLE), kind)
    if kind != WHOLE:
        assert (start, length) == (0, len(frame))


@given(
    st.binary(max_size=80) | frames() | st.just(datagram(HEADER)),
    st.integers(-5, 100),
    st.integers(-5, 200) | st.just((1 << 63) - 1),
)
def test_both_say_the_same_of_anything_and_stay_in_the_packet(buffer: bytes, start: int, length: int) -> None:
    one, other = (found(loop, buffer, start, length) for loop in LOOPS)
    assert one == other
    whole, _, found_start, found_length, _ = one
    if whole:
        assert start <= found_start <= found_start + found_length <= start + length <= len(buffer)
