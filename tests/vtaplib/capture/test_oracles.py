"""Other programs read what we write, and we read what they write."""

from __future__ import annotations

import io
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import dpkt
import pytest

from vtaplib.capture import Packet, PcapngWriter, PcapWriter, open_capture

pytestmark = pytest.mark.oracle

Require = Callable[[str], str]

QUICKSTART = Path(__file__).parents[2] / "captures" / "quickstart.pcap"

# Lengths on both sides of every padding, a cut packet, and times whose last digit counts.
PACKETS: list[Packet] = [
    (1_700_000_000_000_000_001 + i * 999_999_999, bytes([i]) * (60 + i), 60 + i + (1000 if i == 3 else 0))
    for i in range(9)
]


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def tshark_view(tshark: str, capture: Path) -> list[Packet]:
    """Return the packets as tshark reports them."""
    fields = ("frame.time_epoch", "frame.cap_len", "frame.len")
    arguments = [argument for field in fields for argument in ("-e", field)]
    lines = run(tshark, "-r", str(capture), "-T", "fields", *arguments).splitlines()
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
        return [packet for batch in reader.batches() for packet in batch]


def write_pcap(target: Path) -> None:
    with PcapWriter(target) as writer:
        writer.write_many(PACKETS)


def write_pcapng(target: Path) -> None:
    with PcapngWriter(target) as writer:
        writer.add_interface("eth0", "the first")
        writer.write_many(PACKETS)


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
        writer.write_many(PACKETS)
    stream.seek(0)
    assert [data for _time, data in dpkt.pcap.Reader(stream)] == [data for _time, data, _length in PACKETS]


def test_dpkt_reads_a_pcapng_as_written() -> None:
    stream = io.BytesIO()
    with PcapngWriter(stream) as writer:
        writer.add_interface("eth0")
        writer.write_many(PACKETS)
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
