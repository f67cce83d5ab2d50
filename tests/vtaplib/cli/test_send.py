"""`vtap send`: what a plain UDP socket gets of it."""

from __future__ import annotations

import gzip
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from tests.vtaplib.cli.captures import LINUX_SLL, pcap, pcapng_of_two_link_types, records_of
from tests.vtaplib.cli.clouds import Builder
from tests.vtaplib.cli.command import CAPTURE, PATIENCE_SECONDS, VTAP, Vtap
from tests.vtaplib.collector.receiving import payloads, received, receiving, text_of
from vtaplib.packets import ipv4, udp, vxlan

FRAMES = [frame for _, frame in records_of(CAPTURE)]

# The headers of a copy as far as UDP, without a VLAN tag and options.
OUTER = 14 + 20 + 8


@pytest.fixture
def collector() -> Iterator[socket.socket]:
    """A socket on loopback."""
    with receiving() as one:
        yield one


def inner(collector: socket.socket, vni: int) -> list[bytes]:
    """The frames that have come, all under one VNI."""
    packets = [vxlan.parse(payload) for payload in payloads(collector)]
    assert {one.vni for one in packets} <= {vni}
    return [one.frame for one in packets]


def copies_of(vtap: Vtap, cloud: Path, collector: str, *options: str) -> list[bytes]:
    """The payloads of the copies that a replay writes for a collector."""
    vtap("replay", CAPTURE, "--cloud", cloud, "--out", "copies", "--format", "pcap", *options)
    return [frame[OUTER:] for _, frame in records_of(vtap.directory / "copies" / f"{collector}.pcap")]


def test_every_frame_is_sent_in_order_under_the_vni(vtap: Vtap, collector: socket.socket) -> None:
    to = text_of(collector)
    report = vtap("send", CAPTURE, "--vni", "77", "--to", to, "--speed", "1e6", "--json").document
    assert inner(collector, 77) == FRAMES
    octets = sum(map(len, FRAMES))
    assert report["read"] == {"frames": len(FRAMES), "bytes": octets}
    sending = report["sending"]
    assert (sending["sent"], sending["octets"], sending["lost"]) == (
        len(FRAMES),
        octets + 8 * len(FRAMES),
        0,
    )
    (target,) = sending["targets"]
    assert (target["address"], target["sent"], target["answered"]) == (to, len(FRAMES), [])
    assert (report["not_sent"], report["interrupted"], report["ended_early"]) == ([], False, None)


def test_the_copies_of_the_applied_network_are_sent(
    vtap: Vtap, quickstart: Path, collector: socket.socket
) -> None:
    expected = copies_of(vtap, quickstart, "nic-collector")
    vtap("send", CAPTURE, "--cloud", quickstart, "--to", text_of(collector), "--speed", "1e6")
    assert payloads(collector) == expected


def test_copies_that_the_policy_fragments_are_sent_whole(
    vtap: Vtap, quickstart: Path, collector: socket.socket
) -> None:
    delivered = copies_of(vtap, quickstart, "nic-collector")
    policy = ("--policy", "oversize=fragment")
    assert len(copies_of(vtap, quickstart, "nic-collector", *policy)) > len(delivered)
    to = text_of(collector)
    vtap("send", CAPTURE, "--cloud", quickstart, "--to", to, "--speed", "1e6", *policy)
    assert sorted(payloads(collector)) == sorted(delivered)


def test_captured_copies_are_sent_as_they_are_and_their_ports_stay_apart(
    vtap: Vtap, quickstart: Path, collector: socket.socket
) -> None:
    expected = copies_of(vtap, quickstart, "nic-collector")
    written = [frame for _, frame in records_of(vtap.directory / "copies" / "nic-collector.pcap")]
    outer_ports = [int.from_bytes(frame[34:36], "big") for frame in written]
    assert len(set(outer_ports)) > 1
    capture = "copies/nic-collector.pcap"
    spread = ("--source-port-spread", "64")
    vtap("send", capture, "--copies", "--to", text_of(collector), "--speed", "1e6", *spread)
    came = received(collector)
    assert [payload for _, payload in came] == expected
    pairs = {(outer, port) for outer, (port, _) in zip(outer_ports, came, strict=True)}
    # Copies of one port keep to one, and others get others.
    assert len(pairs) == len(set(outer_ports))
    assert len({port for _, port in pairs}) > 1


