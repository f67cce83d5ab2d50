"""Whatever an attacker writes into a cloud, a plan, a capture, an argument or the environment: what commands
print holds nothing that a terminal would obey, and no line that they did not begin.
"""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from tests.vtaplib.cli.command import PATIENCE_SECONDS, ROOT, VTAP, Vtap
from tests.vtaplib.cli.commands import COMMANDS, TERRAFORM
from tests.vtaplib.cli.hostile import FORGED, FORGING, RUNS, STEERING, WRAPPING, write_hostile_files
from tests.vtaplib.cli.in_process import Printed, run
from vtaplib.cli.application import app_for

# Unicode's categories of what has no glyph.
HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")

# What rich draws with on a terminal (ECMA-48): styles, the cursor shown or hidden, lines erased, upwards.
DRAWN = re.compile(r"\x1b\[(?:\d+(?:;\d+)*m|\?25[hl]|2K|1A)|\r(?=[\n\x1b])")

OURS = [words for words in COMMANDS if words != TERRAFORM]


@dataclass(frozen=True)
class Hostile:
    """A directory with hostile files, and the text that is in them."""

    directory: Path
    text: str


@pytest.fixture(params=[STEERING, FORGING, WRAPPING], ids=["steering", "forging", "wrapping"])
def hostile(
    request: pytest.FixtureRequest, tmp_path: Path, clouds: Path, monkeypatch: pytest.MonkeyPatch
) -> Hostile:
    """A directory with all of it, which is the current one."""
    shutil.copy(clouds / "quickstart.db", tmp_path)
    write_hostile_files(tmp_path, tmp_path / "quickstart.db", request.param)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return Hostile(tmp_path, request.param)


def assert_harmless(printed: str, about: object) -> None:
    """Nothing in it steers a terminal, and no line begins with what was given."""
    hidden = {one for one in printed if unicodedata.category(one) in HIDDEN} - {"\n"}
    assert not hidden, (about, hidden)
    forged = [line for line in printed.split("\n") if line.strip(" │├└─").startswith(FORGED)]
    assert not forged, (about, forged)


def assert_all_harmless(printed: Printed) -> None:
    assert printed.code in (0, 1, 2), printed
    assert_harmless(printed.stdout, printed)
    assert_harmless(printed.stderr, printed)
    if "--json" in printed.arguments and printed.stdout:
        json.loads(printed.stdout)


def test_every_command_meets_hostile_text() -> None:
    assert set(RUNS) == set(COMMANDS)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("words", OURS, ids=" ".join)
@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "json"])
def test_hostile_names_are_shown_and_not_obeyed(
    hostile: Hostile, capfd: pytest.CaptureFixture[str], words: tuple[str, ...], more: list[str]
) -> None:
    for arguments in RUNS[words](hostile.text):
        assert_all_harmless(run(capfd, [*words, *arguments, *more]))


