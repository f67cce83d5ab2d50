"""The user's directories that Terraform reads from and vtap writes to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from vtaplib.errors import VtapError


def home() -> Path:
    """The user's home directory. Raises `VtapError` if the system knows none."""
    try:
        return Path.home()
    except RuntimeError as error:
        raise VtapError(
            "the user has no home directory; set HOME, or name a directory with --to (vtap install) or "
            "XDG_CACHE_HOME (vtap terraform)"
        ) from error


def cache_directory() -> Path:
    """Where vtap keeps what it can make again, by the XDG base directory specification."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    # The specification says to ignore a relative one.
    return (Path(given) if given.startswith("/") else home() / ".cache") / "vtap"


def terraform_directory() -> Path:
    """The directory of Terraform's own settings. It is not where the XDG specification would have it."""
    return home() / ".terraform.d"


def implied_mirror() -> Path:
    """The directory below the user's home where every Terraform looks for providers by itself."""
    return terraform_directory() / "plugins"


def implied_mirrors() -> Iterator[Path]:
    """Every directory where Terraform looks for providers by itself, the first found first."""
    yield Path("terraform.d", "plugins").absolute()
    yield implied_mirror()
    data_home = os.environ.get("XDG_DATA_HOME") or home() / ".local" / "share"
    data_directories = (os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    for directory in (data_home, *data_directories):
        if str(directory).startswith("/"):
            yield Path(directory) / "terraform" / "plugins"
