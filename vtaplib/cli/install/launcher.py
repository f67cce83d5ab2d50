"""The provider's executable: a small script that starts the provider of this very installation.

It names its interpreter and every directory of `sys.path` itself and is run isolated, so that no PYTHONPATH
of a user's reaches it. The packages stay where they are: a file beside the script would be part of what
Terraform's lock file makes a hash of.
"""

from __future__ import annotations

import compileall
import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from vtaplib.errors import VtapError

PACKAGES: Final = (
    "provider_shim",
    "vtaplib",
    "grpc",
    "google.protobuf",
    "lazy_loader",
    "msgpack",
    "sortedcontainers",
    "typing_extensions",
)
"""What the provider imports beyond the standard library. The last is gRPC's."""

# The line after `#!` that every Linux reads whole: 127 bytes before 5.1, 255 since.
_LONGEST_SHEBANG: Final = 127


def emit_launcher(interpreter: str, paths: Iterable[str]) -> str:
    """The script's text: it puts `paths` behind the standard library's on `sys.path` and runs the
    provider.
    """
    program = f"import sys\nsys.path += {list(paths)!r}\nfrom provider_shim.__main__ import main\nmain()\n"
    shebang = f"#!{interpreter} -IS"
    if len(shebang.encode()) <= _LONGEST_SHEBANG and not re.search(r"\s", interpreter):
        return f"{shebang}\n{program}"
    # A shell takes an interpreter of any length, with any character in its path.
    return f'#!/bin/sh\nexec {shlex.quote(interpreter)} -IS -c {shlex.quote(program)} "$@"\n'


def find_paths() -> list[str]:
    """The directories that hold the packages, wherever this interpreter finds them: editable ones where their
    sources are. Raises `VtapError` for a package that is not installed.
    """
    return list(dict.fromkeys(str(_directory_of(package)) for package in PACKAGES))


def compile_packages() -> list[str]:
    """Compile the packages where they live, as far as they are not; return those that could not be written.

    Without bytecode each of the provider's starts, of which a plan makes three, takes a third of a second
    more.
    """
    return [package for package in PACKAGES if not all(map(_compile, _locations(_find(package))))]


def _directory_of(package: str) -> Path:
    """The directory to put on `sys.path` for a package."""
    location = next(_locations(_find(package)))
    return location.parents[package.count(".")].resolve()


def _locations(spec: ModuleSpec) -> Iterator[Path]:
    """A package's directory, or a module's file."""
    if spec.submodule_search_locations:
        yield from map(Path, spec.submodule_search_locations)
    elif spec.origin:
        yield Path(spec.origin)


def _find(package: str) -> ModuleSpec:
    try:
        spec = find_spec(package)
    except ModuleNotFoundError:
        spec = None
    if spec is None:
        raise VtapError(
            f"{package}: the provider needs it, and {sys.executable} does not have it; install vtap "
            "again: pip install vtap"
        )
    return spec


def _compile(location: Path) -> bool:
    if location.is_dir():
        return bool(compileall.compile_dir(location, quiet=2))
    return bool(compileall.compile_file(location, quiet=2))
