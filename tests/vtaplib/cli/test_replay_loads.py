"""What `vtap replay` says of loads: series by second, machines beside their sizes, and warnings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.vtaplib.cli.command import CAPTURE, Vtap
from tests.vtaplib.cli.test_estimate import DATABASE, OVERHEAD, WEB, frame, steady, timed_pcap


@pytest.fixture
def traffic(tmp_path: Path) -> Path:
    """Four seconds from web to database, a thousand bytes a frame: 3, 5, none and 2; and one answer."""
    path = tmp_path / "traffic.pcap"
    packets = steady(3, 4, frame(1000), {1: 5, 2: 0, 3: 2})
    path.write_bytes(timed_pcap([*packets, (3_900_000, frame(500, DATABASE, WEB, (443, 40_000)))]))
    return path


def loads(document: Any, kind: str) -> list[tuple[str, str | None, list[int], list[int]]]:
    """Name, direction, frames and bytes of each load of a kind."""
    return [
        (
            one["id"].rpartition("/")[2],
            one["direction"],
            one["series"]["frames"],
            one["series"]["bytes"],
        )
        for one in document["loads"]
        if one["kind"] == kind
    ]


def test_every_place_has_its_series(vtap: Vtap, quickstart: Path, traffic: Path) -> None:
    report = vtap("replay", traffic, "--cloud", quickstart, "--json").document
    copy, answer = 1000 + OVERHEAD, 500 + OVERHEAD
    forth, back = ([3, 5, 2], [3 * copy, 5 * copy, 2 * copy]), ([1], [answer])
    assert sorted(loads(report, "tap_point"), key=str) == sorted(
        [
            ("mirror", "egress", *forth),
            ("mirror", "ingress", *forth),
            ("mirror", "egress", *back),
            ("mirror", "ingress", *back),
        ],
        key=str,
    )
    both = ([6, 10, 6], [6 * copy, 10 * copy, 4 * copy + 2 * answer])
    assert loads(report, "tap") == [("tap", None, *both)]
    assert loads(report, "collector") == [("nic-collector", None, *both)]
    assert sorted(loads(report, "machine")) == [
        ("vm-database", None, [1], [500]),
        ("vm-web", None, [3, 5, 2], [3000, 5000, 2000]),
    ]
    (tap,) = (one for one in report["loads"] if one["kind"] == "tap")
    seconds = tap["series"]["seconds"]
    assert [second - seconds[0] for second in seconds] == [0, 1, 3]
    # The silent second counts.
    assert tap["rates"]["average_packets_per_second"] == 22 / 4


def test_machines_are_told_beside_their_sizes(vtap: Vtap, quickstart: Path, traffic: Path) -> None:
    report = vtap("replay", traffic, "--cloud", quickstart, "--json").document
    found = {one["machine_id"].rpartition("/")[2]: one for one in report["machines"]}
    assert found.keys() == {"vm-web", "vm-database", "vm-collector"}
    web = found["vm-web"]
    assert (web["size"], web["megabits_per_second"]) == ("Standard_D2s_v5", 12_500)
    assert (web["flows_out"], web["flows_in"], web["frames_above"], web["bytes_above"]) == (1, 1, 0, 0)
    assert web["sent_peak_mbit_per_second"] == 0.04
    assert found["vm-collector"]["collected_peak_mbit_per_second"] == 10 * (1000 + OVERHEAD) * 8 / 1e6
    text = vtap("replay", traffic, "--cloud", quickstart).stdout
    assert "Machines, compared with what their sizes may send" in text


def test_too_many_flows_are_a_warning_and_no_exit_code(vtap: Vtap, quickstart: Path) -> None:
    command = ("replay", CAPTURE, "--cloud", quickstart, "--policy", "flows_per_machine=1")
    report = vtap(*command, "--json").document
    warned = {one["subject_id"] for one in report["warnings"] if one["code"] == "machine_has_too_many_flows"}
    assert {one.rpartition("/")[2] for one in warned} == {"vm-web", "vm-database"}
    assert "Azure allows 1 at once (flows_per_machine)" in vtap(*command).stdout
