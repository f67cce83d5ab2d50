from __future__ import annotations

import ctypes
import subprocess
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.examples import part_of
from tests.vtaplib.collector.broker.blocks import blocks
from vtaplib.capture import PcapWriter, open_capture
from vtaplib.collector.broker import Filter, libpcap
from vtaplib.errors import CollectorError
from vtaplib.loops.packet_filter import select
from vtaplib.packets.block import PacketBlock

QUICKSTART = Path(__file__).parents[3] / "captures" / "quickstart.pcap"

EXPRESSIONS = (
    "",
    "tcp",
    "udp port 4789",
    "not ip",
    "ip6 or arp",
    "icmp or icmp6",
    "host 192.0.2.1 and not port 80",
    "net 10.0.0.0/8 or net 2001:db8::/32",
    "portrange 53-443",
    "vlan",
    "vlan 7 and tcp",
    "mpls and ip",
    "ether src 02:00:00:00:00:0a",
    "ether multicast",
    "less 60",
    "greater 100",
    "len >= 1000",
    "ip[6:2] & 0x1fff != 0",
    "tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn",
    "tcp[12] >> 4 > 5 or udp[4:2] < 20",
    "ip[8] * 2 + 1 > 100 and ip[2:2] - 20 > 10",
    "ip[0] % 3 = 0 or ip[9] ^ 6 = 0",
    "len / ip[9] > 3 or -ip[1] = 0",
    "ether[20:4] & 0xff00 != 0 or ether[len - 1] = 0",
    "1 << ip[9] > 64",
    "ip proto 47 and ip[20:2] & 0x8000 = 0",
    "udp and udp[8] & 8 != 0",
    "ether broadcast or sctp",
    "proto \\gre or ip6 protochain 17",
)


class PacketHeader(ctypes.Structure):
    """`struct pcap_pkthdr`."""

    _fields_ = (
        ("seconds", ctypes.c_long),
        ("microseconds", ctypes.c_long),
        ("captured", ctypes.c_uint32),
        ("length", ctypes.c_uint32),
    )


class Judge:
    """libpcap's own interpreter on its own program."""

    def __init__(self, expression: str) -> None:
        self._library = libpcap.load()
        self._dead = self._library.pcap_open_dead(1, 262_144)
        self._program = libpcap.BpfProgram()
        arguments = (self._dead, ctypes.byref(self._program), expression.encode(), 1, 0xFFFFFFFF)
        assert self._library.pcap_compile(*arguments) == 0

    def takes(self, octets: bytes, original_length: int) -> bool:
        header = PacketHeader(0, 0, len(octets), original_length)
        arguments = (ctypes.byref(self._program), ctypes.byref(header), octets)
        return bool(self._library.pcap_offline_filter(*arguments))

    def close(self) -> None:
        self._library.pcap_freecode(ctypes.byref(self._program))
        self._library.pcap_close(self._dead)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("expression", EXPRESSIONS)
@settings(max_examples=part_of(20))
@given(blocks())
def test_a_filter_lets_pass_what_libpcap_takes(expression: str, block: PacketBlock) -> None:
    judge = Judge(expression)
    stage = Filter(expression)
    wanted = [packet for packet in block if judge.takes(packet[1], packet[2])]
    stage.apply(block)
    assert list(block) == wanted
    judge.close()


@pytest.mark.oracle
@pytest.mark.parametrize(
    "expression", ["tcp port 22", "udp", "tcp[tcpflags] & tcp-fin != 0", "greater 500", ""]
)
def test_a_filter_lets_pass_of_a_capture_what_tcpdump_does(
    expression: str, tmp_path: Path, require: Callable[[str], str]
) -> None:
    tcpdump = require("tcpdump")
    with open_capture(QUICKSTART) as reader:
        packets = [packet for block in reader.blocks() for packet in block]
    with PcapWriter(tmp_path / "in.pcap") as writer:
        for block in PacketBlock.many(packets):
            writer.write_block(block)
    command = [tcpdump, "-r", str(tmp_path / "in.pcap"), "-w", str(tmp_path / "out.pcap"), expression]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    with open_capture(tmp_path / "out.pcap") as reader:
        wanted = [octets for block in reader.blocks() for _, octets, _ in block]
    block = PacketBlock.of(packets)
    Filter(expression).apply(block)
    assert [octets for _, octets, _ in block] == wanted


def test_an_expression_that_libpcap_does_not_understand_is_told_in_its_own_words() -> None:
    with pytest.raises(CollectorError, match=r"filter 'tcp prot 80': libpcap says .*(syntax|parse) error"):
        Filter("tcp prot 80")


@pytest.mark.parametrize("expression", ["tcp\0", "\udcff", "é", "(" * 3000])
def test_no_expression_does_anything_else_than_be_refused(expression: str) -> None:
    with pytest.raises(CollectorError, match="filter "):
        Filter(expression)


def test_without_libpcap_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libpcap, "NAMES", ("libnothing.so.9",))
    monkeypatch.setattr(libpcap, "find_library", lambda name: None)
    with pytest.raises(CollectorError, match=r"apt install libpcap0\.8"):
        Filter("tcp")


@pytest.mark.parametrize("headers", range(6))
@pytest.mark.parametrize("protocol", [17, 6, 59])
def test_a_filter_follows_a_chain_of_headers_as_libpcap_does(headers: int, protocol: int) -> None:
    kinds = [60] * headers + [protocol]
    chain = b"".join(bytes([kind]) + bytes(7) for kind in kinds[1:])
    packet = b"\x60\0\0\0" + (len(chain) + 20).to_bytes(2, "big") + bytes([kinds[0], 64]) + bytes(32)
    frame = bytes(12) + b"\x86\xdd" + packet + chain + bytes(20)
    judge = Judge("ip6 protochain 17")
    block = PacketBlock.of((0, frame[:length], len(frame)) for length in range(len(frame) + 1))
    wanted = [packet for packet in block if judge.takes(packet[1], packet[2])]
    assert bool(wanted) == (protocol == 17)
    Filter("ip6 protochain 17").apply(block)
    assert list(block) == wanted
    judge.close()


def test_a_program_that_goes_round_and_round_ends() -> None:
    # Back to itself: ja -1.
    block = PacketBlock.of([(0, b"packet", 6)])
    kept = bytearray(b"\1")
    columns = array("q", [5]), array("q", [0]), array("q", [0]), array("Q", [0xFFFFFFFF])
    select(block.buffer, block.starts, block.lengths, block.original_lengths, 1, *columns, kept)
    assert kept == b"\0"
