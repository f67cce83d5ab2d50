"""Replay with `--stage`: what a broker behind each collector hands on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.vtaplib.cli.command import CAPTURE, Vtap
from vtaplib.capture import open_capture

# Ethernet, IPv4, UDP and VXLAN around every copy (RFC 7348, section 5).
OUTER = 14 + 20 + 8 + 8


def packets(path: Path) -> list[tuple[int, bytes, int]]:
    with open_capture(path) as reader:
        return [packet for block in reader.blocks() for packet in block]


def assert_balanced(stage: dict[str, Any]) -> None:
    for unit in ("frames", "bytes"):
        dropped = sum(one[unit] for one in stage["dropped"].values())
        removed = stage["removed"]["bytes"] if unit == "bytes" else 0
        assert stage["entered"][unit] == stage["left"][unit] + dropped + removed


def test_what_is_written_are_the_inner_frames_of_the_copies(
    vtap: Vtap, load_balanced: Path, tmp_path: Path
) -> None:
    arguments = ("replay", CAPTURE, "--cloud", load_balanced, "--json", "--out")
    copies = vtap(*arguments, "copies").document
    report = vtap(*arguments, "frames", "--stage", "slice=262144").document
    assert report["collectors"] != []
    for whole, inner, staged in zip(
        copies["collectors"], report["collectors"], report["staged"], strict=True
    ):
        wanted = [
            (at, copy[OUTER:], len(copy) - OUTER) for at, copy, _ in packets(tmp_path / whole["capture"])
        ]
        assert packets(tmp_path / inner["capture"]) == wanted
        assert staged["captures"] == [inner["capture"]]
        assert staged["stages"][0]["entered"]["frames"] == whole["frames"]


def test_of_frames_that_are_tapped_at_both_ends_one_copy_is_left(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    arguments = ("replay", CAPTURE, "--cloud", quickstart, "--out", "frames", "--json")
    report = vtap(*arguments, "--stage", "filter=ip", "--stage", "dedup=50ms").document
    left = [octets for _, octets, _ in packets(tmp_path / report["collectors"][0]["capture"])]
    assert len(set(left)) == len(left)
    source = {octets for _, octets, _ in packets(CAPTURE)}
    assert set(left) < source
    (staged,) = report["staged"]
    for stage in staged["stages"]:
        assert_balanced(stage)
    filtered, deduplicated = staged["stages"]
    assert filtered["left"] == deduplicated["entered"]
    assert deduplicated["left"]["frames"] == len(left)


def test_balanced_flows_are_in_numbered_files_each_in_one(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    arguments = ("replay", CAPTURE, "--cloud", quickstart, "--out", "frames")
    printed = vtap(*arguments, "--stage", "balance=2", COLUMNS="200").stdout
    assert "nic-collector-1.pcapng" in printed
    report = vtap(*arguments, "--stage", "balance=2", "--format", "pcap", "--json").document
    files = [f"frames/nic-collector-{number}.pcap" for number in (1, 2)]
    assert report["staged"][0]["captures"] == files
    first, second = (
        {
            frozenset((octets[26:30] + octets[34:36], octets[30:34] + octets[36:38]))
            for _, octets, _ in packets(tmp_path / file)
            if octets[12:14] == b"\x08\x00"
        }
        for file in files
    )
    assert first
    assert second
    assert not first & second


def test_fragments_of_copies_are_put_together_first(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    arguments = ("replay", CAPTURE, "--cloud", quickstart, "--json", "--stage", "slice=262144", "--out")
    plain = vtap(*arguments, "plain").document
    fragmented = vtap(*arguments, "fragmented", "--policy", "oversize=fragment").document
    assert fragmented["collectors"][0]["frames"] > plain["collectors"][0]["frames"]
    assert packets(tmp_path / "fragmented/nic-collector.pcapng") == packets(
        tmp_path / "plain/nic-collector.pcapng"
    )


def test_stages_are_counted_also_where_nothing_is_written(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    report = vtap("replay", CAPTURE, "--cloud", quickstart, "--stage", "sample=1/2", "--json").document
    (staged,) = report["staged"]
    assert_balanced(staged["stages"][0])
    assert staged["captures"] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "quickstart.db"]


def test_without_stages_the_report_has_none(vtap: Vtap, quickstart: Path) -> None:
    assert vtap("replay", CAPTURE, "--cloud", quickstart, "--json").document["staged"] == []


def test_stages_are_listed_where_help_is_asked_for(vtap: Vtap) -> None:
    assert "dedup=50ms" in vtap("replay", "none.pcap", "--stage", "help").stdout


def test_what_cannot_be_is_refused_before_anything_is_written(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    arguments = ("replay", CAPTURE, "--cloud", quickstart, "--out")
    refused = vtap.refuses(*arguments, "frames", "--stage", "slice=much")
    assert refused.startswith("stage slice: 'much' is not understood")
    refused = vtap.refuses(*arguments, "all.pcapng", "--stage", "slice=9")
    assert refused == "all.pcapng: with --stage each collector has files of its own; name a directory"
    refused = vtap.refuses(*arguments, "frames", "--stage", "slice=9", "--comments")
    assert refused.startswith("--comments: with --stage")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "quickstart.db"]
