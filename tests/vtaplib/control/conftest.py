"""The control plane is tested over each backend: what `Cloud()` keeps in memory is kept in a file the second
time.

`make test` runs each case over one of the two.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path

import pytest

from vtaplib.control import cloud
from vtaplib.control.backends.sqlite.backend import SqliteBackend

MEMORY = Path("/dev/shm")  # noqa: S108  # Linux keeps files there in memory, which is faster
KINDS = ("memory:", "file:")


def file_backend() -> SqliteBackend:
    """A file that goes with the backend."""
    directory = tempfile.mkdtemp(prefix="vtap-test-", dir=MEMORY if MEMORY.is_dir() else None)
    backend = SqliteBackend(Path(directory, "cloud.db"))
    weakref.finalize(backend, shutil.rmtree, directory, ignore_errors=True)
    return backend


@pytest.fixture(autouse=True, params=KINDS)
def kept_in(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the test's clouds are kept."""
    kind: str = request.param
    if kind == "file:":
        monkeypatch.setattr(cloud, "MemoryBackend", file_backend)
    return kind


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if (
            isinstance(item, pytest.Function)
            and hasattr(item, "callspec")
            and "kept_in" in item.callspec.params
        ):
            sampled = item.get_closest_marker("sampled")
            step = sampled.args[0] if sampled else 1
            item.add_marker(pytest.mark.sampled(len(KINDS) * step), append=False)
