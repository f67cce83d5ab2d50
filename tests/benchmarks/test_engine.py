from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "engine.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCHMARK), *arguments], capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.thorough
def test_the_benchmark_measures_the_engine_beside_dpkt_and_its_memory() -> None:
    ended = run("--rounds", "1", "--frames", "200", "--per-second", "1")
    assert (ended.returncode, ended.stderr) == (0, "")
    rows = [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in ended.stdout.splitlines()
        if line.startswith("│")
    ]
    interfaces = [("1", "10,000"), ("10", "10,000"), ("100", "10,000"), ("1,000", "10,000")]
    flows = [("1", "1"), ("1", "100"), ("1", "10,000"), ("1", "100,000"), ("1", "1,000,000")]
    assert [(row[0], row[1]) for row in rows[:10]] == [*interfaces, ("10,000", "10,000"), *flows]
    assert all(float(row[5]) > 0 for row in rows[:10])
    assert [row[0] for row in rows[10:]] == ["MirrorEngine.frame", "Replay.block"]
    assert all(int(cell) > 0 for row in rows[10:] for cell in row[1:])


def test_the_benchmark_refuses_to_measure_nothing() -> None:
    ended = run("--rounds", "0")
    assert ended.returncode == 2
    assert "--rounds and --frames are at least 1" in ended.stderr
