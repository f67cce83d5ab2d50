"""One definition of a VLAN tag: what reads frames takes the EtherTypes in `ethernet.TAGS`, and no other."""

from __future__ import annotations

import subprocess
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.analysis.packet_explanation.packet import Packet, packet_entry
from vtaplib.capture import PcapWriter
from vtaplib.collector.broker import Filter
from vtaplib.collector.broker.header_offsets import COLUMNS
from vtaplib.loops import copy_payloads, flow_table, header_places, tcp_gaps, tunnel_stripping
from vtaplib.packets import ethernet
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.dissection import dissect
from vtaplib.packets.flow import read_flow
from vtaplib.packets.translation import Rewriting

# VXLAN in UDP in IPv4, and a TCP segment; no checksum matters here.
MACS, CONTROL = bytes.fromhex("020000000002 020000000001"), bytes.fromhex("6007")
DATAGRAM = bytes.fromhex(
    "4500003200010000 4011b6b6c0000201 c0000202c35012b5 001e0000 0800000000000500"
    "000d3a123456000d3a654321 0806 0001"
)
SEGMENT = bytes.fromhex(
    "4500002800010000 4006b6cbc0000201 c0000202c35001bb 00000001 00000001 5010 ffff 0000 0000"
)
ETHERTYPES = range(1 << 16)


def tagged(ethertype: int, packet: bytes = DATAGRAM) -> bytes:
    return MACS + ethertype.to_bytes(2, "big") + CONTROL + b"\x08\x00" + packet


def all_tagged() -> PacketBlock:
    return PacketBlock.of([(0, tagged(ethertype), len(tagged(0))) for ethertype in ETHERTYPES])


def by_flow() -> Iterable[bool]:
    return (read_flow(tagged(ethertype)).version == 4 for ethertype in ETHERTYPES)


def by_translation() -> Iterable[bool]:
    rewriting = Rewriting(b"\x0a\0\0\x09", is_source=True)
    at = len(MACS) + 6 + 12
    return (rewriting.apply(tagged(one))[at : at + 4] == rewriting.address for one in ETHERTYPES)


def by_dissection() -> Iterable[bool]:
    for ethertype in ETHERTYPES:
        layers = dissect(tagged(ethertype))
        next(layers)
        yield next(layers).protocol == "VLAN"


def by_explanation() -> Iterable[bool]:
    return (packet_entry(Packet(tagged(one), 99)).vlans == (7,) for one in ETHERTYPES)


def by_places(loop: str) -> Iterable[bool]:
    block = all_tagged()
    marks = (bytearray(block.count), bytearray(block.count))
    columns = {name: array("q", bytes(8 * block.count)) for name in COLUMNS}
    module = header_places if loop == "as imported" else interpreted("header_places")
    module.locate(block.buffer, block.starts, block.lengths, block.count, *columns.values(), *marks)
    return (link == 18 for link in columns["links"])


def by_stripping(loop: str) -> Iterable[bool]:
    block = all_tagged()
    module = tunnel_stripping if loop == "as imported" else interpreted("tunnel_stripping")
    module.strip(
        block.buffer,
        block.starts,
        block.lengths,
        block.original_lengths,
        block.count,
        1 << tunnel_stripping.VLAN,
        bytes(1 << 16),
        array("q", bytes(8 * 32)),
        array("q", bytes(8 * 32)),
    )
    return (length < len(tagged(0)) for length in block.lengths)


def by_copies(loop: str) -> Iterable[bool]:
    block, kinds = all_tagged(), bytearray(1 << 16)
    module = copy_payloads if loop == "as imported" else interpreted("copy_payloads")
    streams = array("q", bytes(8 * block.count))
    module.find_payloads(block.buffer, block.starts, block.lengths, streams, kinds, block.count)
    return (kind == copy_payloads.WHOLE for kind in kinds)


def by_gaps(loop: str) -> Iterable[bool]:
    module = tcp_gaps if loop == "as imported" else interpreted("tcp_gaps")
    # Whatever reads a segment remembers its flow.
    rows, gaps = array("q", bytes(8 * module.ROW_WORDS)), array("q", bytes(8 * module.GAP_WORDS))
    for ethertype in ETHERTYPES:
        frame = tagged(ethertype, SEGMENT)
        rows[0] = 0
        module.look(frame, array("q", [0]), array("q", [len(frame)]), array("q", [0]), 1, rows, gaps)
        yield rows[0] != 0


def by_flow_table(loop: str) -> Iterable[bool]:
    block = all_tagged()
    module = flow_table if loop == "as imported" else interpreted("flow_table")
    table, found = module.FlowTable(), array("q", bytes(8 * block.count))
    table.learn(tagged(ethernet.VLAN), 7)
    table.look_up(block.buffer, block.starts, block.lengths, 0, block.count, found)
    return (known == 7 for known in found)


def by_libpcap() -> Iterable[bool]:
    block = all_tagged()
    block.interfaces[:] = array("q", ETHERTYPES)
    Filter("vlan 7").apply(block)
    kept = set(block.interfaces[: block.count])
    return (ethertype in kept for ethertype in ETHERTYPES)


READERS: dict[str, Callable[[], Iterable[bool]]] = {
    "read_flow": by_flow,
    "Rewriting": by_translation,
    "dissect": by_dissection,
    "vtap explain": by_explanation,
    "libpcap": by_libpcap,
} | {
    f"{name}, {how}": lambda how=how, reader=reader: reader(how)
    for name, reader in (
        ("header_places", by_places),
        ("tunnel_stripping", by_stripping),
        ("copy_payloads", by_copies),
        ("tcp_gaps", by_gaps),
        ("flow_table", by_flow_table),
    )
    for how in ("as imported", "interpreted")
}


@pytest.mark.parametrize("name", READERS)
def test_a_reader_takes_these_ethertypes_as_tags_and_no_other(name: str) -> None:
    found = {ethertype for ethertype, is_tag in zip(ETHERTYPES, READERS[name](), strict=True) if is_tag}
    assert found == ethernet.TAGS


@pytest.mark.oracle
def test_tshark_takes_these_ethertypes_as_tags(tmp_path: Path, require: Callable[[str], str]) -> None:
    tshark = require("tshark")
    ethertypes = sorted({*ethernet.TAGS, *range(0x9000, 0x9400, 0x100), *range(0x8800, 0x8A00)})
    with PcapWriter(tmp_path / "tags.pcap") as writer:
        writer.write_block(PacketBlock.of((0, tagged(one), len(tagged(one))) for one in ethertypes))
    command = [tshark, "-r", str(tmp_path / "tags.pcap"), "-Y", "vlan.id == 7 || ieee8021ad.id == 7"]
    command += ["-T", "fields", "-e", "eth.type"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    assert {int(line.partition(",")[0], 16) for line in told.split()} == ethernet.TAGS
