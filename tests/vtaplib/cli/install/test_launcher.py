from __future__ import annotations

import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import provider_shim.launch
import vtaplib.errors
from vtaplib.cli.install.launcher import compile_packages, emit_launcher, find_paths

# What the provider says to somebody who starts it by hand: all of it has been imported by then but gRPC.
EXPLANATION = "This is vtap's Terraform provider, a plugin"


def start(launcher: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [launcher], env=environment, cwd=launcher.parent, capture_output=True, text=True, check=False
    )


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def interpreter_at(path: Path) -> str:
    """This interpreter under another path."""
    path.parent.mkdir(parents=True)
    path.symlink_to(Path(sys.executable).resolve())
    return str(path)


def test_the_provider_starts_from_it(tmp_path: Path) -> None:
    result = start(write(tmp_path / "launcher", emit_launcher(sys.executable, find_paths())))
    assert result.returncode == 1
    assert result.stderr.startswith(EXPLANATION)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["launcher"]


def test_nothing_in_the_users_environment_or_directory_gets_in_the_way(tmp_path: Path) -> None:
    poison = tmp_path / "poison"
    poison.mkdir()
    for module in ("grpc", "msgpack", "vtaplib", "provider_shim", "sitecustomize", "json", "typing"):
        # Where a module could be found: on PYTHONPATH, and beside the script, the directory it runs in.
        (poison / f"{module}.py").write_text("raise SystemExit('poisoned')\n")
        (tmp_path / f"{module}.py").write_text("raise SystemExit('poisoned')\n")
    result = start(
        write(tmp_path / "launcher", emit_launcher(sys.executable, find_paths())),
        PYTHONPATH=str(poison),
        PYTHONHOME="/nowhere",
        PYTHONSTARTUP=str(poison / "json.py"),
        HOME=str(tmp_path),
    )
    assert result.stderr.startswith(EXPLANATION)


@pytest.mark.parametrize(
    "path",
    [
        "plain/python",
        "with space/python",
        'quote\'s "both"/$HOME/`python`',
        "x" * 120 + "/python",
        "new\nline/python",
    ],
    ids=["plain", "space", "quotes", "longer than a shebang", "newline"],
)
def test_any_interpreter_path_works(tmp_path: Path, path: str) -> None:
    interpreter = interpreter_at(tmp_path / path)
    result = start(write(tmp_path / "launcher", emit_launcher(interpreter, find_paths())))
    assert result.stderr.startswith(EXPLANATION)
    assert result.returncode == 1


@pytest.mark.parametrize("depth", [1, 200], ids=["by shebang", "by shell"])
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), max_size=3))
def test_the_paths_come_after_the_standard_library_and_say_the_same(depth: int, paths: list[str]) -> None:
    text = emit_launcher("/x" * depth, paths)
    if depth == 1:
        program = text.partition("\n")[2]
    else:
        # A shell splits the line as it would to run it.
        shown = subprocess.run(
            ["/bin/sh", "-c", text.replace("exec ", "printf '%s\\0' ", 1)], capture_output=True, check=True
        ).stdout
        program = shown.split(b"\0")[3].decode()
    statement = program.splitlines()[1]
    found: dict[str, list[str]] = {}
    assert statement.startswith("sys.path += ")
    exec(compile(f"value = {statement.removeprefix('sys.path += ')}", "launcher", "exec"), found)  # noqa: S102  # Python itself is the judge
    assert found["value"] == paths


def test_the_paths_are_directories_that_hold_the_packages() -> None:
    paths = [Path(path) for path in find_paths()]
    assert all(path.is_absolute() and path.is_dir() for path in paths)
    assert len(set(paths)) == len(paths)
    for name in ("provider_shim/__main__.py", "vtaplib/errors.py", "grpc/__init__.py", "google/protobuf"):
        assert any((path / name).exists() for path in paths), name


def test_bytecode_is_there_once_it_has_been_compiled() -> None:
    assert compile_packages() == []
    for module in (vtaplib.errors, provider_shim.launch):
        assert Path(cache_from_source(str(module.__file__))).exists()
