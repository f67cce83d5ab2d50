"""Other programs read what we write, and we read what they write."""

from __future__ import annotations

import io
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import dpkt
import pytest

from tests.vtaplib.capture.test_blocks import block
from vtaplib.capture import CaptureFeed, Packet, PcapngWriter, PcapWriter, open_capture
from vtaplib.errors import CaptureError
from vtaplib.packets.block import PacketBlock

pytestmark = pytest.mark.oracle

Require = Callable[[str], str]

QUICKSTART = Path(__file__).parents[2] / "captures" / "quickstart.pcap"

# Lengths on both sides of every padding, a cut packet, and times whose last digit counts.
PACKETS: list[Packet] = [
    (1_700_000_000_000_000_001 + i * 999_999_999, bytes([i]) * (60 + i), 60 + i + (1000 if i == 3 else 0))
    for i in range(9)
]


def run(*command: str, check: bool = True) -> str:
    return subprocess.run(command, check=check, capture_output=True, text=True, timeout=60).stdout


def tshark_view(tshark: str, capture: Path, *, is_whole: bool = True) -> list[Packet]:
    """Return the packets as tshark reports them, up to where it can read."""
    fields = ("frame.time_epoch", "frame.cap_len", "frame.len")
    arguments = [argument for field in fields for argument in ("-e", field)]
    lines = run(tshark, "-r", str(capture), "-T", "fields", *arguments, check=is_whole).splitlines()
    packets = []
    for line in lines:
        time, captured, original = line.split("\t")
        seconds, fraction = time.split(".")
        packets.append(
            (int(seconds) * 10**9 + int(fraction.ljust(9, "0")), bytes(int(captured)), int(original))
        )
    return packets


def without_bytes(packets: list[Packet]) -> list[Packet]:
    return [(time, bytes(len(data)), original) for time, data, original in packets]


def read(capture: Path) -> list[Packet]:
    with open_capture(capture) as reader:
        return [packet for block in reader.blocks() for packet in block]


def read_up_to_damage(capture: Path) -> list[Packet]:
    try:
        with open_capture(capture) as reader:
            return [packet for block in CaptureFeed(reader).blocks() for packet in block]
    except CaptureError:
        return []


def write_pcap(target: Path) -> None:
    with PcapWriter(target) as writer:
        for block in PacketBlock.many(PACKETS):
            writer.write_block(block)


def write_pcapng(target: Path) -> None:
    with PcapngWriter(target) as writer:
        writer.add_interface("eth0", "the first")
        for block in PacketBlock.many(PACKETS):
            writer.write_block(block)


@pytest.mark.parametrize("write", [write_pcap, write_pcapng])
def test_tshark_reads_times_and_lengths_as_written(
    write: Callable[[Path], None], tmp_path: Path, require: Require
) -> None:
    tshark = require("tshark")
    write(tmp_path / "out")
    assert tshark_view(tshark, tmp_path / "out") == without_bytes(PACKETS)


def test_tshark_shows_interface_names_and_comments(tmp_path: Path, require: Require) -> None:
    tshark = require("tshark")
    with PcapngWriter(tmp_path / "out.pcapng") as writer:
        writer.add_interface("eth0")
        second = writer.add_interface("eth1")
        writer.write(1, bytes(60), interface=second, comment="größer als gedacht")
    columns = ["-e", "frame.interface_name", "-e", "frame.comment"]
    shown = run(tshark, "-r", str(tmp_path / "out.pcapng"), "-T", "fields", *columns)
    assert shown.strip() == "eth1\tgrößer als gedacht"


@pytest.mark.parametrize(
    ("write", "kind"), [(write_pcap, "nsecpcap"), (write_pcapng, "pcapng")], ids=["pcap", "pcapng"]
)
def test_capinfos_names_the_format_and_counts_packets(
    write: Callable[[Path], None], kind: str, tmp_path: Path, require: Require
) -> None:
    capinfos = require("capinfos")
    write(tmp_path / "out")
    columns = run(capinfos, "-Trmtc", str(tmp_path / "out")).strip().split(",")
    assert columns[-1] == str(len(PACKETS))
    assert columns[1] == kind


def test_dpkt_reads_a_pcap_as_written() -> None:
    stream = io.BytesIO()
    with PcapWriter(stream, nanoseconds=False) as writer:
        for block in PacketBlock.many(PACKETS):
            writer.write_block(block)
    stream.seek(0)
    assert [data for _time, data in dpkt.pcap.Reader(stream)] == [data for _time, data, _length in PACKETS]


def test_dpkt_reads_a_pcapng_as_written() -> None:
    stream = io.BytesIO()
    with PcapngWriter(stream) as writer:
        writer.add_interface("eth0")
        for block in PacketBlock.many(PACKETS):
            writer.write_block(block)
    stream.seek(0)
    assert [data for _time, data in dpkt.pcapng.Reader(stream)] == [data for _time, data, _length in PACKETS]


