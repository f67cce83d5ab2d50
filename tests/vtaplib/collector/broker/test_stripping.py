from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vtaplib.collector.broker.blocks import tunnelled_frames
from vtaplib.capture import PcapWriter
from vtaplib.collector.broker import StripTunnels
from vtaplib.errors import CollectorError
from vtaplib.packets.block import PacketBlock

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
    kinds = ("vlan", "mpls", "vxlan", "gre", "erspan", "geneve", "gtp", "ipip")
    others = [other for other in kinds if other != kind]
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
        writer.write_many(block)
    command = [tshark, "-r", str(tmp_path / "out.pcap"), "-T", "fields", "-e", "frame.protocols"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.split()
    assert len(told) == len(NAMES)
    for protocols in told:
        assert protocols.split(":")[:3] == ["eth", "ethertype", protocols.split(":")[2]]
        assert protocols.split(":")[2:4] in (["ip", "tcp"], ["ipv6", "udp"])
        assert protocols.count("eth:") == 1


def test_other_kinds_and_ports_are_refused() -> None:
    with pytest.raises(CollectorError, match=r"'vxlna' is not a kind of tunnel; the kinds are vlan, mpls"):
        StripTunnels("vxlna")
    with pytest.raises(CollectorError, match="VXLAN on port 0; ports are from 1 to 65535"):
        StripTunnels(vxlan_ports=[0])
