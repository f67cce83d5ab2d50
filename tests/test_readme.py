"""README's examples, run as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from vtaplib.capture import open_capture

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def environment() -> dict[str, str]:
    """The user's, with this interpreter's commands first on the path."""
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CHECKPOINT_DISABLE": "1",
    }


def run(command: list[str], directory: Path) -> str:
    result = subprocess.run(
        command, check=False, cwd=directory, env=environment(), capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, f"{command}:\n{result.stdout}\n{result.stderr}"
    return result.stdout


@contextmanager
def in_the_background(command: str, directory: Path) -> Iterator[None]:
    """Run a collector until what follows it in its block is over; go on when it listens."""
    with subprocess.Popen(
        ["sh", "-c", command], cwd=directory, env=environment(), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert "listening" in said, said
        yield
        assert process.wait(60) == 0


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    targets = [line.split()[1] for line in blocks("sh")[0].splitlines()]
    assert targets == ["demo", "test"]
    for target in targets:
        assert run(["make", "--dry-run", target], ROOT)


def test_the_python_example_prints_the_network_that_it_makes(tmp_path: Path) -> None:
    (example,) = blocks("python")
    printed = run([sys.executable, "-c", example], tmp_path).split()
    assert printed[0].endswith("/resourceGroups/rg-lab/providers/Microsoft.Network/virtualNetworks/vnet")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", printed[1])


@pytest.mark.terraform
def test_the_hcl_example_is_applied_and_then_nothing_is_left_to_do(tmp_path: Path) -> None:
    (example,) = blocks("hcl")
    (tmp_path / "main.tf").write_text(example)
    run(["vtap", "terraform", "init", "-no-color"], tmp_path)
    applied = run(["vtap", "terraform", "apply", "-auto-approve", "-no-color"], tmp_path)
    assert "Apply complete! Resources: 1 added" in applied
    run(["vtap", "terraform", "plan", "-detailed-exitcode", "-no-color"], tmp_path)


@pytest.mark.terraform
def test_the_shell_examples_run_one_after_another(tmp_path: Path) -> None:
    """In a copy of what they name, so that the checkout stays clean."""
    ignored = shutil.ignore_patterns(".terraform*", ".vtap", "*.tfstate*")
    shutil.copytree(ROOT / "terraform-examples", tmp_path / "terraform-examples", ignore=ignored)
    (tmp_path / "tests/captures").mkdir(parents=True)
    shutil.copy(ROOT / "tests/captures/quickstart.pcap", tmp_path / "tests/captures")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    outputs: list[str] = []
    for block in blocks("sh")[1:]:
        with ExitStack() as behind:
            for command in block.splitlines():
                if command.endswith(" &"):
                    behind.enter_context(in_the_background(command.removesuffix(" &"), tmp_path))
                else:
                    outputs.append(run(["sh", "-c", command], tmp_path))
    assert any("Apply complete!" in output for output in outputs)
    assert any("Destroy complete!" in output for output in outputs)
    assert any("plan plan.json: 0 errors, 0 warnings" in output for output in outputs)
    assert (tmp_path / "vtap.sarif").exists()
    with open_capture(tmp_path / "traffic.pcapng") as reader:
        assert {len(record.data) <= 128 for record in reader} == {True}
    assert [path.stat().st_size > 0 for path in (tmp_path / "copies").iterdir()] == [True]


def test_every_page_that_the_readme_links_to_exists() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert len(links) >= 4
    for link in links:
        assert (ROOT / link).exists(), link