@pytest.mark.parametrize("write", [write_pcap, write_pcapng])
def test_scapy_reads_times_and_bytes_as_written(write: Callable[[Path], None], tmp_path: Path) -> None:
    from scapy.utils import RawPcapReader

    write(tmp_path / "out")
    with RawPcapReader(str(tmp_path / "out")) as reader:
        assert [data for data, _metadata in reader] == [data for _time, data, _length in PACKETS]


@pytest.mark.parametrize("kind", ["pcap", "nsecpcap", "pcapng"])
def test_what_editcap_converts_is_read_as_tshark_reads_it(
    kind: str, tmp_path: Path, require: Require
) -> None:
    editcap, tshark = require("editcap"), require("tshark")
    write_pcapng(tmp_path / "in")
    run(editcap, "-F", kind, str(tmp_path / "in"), str(tmp_path / "out"))
    packets = read(tmp_path / "out")
    assert without_bytes(packets) == tshark_view(tshark, tmp_path / "out")
    assert [data for _time, data, _length in packets] == [data for _time, data, _length in PACKETS]


def test_what_editcap_cuts_keeps_the_length_it_had(tmp_path: Path, require: Require) -> None:
    editcap = require("editcap")
    write_pcap(tmp_path / "in")
    run(editcap, "-s", "40", "-F", "pcapng", str(tmp_path / "in"), str(tmp_path / "out"))
    assert read(tmp_path / "out") == [(time, data[:40], original) for time, data, original in PACKETS]


def test_what_mergecap_merges_keeps_its_interfaces(tmp_path: Path, require: Require) -> None:
    mergecap = require("mergecap")
    write_pcap(tmp_path / "a")
    write_pcapng(tmp_path / "b")
    run(mergecap, "-I", "none", "-w", str(tmp_path / "out"), str(tmp_path / "a"), str(tmp_path / "b"))
    with open_capture(tmp_path / "out") as reader:
        records = list(reader)
    assert len(records) == 2 * len(PACKETS)
    assert {record.interface for record in records} == {0, 1}


def test_a_gzip_by_another_program_is_read(tmp_path: Path, require: Require) -> None:
    gzip = require("gzip")
    write_pcap(tmp_path / "out.pcap")
    run(gzip, str(tmp_path / "out.pcap"))
    assert read(tmp_path / "out.pcap.gz") == PACKETS


def test_the_recorded_traffic_is_read_as_tshark_reads_it(require: Require) -> None:
    assert without_bytes(read(QUICKSTART)) == tshark_view(require("tshark"), QUICKSTART)


@pytest.mark.parametrize("kind", ["nsecpcap", "pcapng"])
def test_the_recorded_traffic_is_the_same_in_every_format(
    kind: str, tmp_path: Path, require: Require
) -> None:
    run(require("editcap"), "-F", kind, str(QUICKSTART), str(tmp_path / "out"))
    assert read(tmp_path / "out") == read(QUICKSTART)


def test_the_recorded_traffic_is_the_same_in_the_other_byte_order(tmp_path: Path, require: Require) -> None:
    tshark = require("tshark")
    capture = QUICKSTART.read_bytes()
    swapped = [struct.pack(">IHHiIII", *struct.unpack_from("<IHHiIII", capture))]
    position = 24
    while position < len(capture):
        header = struct.unpack_from("<4I", capture, position)
        swapped += [struct.pack(">4I", *header), capture[position + 16 : position + 16 + header[2]]]
        position += 16 + header[2]
    (tmp_path / "swapped.pcap").write_bytes(b"".join(swapped))
    assert read(tmp_path / "swapped.pcap") == read(QUICKSTART)
    assert tshark_view(tshark, tmp_path / "swapped.pcap") == tshark_view(tshark, QUICKSTART)


