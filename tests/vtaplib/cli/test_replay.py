from __future__ import annotations

import gzip
import os
import pty
import re
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.vtaplib.cli.captures import (
    FILE_HEADER_LENGTH,
    LINUX_SLL,
    RECORD_HEADER_LENGTH,
    pcap,
    pcapng_of_two_link_types,
    records_of,
)
from tests.vtaplib.cli.clouds import Builder, nic_id, write_quickstart
from tests.vtaplib.cli.command import CAPTURE, PATIENCE_SECONDS, VTAP, Vtap
from vtaplib.reports.number import three_digits

# From the capture's own description (tests/captures/README.md), which has them from capinfos and tshark.
FRAMES = 1450
OCTETS = 1_148_067
WITH_DATABASE = 1384
WITH_CLIENT = 55
ARP = 2
IPV6 = 9
COPIES = 2 * WITH_DATABASE + WITH_CLIENT

COLLECTOR = nic_id("nic-collector")


def assert_balanced(report: Any) -> None:
    """Every frame that was read is in one account, and frames in = mirrored + not mirrored at every tap
    point, in frames and in bytes.
    """
    for unit in ("frames", "bytes"):
        lost = sum(one[unit] for one in (*report["nowhere"], *report["dropped"]))
        assert report["read"][unit] == report["tapped"][unit] + report["untapped"][unit] + lost
    assert report["tap_points"]
    for point in report["tap_points"]:
        for unit in ("frames", "bytes"):
            refused = sum(one[unit] for one in point["not_mirrored"])
            assert point["entered"][unit] == point["mirrored"][unit] + refused, point


def test_the_recorded_traffic_is_accounted_for_to_the_last_frame(vtap: Vtap, quickstart: Path) -> None:
    report = vtap("replay", CAPTURE, "--cloud", quickstart, "--json").document
    assert report["read"] == {"frames": FRAMES, "bytes": OCTETS}
    assert_balanced(report)
    entered = {
        (point["interface"], point["direction"]): point["entered"]["frames"] for point in report["tap_points"]
    }
    assert entered.keys() == {
        (interface, direction)
        for interface in ("nic-web", "nic-database")
        for direction in ("egress", "ingress")
    }
    assert entered["nic-web", "egress"] + entered["nic-web", "ingress"] == WITH_DATABASE + WITH_CLIENT
    assert entered["nic-database", "egress"] + entered["nic-database", "ingress"] == WITH_DATABASE
    (collector,) = report["collectors"]
    assert (collector["interface_id"], collector["frames"]) == (COLLECTOR, COPIES)
    # 50 bytes of outer headers a copy.
    mirrored = sum(point["mirrored"]["bytes"] for point in report["tap_points"])
    assert collector["bytes"] == mirrored + 50 * COPIES
    assert {one["reason"]: one["frames"] for one in report["nowhere"]} == {
        "not_ip": ARP,
        "no_interface": IPV6,
    }
    assert report["untapped"]["frames"] == 0
    assert report["ended_early"] is None
    assert report["skipped"] == []


def test_frames_that_belong_nowhere_are_named_by_their_positions(vtap: Vtap, quickstart: Path) -> None:
    report = vtap("replay", CAPTURE, "--cloud", quickstart, "--json").document
    arp = [n for n, (_, frame) in enumerate(records_of(CAPTURE), start=1) if frame[12:14] == b"\x08\x06"]
    ipv6 = [n for n, (_, frame) in enumerate(records_of(CAPTURE), start=1) if frame[12:14] == b"\x86\xdd"]
    positions = {one["reason"]: one["first_positions"] for one in report["nowhere"]}
    assert positions == {"not_ip": arp, "no_interface": ipv6}


