from __future__ import annotations

import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import require_tool
from tests.vtaplib.cli.captures import FILE_HEADER_LENGTH, expected_copies, pcap, records_of
from tests.vtaplib.cli.clouds import Builder
from tests.vtaplib.cli.command import CAPTURE, Vtap

WEB, DATABASE = "10.10.1.4", "10.10.2.4"
VNI = 4711
FORMATS = pytest.mark.parametrize("form", ["pcapng", "pcap"])


def tshark(path: Path, *fields: str) -> list[list[str]]:
    """What tshark reads in each packet: the first occurrence of each field, which is the outer header's."""
    command = [require_tool("tshark"), "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=f"]
    command += ["-o", "ip.check_checksum:TRUE"]
    command += [word for field in fields for word in ("-e", field)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [line.split("\t") for line in printed.splitlines()]


def inner_frames(path: Path, directory: Path) -> list[bytes]:
    """The packets of a capture without their first 50 bytes, cut off by editcap."""
    command = [
        require_tool("editcap"),
        "-F",
        "pcap",
        "-C",
        "50",
        "-L",
        str(path),
        str(directory / "inner.pcap"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return [frame for _, frame in records_of(directory / "inner.pcap")]


def suricata_counts(path: Path, directory: Path) -> dict[str, int]:
    """What Suricata's decoder counted."""
    directory.mkdir()
    command = [require_tool("suricata"), "-r", str(path), "-l", str(directory), "-S", os.devnull]
    subprocess.run(command, check=True, capture_output=True)
    rows = [line.split("|") for line in (directory / "stats.log").read_text().splitlines()]
    return {row[0].strip(): int(row[2]) for row in rows if len(row) == 3 and row[2].strip().isdigit()}


@pytest.mark.oracle
@FORMATS
def test_tshark_reads_every_packet_as_a_vxlan_copy(
    vtap: Vtap, quickstart: Path, tmp_path: Path, form: str
) -> None:
    vtap(
        *("replay", CAPTURE, "--cloud", quickstart, "--out", "copies", "--format", form),
        *("--policy", f"vni=fixed:{VNI}"),
    )
    path = tmp_path / "copies" / f"nic-collector.{form}"
    sources: Counter[str] = Counter()
    for row in tshark(
        path, "vxlan.vni", "vxlan.flags", "udp.dstport", "ip.checksum.status", "ip.dst", "ip.src"
    ):
        # 1 is a good checksum.
        assert row[:5] == [str(VNI), "0x0800", "4789", "1", "10.20.1.4"]
        sources[row[5]] += 1
    assert sources == {address: len(expected_copies(CAPTURE, [address])) for address in (WEB, DATABASE)}


@pytest.mark.oracle
@FORMATS
def test_inside_is_the_very_frame_that_was_recorded(
    vtap: Vtap, quickstart: Path, tmp_path: Path, form: str
) -> None:
    vtap("replay", CAPTURE, "--cloud", quickstart, "--out", "copies", "--format", form)
    inner = inner_frames(tmp_path / "copies" / f"nic-collector.{form}", tmp_path)
    assert inner == expected_copies(CAPTURE, [WEB, DATABASE])


@pytest.mark.oracle
def test_times_are_those_of_the_recording(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    vtap("replay", CAPTURE, "--cloud", quickstart, "--out", "copies")
    recorded = {row[0] for row in tshark(CAPTURE, "frame.time_epoch")}
    copied = [row[0] for row in tshark(tmp_path / "copies" / "nic-collector.pcapng", "frame.time_epoch")]
    assert copied == sorted(copied)
    # tshark shows as many digits as the capture has: six, or nine of which the last three are 0.
    assert {time[: len("1700000000.123456")] for time in copied} <= {
        time[: len("1700000000.123456")] for time in recorded
    }


@pytest.mark.oracle
@FORMATS
def test_suricata_counts_as_many_vxlan_packets_as_the_report(
    vtap: Vtap, quickstart: Path, tmp_path: Path, form: str
) -> None:
    report = vtap(
        "replay", CAPTURE, "--cloud", quickstart, "--out", "copies", "--format", form, "--json"
    ).document
    (collector,) = report["collectors"]
    counts = suricata_counts(tmp_path / collector["capture"], tmp_path / "suricata")
    assert counts["decoder.pkts"] == collector["frames"]
    assert counts["decoder.vxlan"] == collector["frames"]
    assert counts["decoder.bytes"] == collector["bytes"]


@pytest.mark.oracle
def test_scapy_dissects_every_copy(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    import scapy.layers.vxlan  # noqa: F401  # binds VXLAN to UDP port 4789
    from scapy.layers.l2 import Ether
    from scapy.layers.vxlan import VXLAN
    from scapy.utils import RawPcapReader

    vtap(
        *("replay", CAPTURE, "--cloud", quickstart, "--out", "copies", "--format", "pcap"),
        *("--policy", f"vni=fixed:{VNI}"),
    )
    with RawPcapReader(str(tmp_path / "copies" / "nic-collector.pcap")) as reader:
        copies = [Ether(data) for data, _ in reader]
    assert {copy[VXLAN].vni for copy in copies} == {VNI}
    inner = [bytes(copy[VXLAN].payload) for copy in copies]
    assert inner == expected_copies(CAPTURE, [WEB, DATABASE])


@pytest.mark.oracle
def test_behind_a_load_balancer_the_captures_together_hold_every_copy_once(
    vtap: Vtap, load_balanced: Path, tmp_path: Path
) -> None:
    report = vtap("replay", CAPTURE, "--cloud", load_balanced, "--out", "copies", "--json").document
    held: Counter[bytes] = Counter()
    flows: dict[tuple[str, ...], str] = {}
    for collector in report["collectors"]:
        path = tmp_path / collector["capture"]
        inner = inner_frames(path, tmp_path)
        assert len(inner) == collector["frames"]
        held.update(inner)
        for row in tshark(path, "ip.src", "udp.srcport"):
            # A flow of copies goes to one collector.
            assert flows.setdefault(tuple(row), path.name) == path.name
    assert held == Counter(expected_copies(CAPTURE, [WEB, DATABASE]))


@pytest.mark.oracle
def test_a_capture_says_whose_it_is(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    vtap("replay", CAPTURE, "--cloud", quickstart, "--out", "copies")
    described = subprocess.run(
        [require_tool("capinfos"), str(tmp_path / "copies" / "nic-collector.pcapng")],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "Name = nic-collector" in described
    assert "networkInterfaces/nic-collector" in described


def test_files_are_named_after_collectors_and_listed_in_the_report(
    vtap: Vtap, load_balanced: Path, tmp_path: Path
) -> None:
    command = ("replay", CAPTURE, "--cloud", load_balanced, "--out", "a/b", "--down", "nic-collector-b")
    report = vtap(*command, "--json").document
    names = sorted(path.name for path in (tmp_path / "a" / "b").iterdir())
    # The one that is down has an empty capture.
    assert names == [f"nic-collector-{letter}.pcapng" for letter in "abc"]
    assert sorted(one["capture"] for one in report["collectors"]) == [f"a/b/{name}" for name in names]


def test_two_collectors_of_one_name_have_two_files(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    build = Builder(quickstart, group="rg-other")
    network = build.network("vnet-other", "10.30.0.0/16", {"snet": "10.30.1.0/24"})
    source = build.machine("source", f"{network.id}/subnets/snet")
    # ARM compares names without case, and so do some file systems.
    build.mirror(
        source,
        build.tap("tap", build.machine("collector", f"{network.id}/subnets/snet", nic="NIC-collector")),
    )
    build.cloud.close()
    report = vtap("replay", CAPTURE, "--cloud", quickstart, "--out", "copies", "--json").document
    assert {Path(one["capture"]).name for one in report["collectors"]} == {
        "rg-test+nic-collector.pcapng",
        "rg-other+NIC-collector.pcapng",
    }
    assert {one["interface"] for one in report["collectors"]} == {
        "rg-test/nic-collector",
        "rg-other/NIC-collector",
    }


def test_a_failure_leaves_earlier_captures_as_they_were(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    vtap("replay", CAPTURE, "--cloud", quickstart, "--out", "copies")
    before = (tmp_path / "copies" / "nic-collector.pcapng").read_bytes()
    (tmp_path / "garbage").write_bytes(b"no capture, but long enough to be one")
    vtap.refuses("replay", "garbage", "--cloud", quickstart, "--out", "copies")
    assert [path.name for path in (tmp_path / "copies").iterdir()] == ["nic-collector.pcapng"]
    assert (tmp_path / "copies" / "nic-collector.pcapng").read_bytes() == before


@pytest.mark.parametrize("stage", [[], ["--stage", "slice=64"]], ids=["copies", "behind a stage"])
def test_a_capture_that_has_the_name_of_a_collectors_is_refused_and_left(
    vtap: Vtap, quickstart: Path, tmp_path: Path, stage: list[str]
) -> None:
    (tmp_path / "nic-collector.pcap").write_bytes(CAPTURE.read_bytes())
    command = ("replay", "nic-collector.pcap", "--cloud", quickstart, "--out", ".", "--format", "pcap")
    assert vtap.refuses(*command, *stage) == (
        "--out nic-collector.pcap: is the same file as nic-collector.pcap, which is read; name another file"
    )
    assert (tmp_path / "nic-collector.pcap").read_bytes() == CAPTURE.read_bytes()


def test_a_directory_that_cannot_be_made_is_an_error(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    message = vtap.refuses("replay", CAPTURE, "--cloud", quickstart, "--out", "file/copies")
    assert message.startswith("--out file/copies: cannot be made a directory")
    message = vtap.refuses("replay", CAPTURE, "--cloud", quickstart, "--out", "file")
    assert message.startswith("--out file: ")
    (tmp_path / "copies" / "nic-collector.pcapng").mkdir(parents=True)
    message = vtap.refuses("replay", CAPTURE, "--cloud", quickstart, "--out", "copies")
    assert message.startswith("copies/nic-collector.pcapng: is a directory")


def test_a_time_that_pcap_cannot_hold_is_an_error_that_names_the_record(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    # A pcap counts seconds in 32 bits.
    shift = ["-F", "pcapng", "-t", str(1 << 32), str(CAPTURE), str(tmp_path / "late.pcapng")]
    subprocess.run([require_tool("editcap"), *shift], check=True, capture_output=True)
    command = ("replay", "late.pcapng", "--cloud", quickstart, "--out", "copies", "--format")
    assert "time" in vtap.refuses(*command, "pcap")
    assert not list((tmp_path / "copies").iterdir())
    vtap(*command, "pcapng")


def test_an_empty_capture_makes_empty_captures(vtap: Vtap, load_balanced: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.pcap").write_bytes(pcap([]))
    command = ("replay", "empty.pcap", "--cloud", load_balanced, "--out", "copies", "--format", "pcap")
    vtap(*command)
    assert [path.stat().st_size for path in (tmp_path / "copies").iterdir()] == 3 * [FILE_HEADER_LENGTH]
