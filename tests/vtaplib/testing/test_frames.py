from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import Phase, example, find, given, settings
from hypothesis import strategies as st

from tests.examples import part_of
from vtaplib import NetworkInterface, NetworkInterfaceIpConfiguration
from vtaplib.capture import Packet
from vtaplib.packets import ethernet, ipv4
from vtaplib.packets.flow import Flow, read_flow
from vtaplib.testing import captures, frames


def interface(name: str, address: str, mac: str = "") -> NetworkInterface:
    """An interface as a cloud gives it back, as far as frames look at it."""
    configuration = NetworkInterfaceIpConfiguration(
        name="ip", private_ip_address=address, private_ip_address_allocation="Static"
    )
    return NetworkInterface(
        name=name,
        resource_group_name="lab",
        location="westeurope",
        ip_configuration=[configuration],
        mac_address=mac,
    )


TWO = (interface("one", "10.0.0.4", "02-00-00-00-00-0A"), interface("two", "10.0.0.5"))
PLAIN = {
    "strangers": False,
    "ipv6": False,
    "fragments": False,
    "tagged": False,
    "tunnels": False,
    "non_ip": False,
    "malformed": False,
}

plain_frames = frames(TWO, **PLAIN)
OF_THE_PORT_OF_VXLAN = (
    "0200000000020200000000010800450005460000000040118970c0000201c6336402005012b50532f64d" + "00" * 1322
)
"""A datagram of zeros to port 4789, which is no VXLAN."""


@pytest.mark.oracle
@example(bytes.fromhex(OF_THE_PORT_OF_VXLAN))
@given(frames(tagged=False, fragments=False, tunnels=False, non_ip=False, malformed=False))
def test_lengths_and_checksums_are_what_another_implementation_makes(frame: bytes) -> None:
    # scapy fills in what is None when it builds.
    from scapy.layers.inet import ICMP, IP, TCP, UDP
    from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
    from scapy.layers.l2 import Ether
    from scapy.packet import Raw

    with pytest.MonkeyPatch.context() as patched:
        # A port says nothing about these payloads: what scapy takes for VXLAN it would build anew otherwise.
        for kind in (TCP, UDP):
            patched.setattr(kind, "guess_payload_class", lambda self, payload: Raw)
        layers: Any = Ether(frame)
    rebuilt = layers.copy()
    transports = {
        kind: names
        for kind, names in {
            IP: ("len", "chksum"),
            IPv6: ("plen",),
            UDP: ("len", "chksum"),
            TCP: ("chksum",),
            ICMP: ("chksum",),
            ICMPv6EchoRequest: ("cksum",),
        }.items()
        if kind in rebuilt
    }
    assert len(transports) == 2
    for kind, names in transports.items():
        for name in names:
            setattr(rebuilt[kind], name, None)
    assert bytes(rebuilt).hex() == frame.hex()


@given(plain_frames)
def test_a_frame_between_interfaces_has_their_addresses(frame: bytes) -> None:
    link = ethernet.parse(frame)
    packet = ipv4.parse(link.payload)
    macs = {"10.0.0.4": "02000000000a", "10.0.0.5": "000000000000"}
    assert link.source.hex() == macs[str(packet.source)]
    assert link.destination.hex() == macs[str(packet.destination)]
    assert packet.protocol in (1, 6, 17)
    assert not packet.more_fragments
    assert not packet.fragment_offset


@given(frames(TWO, malformed=False, tunnels=False, non_ip=False, max_payload=0))
def test_a_payload_may_be_nothing(frame: bytes) -> None:
    # Two tags, and the longest headers: IPv6 and TCP.
    assert len(frame) <= 14 + 2 * 4 + 40 + 20


@pytest.mark.parametrize("size", [-1, 65_001])
def test_a_payload_that_no_packet_has_room_for_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"max_payload is {size}"):
        frames(max_payload=size)


def is_tagged(frame: bytes) -> bool:
    return frame[12:14] == b"\x81\x00"


# By the option that admits it, what a frame then may be.
KINDS: dict[str, Callable[[bytes, Flow], bool]] = {
    "strangers": lambda frame, flow: flow.source == bytes([192, 0, 2, 1]),
    "ipv6": lambda frame, flow: flow.version == 6,
    "fragments": lambda frame, flow: flow.is_fragment,
    "tagged": lambda frame, flow: is_tagged(frame),
    "tunnels": lambda frame, flow: flow.protocol in (4, 47),
    "non_ip": lambda frame, flow: flow.ethertype == ethernet.ARP,
    "malformed": lambda frame, flow: flow.version == 0,
}


@pytest.mark.parametrize("option", KINDS)
def test_each_option_admits_its_kind_of_frame_and_bars_it(option: str) -> None:
    is_kind = KINDS[option]
    # IPv6 frames are those of strangers here, for the interfaces have IPv4 only.
    admitted = {**PLAIN, "strangers": option in ("strangers", "ipv6"), option: True}
    unshrunk = settings(max_examples=500, phases=[Phase.generate], database=None)
    found = find(
        frames(TWO, **admitted),
        lambda frame: is_kind(frame, read_flow(frame)),
        settings=unshrunk,
    )
    assert is_kind(found, read_flow(found))

    @settings(max_examples=part_of(50))
    @given(plain_frames)
    def no_plain_frame_is_one(frame: bytes) -> None:
        assert not is_kind(frame, read_flow(frame))

    no_plain_frame_is_one()


def test_the_simplest_frame_is_an_empty_datagram_from_the_first_interface_to_the_second() -> None:
    found = ipv4.parse(ethernet.parse(find(plain_frames, lambda frame: True)).payload)
    assert (str(found.source), str(found.destination)) == ("10.0.0.4", "10.0.0.5")
    assert (found.protocol, len(found.payload)) == (17, 8)


@given(captures(plain_frames, min_size=2, max_size=5, start_ns=7, max_gap_ns=10))
def test_a_capture_goes_forward_in_time_in_steps_that_are_bounded(packets: Sequence[Packet]) -> None:
    times = [at for at, _, _ in packets]
    assert 2 <= len(packets) <= 5
    assert times[0] == 7
    assert all(0 <= after - before <= 10 for before, after in pairwise(times))
    assert all(original_length >= len(frame) for _, frame, original_length in packets)


@given(captures(st.binary(max_size=3), cut=False))
def test_a_capture_that_cuts_nothing_has_whole_frames(packets: Sequence[Packet]) -> None:
    assert all(original_length == len(frame) for _, frame, original_length in packets)


def test_a_disordered_capture_goes_back_in_time() -> None:
    found = find(captures(disordered=True), lambda packets: any(at < 0 for at, _, _ in packets))
    assert [at for at, _, _ in found] == [0, -1]


def test_a_frame_comes_again_in_a_repeating_capture() -> None:
    numbers = st.integers(0, 2**64 - 1).map(lambda number: number.to_bytes(8, "big"))

    def has_large_twin(packets: Sequence[Packet]) -> bool:
        drawn = [frame for _, frame, _ in packets if frame > b"\x10"]
        return len(drawn) != len(set(drawn))

    unshrunk = settings(max_examples=1000, phases=[Phase.generate], database=None)
    assert has_large_twin(find(captures(numbers), has_large_twin, settings=unshrunk))
