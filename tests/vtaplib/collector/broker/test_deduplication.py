from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import part_of
from vtaplib.capture import PcapWriter, open_capture
from vtaplib.collector.broker import Deduplicate
from vtaplib.collector.broker.deduplication import DUPLICATE, FORGOTTEN
from vtaplib.errors import CollectorError
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.ethernet import TAGS

QUICKSTART = Path(__file__).parents[3] / "captures" / "quickstart.pcap"

MS = 1_000_000
WINDOW = 50 * MS

# UDP from 192.0.2.1 to 192.0.2.2, four octets; TTL 64.
UDP4 = bytes.fromhex(
    "020000000002020000000001 0800 45000020000140004011b6c8c0000201c0000202 c001c002000c0000 61626364"
)
UDP6 = bytes.fromhex("020000000002020000000001 86dd 60000000000c1140" + "20010db8" + "00" * 11 + "01")
UDP6 += bytes.fromhex("20010db8" + "00" * 11 + "02" + "c001c002000c1234 61626364")
ARP = bytes.fromhex("ffffffffffff020000000001 0806 0001080006040001020000000001c0000201000000000000c0000202")


def changed(frame: bytes, at: int, octets: bytes) -> bytes:
    return frame[:at] + octets + frame[at + len(octets) :]


def passing(stage: Deduplicate, *packets: tuple[int, bytes]) -> list[int]:
    """The numbers of the packets that pass, all in one block."""
    block = PacketBlock.of((at, octets, len(octets)) for at, octets in packets)
    block.interfaces[: block.count] = type(block.interfaces)("q", range(block.count))
    stage.apply(block)
    return list(block.interfaces[: block.count])


SAME = {
    "MAC addresses": (UDP4, changed(UDP4, 0, b"\x02abcde\x02fghij")),
    "MAC addresses of what is not IP": (ARP, changed(ARP, 0, b"\x02abcde\x02fghij")),
    "TTL": (UDP4, changed(UDP4, 22, b"\x3f")),
    "header checksum": (UDP4, changed(UDP4, 24, b"\0\0")),
    "hop limit": (UDP6, changed(UDP6, 21, b"\x3f")),
    "a VLAN tag": (UDP4, UDP4[:12] + b"\x81\x00\x00\x07" + UDP4[12:]),
    "two VLAN tags": (UDP6, UDP6[:12] + b"\x88\xa8\x00\x07\x81\x00\x00\x08" + UDP6[12:]),
    "padding": (UDP4, UDP4 + bytes(14)),
    "padding that is not zeros": (UDP6, UDP6 + b"trailer"),
}
DIFFERENT = {
    "identification": (UDP4, changed(UDP4, 18, b"\0\2")),
    "DSCP": (UDP4, changed(UDP4, 15, b"\xb8")),
    "traffic class": (UDP6, changed(UDP6, 14, b"\x6b\x80")),
    "a flow label": (UDP6, changed(UDP6, 15, b"\x01")),
    "an address": (UDP4, changed(UDP4, 29, b"\x07")),
    "a port": (UDP4, changed(UDP4, 35, b"\x07")),
    "a UDP checksum": (UDP4, changed(UDP4, 40, b"\x12\x34")),
    "the last octet": (UDP4, changed(UDP4, 45, b"e")),
    "where it was cut": (UDP4, UDP4[:44]),
    "an EtherType": (ARP, changed(ARP, 13, b"\x07")),
    "the operation of ARP": (ARP, changed(ARP, 21, b"\x02")),
}


@pytest.mark.parametrize("what", SAME)
def test_packets_are_the_same_whatever_their_way_changed(what: str) -> None:
    first, second = SAME[what]
    assert passing(Deduplicate(50), (0, first), (1, second)) == [0]
    assert passing(Deduplicate(50), (0, second), (1, first)) == [0]


@pytest.mark.parametrize("what", DIFFERENT)
def test_packets_are_different_in_everything_else(what: str) -> None:
    first, second = DIFFERENT[what]
    assert passing(Deduplicate(50), (0, first), (1, second)) == [0, 1]