def test_each_collector_gets_its_copies(vtap: Vtap, load_balanced: Path) -> None:
    names = ["nic-collector-a", "nic-collector-b", "nic-collector-c"]
    expected = [copies_of(vtap, load_balanced, name) for name in names]
    assert all(expected)
    with receiving() as a, receiving() as b, receiving() as c:
        to = [
            part
            for name, one in zip(names, (a, b, c), strict=True)
            for part in ("--to", f"{name}={text_of(one)}")
        ]
        report = vtap("send", CAPTURE, "--cloud", load_balanced, *to, "--speed", "1e6", "--json").document
        assert [payloads(one) for one in (a, b, c)] == expected
        assert report["collectors"] == names
        only = ("--collector", names[1], "--to", text_of(a))
        report = vtap("send", CAPTURE, "--cloud", load_balanced, *only, "--top-speed", "--json").document
        assert sorted(payloads(a)) == sorted(expected[1])
    others = {one["collector"]: one["frames"] for one in report["other_collectors"]}
    assert others == {names[0]: len(expected[0]), names[2]: len(expected[2])}


def test_rounds_of_standard_input(vtap: Vtap, collector: socket.socket) -> None:
    vtap(
        "send",
        "-",
        *("--vni", "1", "--to", text_of(collector), "--loop", "3", "--top-speed", "--order", "capture"),
        stdin=gzip.compress(pcap([b"first", b"second"])),
    )
    assert inner(collector, 1) == [b"first", b"second"] * 3


def test_it_ends_after_as_many_datagrams_as_wanted(vtap: Vtap, collector: socket.socket) -> None:
    to = text_of(collector)
    vtap("send", CAPTURE, "--vni", "1", "--to", to, "--loop", "0", "--count", "2000", "--speed", "1e6")
    assert inner(collector, 1) == (FRAMES * 2)[:2000]


def test_it_ends_when_the_time_is_over(vtap: Vtap, collector: socket.socket) -> None:
    (vtap.directory / "slow.pcap").write_bytes(pcap([b"now", b"in a second"]))
    to = text_of(collector)
    vtap("send", "slow.pcap", "--vni", "1", "--to", to, "--duration", "0.5")
    assert inner(collector, 1) == [b"now"]


def test_long_gaps_can_be_cut_short(vtap: Vtap, collector: socket.socket) -> None:
    (vtap.directory / "slow.pcap").write_bytes(pcap([b"%d" % number for number in range(3600)]))
    to = text_of(collector)
    vtap("send", "slow.pcap", "--vni", "1", "--to", to, "--max-gap", "0.00001")
    assert len(inner(collector, 1)) == 3600


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("from_pipe", [False, True])
@pytest.mark.kill
def test_a_signal_ends_it_with_a_report(
    vtap: Vtap, collector: socket.socket, number: signal.Signals, from_pipe: bool
) -> None:
    capture = pcap([b"now", b"in a second"] if from_pipe else [b"now", *[b"later"] * 3600])
    (vtap.directory / "slow.pcap").write_bytes(capture)
    name = "-" if from_pipe else "slow.pcap"
    with subprocess.Popen(
        [VTAP, "send", name, "--vni", "1", "--to", text_of(collector), "--json"],
        cwd=vtap.directory,
        env=vtap.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        if from_pipe:
            # It waits for more of the capture, which does not come.
            process.stdin.write(capture)
            process.stdin.flush()
        collector.settimeout(PATIENCE_SECONDS)
        assert vxlan.parse(collector.recv(100)).frame == b"now"
        os.kill(process.pid, number)
        stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, stderr) == (0, b"")
    assert b'"interrupted": true' in stdout


def test_that_nobody_listens_is_said(vtap: Vtap) -> None:
    with receiving() as gone:
        to = text_of(gone)
    outcome = vtap("send", CAPTURE, "--vni", "1", "--to", to, "--top-speed", code=1)
    assert "Connection refused (ECONNREFUSED); nobody listens there." in outcome.stdout


def test_a_frame_that_no_datagram_holds_is_counted_and_the_rest_is_sent(
    vtap: Vtap, collector: socket.socket
) -> None:
    (vtap.directory / "jumbo.pcap").write_bytes(pcap([b"small", bytes(65_500), bytes(65_499)]))
    sending = ("send", "jumbo.pcap", "--vni", "1", "--to", text_of(collector), "--speed", "1e6")
    report = vtap(*sending, "--max-frame", "65499", "--json", code=1).document
    assert inner(collector, 1) == [b"small", bytes(65_499)]
    assert report["not_sent"] == [
        {"reason": "the frame is longer than --max-frame 65499", "frames": 1, "bytes": 65_500}
    ]


@pytest.mark.parametrize("copies", [False, True])
def test_frames_that_vtap_collect_does_not_take_are_not_sent_by_default(
    copies: bool, vtap: Vtap, collector: socket.socket
) -> None:
    frames = [bytes(9216), bytes(9217), b"small"]
    if copies:
        made = [vxlan.emit(vxlan.VxlanPacket(1, frame)) for frame in frames]
        segments = [udp.emit(udp.UdpDatagram(50_000, vxlan.PORT, one)) for one in made]
        here, there = IPv4Address("192.0.2.1"), IPv4Address("192.0.2.2")
        packets = [ipv4.emit(ipv4.Ipv4Packet(here, there, 17, one)) for one in segments]
        (vtap.directory / "jumbo.pcap").write_bytes(
            pcap([bytes(12) + b"\x08\x00" + packet for packet in packets])
        )
    else:
        (vtap.directory / "jumbo.pcap").write_bytes(pcap(frames))
    how = ("--copies",) if copies else ("--vni", "1")
    sending = ("send", "jumbo.pcap", *how, "--to", text_of(collector), "--speed", "1e6")
    outcome = vtap(*sending, code=1)
    assert inner(collector, 1) == [bytes(9216), b"small"]
    assert re.search(r"the frame is longer than --max-frame 9216 +1 +9,217", outcome.stdout)
    vtap(*sending, "--max-frame", "9217")
    assert inner(collector, 1) == frames


