"""Endpoints: where a cloud is kept, as a URL, and the backend behind each scheme.

A new backend is a module beside this one and an entry of `SCHEMES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from vtaplib.control.backends.backend import CloudBackend
from vtaplib.errors import VtapError


class CloudEndpoint(NamedTuple):
    """Where a cloud is kept."""

    scheme: str
    path: str = ""
    """What follows the scheme and its colon."""

    @classmethod
    def parse(cls, url: str, *, lasting: bool = False) -> CloudEndpoint:
        """The endpoint that a URL names. `lasting`: one where a cloud stays when this process ends. Raises
        `VtapError` where the URL names none.
        """
        name, colon, path = url.partition(":")
        known = [one for one in SCHEMES.values() if one.lasts or not lasting]
        scheme = SCHEMES.get(name)
        if not colon or scheme not in known or bool(path) is not scheme.has_path:
            ends = scheme is not None and scheme not in known
            problem = "ends with the process" if ends else "not an endpoint"
            forms = " or ".join(one.form for one in known)
            raise VtapError(f"{url!r}: {problem}; write {forms}, such as {DEFAULT_ENDPOINT}")
        return cls(name, path)

    def __str__(self) -> str:
        return f"{self.scheme}:{self.path}"

    def open(self, *, read_only: bool = False, create: bool = True) -> CloudBackend:
        """The backend. `create=False`: there must be a cloud. `read_only`: there must be one too, and nothing
        can be written. Raises `VtapError` where there is none, or it cannot be opened.
        """
        return SCHEMES[self.scheme].open(self.path, read_only, create)


def _open_file(path: str, read_only: bool, create: bool) -> CloudBackend:
    from vtaplib.control.backends.sqlite.backend import SqliteBackend

    return SqliteBackend(Path(path), read_only=read_only, create=create)


def _open_memory(path: str, read_only: bool, create: bool) -> CloudBackend:
    from vtaplib.control.backends.memory import MemoryBackend

    if read_only or not create:
        raise VtapError("memory: holds no cloud yet; open it to be written, or name a file that holds one")
    return MemoryBackend()


class Scheme(NamedTuple):
    """What the endpoints of a scheme have in common."""

    form: str
    """How one is written."""
    open: Callable[[str, bool, bool], CloudBackend]
    """Given the path, `read_only` and `create`, opens the backend."""
    has_path: bool = True
    lasts: bool = True
    """Whether a cloud stays there when the process ends."""


SCHEMES: Final[Mapping[str, Scheme]] = {
    "file": Scheme("file:PATH", _open_file),
    "memory": Scheme("memory:", _open_memory, has_path=False, lasts=False),
}
DEFAULT_ENDPOINT: Final = CloudEndpoint("file", ".vtap/cloud.db")
"""Where the provider keeps the cloud, seen from the directory that Terraform runs in."""
