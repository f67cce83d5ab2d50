from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.vtaplib.cli.captures import pcap
from tests.vtaplib.cli.clouds import write_load_balanced, write_quickstart
from tests.vtaplib.cli.command import CAPTURE, Vtap
from tests.vtaplib.fabric.worlds import udp_frame

WEB, DATABASE = "10.10.1.4", "10.10.2.4"


def warnings(report: Any) -> dict[str, str]:
    return {one["code"]: one["text"] for one in report["warnings"]}


def conversations(count: int) -> bytes:
    """A capture of questions of the web machine and the database's answers."""
    frames = []
    for port in range(40000, 40000 + count):
        frames.append(udp_frame(WEB, DATABASE, (port, 53)))
        frames.append(udp_frame(DATABASE, WEB, (53, port)))
    return pcap(frames)


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.pcap"
    path.write_bytes(conversations(60))
    return path


def test_conversations_that_a_load_balancer_splits_are_counted_and_what_keeps_them_together_is_told(
    vtap: Vtap, tmp_path: Path, talk: Path
) -> None:
    cloud = write_load_balanced(tmp_path / "cloud.db")
    report = vtap("replay", talk, "--cloud", cloud, "--json").document
    entries = {one["tap_configuration_id"].split("/")[-3]: one for one in report["partings"]}
    assert entries.keys() == {"nic-web", "nic-database"}
    split = sum(one["split_conversations"] for one in entries.values())
    # Of two directions that are spread over three collectors by themselves, two in three part.
    assert 40 < split < 110
    assert {one["is_lower_bound"] for one in entries.values()} == {False}
    text = warnings(report)["conversations_split"]
    assert f"{split} conversations" in text
    assert "Set load_distribution of ha to SourceIP" in text
    printed = " ".join(vtap("replay", talk, "--cloud", cloud).stdout.split())
    assert "sees half of each" in printed

    symmetric = vtap("replay", talk, "--cloud", cloud, "--policy", "outer_source_port=symmetric", "--json")
    assert "conversations_split" not in warnings(symmetric.document)


def test_flows_that_move_because_a_collector_is_down_are_counted(
    vtap: Vtap, tmp_path: Path, talk: Path
) -> None:
    cloud = write_load_balanced(tmp_path / "cloud.db")
    up = vtap("replay", talk, "--cloud", cloud, "--json").document
    assert {one["flows"] for one in up["partings"]} == {0}
    assert "flows_moved" not in warnings(up)
    down = vtap("replay", talk, "--cloud", cloud, "--down", "nic-collector-b", "--json").document
    flows = sum(one["flows"] for one in down["partings"])
    moved = sum(one["moved_flows"] for one in down["partings"])
    got = {one["interface"]: one["frames"] for one in up["collectors"]}
    # A flow of copies may have frames of two inner flows, seldom.
    assert 0.9 * got["nic-collector-b"] <= moved <= got["nic-collector-b"]
    assert f"{moved:,} of {flows:,} flows" in warnings(down)["flows_moved"]


@pytest.mark.parametrize(
    ("oversize", "fate"),
    [("deliver", None), ("fragment", "were fragmented"), ("truncate", "were cut"), ("drop", "were dropped")],
)
def test_the_share_of_traffic_that_is_too_long_is_told(
    vtap: Vtap, tmp_path: Path, oversize: str, fate: str | None
) -> None:
    cloud = write_quickstart(tmp_path / "cloud.db")
    command = ("replay", CAPTURE, "--cloud", cloud, "--policy", f"oversize={oversize}", "--json")
    report = vtap(*command).document
    frames = sum(point["entered"]["frames"] for point in report["tap_points"])
    over = sum(point["over_mtu"] for point in report["tap_points"])
    text = warnings(report)["copies_over_mtu"]
    share = f"{100 * over / frames:.1f} %"
    assert f"copies of {over:,} of {frames:,} frames at its tap points ({share}) are above the MTU" in text
    assert fate is None or fate in text + warnings(report).get("copies_fragmented", "")
    assert ("copies_fragmented" in warnings(report)) == (oversize == "fragment")


