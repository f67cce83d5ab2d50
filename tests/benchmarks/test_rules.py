"""The benchmark of the rules: every put that it checks is one that the cloud accepts."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.rules import PUTS
from tests.vtaplib.cli.command import ROOT


def test_every_put_is_measured_in_memory_and_in_a_file() -> None:
    command = [sys.executable, "benchmarks/rules.py", "--largest", "100", "--runs", "3"]
    shown = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in (*PUTS, "in memory", "in a file"):
        assert f"\n{name}  " in shown
