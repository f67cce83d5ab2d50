"""The provider in a Terraform filesystem mirror: one executable, in a directory of its own.

Terraform's lock file has a hash over all files of that directory, which is checked at every command. So
nothing else is ever written there, and what somebody else put there is reported instead of being locked in.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from vtaplib.cli.install.launcher import compile_packages, emit_launcher, find_paths
from vtaplib.errors import VtapError, words_of
from vtaplib.output_file import OutputFile
from vtaplib.version import __version__

SOURCE: Final = "terraform.local/vtap/vtap"
"""The provider's source address."""

ARCHITECTURES: Final = {
    "x86_64": "amd64",
    "amd64": "amd64",
    "aarch64": "arm64",
    "arm64": "arm64",
    "i386": "386",
    "i686": "386",
    "armv6l": "arm",
    "armv7l": "arm",
}
"""Go's names of what the system calls its machine."""

_EXECUTABLE_MODE: Final = 0o755


@dataclass(frozen=True, slots=True)
class Installation:
    """What an installation made. `outcome` is `installed`, `replaced` (an executable with other contents was
    there) or `unchanged`; `not_compiled` are packages whose bytecode could not be written.
    """

    outcome: str
    source: str
    version: str
    mirror: str
    executable: str
    not_compiled: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def with_notes(self, notes: Iterable[str]) -> Installation:
        """The same with more to say to the user."""
        return replace(self, notes=(*self.notes, *notes))


def package_directory(mirror: Path) -> Path:
    """Where the executable goes in a mirror, in Terraform's unpacked layout."""
    return mirror.joinpath(*SOURCE.split("/"), __version__, terraform_platform())


def terraform_platform() -> str:
    """This system as Terraform names it, such as `linux_amd64`."""
    machine = platform.machine().lower()
    return f"{sys.platform}_{ARCHITECTURES.get(machine, machine)}"


def install(mirror: Path) -> Installation:
    """Put the provider into a mirror. Raises `VtapError` where that cannot be written, or holds other
    files.
    """
    mirror = mirror.absolute()
    directory = package_directory(mirror)
    executable = directory / f"terraform-provider-vtap_v{__version__}"
    text = emit_launcher(sys.executable, find_paths())
    outcome = "installed"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _refuse_other_files(directory, executable.name)
        if executable.exists():
            is_same = executable.read_text() == text and os.access(executable, os.X_OK)
            outcome = "unchanged" if is_same else "replaced"
        if outcome != "unchanged":
            _write_beside(executable, text)
    except OSError as error:
        raise VtapError(f"{error.filename or directory}: cannot be written: {words_of(error)}") from error
    not_compiled = tuple(compile_packages())
    return Installation(
        outcome,
        SOURCE,
        __version__,
        str(mirror),
        str(executable),
        not_compiled,
        tuple(_notes(outcome, not_compiled)),
    )


def _refuse_other_files(directory: Path, name: str) -> None:
    others = sorted(one.name for one in directory.iterdir() if one.name != name)
    if others:
        raise VtapError(
            f"{directory}: holds {', '.join(others)} beside the provider, and Terraform's lock files cover "
            "all that is there; remove it"
        )


def _write_beside(executable: Path, text: str) -> None:
    """Write the file whole or not at all. It grows in the directory above, which no lock file looks into."""
    with OutputFile(executable, mode=_EXECUTABLE_MODE, beside=executable.parents[1]) as file:
        file.write(text.encode())


def _notes(outcome: str, not_compiled: Sequence[str]) -> list[str]:
    notes = []
    if outcome == "replaced":
        notes.append(
            "The executable changed: where a .terraform.lock.hcl has the former one, run "
            "terraform init -upgrade."
        )
    if not_compiled:
        notes.append(
            f"Bytecode could not be written for {', '.join(not_compiled)}: every start of the provider "
            "takes longer."
        )
    return notes
