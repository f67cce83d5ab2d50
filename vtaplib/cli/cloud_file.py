"""The cloud's file, as commands that only look at a cloud open it: it must be there, and be a cloud."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vtaplib.control.backends.endpoint import DEFAULT_ENDPOINT, CloudEndpoint
from vtaplib.control.backends.sqlite.database_file import files_beside
from vtaplib.control.cloud import Cloud
from vtaplib.errors import VtapError
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource

if TYPE_CHECKING:
    from vtaplib.fabric.topology import Topology


def find_cloud_file(given: str | None) -> Path:
    """The file that a command means: the one given, else VTAP_ENDPOINT's, else the provider's default.

    Raises `VtapError` if there is no such file, or if VTAP_ENDPOINT names something else than a file.
    """
    endpoint = os.environ.get("VTAP_ENDPOINT", "")
    if given is None and endpoint:
        try:
            given = CloudEndpoint.parse(endpoint, lasting=True).path
        except VtapError as error:
            raise VtapError(f"VTAP_ENDPOINT is {error}") from error
    path = Path(given or DEFAULT_ENDPOINT.path)
    if not path.is_file():
        trouble = "is not a file" if path.exists() else "there is no such file"
        if path.is_symlink() and not path.exists():
            trouble = f"is a link to {os.readlink(path)}, which is not there"
        raise VtapError(
            f"{path}: {trouble}; apply a configuration first (vtap terraform apply), or name the file of an "
            "applied one with --cloud"
        )
    return path


def cloud_files(path: Path) -> tuple[Path, ...]:
    """What a cloud is kept in: its file, and those that SQLite has beside it at times."""
    return path, *files_beside(path)


@contextmanager
def open_cloud(path: Path, policy: Policy | None = None, *, to_write: bool = False) -> Iterator[Cloud]:
    """The cloud in a file that exists, which need not be writable unless it is opened `to_write`. Raises
    `VtapError` if it is something else, holds no cloud, or is damaged.
    """
    with Cloud.open(path, policy=policy, read_only=not to_write, create=False) as cloud:
        yield cloud


def read_resources(path: Path, policy: Policy | None = None) -> Sequence[Resource]:
    """All resources of the cloud in a file; as `open_cloud`."""
    with open_cloud(path, policy) as cloud, cloud.snapshot() as view:
        return tuple(view.list(Resource))


def read_topology(path: Path) -> Topology:
    """The topology of the cloud in a file; as `open_cloud`."""
    from vtaplib.fabric.topology import Topology

    with open_cloud(path) as cloud:
        return Topology.of(cloud)