@given(st.binary(min_size=14, max_size=30), st.lists(st.sampled_from(sorted(TAGS)), max_size=2), st.data())
def test_a_runt_never_equals_a_longer_frame(octets: bytes, tags: list[int], data: st.DataObject) -> None:
    tag = b"".join(one.to_bytes(2, "big") + b"\0\7" for one in tags)
    frame = octets[:12] + tag + octets[12:]
    start = data.draw(st.sampled_from([0, 12, 12 + len(tag), 14 + len(tag)]), "start")
    runt = frame[start : start + data.draw(st.integers(0, 13), "length")]
    assert passing(Deduplicate(50), (0, frame), (1, runt), (2, frame), (3, runt)) == [0, 1]
    assert passing(Deduplicate(50), (0, runt), (1, frame)) == [0, 1]


def test_packets_that_claim_no_length_are_different_if_their_frames_had_others() -> None:
    # As before segmentation in hardware; the capture cut both at 46 octets.
    unclaimed = changed(UDP4, 16, b"\0\0")
    for frame in (unclaimed, changed(UDP6, 18, b"\0\0")):
        block = PacketBlock.of([(0, frame, 3000), (1, frame, 4000), (2, frame, 3000)])
        Deduplicate(50).apply(block)
        assert list(block) == [(0, frame, 3000), (1, frame, 4000)]


@pytest.mark.parametrize(
    ("ignored", "what"),
    [("dscp", "DSCP"), ("dscp", "traffic class"), ("checksums", "a UDP checksum")],
)
def test_more_is_ignored_where_it_is_asked_for(ignored: str, what: str) -> None:
    first, second = DIFFERENT[what]
    assert passing(Deduplicate(50, ignore=[ignored]), (0, first), (1, second)) == [0]


@pytest.mark.parametrize("what", ["a flow label", "identification", "a port"])
def test_nothing_beside_it_is_ignored_then(what: str) -> None:
    first, second = DIFFERENT[what]
    assert passing(Deduplicate(50, ignore=["dscp", "checksums"]), (0, first), (1, second)) == [0, 1]


@pytest.mark.parametrize(
    ("later", "passes"), [(WINDOW, False), (WINDOW + 1, True), (-WINDOW, False), (-WINDOW - 1, True)]
)
def test_the_window_ends_with_its_last_nanosecond_both_ways(later: int, passes: bool) -> None:
    start = 10**18
    numbers = passing(Deduplicate(50), (start, UDP4), (start + later, UDP4))
    assert (1 in numbers) == passes


def test_the_window_is_counted_from_the_packet_that_passed() -> None:
    times = [0, 30 * MS, 60 * MS, 90 * MS]
    assert passing(Deduplicate(50), *((at, UDP4) for at in times)) == [0, 2]


def test_octets_that_do_not_count_are_still_in_the_packet() -> None:
    block = PacketBlock.of([(0, octets, len(octets)) for octets in (UDP4, UDP6, ARP, b"", b"short")])
    Deduplicate(50, ignore=["dscp", "checksums"]).apply(block)
    assert [octets for _, octets, _ in block] == [UDP4, UDP6, ARP, b"", b"short"]


@settings(max_examples=part_of(200))
@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 5)), max_size=60),
    st.integers(0, 60),
    st.integers(1, 60),
)
def test_what_passes_is_what_nothing_that_passed_equals_within_the_window(
    seen: list[tuple[int, int]], window: int, size: int
) -> None:
    packets = [(at * MS, bytes([kind] * 20)) for at, kind in seen]
    wanted: list[int] = []
    for number, (at, kind) in enumerate(seen):
        if not any(seen[one][1] == kind and abs(seen[one][0] - at) <= window for one in wanted):
            wanted.append(number)
    stage = Deduplicate(window, memory=1024)
    passed = []
    for first in range(0, len(packets), size):
        passed += [first + number for number in passing(stage, *packets[first : first + size])]
    assert stage.account.noted == {}
    assert passed == wanted


