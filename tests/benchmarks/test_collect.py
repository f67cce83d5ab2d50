from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "collect.py"
BRIEF = ("--rounds", "1", "--steps", "1", "--seconds", "0.2", "--hold", "0.2")
SHORT = (*BRIEF, "--rate", "1000", "--mix", "imix")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCHMARK), *arguments], capture_output=True, text=True, timeout=300, check=False
    )


def rows_of(shown: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in shown.splitlines()
        if line.startswith("│")
    ]


@pytest.mark.thorough
def test_the_benchmark_measures_collecting_on_loopback_and_leaves_nothing_behind(tmp_path: Path) -> None:
    ended = run(*SHORT, "--loopback", "--directory", str(tmp_path))
    assert (ended.returncode, ended.stderr) == (0, "")
    rows = rows_of(ended.stdout)
    for name in ("vtap, counted", "vtap, pcapng", "vtap --offload, counted"):
        # The highest rate, and a rate that is held.
        assert [row[0] for row in rows].count(name) == 2
    # A thousand packets a second for a fifth of a second are not too many for anyone.
    held = [row for row in rows if row[0].startswith("vtap") and len(row) == 6]
    assert all(1 <= int(row[2]) <= 201 and row[3] == "0" for row in held)
    assert not list(tmp_path.iterdir())


@pytest.mark.thorough
@pytest.mark.namespaces
def test_the_benchmark_measures_the_kernels_own_way_and_removes_its_namespaces(
    require: Callable[[str], str], tmp_path: Path
) -> None:
    require("tc")
    if os.geteuid() != 0:
        pytest.skip("namespaces need root")
    ended = run(*SHORT, "--directory", str(tmp_path))
    assert (ended.returncode, ended.stderr) == (0, "")
    names = [row[0] for row in rows_of(ended.stdout)]
    assert names.count("kernel: mirred, vxlan") == names.count("vtap, TAP interface") == 2
    left = subprocess.run([require("ip"), "netns", "list"], check=True, capture_output=True, text=True).stdout
    assert "vtap-bs-" not in left
    assert "vtap-bc-" not in left


def test_the_benchmark_refuses_to_measure_nothing() -> None:
    ended = run("--rounds", "0")
    assert ended.returncode == 2
    assert "--rounds is at least 1" in ended.stderr
