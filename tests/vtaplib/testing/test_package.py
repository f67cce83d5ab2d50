from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import vtaplib
import vtaplib.testing

PACKAGE = Path(vtaplib.__file__).parent
PAGE = PACKAGE.parent / "docs/testing.md"


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], check=False, cwd=cwd, capture_output=True, text=True, timeout=300
    )


def test_without_hypothesis_the_package_says_what_to_install() -> None:
    result = run("-c", "import sys; sys.modules['hypothesis'] = None; import vtaplib.testing")
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith(
        "ModuleNotFoundError: vtaplib.testing draws with Hypothesis, which is not installed"
    )
    assert "`testing`" in last


@pytest.mark.parametrize(
    ("imported", "importer"),
    [("hypothesis", "testing/*.py"), ("scapy", "analysis/traffic_replay/decoded_copies.py")],
)
def test_an_extra_is_imported_where_it_is_needed_and_nowhere_else(imported: str, importer: str) -> None:
    importers = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if any(name.split(".")[0] == imported for name in names):
                importers.add(path.relative_to(PACKAGE))
    assert importers
    assert [path for path in importers if not path.match(importer)] == []


def test_the_public_names_of_both_packages_are_there() -> None:
    for package in (vtaplib, vtaplib.testing):
        assert [name for name in package.__all__ if not hasattr(package, name)] == []
        assert sorted(package.__all__) == sorted(set(package.__all__))


def test_every_strategy_and_option_is_on_the_page() -> None:
    page = PAGE.read_text()
    assert [name for name in vtaplib.testing.__all__ if f"`{name}" not in page] == []


def test_the_page_s_examples_pass_as_they_stand(tmp_path: Path) -> None:
    examples = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(examples) == 2
    for number, example in enumerate(examples):
        (tmp_path / f"test_example_{number}.py").write_text(example)
    result = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", str(tmp_path), cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "2 passed" in result.stdout
