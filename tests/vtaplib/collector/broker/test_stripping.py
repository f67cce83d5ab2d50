from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.examples import part_of
from tests.vtaplib.collector.broker.blocks import any_frames, tunnelled_frames
from vtaplib.capture import PcapWriter
from vtaplib.collector.broker import StripTunnels
from vtaplib.collector.broker.stripping import KINDS
from vtaplib.errors import CollectorError
from vtaplib.mirror.count import Count
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.flow import read_flow

NAMES = list(tunnelled_frames())


def stripped(stage: StripTunnels, frame: bytes, original_length: int = 0) -> tuple[bytes, int]:
    block = PacketBlock.of([(1, frame, original_length or len(frame))])
    stage.apply(block)
    ((_, octets, original),) = block
    return octets, original


@pytest.mark.parametrize("name", NAMES)
def test_what_is_left_is_the_inner_frame(name: str) -> None:
    whole, inner = tunnelled_frames()[name]
    stage = StripTunnels()
    assert stripped(stage, whole) == (inner, len(inner))
    assert stage.account.removed.frames == 1
    assert stage.account.removed.octets == len(whole) - len(inner)


@pytest.mark.parametrize(
    "name", [name for name in NAMES if "in gre in" not in name and "tag outside" not in name]
)
def test_one_kind_is_enough_for_it_and_all_others_leave_it(name: str) -> None:
    whole, inner = tunnelled_frames()[name]
    kind = name.split(maxsplit=1)[0].rstrip(",")
    assert stripped(StripTunnels(kind), whole)[0] == inner
    others = [other for other in KINDS if other != kind]
    assert stripped(StripTunnels(*others), whole)[0] == whole


@pytest.mark.parametrize("name", [name for name in NAMES if "in gre in" not in name and "twice" not in name])
def test_a_frame_that_was_cut_in_its_tunnels_headers_stays_as_it_is(name: str) -> None:
    whole, inner = tunnelled_frames()[name]
    kind = name.split(maxsplit=1)[0].rstrip(",")
    stage = StripTunnels(kind)
    # To the end of an inner Ethernet header or, where that is made for it, into the inner packet's.
    for length in range(len(whole) - len(inner) + (34 if kind == "ipip" else 14)):
        assert stripped(stage, whole[:length], len(whole)) == (whole[:length], len(whole))
    assert stage.account.removed.frames == 0
    assert stage.account.noted["left on: cut off"].frames > 0


def test_of_a_frame_that_was_cut_the_length_that_the_inner_one_had_is_told() -> None:
    whole, inner = tunnelled_frames()["vxlan"]
    assert stripped(StripTunnels(), whole[:-5], len(whole)) == (inner[:-5], len(inner))


def test_padding_of_the_outer_frame_goes_with_it() -> None:
    whole, inner = tunnelled_frames()["ipip"]
    assert stripped(StripTunnels(), whole + b"padding") == (inner, len(inner))


def test_a_tag_behind_another_kind_stays_with_what_it_is_in() -> None:
    whole, inner = tunnelled_frames()["vntag"]
    tagged = whole[:18] + b"\x81\x00\x00\x07" + whole[18:]
    assert stripped(StripTunnels("vlan"), tagged)[0] == tagged
    assert stripped(StripTunnels("vntag"), tagged)[0] == inner[:12] + b"\x81\x00\x00\x07" + inner[12:]


def test_a_fragment_of_a_tunnels_packet_stays_and_is_noted() -> None:
    whole, _ = tunnelled_frames()["vxlan"]
    fragment = whole[:20] + b"\x20" + whole[21:]
    stage = StripTunnels()
    assert stripped(stage, fragment)[0] == fragment
    assert stage.account.noted["left on: a fragment"].frames == 1


def test_at_most_sixteen_layers_go() -> None:
    inner = bytes(12) + b"\x08\x06" + b"content"
    tagged = inner[:12] + b"\x81\x00\x00\x07" * 20 + inner[12:]
    stage = StripTunnels("vlan")
    assert stripped(stage, tagged)[0] == inner[:12] + b"\x81\x00\x00\x07" * 4 + inner[12:]
    assert stage.account.noted["left on: more than 16 layers"].frames == 1


def test_vxlan_is_what_goes_to_a_chosen_port() -> None:
    whole, inner = tunnelled_frames()["vxlan"]
    other = whole[:36] + (8472).to_bytes(2, "big") + whole[38:]
    assert stripped(StripTunnels("vxlan"), other)[0] == other
    assert stripped(StripTunnels("vxlan", vxlan_ports=[4789, 8472]), other)[0] == inner


