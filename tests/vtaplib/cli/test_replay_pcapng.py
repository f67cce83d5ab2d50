"""The one pcapng that a replay writes for all collectors, and comments on copies, as other programs read
them.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import require_tool
from tests.vtaplib.cli.captures import pcap
from tests.vtaplib.cli.command import CAPTURE, Vtap
from vtaplib.capture import open_capture

pytestmark = pytest.mark.oracle

FIELDS = ("frame.time_epoch", "frame.interface_name", "ip.dst", "frame.comment")

# Web and database are tapped, with one collector or three.
WEB, DATABASE, STRANGER = "10.10.1.4", "10.10.2.4", "192.0.2.1"


def tshark(path: Path, *fields: str) -> list[list[str]]:
    """What tshark reads in each packet: the first occurrence of each field, which is the outer header's."""
    columns = [word for field in fields for word in ("-e", field)]
    command = [require_tool("tshark"), "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=f", *columns]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [line.split("\t") for line in printed.splitlines()]


def records(path: Path) -> list[tuple[int, bytes]]:
    with open_capture(path) as reader:
        return [(one.timestamp_ns, one.data) for one in reader]


def packet(source: str, destination: str, length: int = 60) -> bytes:
    """A frame with an IPv4 packet of UDP port 9; no checksums, which nobody here looks at."""
    addresses = b"".join(bytes(map(int, one.split("."))) for one in (source, destination))
    header = b"\x45\0" + (length - 14).to_bytes(2, "big") + bytes(4) + b"\x40\x11\0\0" + addresses
    ports = b"\x9c\x40\0\x09" + (length - 34).to_bytes(2, "big") + b"\0\0"
    return (bytes(12) + b"\x08\x00" + header + ports).ljust(length, b"\0")


def test_one_file_holds_what_the_files_of_a_directory_hold_in_the_order_of_time(
    vtap: Vtap, load_balanced: Path, tmp_path: Path
) -> None:
    # The recorded traffic has seconds in which all three collectors get copies.
    apart = vtap("replay", CAPTURE, "--cloud", load_balanced, "--out", "apart", "--json").document
    together = vtap("replay", CAPTURE, "--cloud", load_balanced, "--out", "all.pcapng", "--json").document
    assert {one["capture"] for one in together["collectors"]} == {"all.pcapng"}
    rows = tshark(tmp_path / "all.pcapng", *FIELDS)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    read = records(tmp_path / "all.pcapng")
    for collector in apart["collectors"]:
        here = [row[1] == collector["interface"] for row in rows]
        assert any(here)
        assert [one for one, is_here in zip(read, here, strict=True) if is_here] == records(
            tmp_path / collector["capture"]
        )
        # A name belongs to one address: nothing is filed under another collector.
        assert len({row[2] for row, is_here in zip(rows, here, strict=True) if is_here}) == 1
    assert {row[3] for row in rows} == {""}


def test_a_collector_that_gets_nothing_has_its_interface_too(
    vtap: Vtap, load_balanced: Path, tmp_path: Path
) -> None:
    vtap("replay", CAPTURE, "--cloud", load_balanced, "--out", "all.pcapng", "--down", "nic-collector-b")
    said = subprocess.run(
        [require_tool("capinfos"), str(tmp_path / "all.pcapng")], check=True, capture_output=True, text=True
    ).stdout
    for letter in "abc":
        assert f"Name = nic-collector-{letter}\n" in said
        assert f"networkInterfaces/nic-collector-{letter}\n" in said
    assert "Number of packets = 0" in said
    assert "Time precision = nanoseconds" in said


@pytest.mark.parametrize("out", ["all.pcapng", "copies"])
def test_a_comment_names_the_tap_the_interface_the_direction_the_packet_and_the_copy(
    vtap: Vtap, quickstart: Path, tmp_path: Path, out: str
) -> None:
    frames = [packet(WEB, DATABASE), packet(STRANGER, STRANGER), packet(DATABASE, WEB)]
    (tmp_path / "in.pcap").write_bytes(pcap(frames))
    report = vtap("replay", "in.pcap", "--cloud", quickstart, "--out", out, "--comments", "--json").document
    (collector,) = report["collectors"]
    rows = tshark(tmp_path / collector["capture"], "frame.time_epoch", "frame.comment")
    assert rows == [
        ["0.000000000", "TAP tap, interface nic-web, egress, packet 1, copy 1"],
        ["0.000000000", "TAP tap, interface nic-database, ingress, packet 1, copy 2"],
        ["2.000000000", "TAP tap, interface nic-database, egress, packet 3, copy 3"],
        ["2.000000000", "TAP tap, interface nic-web, ingress, packet 3, copy 4"],
    ]


