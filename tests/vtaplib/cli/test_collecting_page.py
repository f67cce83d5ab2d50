"""docs/collecting.md: its examples do what it says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vtaplib.cli.collecting import collecting
from tests.vtaplib.cli.command import CAPTURE, Vtap
from vtaplib.collector import DatagramRefusal

PAGE = (Path(__file__).parents[3] / "docs/collecting.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


COMMANDS = [shlex.split(block.partition("|")[0]) for block in blocks("sh")]


def test_the_first_example_prints_the_report_that_is_shown(vtap: Vtap) -> None:
    collect, send = COMMANDS[0], COMMANDS[1]
    with collecting(vtap, *collect[4:]) as collector:
        address, port = collector.address
        arguments = [*send[3:-1], f"{address}:{port}", "--rate", "5kpps"]
        vtap("send", CAPTURE, *arguments)
        # A wide terminal puts the heads of columns on one line.
        printed = [line.split() for line in collector.end().stdout.splitlines()]
    rows = [
        line for line in PAGE.splitlines() if line.startswith(("      127.0.0.1 ", "      traffic.pcapng "))
    ]
    assert len(rows) == 2
    for row in rows:
        assert row.split() in printed
    summary = re.compile(r"1,450 datagrams in .*, 1,450 frames of 1,148,067 octets taken")
    assert summary.search(PAGE)
    assert any(summary.search(" ".join(line)) for line in printed)


@pytest.mark.parametrize("command", [one for one in COMMANDS if one[1] == "collect"], ids=" ".join)
def test_the_commands_that_are_shown_are_understood(vtap: Vtap, command: list[str]) -> None:
    # An address that is of no interface here: all else has been read by then.
    address = [*command[: command.index("--listen") + 1], "192.0.2.1"]
    rest = command[command.index("--listen") + 2 :]
    left_out = {"--interface", "--forward"}
    kept = [one for at, one in enumerate(rest) if not {one, rest[at - 1]} & left_out]
    # A stream has its header before anything else is tried.
    kept = ["stream.pcapng" if one == "-" else one for one in kept]
    assert "192.0.2.1:4789: cannot be listened on" in vtap.refuses(*address[1:], *kept)


def test_every_reason_for_a_refusal_is_told_in_its_order() -> None:
    table = PAGE.partition("| reason | when |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| ([^|`-]+?) \|", table, re.MULTILINE) == [
        reason.value for reason in DatagramRefusal
    ]


def test_the_python_example_prints_what_is_shown(tmp_path: Path) -> None:
    (example,) = blocks("python")
    printed = subprocess.run(
        [sys.executable, "-c", example], check=True, capture_output=True, text=True, timeout=60, cwd=tmp_path
    ).stdout
    assert "".join(f"    {line}\n" for line in printed.splitlines()) in PAGE
    assert (tmp_path / "traffic.pcapng").is_file()
