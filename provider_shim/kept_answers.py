"""Answers that follow from the code alone, kept beside its bytecode: Terraform's schemas.

To make the schemas takes longer than all else that the provider does for a small plan, and Terraform asks for
them anew with every command. So they are kept as Python keeps bytecode: for one version, and for as long as
every source file that was loaded when they were made has the size and the time that it had. Where they cannot
be written, or are not whole, they are made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from vtaplib.version import __version__

PACKAGES: Final = ("provider_shim", "vtaplib")
_DIGEST_SIZE: Final = hashlib.sha256().digest_size
_STARTED: Final = time.time()


class KeptAnswers:
    """Answers in a directory, which is made where it is missing."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def get(self, name: str, make: Callable[[], bytes]) -> bytes:
        """An answer, made where there is none that counts."""
        path = os.path.join(self._directory, f"{name}-{__version__}.{sys.implementation.cache_tag}.kept")
        kept = _read(path)
        if kept is None:
            kept = make()
            if not sys.dont_write_bytecode:
                _write(path, kept)
        return kept


def _read(path: str) -> bytes | None:
    """What a file keeps: a digest of the rest, a line of JSON with the source files, and the answer."""
    try:
        with open(path, "rb") as file:
            digest, content = file.read(_DIGEST_SIZE), file.read()
    except OSError:
        return None
    if hashlib.sha256(content).digest() != digest:
        return None
    sources, _, answer = content.partition(b"\n")
    as_they_were = all(_seen(source) == [size, moment] for source, size, moment in json.loads(sources))
    return answer if as_they_were else None


def _write(path: str, answer: bytes) -> None:
    sources = [[file, *_seen(file)] for file in sorted(_loaded_files())]
    if any(not seen or seen[1] >= _STARTED * 1e9 for _, *seen in sources):
        return  # what was loaded may not be what is there now
    content = json.dumps(sources).encode() + b"\n" + answer
    part = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(part, "wb") as file:
            file.write(hashlib.sha256(content).digest() + content)
        os.replace(part, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(part)


def _loaded_files() -> set[str]:
    loaded = [module for name, module in tuple(sys.modules.items()) if name.partition(".")[0] in PACKAGES]
    return {module.__file__ for module in loaded if module.__file__}


def _seen(path: str) -> list[Any]:
    """A file's size and time; nothing where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns]