def test_with_too_little_memory_duplicates_pass_and_that_is_noted() -> None:
    stage = Deduplicate(50, memory=8)
    packets = [(number, bytes([number] * 20)) for number in range(12)]
    assert passing(stage, *packets) == list(range(12))
    assert stage.account.noted[FORGOTTEN].frames == 4
    # The first four were forgotten, the others not.
    assert passing(stage, *packets[8:]) == []
    assert passing(stage, packets[0]) == [0]


@pytest.mark.oracle
@pytest.mark.parametrize("options", [["-D", "5"], ["-w", "0.05"]])
def test_what_passes_of_plain_duplicates_is_what_editcap_keeps(
    options: list[str], tmp_path: Path, require: Callable[[str], str]
) -> None:
    editcap = require("editcap")
    start = 1_700_000_000 * 10**9
    packets = []
    for number in range(40):
        frame = changed(UDP4, 18, number.to_bytes(2, "big"))
        at = start + number * 200 * MS
        packets += [(at, frame, 46)] * (1 + number % 3)
        packets += [(at + MS, frame, 46)] * (number % 2)
    with PcapWriter(tmp_path / "in.pcap") as writer:
        for block in PacketBlock.many(packets):
            writer.write_block(block)
    command = [editcap, *options, str(tmp_path / "in.pcap"), str(tmp_path / "out.pcap")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    with open_capture(tmp_path / "out.pcap") as reader:
        kept = [packet for block in reader.blocks() for packet in block]
    block = PacketBlock.of(packets)
    Deduplicate(50).apply(block)
    assert list(block) == kept
    assert len(kept) == 40


@pytest.mark.oracle
def test_a_capture_and_what_a_router_made_of_it_are_the_capture(
    tmp_path: Path, require: Callable[[str], str]
) -> None:
    tcprewrite = require("tcprewrite")
    rewritten = tmp_path / "rewritten.pcap"
    rewriting = ["--ttl=-1", "--enet-smac=02:00:00:00:00:0a", "--enet-dmac=02:00:00:00:00:0b"]
    tagging = ["--enet-vlan=add", "--enet-vlan-tag=7", "--enet-vlan-cfi=0", "--enet-vlan-pri=0"]
    command = [tcprewrite, *rewriting, *tagging, f"--infile={QUICKSTART}", f"--outfile={rewritten}"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    seen = []
    for path, later in ((QUICKSTART, 0), (rewritten, MS)):
        with open_capture(path) as reader:
            seen.append([(at + later, octets, n) for b in reader.blocks() for at, octets, n in b])
    before, behind = seen
    assert len(before) == len(behind)
    assert not {octets for _, octets, _ in before} & {octets for _, octets, _ in behind}
    block = PacketBlock.of(sorted(before + behind))
    stage = Deduplicate(50)
    stage.apply(block)
    assert list(block) == sorted(before)
    assert stage.account.dropped[DUPLICATE].frames == len(behind)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(CollectorError, match="'ttl' cannot be ignored; these can: dscp, checksums"):
        Deduplicate(50, ignore=["ttl"])
    with pytest.raises(CollectorError, match="a window of -1 ms; it is from 0 to"):
        Deduplicate(-1)
    with pytest.raises(CollectorError, match="memory of 1 packets; it is from 8 to"):
        Deduplicate(50, memory=1)


@pytest.mark.parametrize("apart", [WINDOW + 1, (1 << 63) - 1, 1 << 63, (1 << 64) - WINDOW])
def test_times_however_far_apart_are_apart(apart: int) -> None:
    early = -apart // 2
    assert passing(Deduplicate(), (early, UDP4), (early + apart, UDP4)) == [0, 1]
    assert passing(Deduplicate(), (early + apart, UDP4), (early, UDP4)) == [0, 1]


def test_at_the_ends_of_what_times_can_be_the_window_ends_too() -> None:
    first, last = -1 << 63, (1 << 63) - 1
    assert passing(Deduplicate(), (first, UDP4), (first + WINDOW, UDP4), (first + WINDOW + 1, UDP4)) == [0, 2]
    assert passing(Deduplicate(), (last, UDP4), (last - WINDOW, UDP4), (last - WINDOW - 1, UDP4)) == [0, 2]