def test_what_is_no_copy_or_not_ethernet_or_cut_off_is_told_and_the_rest_is_sent(
    vtap: Vtap, collector: socket.socket
) -> None:
    to = text_of(collector)
    report = vtap("send", CAPTURE, "--copies", "--to", to, "--top-speed", "--json", code=1).document
    assert [one["frames"] for one in report["not_sent"]] == [len(FRAMES)]
    assert payloads(collector) == []
    (vtap.directory / "two.pcapng").write_bytes(pcapng_of_two_link_types(FRAMES[0]))
    report = vtap("send", "two.pcapng", "--vni", "1", "--to", to, "--json", code=1).document
    assert report["skipped"] == [{"link_type": f"{LINUX_SLL} (LINUX_SLL)", "packets": 2}]
    assert inner(collector, 1) == [FRAMES[0]]
    (vtap.directory / "cut.pcap").write_bytes(pcap(FRAMES[:2])[:-1])
    outcome = vtap("send", "cut.pcap", "--vni", "1", "--to", to, code=1)
    assert inner(collector, 1) == FRAMES[:1]
    assert "cut" in outcome.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--to", "127.0.0.1:99999"], "99999 is not a port; write 1 to 65535"),
        (["--to", "127.0.0.1", "--rate", "fast"], "write packets a second such as 200kpps"),
        (["--to", "127.0.0.1", "--rate", "0pps"], "--rate 0pps: is not a rate"),
        (["--to", "127.0.0.1", "--speed", "0"], "--speed 0.0: a speed is from"),
        (["--to", "127.0.0.1", "--speed", "nan"], "--speed nan"),
        (["--to", "127.0.0.1", "--speed", "2", "--top-speed"], "--speed and --top-speed exclude each other"),
        (["--to", "127.0.0.1", "--top-speed", "--max-gap", "1"], "--max-gap: with --top-speed"),
        (["--to", "127.0.0.1", "--to", "127.0.0.2"], "without a network there is one stream"),
        (["--to", "127.0.0.1", "--collector", "x"], "there is no collector to choose"),
        (["--to", "127.0.0.1", "--copies"], "--vni and --copies exclude each other"),
        (["--to", "127.0.0.1", "--cloud", "x"], "--cloud: with --vni no network is asked"),
        (["--to", "127.0.0.1", "--bind", "192.0.2.1"], "127.0.0.1:4789: cannot be sent to from 192.0.2.1"),
        (["--to", "a host"], "a host is neither an address nor a known host"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(vtap: Vtap, options: list[str], words: str) -> None:
    assert words in vtap.refuses("send", CAPTURE, "--vni", "1", *options)


def test_a_capture_that_is_none_is_refused(vtap: Vtap) -> None:
    assert "nowhere.pcap" in vtap.refuses("send", "nowhere.pcap", "--vni", "1", "--to", "127.0.0.1")


def test_which_collector_is_asked_where_there_are_several(vtap: Vtap, load_balanced: Path) -> None:
    cloud = ("--cloud", load_balanced)
    words = vtap.refuses("send", CAPTURE, *cloud, "--to", "127.0.0.1")
    assert "nic-collector-a, nic-collector-b, nic-collector-c; choose one with --collector" in words
    words = vtap.refuses("send", CAPTURE, *cloud, "--to", "127.0.0.1", "--collector", "nic-web")
    assert "--collector nic-web: the cloud has no collector of this name or ID" in words
    words = vtap.refuses("send", CAPTURE, *cloud, "--to", "nic-collector-a=127.0.0.1", "--to", "127.0.0.2")
    assert "--to 127.0.0.2: of several, each says for whom it is" in words
    twice = ("--to", "nic-collector-a=127.0.0.1", "--to", "NIC-COLLECTOR-A=127.0.0.2")
    assert "has the address 127.0.0.1 already" in vtap.refuses("send", CAPTURE, *cloud, *twice)


def test_a_cloud_without_a_tap_has_nothing_to_send(vtap: Vtap) -> None:
    with Builder(vtap.directory / "bare.db").cloud:
        pass
    words = vtap.refuses("send", CAPTURE, "--cloud", "bare.db", "--to", "127.0.0.1")
    assert "no TAP with a collector" in words
    assert "--vni" in words