def test_a_comment_says_what_became_of_a_copy_that_is_too_large(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    (tmp_path / "in.pcap").write_bytes(pcap([packet(WEB, STRANGER, 1514)]))
    command = ("replay", "in.pcap", "--cloud", quickstart, "--out", "all.pcapng", "--comments")
    vtap(*command, "--policy", "oversize=truncate")
    made = "TAP tap, interface nic-web, egress, packet 1, copy 1"
    assert tshark(tmp_path / "all.pcapng", "frame.comment") == [[f"{made}, cut to 1464 of 1514 bytes"]]
    vtap(*command, "--policy", "oversize=fragment")
    assert tshark(tmp_path / "all.pcapng", "frame.comment") == [
        [f"{made}, fragment 1 of 2"],
        [f"{made}, fragment 2 of 2"],
    ]


def test_comments_change_neither_the_copies_nor_the_report(
    vtap: Vtap, load_balanced: Path, tmp_path: Path
) -> None:
    command = ("replay", CAPTURE, "--cloud", load_balanced, "--json", "--decode", "3", "--out", "all.pcapng")
    plain = vtap(*command).document
    copies = sorted(records(tmp_path / "all.pcapng"))
    assert vtap(*command, "--comments").document == plain
    assert sorted(records(tmp_path / "all.pcapng")) == copies
    assert "" not in {row[0] for row in tshark(tmp_path / "all.pcapng", "frame.comment")}


def test_editcap_takes_apart_what_is_in_one_file(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    vtap("replay", CAPTURE, "--cloud", quickstart, "--out", "all.pcapng", "--comments")
    vtap("replay", CAPTURE, "--cloud", quickstart, "--out", "copies", "--format", "pcap")
    command = [require_tool("editcap"), "-F", "nsecpcap", "-c", "1000"]
    split = [str(tmp_path / "all.pcapng"), str(tmp_path / "part.pcap")]
    subprocess.run([*command, *split], check=True, capture_output=True)
    parts = sorted(tmp_path.glob("part_*.pcap"))
    assert len(parts) == 3
    whole = records(tmp_path / "copies" / "nic-collector.pcap")
    assert [one for part in parts for one in records(part)] == whole


def test_the_name_of_a_directory_stays_one(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.pcapng").mkdir()
    vtap("replay", CAPTURE, "--cloud", quickstart, "--out", "mine.pcapng")
    assert [path.name for path in (tmp_path / "mine.pcapng").iterdir()] == ["nic-collector.pcapng"]


def test_what_a_pcap_cannot_hold_is_refused(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    command = ("replay", CAPTURE, "--cloud", quickstart, "--out")
    for wanted in (["all.pcap"], ["all.pcapng", "--format", "pcap"]):
        assert vtap.refuses(*command, *wanted).startswith(f"{wanted[0]}: a pcap cannot tell collectors apart")
    said = vtap.refuses(*command, "copies", "--format", "pcap", "--comments")
    assert said.startswith("--comments: a pcap has no place for comments")
    said = vtap.refuses("replay", CAPTURE, "--cloud", quickstart, "--comments")
    assert said == "--comments: nothing is written to have them; say where with --out"
    assert [path.name for path in tmp_path.iterdir() if path.name not in ("home", quickstart.name)] == []


def test_a_failure_leaves_an_earlier_file_as_it_was(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    vtap("replay", CAPTURE, "--cloud", quickstart, "--out", "all.pcapng")
    before = (tmp_path / "all.pcapng").read_bytes()
    (tmp_path / "garbage").write_bytes(b"no capture, but long enough to be one")
    vtap.refuses("replay", "garbage", "--cloud", quickstart, "--out", "all.pcapng")
    assert (tmp_path / "all.pcapng").read_bytes() == before
    assert "missing/all.pcapng: cannot be written" in vtap.refuses(
        "replay", CAPTURE, "--cloud", quickstart, "--out", "missing/all.pcapng"
    )
