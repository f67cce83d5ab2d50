"""docs/broker.md: its examples do what it says."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vtaplib.cli.clouds import write_quickstart
from tests.vtaplib.cli.command import CAPTURE, Vtap
from vtaplib.collector.broker import parse_stage
from vtaplib.collector.broker.language import FORMS
from vtaplib.collector.broker.stripping import KINDS

PAGE = (Path(__file__).parents[4] / "docs/broker.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_command_prints_the_table_that_is_shown(tmp_path: Path) -> None:
    (command,) = blocks("sh")
    vtap = Vtap.in_directory(tmp_path)
    (tmp_path / ".vtap").mkdir()
    write_quickstart(tmp_path / ".vtap/cloud.db")
    (tmp_path / "tests/captures").mkdir(parents=True)
    shutil.copy(CAPTURE, tmp_path / "tests/captures")
    printed = vtap(*shlex.split(command)[1:], COLUMNS="200").stdout
    rows = [line.split() for line in PAGE.splitlines() if line.startswith("      nic-collector ")]
    assert len(rows) == 3
    told = [line.split() for line in printed.splitlines()]
    for row in rows:
        assert row in told


def test_the_python_example_prints_what_is_shown() -> None:
    (example,) = blocks("python")
    printed = subprocess.run(
        [sys.executable, "-c", example], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    assert f"\n    {printed}" in PAGE


STAGES = [line for block in blocks("text") for line in block.splitlines()]


@pytest.mark.parametrize("text", STAGES)
def test_a_stage_that_is_shown_can_be_made(text: str) -> None:
    parse_stage(text)


def test_every_stage_and_every_kind_of_tunnel_is_described() -> None:
    assert {text.partition("=")[0] for text in STAGES} == set(FORMS)
    assert re.findall(r"^### (\w+)$", PAGE, re.MULTILINE) == list(FORMS)
    assert re.findall(
        r"^\| `(\w+)` \|", PAGE.partition("### strip")[2].partition("###")[0], re.MULTILINE
    ) == list(KINDS)
