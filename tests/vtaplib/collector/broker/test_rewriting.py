"""Slicing and masking: what is let go of a packet, and what is overwritten."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given

from tests.vtaplib.collector.broker.blocks import A, B, blocks, copy_of
from vtaplib.capture import PcapWriter, open_capture
from vtaplib.collector.broker import Mask, Slice
from vtaplib.errors import CollectorError
from vtaplib.packets.block import PacketBlock

QUICKSTART = Path(__file__).parents[3] / "captures" / "quickstart.pcap"

# Ethernet and tag, headers, and what they carry; lengths by hand from the RFCs.
ETHERNET4 = bytes.fromhex("020000000002020000000001 0800")
ETHERNET6 = bytes.fromhex("020000000002020000000001 86dd")
TAGGED4 = bytes.fromhex("020000000002020000000001 81000007 0800")
ADDRESSES4 = bytes.fromhex("c0000201 c0000202")
ADDRESSES6 = bytes.fromhex("20010db8" + "00" * 11 + "01" + "20010db8" + "00" * 11 + "02")
PAYLOAD = b"not for everybody's eyes"


def ip4(protocol: int, fragmentation: int = 0, options: bytes = b"") -> bytes:
    """An IPv4 header that claims no length, as before segmentation in hardware."""
    first = bytes([0x45 + len(options) // 4, 0, 0, 0, 0, 1]) + fragmentation.to_bytes(2, "big")
    return first + bytes([64, protocol, 0, 0]) + ADDRESSES4 + options


UDP = bytes.fromhex("c0010050 0000 0000")
TCP = bytes.fromhex("c00101bb 00000001 00000001 5018 ffff 0000 0000")
TCP_OPTIONS = bytes.fromhex("c00101bb 00000001 00000001 8018 ffff 0000 0000 0101080a 00000001 00000002")
ICMP = bytes.fromhex("0800 0000 0001 0001")
SCTP = bytes.fromhex("c0010050 00000001 00000000")
IP6 = bytes.fromhex("60000000 0000 1140") + ADDRESSES6
IP6_OPTIONS = bytes.fromhex("60000000 0000 0040") + ADDRESSES6 + bytes.fromhex("1100 01040000 0000")

HEADERS = {
    "UDP": ETHERNET4 + ip4(17) + UDP,
    "TCP": ETHERNET4 + ip4(6) + TCP,
    "TCP with options, tagged": TAGGED4 + ip4(6) + TCP_OPTIONS,
    "IPv4 options": ETHERNET4 + ip4(17, options=bytes(4)) + UDP,
    "ICMP": ETHERNET4 + ip4(1) + ICMP,
    "SCTP": ETHERNET4 + ip4(132) + SCTP,
    "the first fragment": ETHERNET4 + ip4(17, 0x2000) + UDP,
    "a later fragment": ETHERNET4 + ip4(17, 0x0001),
    "another protocol": ETHERNET4 + ip4(89),
    "IPv6": ETHERNET6 + IP6 + UDP,
    "IPv6 with options": ETHERNET6 + IP6_OPTIONS + UDP,
}


@pytest.mark.parametrize("what", HEADERS)
def test_headers_stay_and_what_they_carry_goes_or_is_masked(what: str) -> None:
    headers = HEADERS[what]
    whole = headers + PAYLOAD
    block = PacketBlock.of([(1, whole, 2000)])
    Slice(3, behind_headers=True).apply(block)
    assert list(block) == [(1, whole[: len(headers) + 3], 2000)]
    block = PacketBlock.of([(1, whole, 2000)])
    stage = Mask(octet=0x58, offset=4)
    stage.apply(block)
    assert list(block) == [(1, headers + PAYLOAD[:4] + b"X" * (len(PAYLOAD) - 4), 2000)]
    assert stage.account.noted["overwritten"].octets == len(PAYLOAD) - 4


def test_of_what_is_not_ip_the_ethernet_header_is_all_and_nothing_is_masked() -> None:
    arp = bytes.fromhex("ffffffffffff020000000001 81000007 0806") + PAYLOAD
    block = PacketBlock.of([(1, arp, len(arp))])
    Mask().apply(block)
    assert block.packet(0) == arp
    Slice(2, behind_headers=True).apply(block)
    assert block.packet(0) == arp[:20]


def test_packets_are_cut_to_a_length_and_shorter_ones_are_not() -> None:
    block = PacketBlock.of([(1, bytes(100), 100), (2, bytes(64), 900), (3, bytes(10), 10)])
    stage = Slice(64)
    stage.apply(block)
    assert list(block) == [(1, bytes(64), 100), (2, bytes(64), 900), (3, bytes(10), 10)]
    assert (stage.account.removed.frames, stage.account.removed.octets) == (1, 36)


@pytest.mark.oracle
def test_what_is_left_of_a_capture_is_what_editcap_leaves(
    tmp_path: Path, require: Callable[[str], str]
) -> None:
    editcap = require("editcap")
    command = [editcap, "-F", "nsecpcap", "-s", "77", str(QUICKSTART), str(tmp_path / "out.pcap")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    kept = []
    for path in (QUICKSTART, tmp_path / "out.pcap"):
        with open_capture(path) as reader:
            kept.append([packet for batch in reader.batches() for packet in batch])
    block = PacketBlock.of(kept[0])
    Slice(77).apply(block)
    assert list(block) == kept[1]


def test_only_packets_of_chosen_ports_are_masked_and_fragments_that_do_not_show_theirs() -> None:
    # UDP goes to port 80, TCP to 443.
    masked = []
    for what, headers in HEADERS.items():
        block = PacketBlock.of([(1, headers + PAYLOAD, 2000)])
        Mask(ports=[443]).apply(block)
        if block.packet(0) != headers + PAYLOAD:
            masked.append(what)
    assert masked == ["TCP", "TCP with options, tagged", "a later fragment"]


@given(blocks())
def test_masking_changes_nothing_but_to_its_octet_behind_the_ip_header(block: PacketBlock) -> None:
    was = copy_of(block)
    Mask(octet=0x58).apply(block)
    for before, after in zip(was, block, strict=True):
        assert (before[0], before[2], len(before[1])) == (after[0], after[2], len(after[1]))
        changed = [
            at for at, (one, other) in enumerate(zip(before[1], after[1], strict=True)) if one != other
        ]
        assert all(after[1][at] == 0x58 for at in changed)
        assert not changed or changed[0] >= 34


@pytest.mark.oracle
@pytest.mark.parametrize("fix", [True, False])
def test_tshark_finds_checksums_right_where_they_are_fixed(
    fix: bool, tmp_path: Path, require: Callable[[str], str]
) -> None:
    tshark = require("tshark")
    from scapy.layers.inet import ICMP as PING
    from scapy.layers.inet import IP, TCP, UDP
    from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
    from scapy.layers.l2 import Ether
    from scapy.packet import Raw

    secrets = [PAYLOAD, PAYLOAD + b"!", b"\xff\xff" * 9, b"\x58" * 7]
    frames = []
    for ip in (IP(src="192.0.2.1", dst="192.0.2.2"), IPv6(src="2001:db8::1", dst="2001:db8::2")):
        echo = PING() if ip.version == 4 else ICMPv6EchoRequest()
        for above in (TCP(options=[("NOP", None)] * 4), UDP(dport=4000), echo):
            frames += [bytes(Ether(src=A, dst=B) / ip / above / Raw(secret)) for secret in secrets]
    block = PacketBlock.of([(1, frame, len(frame)) for frame in frames])
    Mask(octet=0x58, fix_checksums=fix, offset=1).apply(block)
    with PcapWriter(tmp_path / "out.pcap") as writer:
        writer.write_many(block)
    checks = ("tcp.check_checksum:TRUE", "udp.check_checksum:TRUE")
    command = [tshark, "-r", str(tmp_path / "out.pcap"), "-T", "fields"]
    command += [part for check in checks for part in ("-o", check)]
    for field in ("tcp", "udp", "icmp", "icmpv6"):
        command += ["-e", f"{field}.checksum.status"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    good = [line.split() == ["1"] for line in told.splitlines()]
    # A payload that was the same already leaves its checksum right.
    assert good == [fix or frame[-7:] == b"\x58" * 7 for frame in frames]


def test_a_udp_datagram_without_a_checksum_stays_without() -> None:
    whole = HEADERS["UDP"] + PAYLOAD
    block = PacketBlock.of([(1, whole, len(whole))])
    Mask(fix_checksums=True).apply(block)
    assert block.packet(0) == HEADERS["UDP"] + bytes(len(PAYLOAD))


def test_numbers_that_cannot_be_are_refused() -> None:
    with pytest.raises(CollectorError, match="slice: 0 octets; it is from 1 to"):
        Slice(0)
    with pytest.raises(CollectorError, match="mask: port 65536; ports are from 0 to 65535"):
        Mask(ports=[80, 65536])
    with pytest.raises(CollectorError, match="mask: from octet -1"):
        Mask(offset=-1)
    with pytest.raises(CollectorError, match="mask: with 256; an octet is from 0 to 255"):
        Mask(octet=256)
