"""How commands end: every one, whatever becomes of its streams, and whatever signal comes when."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.vtaplib.cli.captures import pcap
from tests.vtaplib.cli.command import PATIENCE_SECONDS, ROOT, VTAP, Vtap
from tests.vtaplib.cli.commands import COMMANDS, TERRAFORM
from tests.vtaplib.cli.in_process import run

HUNG_UP, INTERRUPTED, READER_GONE, TERMINATED = 129, 130, 141, 143

OURS = [words for words in COMMANDS if words != TERRAFORM]
every_command = pytest.mark.parametrize("words", [(), *OURS], ids=lambda words: " ".join(("vtap", *words)))

READS_STANDARD_INPUT = {
    ("check",): ["-", "--sarif", "vtap.sarif"],
    ("replay",): ["-", "--cloud", "quickstart.db", "--out", "copies", "--report", "page.html"],
    ("explain",): ["-", "2", "--cloud", "quickstart.db"],
    ("estimate",): ["-", "--cloud", "quickstart.db", "--report", "page.html"],
    ("diff",): [
        *("-", "--before", "quickstart.db", "--policy-after", "vni=per_source", "--report", "page.html")
    ],
    ("send",): ["-", "--vni", "1", "--to", "127.0.0.1", "--speed", "0.001"],
}
"""Commands that read a capture or plan, as they do it from a pipe."""

every_signal = pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, TERMINATED), (signal.SIGINT, INTERRUPTED), (signal.SIGHUP, HUNG_UP)],
)
every_reader = pytest.mark.parametrize(
    "arguments", [[*words, *rest] for words, rest in READS_STANDARD_INPUT.items()], ids=lambda words: words[0]
)


def shell(vtap: Vtap, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a shell runs, with `$0` for vtap and `$@` for its arguments."""
    return subprocess.run(
        ["sh", "-c", command, VTAP, *arguments],
        cwd=vtap.directory,
        env=vtap.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


@contextmanager
def running(vtap: Vtap, *arguments: str, stdout: int = subprocess.PIPE) -> Iterator[subprocess.Popen[bytes]]:
    """A command, from when SIGTERM is its own to handle: it has begun."""
    process = subprocess.Popen(
        [VTAP, *arguments],
        cwd=vtap.directory,
        env=vtap.environment,
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )
    try:
        while process.poll() is None and not catches(process.pid, signal.SIGTERM):
            time.sleep(0.001)
        yield process
    finally:
        process.kill()
        process.communicate()


def catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process handles a signal (proc_pid_status(5))."""
    mask = re.search(r"^SigCgt:\s*([0-9a-f]+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return mask is not None and bool(int(mask[1], 16) >> (number - 1) & 1)


def waits_in_read(pid: int) -> bool:
    """Whether a process waits for a pipe that it reads."""
    return "pipe_read" in Path(f"/proc/{pid}/wchan").read_text()


@contextmanager
def full_pipe() -> Iterator[int]:
    """The end to write into of a pipe that nobody reads, and that takes nothing more."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, bytes(4096))
    except BlockingIOError:
        os.set_blocking(writing, True)
    try:
        yield writing
    finally:
        os.close(reading)
        os.close(writing)


def files(vtap: Vtap) -> list[Path]:
    """Every file in the command's directory."""
    return [path for path in vtap.directory.rglob("*") if path.is_file()]


@pytest.mark.sampled(4)
@every_command
@pytest.mark.parametrize(
    ("redirection", "words_of_it"),
    [(">&-", "it is closed"), (">/dev/full", "it cannot be written: no space left on device")],
)
def test_what_cannot_be_printed_is_a_command_that_could_not_run(
    vtap: Vtap, words: tuple[str, ...], redirection: str, words_of_it: str
) -> None:
    ended = shell(vtap, f'exec "$0" "$@" {redirection}', *words, "--help")
    assert (ended.returncode, ended.stderr) == (2, f"vtap: standard output: {words_of_it}\n")


@every_command
def test_a_reader_that_went_away_is_no_failure_of_the_command(vtap: Vtap, words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [VTAP, *words, "--help"], env=vtap.environment, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (READER_GONE, b"")


@every_command
def test_what_cannot_be_said_on_standard_error_changes_nothing(vtap: Vtap, words: tuple[str, ...]) -> None:
    redirection = "2>/dev/full" if words else "2>&-"
    ended = shell(vtap, f'exec "$0" "$@" {redirection}', *words, "--no-such-option")
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", "")


@every_command
@pytest.mark.kill
@every_signal
def test_a_signal_ends_a_command_whose_output_nobody_reads(
    vtap: Vtap, words: tuple[str, ...], number: signal.Signals, code: int
) -> None:
    with full_pipe() as writing, running(vtap, *words, "--help", stdout=writing) as process:
        process.send_signal(number)
        _, stderr = process.communicate(timeout=PATIENCE_SECONDS)
        assert (process.returncode, stderr) == (code, b"")


@pytest.mark.sampled(7)
@every_command
@pytest.mark.parametrize("size", ["x", "²", "-1", "0", "9" * 20])
def test_a_size_of_the_terminal_that_is_none_is_ignored(
    words: tuple[str, ...], size: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = run(capfd, [*words, "--help"])
    for name in ("COLUMNS", "LINES", "TERMINAL_WIDTH"):
        monkeypatch.setenv(name, size)
    assert run(capfd, [*words, "--help"]) == wanted


@pytest.mark.sampled(4)
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_working_directory_that_is_gone_is_said(vtap: Vtap, words: tuple[str, ...]) -> None:
    arguments: dict[tuple[str, ...], list[str]] = {
        ("show",): [],
        ("install",): ["--to", "x"],
        ("collect",): ["--listen", "127.0.0.1:0", "--write", "frames.pcapng"],
        ("send",): ["x", "--vni", "1", "--to", "127.0.0.1"],
    }
    ended = shell(
        vtap, 'mkdir gone; cd gone; rmdir ../gone; exec "$0" "$@"', *words, *arguments.get(words, ["x"])
    )
    assert ended.returncode == 2
    assert ended.stderr.endswith("vtap: the working directory is gone; change into one that exists\n")


@every_reader
def test_a_closed_standard_input_is_said(vtap: Vtap, quickstart: Path, arguments: list[str]) -> None:
    ended = shell(vtap, 'exec "$0" "$@" <&-', *arguments)
    assert (ended.returncode, ended.stderr) == (2, "vtap: standard input: it is closed\n")


@pytest.mark.sampled(4)
@every_reader
@pytest.mark.kill
@every_signal
def test_a_signal_in_the_middle_of_reading_leaves_no_half_file(
    vtap: Vtap, quickstart: Path, arguments: list[str], number: signal.Signals, code: int
) -> None:
    before = files(vtap)
    with running(vtap, *arguments) as process:
        assert process.stdin is not None
        if arguments[0] != "check":
            process.stdin.write(pcap([bytes(60)]))
        process.stdin.flush()
        while process.poll() is None and not waits_in_read(process.pid):
            time.sleep(0.001)
        # As `timeout` does: to the process, and to the group that it is in.
        process.send_signal(number)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    if arguments[0] == "send" and number != signal.SIGHUP:
        # It ends with a report of what was sent, and that nobody listened.
        code = 1
    assert (process.returncode, stderr) == (code, b"")
    assert files(vtap) == before


DROPPED = {
    "a finalizer": "type('Thing', (), {'__del__': lambda self: come()})()",
    "a callback from C": "ctypes.CFUNCTYPE(None)(come)()",
    "a callback of SQLite": """
        connection = sqlite3.connect(":memory:")
        connection.create_function("come", 0, come)
        with contextlib.suppress(sqlite3.Error):
            connection.execute("SELECT come()")
    """,
    "a library that catches everything": """
        with contextlib.suppress(BaseException):
            come()
    """,
}
"""Where a signal may come so that Python drops, or somebody catches, what its handler raises."""

GOES_ON = """
import contextlib, ctypes, signal, sqlite3, sys, time
from vtaplib import cli

def come():
    signal.raise_signal(int(sys.argv[1]))

def command(arguments):
    {dropped}
    time.sleep({seconds})
    return 0

cli._command = command
cli.main()
"""


@pytest.mark.parametrize("where", DROPPED)
@every_signal
def test_a_signal_that_is_dropped_ends_a_command_nevertheless(
    vtap: Vtap, where: str, number: signal.Signals, code: int
) -> None:
    """At once where Python says that it dropped it, else when the command is over."""
    seconds = 0 if "SQL" in DROPPED[where] or "suppress" in DROPPED[where] else 10 * PATIENCE_SECONDS
    script = GOES_ON.format(
        dropped=textwrap.dedent(DROPPED[where]).strip().replace("\n", "\n    "), seconds=seconds
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(int(number))],
        env=dict(vtap.environment),
        capture_output=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, b"", b"")


@pytest.mark.parametrize("command", [[VTAP], [sys.executable, "-m", "vtaplib"]], ids=["vtap", "python -m"])
def test_ctrl_c_while_it_is_being_imported_ends_it_without_a_traceback(
    vtap: Vtap, command: list[str], tmp_path: Path
) -> None:
    """It comes while this module is imported, the standard library's."""
    (tmp_path / "unicodedata.py").write_text(
        "import signal, time\nsignal.raise_signal(signal.SIGINT)\ntime.sleep(3600)\n"
    )
    ended = subprocess.run(
        [*command, "--help"],
        cwd=vtap.directory,
        env={**vtap.environment, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (INTERRUPTED, b"", b"")


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("kill -TERM $$", -15), ("kill -INT $$", -2)])
def test_terraform_ends_as_it_does_by_itself(vtap: Vtap, script: str, code: int) -> None:
    terraform = vtap.directory / "bin" / "terraform"
    terraform.parent.mkdir()
    terraform.write_text(f"#!/bin/sh\n{script}\n")
    terraform.chmod(0o755)
    vtap("terraform", "apply", code=code, PATH=f"{terraform.parent}:{vtap.environment['PATH']}")


@every_command
def test_the_help_of_every_command_fills_a_terminal_of_any_width(
    words: tuple[str, ...], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "2000")
    said = run(capfd, [*words, "--help"]).stdout.partition("╭")[0]
    for paragraph in re.split(r"\n\s*\n", said.strip()):
        if not paragraph.lstrip().startswith(("Examples:", "Exit codes:")):
            assert "\n" not in paragraph.strip(), paragraph


def test_the_help_and_the_readme_list_the_exit_codes(vtap: Vtap) -> None:
    said = vtap("--help").stdout
    assert "Ctrl-C and SIGTERM stop collect and send in good order" in said
    listed = dict(re.findall(r"^ +(\d+) +(\S.*?) *$", said, re.MULTILINE))
    assert list(map(int, listed)) == [0, 1, 2, HUNG_UP, INTERRUPTED, READER_GONE, TERMINATED]
    assert (
        dict(re.findall(r"^\| (\d+) \| (.*) \|$", (ROOT / "README.md").read_text(), re.MULTILINE)) == listed
    )