def test_malformed_and_ambiguous_frames_are_counted_with_their_reason(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    # Another network with web's own address space: the addresses alone do not say whose a frame is.
    build = Builder(quickstart, group="rg-other")
    twin = build.network("vnet-twin", "10.10.0.0/16", {"snet": "10.10.1.0/24", "snet-2": "10.10.2.0/24"})
    build.machine("twin-web", f"{twin.id}/subnets/snet")
    build.machine("twin-database", f"{twin.id}/subnets/snet-2")
    build.cloud.close()
    between = next(
        frame
        for _, frame in records_of(CAPTURE)
        if frame[26:34] == bytes((10, 10, 1, 4, 10, 10, 2, 4)) and frame[12:14] == b"\x08\x00"
    )
    (tmp_path / "odd.pcap").write_bytes(pcap([b"", between[:13], between[:20], between]))
    report = vtap("replay", "odd.pcap", "--cloud", quickstart, "--json").document
    found = {one["reason"]: (one["frames"], one["first_positions"]) for one in report["nowhere"]}
    assert found == {"malformed": (3, [1, 2, 3]), "ambiguous": (1, [4])}


@pytest.mark.parametrize("policy", ["oversize=deliver", "oversize=drop", "oversize=fragment"])
def test_the_tables_say_what_the_document_says(vtap: Vtap, quickstart: Path, policy: str) -> None:
    command = ("replay", CAPTURE, "--cloud", quickstart, "--policy", policy)
    report = vtap(*command, "--json").document
    assert_balanced(report)
    text = vtap(*command).stdout
    # Between two cells of a row are three spaces or more.
    rows = [re.split(r" {3,}", line.strip()) for line in text.splitlines()]
    for point in report["tap_points"]:
        here = [point["interface"], point["direction"], point["tap"]]
        refused = point["not_mirrored"]
        numbers = (
            *point["entered"].values(),
            *point["mirrored"].values(),
            sum(one["frames"] for one in refused),
        )
        assert [*here, *(f"{number:,}" for number in numbers)] in rows
        for one in refused:
            assert [*here, one["explanation"], f"{one['frames']:,}", f"{one['bytes']:,}"] in rows
        notes = [point[name] for name in ("over_mtu", "clamped", "cut", "fragmented", "truncated")]
        assert ([*here, *(f"{number:,}" for number in notes)] in rows) == any(notes)
    for one in report["collectors"]:
        (row,) = [row for row in rows if row[0] == one["interface"]]
        assert row[1:3] == [f"{one['frames']:,}", f"{one['bytes']:,}"]
        rates = one["average_mbit_per_second"], one["peak_mbit_per_second"]
        assert row[3:5] == list(map(three_digits, rates))
    for one in report["nowhere"]:
        (row,) = [row for row in rows if row[0] == one["explanation"]]
        assert row[1:3] == [f"{one['frames']:,}", f"{one['bytes']:,}"]
        assert row[3] == ", ".join(map(str, one["first_positions"]))
    said = policy if policy != "oversize=deliver" else "every setting is the default"
    assert f"Policy in force: {said}" in text


def test_an_oversize_copy_is_dropped_and_said_to_be_where_the_policy_says_so(
    vtap: Vtap, quickstart: Path
) -> None:
    report = vtap("replay", CAPTURE, "--cloud", quickstart, "--policy", "oversize=drop", "--json").document
    # 36 bytes of outer IP, UDP and VXLAN headers and the frame itself are to fit 1500.
    sizes = [len(frame) for _, frame in records_of(CAPTURE) if len(frame) > 1500 - 36]
    dropped = {
        one["reason"]: one["frames"] for point in report["tap_points"] for one in point["not_mirrored"]
    }
    assert dropped.keys() == {"oversize"}
    total = sum(one["frames"] for point in report["tap_points"] for one in point["not_mirrored"])
    # Each passes two tap points, but for those of the client outside, which pass one.
    assert len(sizes) < total <= 2 * len(sizes)
    assert report["policy"]["oversize"] == "drop"


def test_rates_are_those_of_the_capture(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    frame = bytes(12) + bytes.fromhex(
        "08004500001c000000004011000 00a0a01040a0a020400010002000800 00".replace(" ", "")
    )
    (tmp_path / "steady.pcap").write_bytes(pcap([frame] * 10))
    (collector,) = vtap("replay", "steady.pcap", "--cloud", quickstart, "--json").document["collectors"]
    # One frame a second at two tap points.
    per_second = 2 * (len(frame) + 50) * 8 / 1e6
    assert collector["frames"] == 20
    assert collector["average_mbit_per_second"] == pytest.approx(per_second)
    assert collector["peak_mbit_per_second"] == pytest.approx(per_second)


def test_without_out_nothing_is_written(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    report = vtap("replay", CAPTURE, "--cloud", quickstart, "--json").document
    assert [one["capture"] for one in report["collectors"]] == [None]
    left = sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("quickstart.db-"))
    assert left == before


def test_a_capture_may_come_through_a_pipe_and_zipped(vtap: Vtap, quickstart: Path) -> None:
    whole = vtap("replay", CAPTURE, "--cloud", quickstart, "--json").document
    for sent in (CAPTURE.read_bytes(), gzip.compress(CAPTURE.read_bytes())):
        piped = vtap("replay", "-", "--cloud", quickstart, "--json", stdin=sent).document
        assert piped["capture"] == "standard input"
        assert {**piped, "capture": whole["capture"]} == whole


def test_a_capture_that_is_cut_off_is_replayed_up_to_there(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    offsets = [offset for offset, _ in records_of(CAPTURE)]
    whole = CAPTURE.read_bytes()
    # In the middle of a frame, and in the middle of the header before one.
    for present in (RECORD_HEADER_LENGTH + 5, RECORD_HEADER_LENGTH - 9):
        (tmp_path / "cut.pcap").write_bytes(whole[: offsets[1000] + present])
        outcome = vtap("replay", "cut.pcap", "--cloud", quickstart, "--json", "--out", "copies", code=1)
        report = outcome.document
        end = report["ended_early"]
        assert (end["kind"], end["record"], end["present"]) == ("cut", 1001, present)
        assert end["offset"] == offsets[1000]
        assert report["read"]["frames"] == 1000
        assert_balanced(report)
        assert (tmp_path / "copies" / "nic-collector.pcapng").stat().st_size > 0
        text = vtap("replay", "cut.pcap", "--cloud", quickstart, code=1).stdout
        assert "cut off" in text
        assert "1,001" in text


def test_a_capture_that_is_damaged_is_replayed_up_to_there(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    offset = [offset for offset, _ in records_of(CAPTURE)][500]
    damaged = bytearray(CAPTURE.read_bytes())
    damaged[offset + 8 : offset + 12] = b"\xff" * 4
    (tmp_path / "damaged.pcap").write_bytes(damaged)
    report = vtap("replay", "damaged.pcap", "--cloud", quickstart, "--json", code=1).document
    assert (report["ended_early"]["kind"], report["ended_early"]["record"]) == ("damaged", 501)
    assert report["read"]["frames"] == 500


def test_a_capture_of_a_file_header_alone_holds_no_frames(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.pcap").write_bytes(CAPTURE.read_bytes()[:FILE_HEADER_LENGTH])
    report = vtap("replay", "empty.pcap", "--cloud", quickstart, "--json", "--out", "copies").document
    assert report["read"] == {"frames": 0, "bytes": 0}
    assert_balanced(report)
    # An empty capture says that nothing came; a missing one would say nothing.
    assert (tmp_path / "copies" / "nic-collector.pcapng").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"this is a text, and no capture\n", "neither pcap nor pcapng"),
        (b"\xd4\xc3\xb2\xa1\x02\x00", "header"),
        (pcap([b"frame"], LINUX_SLL), "113"),
        (gzip.compress(b"a text, zipped", mtime=0), "neither pcap nor pcapng"),
        (b"\x1f\x8b\x08\x00garbage that claims to be gzip", "gzip"),
    ],
    ids=["empty", "text", "half a header", "another link type", "zipped text", "broken gzip"],
)
def test_what_is_no_capture_of_ethernet_is_refused_with_its_name(
    vtap: Vtap, quickstart: Path, tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "input").write_bytes(content)
    message = vtap.refuses("replay", "input", "--cloud", quickstart, "--out", "copies")
    assert message.startswith("input: ")
    assert words in message
    # What was begun is gone again.
    assert not list(tmp_path.glob("copies/*"))


def test_a_capture_that_is_not_there_is_an_error(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    assert vtap.refuses("replay", "nowhere.pcap", "--cloud", quickstart).startswith(
        "nowhere.pcap: no such file"
    )
    assert vtap.refuses("replay", tmp_path, "--cloud", quickstart).startswith(f"{tmp_path}: ")


def test_a_name_that_is_no_text_is_shown_escaped(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.pcap")
    assert vtap.refuses("replay", name, "--cloud", quickstart).startswith("caf\\xe9.pcap: ")
    (tmp_path / name).write_bytes(pcap([]))
    assert vtap("replay", name, "--cloud", quickstart, "--json").document["capture"] == "caf\\xe9.pcap"
    assert "caf\\xe9.pcap" in vtap("replay", name, "--cloud", quickstart).stdout


def test_packets_of_other_link_types_are_left_out_and_counted(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    _, frame = next(records_of(CAPTURE))
    (tmp_path / "mixed.pcapng").write_bytes(pcapng_of_two_link_types(frame))
    report = vtap("replay", "mixed.pcapng", "--cloud", quickstart, "--json", code=1).document
    assert report["read"]["frames"] == 1
    assert report["skipped"] == [{"link_type": "113 (LINUX_SLL)", "packets": 2}]
    assert "113 (LINUX_SLL)" in vtap("replay", "mixed.pcapng", "--cloud", quickstart, code=1).stdout


def test_an_interface_that_is_down_gets_nothing_and_its_flows_go_to_the_others(
    vtap: Vtap, load_balanced: Path
) -> None:
    command = ("replay", CAPTURE, "--cloud", load_balanced, "--json")
    frames = {one["interface"]: one["frames"] for one in vtap(*command).document["collectors"]}
    assert sum(frames.values()) == COPIES
    assert frames.keys() == {"nic-collector-a", "nic-collector-b", "nic-collector-c"}
    assert all(frames.values())
    for named in ("nic-collector-a", "NIC-Collector-A", nic_id("nic-collector-a"), nic_id("NIC-COLLECTOR-A")):
        report = vtap(*command, "--down", named).document
        after = {one["interface"]: one["frames"] for one in report["collectors"]}
        assert report["down"] == [nic_id("nic-collector-a")]
        assert after["nic-collector-a"] == 0
        assert sum(after.values()) == COPIES
        assert all(after[one] >= frames[one] for one in ("nic-collector-b", "nic-collector-c"))
        assert_balanced(report)
    everyone = [word for letter in "abc" for word in ("--down", f"nic-collector-{letter}")]
    report = vtap(*command, *everyone).document
    assert_balanced(report)
    reasons = {one["reason"] for point in report["tap_points"] for one in point["not_mirrored"]}
    assert reasons == {"no_healthy_backend"}
    assert "(down)" in vtap(*command[:-1], *everyone).stdout


def test_an_interface_that_is_not_there_cannot_be_down(vtap: Vtap, quickstart: Path) -> None:
    message = vtap.refuses("replay", CAPTURE, "--cloud", quickstart, "--down", "nic-colector")
    assert message.startswith("--down nic-colector: ")
    for name in ("nic-web", "nic-database", "nic-collector"):
        assert name in message


def test_a_name_that_two_interfaces_have_needs_an_id(vtap: Vtap, quickstart: Path) -> None:
    build = Builder(quickstart, group="rg-other")
    network = build.network("vnet-other", "10.30.0.0/16", {"snet": "10.30.1.0/24"})
    build.machine("web", f"{network.id}/subnets/snet")
    build.cloud.close()
    message = vtap.refuses("replay", CAPTURE, "--cloud", quickstart, "--down", "nic-web")
    for group in ("rg-test", "rg-other"):
        assert nic_id("nic-web", group) in message
    vtap("replay", CAPTURE, "--cloud", quickstart, "--down", nic_id("nic-web", "rg-other"))


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("vni", ["NAME=VALUE"]),
        ("vni=", ["vni is ''", "per_tap", "per_source", "fixed:N"]),
        ("vni=fixed:0", ["fixed:N", "from 1 to 16777215"]),
        ("speed=high", ["no setting 'speed'", "oversize", "remirror"]),
        ("mirror_denied=perhaps", ["mirror_denied is 'perhaps'", "false, true"]),
    ],
)
def test_a_policy_that_does_not_exist_is_refused(
    vtap: Vtap, quickstart: Path, setting: str, words: list[str]
) -> None:
    message = vtap.refuses("replay", CAPTURE, "--cloud", quickstart, "--policy", setting)
    for word in words:
        assert word in message


def test_a_switch_cannot_have_two_values(vtap: Vtap, quickstart: Path) -> None:
    command = ("replay", CAPTURE, "--cloud", quickstart, "--policy", "vni=fixed:7", "--policy")
    assert "vni is also set to fixed:7" in vtap.refuses(*command, "vni=fixed:8")
    assert vtap(*command, "vni=fixed:7", "--json").document["policy"]["vni"] == "fixed:7"


def test_a_cloud_without_taps_is_replayed_and_said_to_have_none(vtap: Vtap, tmp_path: Path) -> None:
    build = Builder(tmp_path / "bare.db")
    network = build.network("vnet", "10.10.0.0/16", {"snet": "10.10.1.0/24"})
    build.machine("web", f"{network.id}/subnets/snet")
    build.cloud.close()
    outcome = vtap("replay", CAPTURE, "--cloud", "bare.db")
    assert "No interface of the cloud is tapped" in outcome.stdout
    report = vtap("replay", CAPTURE, "--cloud", "bare.db", "--json").document
    assert (report["tap_points"], report["collectors"]) == ([], [])
    dropped = {one["reason"]: one["frames"] for one in report["dropped"]}
    # There is no database, so what is sent to it is dropped.
    assert set(dropped) == {"no_such_address"}
    assert report["untapped"]["frames"] + dropped["no_such_address"] == WITH_DATABASE + WITH_CLIENT
    assert "Frames that the network drops" in outcome.stdout


def test_a_frame_past_an_untapped_interface_makes_one_copy(vtap: Vtap, tmp_path: Path) -> None:
    write_quickstart(tmp_path / "one.db", "database")
    report = vtap("replay", CAPTURE, "--cloud", "one.db", "--json").document
    assert [one["frames"] for one in report["collectors"]] == [WITH_DATABASE]
    assert report["untapped"]["frames"] == WITH_CLIENT


@pytest.mark.oracle
def test_the_first_copies_are_shown_as_scapy_dissects_them(vtap: Vtap, quickstart: Path) -> None:
    command = (
        "replay",
        CAPTURE,
        "--cloud",
        quickstart,
        "--policy",
        "vni=fixed:4711",
        "--decode",
        "3",
        "--decoder",
        "scapy",
    )
    outcome = vtap(*command, "--json")
    decoded = outcome.document["decoded"]
    assert len(decoded) == 3
    for copy in decoded:
        assert copy["collector_id"] == COLLECTOR
        layers = re.findall(r"###\[ (.+?) \]###", copy["text"])
        assert layers[:5] == ["Ethernet", "IP", "UDP", "VXLAN", "Ethernet"]
        assert "0x1267" in copy["text"]
    assert outcome.stderr == ""
    text = vtap(*command).stdout
    assert text.count("###[ VXLAN ]###") == 3
    assert text.count("as scapy reads it") == 3


def test_the_first_copies_are_shown_layer_by_layer_without_scapy(vtap: Vtap, quickstart: Path) -> None:
    blocked = vtap.directory / "blocked"
    blocked.mkdir()
    (blocked / "scapy.py").write_text("raise ModuleNotFoundError('No module named scapy', name='scapy')")
    command = ("replay", CAPTURE, "--cloud", quickstart, "--policy", "vni=fixed:4711", "--decode", "3")
    outcome = vtap(*command, "--json", PYTHONPATH=str(blocked))
    assert len(outcome.document["decoded"]) == 3
    for copy in outcome.document["decoded"]:
        layers = [line.split()[0] for line in copy["text"].splitlines()]
        assert layers[:5] == ["Ethernet", "IPv4", "UDP", "VXLAN", "Ethernet"]
        assert "VXLAN    vni 4711" in copy["text"]
    assert vtap(*command, PYTHONPATH=str(blocked)).stdout.count("as vtap reads it") == 3
    assert "extra `decode`" in vtap.refuses(*command, "--decoder", "scapy", PYTHONPATH=str(blocked))


@pytest.mark.parametrize("form", [["--json"], []], ids=["document", "tables"])
def test_a_reader_that_goes_away_is_no_error(vtap: Vtap, quickstart: Path, form: list[str]) -> None:
    with subprocess.Popen(
        [VTAP, "replay", CAPTURE, "--cloud", quickstart, *form],
        cwd=vtap.directory,
        env=dict(vtap.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_progress_is_shown_on_a_terminal_and_only_there(vtap: Vtap, quickstart: Path) -> None:
    ours, theirs = pty.openpty()
    seen: list[bytes] = []

    def watch() -> None:
        try:
            while piece := os.read(ours, 4096):
                seen.append(piece)
        except OSError:
            # The terminal is gone when the last process on it ends.
            return

    watcher = threading.Thread(target=watch)
    watcher.start()
    result = subprocess.run(
        [VTAP, "replay", CAPTURE, "--cloud", quickstart, "--json"],
        cwd=vtap.directory,
        env={**vtap.environment, "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    os.close(theirs)
    watcher.join()
    os.close(ours)
    assert b"replaying" in b"".join(seen)
    assert result.stdout.startswith(b"{")
    assert vtap("replay", CAPTURE, "--cloud", quickstart, "--json").stderr == ""
