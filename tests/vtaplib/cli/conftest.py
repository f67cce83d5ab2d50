"""The command in a directory of its own, and clouds that are built once and only read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vtaplib.cli.clouds import write_load_balanced, write_quickstart
from tests.vtaplib.cli.command import FORK_SERVERS, Vtap
from tests.vtaplib.cli.fork_server import ForkServer


@pytest.fixture(scope="session", autouse=True)
def fork_server() -> Iterator[None]:
    """Where commands come from."""
    server = ForkServer()
    FORK_SERVERS.append(server)
    yield
    FORK_SERVERS.clear()
    server.close()


@pytest.fixture
def vtap(tmp_path: Path) -> Vtap:
    """`vtap` in an empty directory."""
    return Vtap.in_directory(tmp_path)


@pytest.fixture(scope="session")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with both clouds, closed and whole."""
    directory = tmp_path_factory.mktemp("clouds")
    write_quickstart(directory / "quickstart.db")
    write_load_balanced(directory / "load-balanced.db")
    return directory


@pytest.fixture
def quickstart(clouds: Path, tmp_path: Path) -> Path:
    """The quickstart's network, in a file of the test's own."""
    return Path(shutil.copy(clouds / "quickstart.db", tmp_path / "quickstart.db"))


@pytest.fixture
def load_balanced(clouds: Path, tmp_path: Path) -> Path:
    """The network with three collectors, in a file of the test's own."""
    return Path(shutil.copy(clouds / "load-balanced.db", tmp_path / "load-balanced.db"))