def test_under_a_clamp_long_segments_count_as_clamped(vtap: Vtap, tmp_path: Path) -> None:
    cloud = write_quickstart(tmp_path / "cloud.db")
    off = vtap("replay", CAPTURE, "--cloud", cloud, "--json").document
    clamp = vtap("replay", CAPTURE, "--cloud", cloud, "--policy", "mss_clamp=50", "--json").document
    for before, after in zip(off["tap_points"], clamp["tap_points"], strict=True):
        assert before["clamped"] == 0
        assert before["over_mtu"] == after["over_mtu"] + after["clamped"]
        assert before["mirrored"] == after["mirrored"]
    # The transfer of a million bytes is TCP, the datagrams and pings that were fragmented are not.
    assert sum(point["clamped"] for point in clamp["tap_points"]) > 1000
    assert sum(point["over_mtu"] for point in clamp["tap_points"]) > 0


@pytest.mark.parametrize(
    ("code", "source", "target", "opening", "reason"),
    [
        ("frames_dropped", WEB, "10.10.2.99", "the network drops", "nothing has the address"),
        (
            "frames_of_no_interface",
            "192.0.2.1",
            "192.0.2.2",
            "no interface of the cloud sends or receives",
            "neither address belongs to an interface",
        ),
    ],
)
def test_frames_that_get_nowhere_are_told_where_they_are_more_than_a_few(
    vtap: Vtap, quickstart: Path, code: str, source: str, target: str, opening: str, reason: str
) -> None:
    good, lost = udp_frame(WEB, DATABASE, (40000, 53)), udp_frame(source, target, (40000, 53))
    (vtap.directory / "half.pcap").write_bytes(pcap([good, *[lost] * 49, *[good] * 50]))
    (vtap.directory / "few.pcap").write_bytes(pcap([*[lost] * 3, *[good] * 397]))
    command = ("half.pcap", "--cloud", quickstart)
    expected = f"{opening} 49 of 100 frames (49 %), for this reason: "
    for report in (
        vtap("replay", *command, "--json").document,
        vtap("estimate", *command, "--json").document,
        vtap(
            "diff", "half.pcap", "--before", quickstart, "--policy-after", "vni=per_source", "--json"
        ).document["after"],
    ):
        assert list(warnings(report)) == [code]
        text = warnings(report)[code]
        assert text.startswith(expected)
        assert reason in text
        assert "vtap explain CAPTURE 2 " in text
    assert expected in " ".join(vtap("replay", *command).stdout.split())
    assert warnings(vtap("replay", "few.pcap", "--cloud", quickstart, "--json").document) == {}


def test_nothing_is_warned_of_where_nothing_is_wrong(vtap: Vtap, tmp_path: Path, talk: Path) -> None:
    cloud = write_quickstart(tmp_path / "cloud.db")
    report = vtap("replay", talk, "--cloud", cloud, "--json").document
    assert (report["warnings"], report["partings"]) == ([], [])


def test_what_a_private_link_service_lets_in_is_not_mirrored(vtap: Vtap, tmp_path: Path, talk: Path) -> None:
    cloud = write_quickstart(tmp_path / "cloud.db", "web")
    report = vtap("replay", talk, "--cloud", cloud, "--private-link", DATABASE, "--json").document
    refused = {
        point["direction"]: {one["reason"]: one["frames"] for one in point["not_mirrored"]}
        for point in report["tap_points"]
    }
    assert refused == {"egress": {}, "ingress": {"private_link": 60}}


def test_what_is_no_address_of_a_private_link_service_is_named(
    vtap: Vtap, tmp_path: Path, talk: Path
) -> None:
    cloud = write_quickstart(tmp_path / "cloud.db", "web")
    said = vtap.refuses("replay", talk, "--cloud", cloud, "--private-link", "fd00::1")
    assert said == "--private-link fd00::1 is not an IPv4 address"
