"""Programs that we did not write read the copies of every kind of inner frame, whole and in fragments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vtaplib.fabric.worlds import interface_id, quickstart, tap_id
from tests.vtaplib.mirror.encapsulations import inner_frames
from tests.vtaplib.mirror.suricata import counters_of
from tests.vtaplib.mirror.test_oracle import fields_of, write_pcap
from vtaplib.fabric.topology import derive_vni
from vtaplib.mirror.engine import MirrorEngine
from vtaplib.mirror.verdict import Direction, Mirrored
from vtaplib.model.policy import Policy
from vtaplib.packets.flow import read_flow

pytestmark = pytest.mark.oracle

VNI = derive_vni(tap_id("ndr"))
Require = Callable[[str], str]


def verdicts_of(policy: Policy, frames: list[bytes]) -> list[Mirrored]:
    engine = MirrorEngine(quickstart("web"), policy)
    found = []
    for at, frame in enumerate(frames):
        (verdict,) = engine.frame(interface_id("web"), Direction.EGRESS, frame, at)
        assert isinstance(verdict, Mirrored)
        found.append(verdict)
    return found


def copies_of(policy: Policy, frames: list[bytes]) -> list[bytes]:
    return [copy for verdict in verdicts_of(policy, frames) for copy in verdict.copies]


def test_tshark_reads_in_a_copy_what_it_reads_in_the_frame(tmp_path: Path, require: Require) -> None:
    frames = list(inner_frames().values())
    write_pcap(tmp_path / "direct.pcap", frames)
    write_pcap(tmp_path / "mirrored.pcap", copies_of(Policy(), frames))
    tshark = require("tshark")
    direct = fields_of(tshark, tmp_path / "direct.pcap", "frame.protocols")
    mirrored = fields_of(
        tshark,
        tmp_path / "mirrored.pcap",
        "frame.protocols",
        "vxlan.vni",
        "udp.payload",
        "ip.checksum.status",
    )
    for name, frame, alone, copy in zip(inner_frames(), frames, direct, mirrored, strict=True):
        outer = "eth:ethertype:ip:udp:vxlan:"
        assert copy["frame.protocols"] == [outer + alone["frame.protocols"][0]], name
        assert copy["vxlan.vni"][0] == str(VNI)
        assert bytes.fromhex(copy["udp.payload"][0])[8:] == frame
        # Of every IP header in it, outer and inner: 1 is "good".
        assert set(copy["ip.checksum.status"]) == {"1"}


def test_tshark_reassembles_the_fragments_of_every_kind_of_copy(tmp_path: Path, require: Require) -> None:
    frames = [frame.ljust(1500, b"x") for frame in inner_frames().values()]
    copies = copies_of(Policy(oversize="fragment"), frames)
    assert len(copies) >= 2 * len(frames)
    write_pcap(tmp_path / "fragments.pcap", copies)
    packets = fields_of(require("tshark"), tmp_path / "fragments.pcap", "vxlan.vni", "udp.payload")
    whole = [packet for packet in packets if packet.get("vxlan.vni", [""])[0] == str(VNI)]
    assert [bytes.fromhex(packet["udp.payload"][0])[8:] for packet in whole] == frames


@pytest.mark.parametrize("name", inner_frames())
def test_scapy_finds_the_frame_in_the_copy(name: str) -> None:
    from scapy.layers.l2 import Ether
    from scapy.layers.vxlan import VXLAN

    frame = inner_frames()[name]
    (copy,) = copies_of(Policy(), [frame])
    packet = Ether(copy)
    assert packet[VXLAN].vni == VNI
    assert packet[VXLAN].payload.original == frame
    assert packet[VXLAN].payload.summary() == Ether(frame).summary()


@pytest.mark.parametrize("name", inner_frames())
def test_scapy_reassembles_the_fragments_of_a_copy(name: str) -> None:
    from scapy.layers.inet import defrag
    from scapy.layers.l2 import Ether
    from scapy.layers.vxlan import VXLAN
    from scapy.plist import PacketList

    frame = inner_frames()[name].ljust(1500, b"x")
    copies = copies_of(Policy(oversize="fragment"), [frame])
    assert len(copies) > 1
    _, whole, missing = defrag(PacketList([Ether(copy) for copy in copies]))
    assert len(missing) == 0
    (packet,) = whole
    assert bytes(Ether(bytes(packet))[VXLAN].payload) == frame


NOT_IN_VXLAN = ("ARP", "another EtherType")
"""What Suricata does not look for inside VXLAN."""
COUNTED = ("tcp", "icmpv4", "icmpv6", "esp", "vlan", "vlan_qinq", "gre", "ipv6")
"""What Suricata's decoder counts that no outer header adds to."""


def test_suricata_decodes_in_copies_what_it_decodes_in_the_frames(tmp_path: Path, require: Require) -> None:
    frames = [frame for name, frame in inner_frames().items() if name not in NOT_IN_VXLAN]
    copies = copies_of(Policy(), frames)
    suricata = require("suricata")
    write_pcap(tmp_path / "direct.pcap", frames)
    write_pcap(tmp_path / "mirrored.pcap", copies)
    direct = counters_of(suricata, tmp_path / "direct.pcap", tmp_path / "direct")
    mirrored = counters_of(suricata, tmp_path / "mirrored.pcap", tmp_path / "mirrored")
    for name in COUNTED:
        assert mirrored.get(f"decoder.{name}", 0) == direct.get(f"decoder.{name}", 0), name
    for name in ("vxlan", "udp", "ipv4"):
        assert mirrored[f"decoder.{name}"] == direct[f"decoder.{name}"] + len(copies), name
    assert mirrored.get("decoder.invalid", 0) == direct.get("decoder.invalid", 0)


# ---- the outer source port of every kind


@pytest.mark.parametrize("name", inner_frames())
@pytest.mark.parametrize("policy", ["directional", "symmetric", "inner", "fixed:7"])
def test_the_outer_port_follows_the_outermost_inner_headers(name: str, policy: str) -> None:
    frame = inner_frames()[name]
    (verdict,) = verdicts_of(Policy(outer_source_port=policy), [frame])
    flow = read_flow(frame)
    if policy == "fixed:7":
        assert verdict.source_port == 7
    elif policy == "inner" and flow.source_port >= 0:
        assert verdict.source_port == flow.source_port
    else:
        assert 49152 <= verdict.source_port <= 65535
    # What follows the headers has no say in it.
    (other,) = verdicts_of(Policy(outer_source_port=policy), [frame[:-1] + b"x"])
    assert other.source_port == verdict.source_port


@pytest.mark.parametrize("policy", ["directional", "symmetric", "inner", "fixed:7"])
def test_all_fragments_of_an_inner_packet_have_one_outer_port(policy: str) -> None:
    fragments = [frame for name, frame in inner_frames().items() if name.startswith("fragment ")][:3]
    assert len({one.source_port for one in verdicts_of(Policy(outer_source_port=policy), fragments)}) == 1