@pytest.mark.oracle
def test_tshark_sees_the_inner_protocols_alone(tmp_path: Path, require: Callable[[str], str]) -> None:
    tshark = require("tshark")
    block = PacketBlock.of([(1, whole, len(whole)) for whole, _ in tunnelled_frames().values()])
    StripTunnels().apply(block)
    with PcapWriter(tmp_path / "out.pcap") as writer:
        writer.write_block(block)
    command = [tshark, "-r", str(tmp_path / "out.pcap"), "-T", "fields", "-e", "frame.protocols"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.split()
    assert len(told) == len(NAMES)
    for protocols in told:
        assert protocols.split(":")[:3] == ["eth", "ethertype", protocols.split(":")[2]]
        assert protocols.split(":")[2:4] in (["ip", "tcp"], ["ipv6", "udp"])
        assert protocols.count("eth:") == 1


@pytest.mark.oracle
def test_tshark_reads_in_the_inner_frame_what_it_read_in_the_tunnel(
    tmp_path: Path, require: Callable[[str], str]
) -> None:
    tshark = require("tshark")
    block = PacketBlock.of([(1, whole, len(whole)) for whole, _ in tunnelled_frames().values()])
    fields = ["ip.id", "ip.src", "ip.dst", "ip.len", "ipv6.src", "ipv6.dst", "ipv6.plen", "tcp.srcport"]
    fields += ["tcp.dstport", "tcp.checksum", "tcp.len", "udp.srcport", "udp.dstport", "udp.checksum"]
    told = []
    for name in ("tunnels", "inner"):
        with PcapWriter(tmp_path / f"{name}.pcap") as writer:
            writer.write_block(block)
        command = [tshark, "-r", str(tmp_path / f"{name}.pcap"), "-d", "mpls.label==18,pwethcw"]
        command += ["-T", "fields", "-E", "occurrence=l"]
        command += [part for field in fields for part in ("-e", field)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
        told.append([line.split("\t") for line in printed.splitlines()])
        StripTunnels().apply(block)
    for name, before, after in zip(NAMES, *told, strict=True):
        assert sum(map(bool, after)) >= 6
        # Of each field, the innermost that there is.
        assert [one if other else "" for one, other in zip(before, after, strict=True)] == after, name


NOT_KNOWN = {
    "LLDP": (bytes(12) + b"\x88\xcc" + bytes(40), "not known: neither IP nor ARP"),
    "a tag of 0x9200": (bytes(12) + b"\x92\0\0\7\x08\0\x45" + bytes(40), "not known: neither IP nor ARP"),
    "IPv4 with a header of four words": (
        bytes(12) + b"\x08\0\x44" + bytes(40),
        "not known: neither IP nor ARP",
    ),
    "no Ethernet header": (bytes(13), "not known: neither IP nor ARP"),
    "ESP": (
        bytes(12) + b"\x08\0\x45" + bytes(8) + b"\x32" + bytes(30),
        "not known: another protocol over IP",
    ),
    "the rest of a datagram": (
        bytes(12) + b"\x08\0\x45" + bytes(5) + b"\0\1\0\x11" + bytes(30),
        "left on: a fragment",
    ),
    "GRE of version 1": (
        bytes(12) + b"\x08\0\x45" + bytes(8) + b"\x2f" + bytes(10) + bytes.fromhex("3001880b") + bytes(30),
        "left on: of unknown content",
    ),
    "PPPoE with LCP": (
        bytes(12) + bytes.fromhex("8864 1100 0005 000a c021 09010008 00000000"),
        "left on: of unknown content",
    ),
}


@pytest.mark.parametrize("what", NOT_KNOWN)
def test_what_is_left_because_it_is_not_known_is_noted(what: str) -> None:
    frame, reason = NOT_KNOWN[what]
    stage = StripTunnels()
    assert stripped(stage, frame)[0] == frame
    assert stage.account.noted == {reason: Count(1, 0)}


@settings(max_examples=part_of(200))
@given(any_frames())
def test_what_is_left_is_a_packet_without_a_tunnel_or_noted(frame: bytes) -> None:
    stage = StripTunnels()
    left, _ = stripped(stage, frame)
    reasons = [count for what, count in stage.account.noted.items() if not what.startswith("taken off")]
    assert len(reasons) <= 1
    flow = read_flow(left)
    if not reasons:
        # Of ICMP, TCP, UDP, AH with one of them, ICMPv6, SCTP.
        assert flow.ethertype == 0x0806 or flow.protocol in (1, 6, 17, 51, 58, 132)
        assert int.from_bytes(left[12:14], "big") in (0x0800, 0x0806, 0x86DD)


def test_other_kinds_and_ports_are_refused() -> None:
    with pytest.raises(CollectorError, match=r"'vxlna' is not a kind of tunnel; the kinds are vlan, mpls"):
        StripTunnels("vxlna")
    with pytest.raises(CollectorError, match="VXLAN on port 0; ports are from 1 to 65535"):
        StripTunnels(vxlan_ports=[0])
