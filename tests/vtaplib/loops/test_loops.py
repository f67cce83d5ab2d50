"""The loops as a whole: that what is tested as compiled was compiled, and from this source."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vtaplib.loops.interpreted import SOURCES, interpreted
from vtaplib import loops

NAMES = sorted(path.stem for path in SOURCES.glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("name", NAMES)
def test_a_compiled_loop_is_not_older_than_its_source(name: str) -> None:
    module = importlib.import_module(f"vtaplib.loops.{name}")
    built = Path(module.__file__ or "")
    if built.suffix == ".py":
        pytest.skip("declared: no C compiler was there when this was set up")
    assert built.stat().st_mtime >= (SOURCES / f"{name}.py").stat().st_mtime, "run `make loops`"


def test_loops_are_compiled_where_the_oracles_are_required() -> None:
    if os.environ.get("VTAP_REQUIRE_ORACLES") != "1":
        pytest.skip("no compiler is required here")
    assert loops.COMPILED


@pytest.mark.parametrize("name", NAMES)
def test_a_loop_runs_without_being_compiled(name: str) -> None:
    assert interpreted(name).__file__ == str(SOURCES / f"{name}.py")


@pytest.mark.thorough
def test_without_a_c_compiler_the_build_goes_on_and_the_loops_run_interpreted(tmp_path: Path) -> None:
    root = SOURCES.parent.parent
    package = tmp_path / "vtaplib" / "loops"
    package.mkdir(parents=True)
    (tmp_path / "vtaplib" / "__init__.py").touch()
    for source in SOURCES.glob("*.py"):
        shutil.copy(source, package)
    shutil.copy(root / "setup.py", tmp_path)
    environment = {**os.environ, "CC": "/nowhere/cc", "PYTHONPATH": str(tmp_path)}
    subprocess.run(
        [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=True,
    )
    told = subprocess.run(
        [sys.executable, "-c", "from vtaplib import loops; print(loops.COMPILED, loops.__file__)"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["False", str(package / "__init__.py")]
