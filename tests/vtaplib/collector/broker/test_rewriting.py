"""Slicing and masking: what is let go of a packet, and what is overwritten."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import part_of
from tests.vtaplib.collector.broker.blocks import A, B, blocks, copy_of
from tests.vtaplib.collector.broker.header_chains import (
    ADDRESSES4,
    ADDRESSES6,
    ARP,
    HeaderChain,
    header_chains,
)
from vtaplib.capture import PcapWriter, open_capture
from vtaplib.collector.broker import Mask, Slice
from vtaplib.collector.broker.masking import MASKED, NOT_KNOWN
from vtaplib.errors import CollectorError
from vtaplib.mirror.count import Count
from vtaplib.packets.block import PacketBlock

QUICKSTART = Path(__file__).parents[3] / "captures" / "quickstart.pcap"

# Ethernet and tag, headers, and what they carry; lengths by hand from the RFCs.
ETHERNET4 = bytes.fromhex("020000000002020000000001 0800")
ETHERNET6 = bytes.fromhex("020000000002020000000001 86dd")
TAGGED4 = bytes.fromhex("020000000002020000000001 81000007 0800")
PAYLOAD = b"not for everybody's eyes"


def ip4(protocol: int, fragmentation: int = 0, options: bytes = b"") -> bytes:
    """An IPv4 header that claims no length, as before segmentation in hardware."""
    first = bytes([0x45 + len(options) // 4, 0, 0, 0, 0, 1]) + fragmentation.to_bytes(2, "big")
    return first + bytes([64, protocol, 0, 0]) + ADDRESSES4 + options


def ip6(next_header: int) -> bytes:
    """An IPv6 header that claims no length."""
    return bytes.fromhex("60000000 0000") + bytes([next_header, 64]) + ADDRESSES6


UDP = bytes.fromhex("c0010050 0000 0000")
TCP = bytes.fromhex("c00101bb 00000001 00000001 5018 ffff 0000 0000")
TCP_OPTIONS = bytes.fromhex("c00101bb 00000001 00000001 8018 ffff 0000 0000 0101080a 00000001 00000002")
ICMP = bytes.fromhex("0800 0000 0001 0001")
SCTP = bytes.fromhex("c0010050 00000001 00000000")
FIRST = bytes.fromhex("3c00 0001 00000001")
OPTIONS6 = bytes.fromhex("1100 01040000 0000")
IP6 = bytes.fromhex("60000000 0000 1140") + ADDRESSES6
IP6_OPTIONS = bytes.fromhex("60000000 0000 0040") + ADDRESSES6 + OPTIONS6

# AH with 12 octets of ICV: 24 octets are 6 words, less 2 (RFC 4302, section 2.2).
AH = bytes.fromhex("04 0000 00000007 00000001" + "ab" * 12)

HEADERS = {
    "UDP": ETHERNET4 + ip4(17) + UDP,
    "TCP": ETHERNET4 + ip4(6) + TCP,
    "TCP with options, tagged": TAGGED4 + ip4(6) + TCP_OPTIONS,
    "IPv4 options": ETHERNET4 + ip4(17, options=bytes(4)) + UDP,
    "ICMP": ETHERNET4 + ip4(1) + ICMP,
    "SCTP": ETHERNET4 + ip4(132) + SCTP,
    "the first fragment": ETHERNET4 + ip4(17, 0x2000) + UDP,
    "IPv6": ETHERNET6 + IP6 + UDP,
    "IPv6 with options": ETHERNET6 + IP6_OPTIONS + UDP,
    "AH": ETHERNET4 + ip4(51) + b"\x11" + AH + UDP,
    "AH twice": ETHERNET4 + ip4(51) + b"\x33" + AH + b"\x06" + AH + TCP,
    "AH in IPv6, options in it": ETHERNET6 + ip6(51) + b"\x3c" + AH + OPTIONS6 + UDP,
    "a first fragment with options": ETHERNET6 + ip6(44) + FIRST + OPTIONS6 + UDP,
    "two headers of a fragment": ETHERNET6 + ip6(44) + b"\x2c" + FIRST[1:] + b"\x11" + FIRST[1:] + UDP,
}
"""Whatever has a transport header that is known."""

WITHOUT = {
    "a later fragment": ETHERNET4 + ip4(17, 0x0001),
    "a later fragment in IPv6": ETHERNET6 + ip6(44) + bytes.fromhex("1100 0008 00000001"),
    "another protocol": ETHERNET4 + ip4(89),
    "a tunnel": ETHERNET4 + ip4(4),
    "encrypted": ETHERNET4 + ip4(51) + b"\x32" + AH,
    "another EtherType": ETHERNET4[:12] + b"\x88\xcc",
    "a length and LLC": TAGGED4[:16] + b"\x00\x26",
    "a header of 5 octets of UDP": ETHERNET4 + ip4(17),
    "ARP": ETHERNET4[:12] + b"\x08\x06" + ARP,
}
"""Headers behind which none that is known follows."""
TOO_SHORT = {"a header of 5 octets of UDP"}


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
    assert stage.account.noted == {MASKED: Count(1, len(PAYLOAD) - 4)}


@pytest.mark.parametrize("what", WITHOUT)
def test_what_has_no_header_that_is_known_is_masked_whole_and_counted(what: str) -> None:
    headers = WITHOUT[what]
    whole = headers + (PAYLOAD[:5] if what in TOO_SHORT else PAYLOAD)
    block = PacketBlock.of([(1, whole, 2000)])
    Slice(3, behind_headers=True).apply(block)
    assert list(block) == [(1, whole[: len(headers) + 3], 2000)]
    block = PacketBlock.of([(1, whole, 2000)])
    stage = Mask(octet=0x58, offset=4)
    stage.apply(block)
    assert list(block) == [(1, headers + b"X" * (len(whole) - len(headers)), 2000)]
    counted = MASKED if what == "ARP" or "fragment" in what else NOT_KNOWN
    assert stage.account.noted == {counted: Count(1, len(whole) - len(headers))}


@settings(max_examples=part_of(300))
@given(header_chains(), st.data())
def test_of_headers_cut_anywhere_what_is_whole_stays_and_all_behind_it_is_masked(
    chain: HeaderChain, data: st.DataObject
) -> None:
    length = data.draw(st.just(len(chain.frame)) | st.integers(0, len(chain.frame)), "length")
    offset = data.draw(st.sampled_from([0, 0, 3]), "offset")
    ports = data.draw(st.sampled_from([(), (443,)]), "ports")
    frame = chain.frame[:length]
    block = PacketBlock.of([(1, frame, len(chain.frame))])
    stage = Mask(octet=0x58, offset=offset, ports=ports)
    stage.apply(block)
    kept = chain.whole_headers(length)
    is_whole = kept == sum(map(len, chain.headers)) and chain.is_known
    if is_whole and chain.transport >= 0:
        kept = min(kept + offset, length)
    # With ports, what shows others stays, and what has none: ICMP and ARP, not the rest of a fragment.
    shows_others = chain.transport >= 0 and 443 not in (chain.ports or ())
    if is_whole and ports and (shows_others or chain.headers[-1] == ARP):
        kept = length
    assert block.packet(0) == frame[:kept] + b"X" * (length - kept)
    counted = {MASKED if is_whole else NOT_KNOWN: Count(1, length - kept)} if kept < length else {}
    assert stage.account.noted == counted


@pytest.mark.oracle
def test_what_is_masked_is_what_tshark_takes_for_payload(
    tmp_path: Path, require: Callable[[str], str]
) -> None:
    tshark = require("tshark")
    from scapy.layers.inet import IP, TCP, UDP, IPOption_NOP
    from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop
    from scapy.layers.ipsec import AH
    from scapy.layers.l2 import ARP, Dot1Q, Ether
    from scapy.layers.sctp import SCTP, SCTPChunkData
    from scapy.packet import Raw

    ethernet, ip6 = Ether(src=A, dst=B), IPv6(src="2001:db8::1", dst="2001:db8::2")
    ip = IP(src="192.0.2.1", dst="192.0.2.2", options=[IPOption_NOP()] * 3)
    tcp, udp = TCP(options=[("NOP", None)] * 4), UDP(sport=5000, dport=5001)

    def signed(following: int) -> AH:
        return AH(nh=following, payloadlen=4, spi=7, seq=1, icv=b"\xab" * 12)

    chunk = SCTPChunkData(data=PAYLOAD)
    made = [
        (ethernet / ip / udp / Raw(PAYLOAD), len(PAYLOAD)),
        (ethernet / Dot1Q(vlan=7, type=0x9100) / Dot1Q(vlan=8) / ip / tcp / Raw(PAYLOAD), len(PAYLOAD)),
        (ethernet / ip / signed(17) / udp / Raw(PAYLOAD), len(PAYLOAD)),
        (ethernet / ip / signed(51) / signed(6) / tcp / Raw(PAYLOAD), len(PAYLOAD)),
        (ethernet / ip6 / signed(60) / IPv6ExtHdrDestOpt() / udp / Raw(PAYLOAD), len(PAYLOAD)),
        (ethernet / ip6 / IPv6ExtHdrHopByHop() / signed(6) / tcp / Raw(PAYLOAD), len(PAYLOAD)),
        (ethernet / ip6 / IPv6ExtHdrFragment() / IPv6ExtHdrFragment() / udp / Raw(PAYLOAD), len(PAYLOAD)),
        (ethernet / ip6 / IPv6ExtHdrFragment(m=1) / IPv6ExtHdrDestOpt() / udp / Raw(PAYLOAD), len(PAYLOAD)),
        (ethernet / ip / SCTP() / chunk, len(chunk)),
        (ethernet / ARP(psrc="192.0.2.1", pdst="192.0.2.2") / Raw(PAYLOAD), len(PAYLOAD)),
    ]
    frames = [bytes(frame) for frame, _ in made]
    block = PacketBlock.of([(1, frame, len(frame)) for frame in frames])
    stage = Mask(octet=0x58)
    stage.apply(block)
    assert [block.packet(at) for at in range(len(made))] == [
        frame[:-length] + b"X" * length for frame, (_, length) in zip(frames, made, strict=True)
    ]
    assert stage.account.noted == {MASKED: Count(len(made), sum(length for _, length in made))}
    fields = ("vlan.id", "ah.spi", "tcp.hdr_len", "udp.port", "tcp.port", "sctp.port", "arp.src.proto_ipv4")
    told = []
    for packets in (PacketBlock.of([(1, one, len(one)) for one in frames]), block):
        with PcapWriter(tmp_path / "one.pcap") as writer:
            writer.write_block(packets)
        command = [tshark, "-r", str(tmp_path / "one.pcap"), "-o", "ipv6.defragment:FALSE", "-T", "fields"]
        command += [part for field in fields for part in ("-e", field)]
        told.append(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout)
    assert told[0] == told[1]
    # Ports, or addresses of ARP.
    assert all(any(line.split("\t")[3:]) for line in told[0].splitlines())


@given(blocks(), st.sampled_from([(), (443, 4789)]))
def test_masking_overwrites_the_ends_of_packets_and_counts_all_that_it_overwrites(
    block: PacketBlock, ports: tuple[int, ...]
) -> None:
    # None of the octets that masks are made of is there before.
    block.buffer = bytearray(octet & 0x7F for octet in block.buffer)
    was, fixed = copy_of(block), copy_of(block)
    stage = Mask(octet=0xFE, ports=ports)
    stage.apply(block)
    Mask(octet=0xFE, ports=ports, fix_checksums=True).apply(fixed)
    overwritten = []
    for before, after, other in zip(was, block, fixed, strict=True):
        length = len(before[1])
        end = len(after[1].rstrip(b"\xfe"))
        assert end >= min(length, 12)
        assert after == (before[0], before[1][:end] + b"\xfe" * (length - end), before[2])
        assert other[1][end:] == after[1][end:]
        assert sum(one != two for one, two in zip(after[1], other[1], strict=True)) <= 2
        overwritten.append(length - end)
    noted = stage.account.noted.values()
    assert sum(one.octets for one in noted) == sum(overwritten)
    assert sum(one.frames for one in noted) == sum(map(bool, overwritten))


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
            kept.append([packet for block in reader.blocks() for packet in block])
    block = PacketBlock.of(kept[0])
    Slice(77).apply(block)
    assert list(block) == kept[1]


def test_only_packets_of_chosen_ports_are_masked_and_what_does_not_show_its_ports() -> None:
    # UDP goes to port 80, TCP to 443.
    masked = []
    for what, headers in (HEADERS | WITHOUT).items():
        block = PacketBlock.of([(1, headers + PAYLOAD, 2000)])
        Mask(ports=[443]).apply(block)
        if block.packet(0) != headers + PAYLOAD:
            masked.append(what)
    assert masked == [
        "TCP",
        "TCP with options, tagged",
        "AH twice",
        *(what for what in WITHOUT if what not in TOO_SHORT | {"ARP"}),
    ]


@pytest.mark.parametrize(
    ("protocol", "kind", "is_masked"),
    # RFC 792 and RFC 4443: an echo reply, destination unreachable, an echo request, time exceeded.
    [
        (1, 0, False),
        (1, 3, True),
        (1, 8, False),
        (1, 11, True),
        (58, 1, True),
        (58, 3, True),
        (58, 128, False),
    ],
)
def test_with_ports_errors_of_icmp_are_masked_too_because_they_quote(
    protocol: int, kind: int, is_masked: bool
) -> None:
    headers = (ETHERNET4 + ip4(1) if protocol == 1 else ETHERNET6 + ip6(58)) + bytes([kind]) + bytes(7)
    block = PacketBlock.of([(1, headers + PAYLOAD, 2000)])
    Mask(ports=[443], octet=0x58).apply(block)
    assert block.packet(0) == headers + (b"X" * len(PAYLOAD) if is_masked else PAYLOAD)


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
        writer.write_block(block)
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