def pcap_of(
    order: str, version: tuple[int, int], *, swapped: bool, magic: int = 0xA1B2C3D4, lie: int | None = None
) -> bytes:
    """A pcap of `PACKETS`; in the sixth, `lie` is the captured length."""
    capture = struct.pack(order + "IHHiIII", magic, *version, 0, 0, 65535, 1)
    for number, (time, data, original) in enumerate(PACKETS):
        lengths = [lie if lie is not None and number == 5 else len(data), original]
        if swapped:
            lengths.reverse()
        fraction = time % 10**9 // (1 if magic == 0xA1B23C4D else 1000)
        capture += struct.pack(order + "4I", time // 10**9, fraction, *lengths) + data
    return capture


def section_of(
    order: str,
    minor: int = 0,
    resolutions: bytes = b"\x09",
    *,
    offset: int = 0,
    number: int = 0,
    trailer: int = 0,
    unpadded: bool = False,
) -> bytes:
    """A section of `PACKETS`, on interfaces in turn, whose clocks begin `offset` seconds after 1970. Of the
    sixth, `number` is added to that of the interface and `trailer` to the length at the end; `unpadded`
    leaves the padding out of lengths.
    """
    section = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, minor, -1))
    for resolution in resolutions:
        options = struct.pack(order + "HHBxxx", 9, 1, resolution)
        if offset:
            options += struct.pack(order + "HHq", 14, 8, offset)
        section += block(order, 1, struct.pack(order + "HHI", 1, 0, 0) + options)
    for place, (time, data, original) in enumerate(PACKETS):
        resolution = resolutions[place % len(resolutions)]
        ticks_in_second = 2 ** (resolution & 127) if resolution & 128 else 10**resolution
        ticks = (time - offset * 10**9) * ticks_in_second // 10**9
        interface = place % len(resolutions) + number * (place == 5)
        head = struct.pack(order + "5I", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(data), original)
        packet = bytearray(block(order, 6, head + data))
        length = len(packet) - unpadded * (-len(data) % 4)
        packet[4:8] = struct.pack(order + "I", length)
        packet[-4:] = struct.pack(order + "I", length + trailer * (place == 5))
        section += packet
    return section


ODD = {
    "pcap 2.0": pcap_of("<", (2, 0), swapped=True),
    "pcap 2.1": pcap_of(">", (2, 1), swapped=True),
    "pcap 2.2": pcap_of("<", (2, 2), swapped=True),
    "pcap 2.3": pcap_of(">", (2, 3), swapped=False),
    "pcap 2.3 with the lengths of 2.2": pcap_of("<", (2, 3), swapped=True),
    "pcap 543.0": pcap_of(">", (543, 0), swapped=True),
    "pcap 2.2, damaged": pcap_of("<", (2, 2), swapped=True, lie=1 << 20),
    "big-endian pcap of nanoseconds, damaged": pcap_of(
        ">", (2, 4), swapped=False, magic=0xA1B23C4D, lie=1 << 30
    ),
    "pcap with a length too long": pcap_of("<", (2, 4), swapped=False, lie=262_144),
    "pcap cut in a header": pcap_of("<", (2, 4), swapped=False)[:-70],
    "pcapng 1.2": section_of("<", 2),
    "pcapng 1.1": section_of(">", 1),
    "pcapng 1.0, then 1.1": section_of("<") + section_of("<", 1),
    "two byte orders": section_of("<") + section_of(">"),
    "three clocks": section_of(">", 0, b"\x06\x09\x94"),
    "lengths without padding": section_of("<", unpadded=True),
    "an interface that is not described": section_of("<", number=1),
    "another length at the end": section_of(">", trailer=4),
    "pcapng cut off": (section_of("<") + section_of("<"))[:-50],
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", ODD)
def test_what_is_old_odd_or_damaged_is_read_as_far_as_tshark_reads_it(
    name: str, tmp_path: Path, require: Require
) -> None:
    tshark = require("tshark")
    (tmp_path / "odd").write_bytes(ODD[name])
    packets = read_up_to_damage(tmp_path / "odd")
    assert without_bytes(packets) == tshark_view(tshark, tmp_path / "odd", is_whole=False)
    assert len(packets) in (0, 5, 8, 9, 17, 18)


@pytest.mark.parametrize("name", [one for one in ODD if one.startswith("pcap 2.")])
def test_old_captures_are_read_as_libpcap_reads_them(name: str, tmp_path: Path, require: Require) -> None:
    tcpdump = require("tcpdump")
    (tmp_path / "odd").write_bytes(ODD[name])
    run(tcpdump, "-r", str(tmp_path / "odd"), "-w", str(tmp_path / "new"), check=False)
    assert read(tmp_path / "new") == read_up_to_damage(tmp_path / "odd")


@pytest.mark.parametrize("offset", [1_600_000_000, -3600])
@pytest.mark.parametrize("resolution", [3, 6, 9, 10, 0x8A, 0x94, 0x9E])
def test_the_clocks_of_interfaces_are_read_as_libpcap_reads_them(
    resolution: int, offset: int, tmp_path: Path, require: Require
) -> None:
    tcpdump = require("tcpdump")
    (tmp_path / "odd").write_bytes(section_of("<", resolutions=bytes((resolution,)), offset=offset))
    precision = "--time-stamp-precision=nano"
    run(tcpdump, precision, "-r", str(tmp_path / "odd"), "-w", str(tmp_path / "new"))
    assert read(tmp_path / "new") == read(tmp_path / "odd")
    assert len(read(tmp_path / "odd")) == len(PACKETS)
