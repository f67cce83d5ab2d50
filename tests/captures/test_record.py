"""The recorded traffic is what its description says, and recording it anew works and cleans up."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import dpkt
import pytest

RECORD = Path(__file__).with_name("record")
QUICKSTART = Path(__file__).with_name("quickstart.pcap")

WEB, DATABASE, OUTSIDE = bytes([10, 10, 1, 4]), bytes([10, 10, 2, 4]), bytes([203, 0, 113, 10])


def contents(capture: Path) -> Counter[str]:
    """Count, with a reader that is not ours, what the description promises."""
    seen: Counter[str] = Counter()
    with capture.open("rb") as stream:
        for _time, frame in dpkt.pcap.Reader(stream):
            ethernet = dpkt.ethernet.Ethernet(frame)
            seen["longer than a wire allows"] += len(frame) > 1514
            seen["ARP"] += ethernet.type == dpkt.ethernet.ETH_TYPE_ARP
            if ethernet.type != dpkt.ethernet.ETH_TYPE_IP:
                continue
            packet = ethernet.data
            seen["to database"] += packet.dst == DATABASE
            seen["from database"] += packet.src == DATABASE
            seen["to outside"] += packet.dst == OUTSIDE
            seen["from outside"] += packet.src == OUTSIDE
            seen["not of web"] += WEB not in (packet.src, packet.dst)
            seen["fragments"] += bool(packet.mf or packet.offset)
            segment = packet.data
            if isinstance(segment, dpkt.icmp.ICMP):
                seen[f"ICMP type {segment.type}"] += 1
            elif isinstance(segment, (dpkt.tcp.TCP, dpkt.udp.UDP)):
                protocol = type(segment).__name__
                seen[f"{protocol} port {min(segment.sport, segment.dport)}"] += 1
                if protocol == "TCP":
                    seen["RST"] += bool(segment.flags & dpkt.tcp.TH_RST)
                    seen["bytes from 8080"] += len(segment.data) if segment.sport == 8080 else 0
    return seen


def assert_is_as_described(seen: Counter[str]) -> None:
    assert seen["longer than a wire allows"] == 0
    assert seen["not of web"] == 0
    for what in ("ARP", "to database", "from database", "to outside", "from outside", "RST"):
        assert seen[what] > 0, what
    for what in ("ICMP type 0", "ICMP type 3", "ICMP type 8", "UDP port 53"):
        assert seen[what] > 0, what
    for port in (22, 80, 81, 443, 8080, 8443):
        assert seen[f"TCP port {port}"] > 0, port
    # Four pings and their answers and two datagrams, each of three fragments.
    assert seen["fragments"] == (4 * 2 + 2) * 3
    assert seen["bytes from 8080"] > 1_000_000


def test_the_recorded_traffic_is_as_described() -> None:
    assert_is_as_described(contents(QUICKSTART))


@pytest.mark.namespaces
def test_recording_anew_gives_the_same_kinds_of_traffic_and_leaves_nothing(
    tmp_path: Path, require: Callable[[str], str]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to make network namespaces")
    for tool in ("tcpdump", "nginx", "curl", "sshd", "dnsmasq", "openssl", "ip"):
        require(tool)
    before = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    done = subprocess.run([RECORD, tmp_path / "new.pcap"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert_is_as_described(contents(tmp_path / "new.pcap"))
    after = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    assert after == before
