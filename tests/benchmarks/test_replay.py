from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "replay.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCHMARK), *arguments], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.thorough
def test_the_benchmark_measures_ours_beside_its_peers_and_counts_what_comes_out(tmp_path: Path) -> None:
    # It ends with an error where a contender gives another number of packets than it is to.
    ended = run("--rounds", "1", "--packets", "200", "--memory", "1", "--directory", str(tmp_path))
    assert (ended.returncode, ended.stderr) == (0, "")
    first_cells = [line.split("│")[1].strip() for line in ended.stdout.splitlines() if line.startswith("│")]
    for name in ("vtap replay, one end", "vtaplib, both ends"):
        # Rates and ratios of three captures, and memory.
        assert first_cells.count(name) == 7
    for name in ("dpkt (20 packets)", "scapy (1 packets)", "tcprewrite", "cp"):
        assert first_cells.count(name) == 3
    assert not list(tmp_path.iterdir())


def test_the_benchmark_refuses_to_measure_nothing() -> None:
    ended = run("--rounds", "0")
    assert ended.returncode == 2
    assert "--rounds and --packets are at least 1" in ended.stderr