def test_sarif_on_a_terminal_is_harmless(hostile: Hostile, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(capfd, ["check", f"broken{hostile.text}.json", "--sarif", "check.sarif"]).code == 1
    sarif = Path("check.sarif").read_text()
    assert_harmless(sarif, hostile)
    (log,) = json.loads(sarif)["runs"]
    assert any(hostile.text in one["message"]["text"] for one in log["results"])


def values() -> Iterator[tuple[tuple[str, ...], str]]:
    """Every option that takes a value, and "" for arguments, of every command but Terraform's."""

    def below(command: Any, *words: str) -> Iterator[tuple[tuple[str, ...], str]]:
        if isinstance(command, TyperGroup):
            for name, one in command.commands.items():
                yield from below(one, *words, name)
        for one in command.params:
            if one.param_type_name == "argument":
                yield words, ""
            elif not one.is_flag:
                yield words, one.opts[0]

    yield from ((words, name) for words, name in below(get_command(app_for([]))) if words != TERRAFORM)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("words", OURS, ids=" ".join)
def test_hostile_values_of_options_are_shown_and_not_obeyed(
    hostile: Hostile, capfd: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    needed: dict[tuple[str, ...], list[str]] = {
        ("collect",): ["--listen", "127.0.0.1:0", "--for", "0.01s"],
        ("send",): ["quickstart.db", "--to", "127.0.0.1:9"],
        ("replay",): ["quickstart.db", "--cloud", "quickstart.db"],
        ("estimate",): ["quickstart.db", "--cloud", "quickstart.db"],
        ("diff",): ["quickstart.db", "--before", "quickstart.db"],
    }
    for _, option in sorted({one for one in values() if one[0] == words}):
        for given in (hostile.text, "\udcff\udcfe", f"oversize={hostile.text}", f"{hostile.text}=x"):
            value = [f"{option}={given}"] if option else [given]
            assert_all_harmless(run(capfd, [*words, *value]))
            assert_all_harmless(run(capfd, [*words, *needed.get(words, []), *value]))


@pytest.mark.parametrize("words", [(), *OURS], ids=" ".join)
def test_hostile_words_and_options_are_shown_and_not_obeyed(
    hostile: Hostile, capfd: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    for one in (hostile.text, f"--{hostile.text}", f"-{hostile.text}", "\udcff"):
        assert_all_harmless(run(capfd, [*words, one]))


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("VTAP_ENDPOINT", ["show"], 2),
        ("VTAP_POLICY_OVERSIZE", ["check", "--cloud", "quickstart.db"], 2),
        ("VTAP_POLICY_{}", ["check", "--cloud", "quickstart.db"], 2),
        ("XDG_CACHE_HOME", ["terraform", "version"], 2),
        ("HOME", ["terraform", "version"], 2),
        ("HOME", ["install"], 2),
        ("TF_CLI_CONFIG_FILE", ["terraform", "version"], 2),
        ("TF_CLI_CONFIG_FILE", ["install"], 0),
    ],
)
def test_a_hostile_environment_is_shown_and_not_obeyed(
    hostile: Hostile, vtap: Vtap, name: str, arguments: list[str], code: int
) -> None:
    given = hostile.text if name.startswith("VTAP_") else f"/dev/null/{hostile.text}"
    if name == "TF_CLI_CONFIG_FILE":
        given = f"settings{hostile.text}.rc"
        Path(given).write_text("{}" if code else "provider_installation {}")
    ended = subprocess.run(
        [VTAP, *arguments],
        cwd=hostile.directory,
        env={**vtap.environment, name.format(hostile.text): given},
        capture_output=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert ended.returncode == code, ended
    assert_harmless((ended.stdout + ended.stderr).decode(), (name, arguments))


@pytest.mark.sampled(4)
@pytest.mark.parametrize("words", OURS, ids=" ".join)
@pytest.mark.parametrize("hostile", [STEERING], indirect=True, ids=["steering"])
def test_on_a_terminal_there_is_nothing_but_what_rich_draws(
    hostile: Hostile, vtap: Vtap, words: tuple[str, ...]
) -> None:
    shown = on_a_terminal(vtap, [*words, *RUNS[words](hostile.text)[0]])
    assert_harmless(DRAWN.sub("", shown), shown)
    # In cells it is folded.
    assert r"\x1b]0" in shown


def on_a_terminal(vtap: Vtap, arguments: list[str]) -> str:
    """What a command writes where both outputs are a terminal."""
    ours, theirs = pty.openpty()
    seen: list[bytes] = []

    def watch() -> None:
        try:
            while piece := os.read(ours, 65536):
                seen.append(piece)
        except OSError:
            # The terminal is gone when the last process on it ends.
            return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        subprocess.run(
            [VTAP, *arguments],
            cwd=vtap.directory,
            env={**vtap.environment, "TERM": "xterm-256color"},
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    finally:
        os.close(theirs)
        watcher.join()
        os.close(ours)
    return b"".join(seen).decode()


def test_one_module_prints() -> None:
    """What prints in another way could forget to make text visible."""
    prints = re.compile(
        r"std(?:out|err)\.write\(|\becho\(|(?<!\.)\bprint\(|\bConsole\(|StreamHandler|basicConfig"
    )
    package = ROOT / "vtaplib" / "cli"
    found = {
        str(path.relative_to(package)) for path in package.rglob("*.py") if prints.search(path.read_text())
    }
    assert found == {"output.py"}
