"""Programs that we did not write read our copies."""

from __future__ import annotations

import json
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vtaplib.fabric.worlds import interface_id, quickstart, tap_id, udp_frame
from tests.vtaplib.mirror.replaying import batch
from vtaplib.fabric.topology import derive_vni
from vtaplib.mirror.replay import Replay
from vtaplib.model.policy import Policy

pytestmark = pytest.mark.oracle

VNI = derive_vni(tap_id("ndr"))

# Every kind of inner frame: a query and its answer, a fragment, VLAN tags, ARP-like bytes behind IPv4
# addresses, a frame that the capture cut, sizes from the smallest to what just fits.
INNER = [
    udp_frame("10.0.0.4", "10.0.0.5", (40000, 53), b"query"),
    udp_frame("10.0.0.5", "10.0.0.4", (53, 40000), b"answer"),
    udp_frame("10.0.0.4", "192.0.2.1", (40000, 443), bytes(1200)),
    udp_frame("10.0.0.4", "10.0.0.5", (1, 2), b"x" * 8)[:20]
    + b"\x20\x00"
    + udp_frame("10.0.0.4", "10.0.0.5")[22:],
    udp_frame("10.0.0.4", "10.0.0.5")[:12] + b"\x81\x00\x00\x07" + udp_frame("10.0.0.4", "10.0.0.5")[12:],
    udp_frame("10.0.0.4", "10.0.0.5", (7, 7), bytes(900))[:64],
    udp_frame("10.0.0.4", "10.0.0.5", (8, 8), bytes(1928)),
    udp_frame("10.0.0.4", "10.0.0.5", (9, 9)),
]


def copies_of(frames: list[bytes], policy: Policy | None = None) -> list[bytes]:
    handed = batch(Replay(quickstart("web"), policy), range(len(frames)), frames)
    return handed[interface_id("collector")].frames


def write_pcap(path: Path, frames: list[bytes]) -> None:
    """The oldest capture format, in a few lines: little-endian, microseconds, Ethernet."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for second, frame in enumerate(frames):
            file.write(struct.pack("<IIII", second, 0, len(frame), len(frame)) + frame)


def fields_of(tshark: str, capture: Path, *fields: str) -> list[dict[str, list[str]]]:
    """What tshark says of these fields in each packet, with checksums verified and no guesses at payloads."""
    command = [
        tshark,
        "-r",
        str(capture),
        "-T",
        "json",
        "-o",
        "ip.check_checksum:TRUE",
        "-o",
        "ip.defragment:TRUE",
    ]
    for field in fields:
        command += ["-e", field]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    return [packet["_source"]["layers"] for packet in json.loads(finished.stdout)]


def test_scapy_dissects_every_copy() -> None:
    from scapy.layers.l2 import Ether
    from scapy.layers.vxlan import VXLAN

    copies = copies_of(INNER)
    assert len(copies) == len(INNER)
    for copy, inner in zip(copies, INNER, strict=True):
        packet = Ether(copy)
        assert packet[VXLAN].vni == VNI
        assert (packet["UDP"].dport, packet["UDP"].chksum, packet["UDP"].len) == (4789, 0, len(inner) + 16)
        assert (packet["IP"].ttl, packet["IP"].tos, packet["IP"].id, int(packet["IP"].flags)) == (64, 0, 0, 0)
        assert (packet["IP"].src, packet["IP"].dst) == ("10.0.0.4", "10.1.0.4")
        # The checksum that scapy computes itself is the one that is there.
        rebuilt = packet["IP"].copy()
        del rebuilt.chksum
        assert type(rebuilt)(bytes(rebuilt)).chksum == packet["IP"].chksum
        assert packet[VXLAN].payload.original == inner


def test_tshark_reads_every_copy_as_vxlan_with_good_checksums(
    tmp_path: Path, require: Callable[[str], str]
) -> None:
    capture = tmp_path / "copies.pcap"
    write_pcap(capture, copies_of(INNER))
    packets = fields_of(
        require("tshark"),
        capture,
        "vxlan.vni",
        "ip.checksum.status",
        "udp.dstport",
        "vxlan.flags",
        "udp.payload",
    )
    assert len(packets) == len(INNER)
    for packet, inner in zip(packets, INNER, strict=True):
        assert packet["vxlan.vni"] == [str(VNI)]
        assert int(packet["vxlan.flags"][0], 16) == 0x0800
        # The first of each is the outer header's; 1 is "good".
        assert packet["ip.checksum.status"][0] == "1"
        assert packet["udp.dstport"][0] == "4789"
        assert bytes.fromhex(packet["udp.payload"][0])[8:] == inner


def test_tshark_reassembles_fragmented_copies(tmp_path: Path, require: Callable[[str], str]) -> None:
    inner = [udp_frame("10.0.0.4", "10.0.0.5", (port, 53), bytes([port]) * 3000) for port in (1, 2, 3)]
    copies = copies_of(inner, Policy(oversize="fragment"))
    # 3042 bytes of inner frame, 8 of VXLAN and 8 of UDP, in pieces of 1376.
    assert len(copies) == 3 * 3
    capture = tmp_path / "fragments.pcap"
    write_pcap(capture, copies)
    packets = fields_of(require("tshark"), capture, "vxlan.vni", "ip.checksum.status", "udp.payload")
    whole = [packet for packet in packets if "vxlan.vni" in packet]
    assert [packet["vxlan.vni"] for packet in whole] == [[str(VNI)]] * 3
    assert [bytes.fromhex(packet["udp.payload"][0])[8:] for packet in whole] == inner
    assert {packet["ip.checksum.status"][0] for packet in packets} == {"1"}
