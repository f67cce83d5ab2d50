from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.vtaplib.cli.command import CAPTURE
from tests.vtaplib.collector.blocks import frame_of
from tests.vtaplib.collector.tap_process import LAST
from tests.vtaplib.mirror.suricata import CONFIGURATION, events_of
from vtaplib.capture import PcapWriter, open_capture
from vtaplib.collector.output import Output
from vtaplib.collector.tap_interface import TapInterface
from vtaplib.errors import CollectorError

RULES = Path(__file__).parents[1] / "cli" / "policy.rules"


@pytest.fixture
def in_namespace(require: Callable[[str], str]) -> Callable[..., Any]:
    """Does a step of `tap_process` in a network namespace of its own, and returns what it told."""
    if os.geteuid() != 0:
        pytest.skip("needs root: makes a network namespace")
    unshare = require("unshare")
    require("ip")

    def run(*words: str | Path) -> Any:
        command = [unshare, "--net", sys.executable, "-m", "tests.vtaplib.collector.tap_process", *words]
        return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60).stdout)

    return run


def frames_that_ask_for_an_answer() -> list[bytes]:
    from scapy.layers.inet import ICMP, IP, TCP, UDP
    from scapy.layers.inet6 import ICMPv6EchoRequest, ICMPv6ND_RS, IPv6
    from scapy.layers.l2 import ARP, Dot1Q, Ether

    everybody = Ether(src="02:00:00:00:00:01", dst="ff:ff:ff:ff:ff:ff")
    all_nodes = Ether(src="02:00:00:00:00:01", dst="33:33:00:00:00:01")
    frames = [
        everybody / ARP(pdst="10.0.0.5", psrc="10.0.0.9", hwsrc="02:00:00:00:00:01"),
        everybody / IP(src="10.0.0.9", dst="10.0.0.5") / ICMP(),
        everybody / IP(src="10.0.0.9", dst="10.0.0.5") / UDP(dport=9),
        everybody / IP(src="10.0.0.9", dst="10.0.0.5") / TCP(dport=9),
        everybody / Dot1Q(vlan=7) / Dot1Q(vlan=8) / IP(src="10.0.0.9", dst="10.0.0.255") / UDP(dport=68),
        all_nodes / IPv6(src="fe80::1", dst="ff02::1") / ICMPv6EchoRequest(),
        all_nodes / IPv6(src="fe80::1", dst="ff02::2") / ICMPv6ND_RS(),
    ]
    return [bytes(frame) for frame in frames]


@pytest.mark.namespaces
@pytest.mark.oracle
def test_what_reads_the_interface_sees_exactly_the_frames_and_the_host_is_silent(
    tmp_path: Path, in_namespace: Callable[..., Any], require: Callable[[str], str]
) -> None:
    require("tcpdump")
    frames = [*frames_that_ask_for_an_answer(), frame_of(1, 22)[:14]]
    frames += [
        frame_of(number, length) for number, length in enumerate([60, 64, 1514, 1518, 9230, 9216] * 50)
    ]
    with PcapWriter(tmp_path / "source.pcap") as writer:
        for number, frame in enumerate(frames):
            writer.write(number, frame)
    told = in_namespace("show", tmp_path / "source.pcap", tmp_path / "seen.pcap")
    with open_capture(tmp_path / "seen.pcap") as reader:
        assert [record.data for record in reader] == frames
    assert told == {
        "taken": [len(frames), sum(map(len, frames))],
        "lost": {},
        "addresses": [],
        "left": False,
    }


@pytest.mark.namespaces
@pytest.mark.oracle
def test_suricata_raises_on_the_interface_the_alerts_of_the_capture(
    tmp_path: Path, in_namespace: Callable[..., Any], require: Callable[[str], str]
) -> None:
    rules = tmp_path / "site.rules"
    last = f'alert udp any any -> any 9 (msg:"{LAST}"; content:"{LAST}"; sid:2000000; rev:1;)'
    rules.write_text(f"{RULES.read_text()}\n{last}\n")
    captured = events_of(require("suricata"), CAPTURE, tmp_path / "captured", rules)
    live = tmp_path / "live"
    live.mkdir()
    (live / "suricata.yaml").write_text(CONFIGURATION)
    told = in_namespace("analyse", CAPTURE, live, live / "suricata.yaml", rules)
    assert told["lost"] == {}
    seen = alerts(json.loads(line) for line in (live / "eve.json").read_text().splitlines())
    expected = alerts(captured)
    assert sum(expected.values()) > 10
    assert seen - expected == {(LAST, "192.0.2.1", 9, "192.0.2.2", 9, "UDP"): 1}
    assert expected - seen == Counter()


def alerts(events: Iterable[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    """What was alerted on, and between whom."""
    who = ("src_ip", "src_port", "dest_ip", "dest_port", "proto")
    return Counter(
        (one["alert"]["signature"], *(one.get(name) for name in who))
        for one in events
        if one["event_type"] == "alert"
    )


@pytest.mark.namespaces
def test_an_interface_that_is_there_is_used_as_it_is_and_stays(in_namespace: Callable[..., Any]) -> None:
    assert in_namespace("attach") == {
        "taken": [3, 14 + 1022 + 64],
        "lost": {"shorter than an Ethernet header": [2, 13], "longer than the interface's MTU": [1, 1023]},
        "made": False,
        "mtu": 1000,
        "left": True,
    }


@pytest.mark.namespaces
def test_what_nobody_reads_on_the_interface_is_no_loss_of_the_collectors(
    in_namespace: Callable[..., Any],
) -> None:
    counted = in_namespace("show-to-nobody")
    assert counted["there"] > 0
    assert (counted["reported"], counted["taken"]) == (0, 10)


@pytest.mark.namespaces
def test_what_comes_while_the_interface_is_down_or_gone_is_lost_and_counted(
    in_namespace: Callable[..., Any],
) -> None:
    assert in_namespace("go-down") == {
        "taken": [3, 3 * 64],
        "lost": {"the interface is down": [1, 64], "the interface was removed": [1, 64]},
    }


@pytest.mark.namespaces
def test_what_cannot_be_made_is_told_with_the_way_out(in_namespace: Callable[..., Any]) -> None:
    other_kind, busy, *names, unprivileged = in_namespace("refuse")
    assert other_kind == (
        "interface lo: cannot be used as a TAP interface: invalid argument; it is an interface of another "
        "kind: choose another name"
    )
    assert busy == (
        "interface held: cannot be used as a TAP interface: device or resource busy; another program uses "
        "it: choose another name"
    )
    assert len(names) == 6
    assert "run as root or with CAP_NET_ADMIN" in unprivileged
    assert "ip tuntap add dev vtap0 mode tap user" in unprivileged


@pytest.mark.parametrize("name", ["", "a b", "a/b", "..", "sixteen-letters-", "ä", "a\0"])
def test_a_name_that_no_interface_can_have_is_refused_before_anything_is_opened(name: str) -> None:
    with pytest.raises(CollectorError, match=r"interface .*: interfaces have names of 1 to 15 letters"):
        TapInterface(name)


@pytest.mark.parametrize("mtu", [67, 65_522])
def test_an_mtu_that_no_interface_can_have_is_refused(mtu: int) -> None:
    with pytest.raises(CollectorError, match=f"an MTU of {mtu} cannot be; 68 to 65521 can"):
        TapInterface("vtap0", mtu=mtu)


def test_its_class_is_an_output() -> None:
    kind: type[Output] = TapInterface
    assert kind.write is TapInterface.write
