"""The `vtap` command: results on standard output, everything else on standard error, no traceback.

Exit codes: 0, 1 (it ran and found something), 2 (it could not run). What is heavy is imported by the command
that needs it, so that `vtap --help` is quick.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import Final, NoReturn

from vtaplib.errors import VtapError

FOUND_SOMETHING: Final = 1
COULD_NOT_RUN: Final = 2

# What a shell reports of a program that wrote to a reader who had gone: 128 and SIGPIPE.
_READER_GONE: Final = 141

# Objects made before the youngest are looked through for garbage, and how often older ones are. What is
# imported stays, and to look through it again and again is a tenth of the time that a command takes to start.
_COLLECTIONS: Final = (100_000, 50, 100)


def main() -> None:
    """Run the command that the process's arguments give, and end the process."""
    gc.set_threshold(*_COLLECTIONS)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # It was closed. Something else must have its number, or the next file that is opened would.
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  # for as long as the process is there
    for stream in (sys.stdout, sys.stderr):
        # A name may hold bytes that are no text; it is shown escaped rather than not at all.
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a text file's
    try:
        try:
            _run(sys.argv[1:])
        finally:
            # Now, while a failure can still be told: the interpreter would do it when nobody listens.
            sys.stdout.flush()
            # The interpreter would look through all objects for garbage as it ends, twice, although their
            # memory goes back to the system anyway; not through these.
            gc.freeze()
    except VtapError as error:
        _give_up(str(error))
    except BrokenPipeError:
        # Nothing more can be said on this stream, not even by the interpreter as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_READER_GONE)
    except OSError as error:
        _give_up(f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error))


def _run(arguments: list[str]) -> None:
    if arguments[:1] == ["terraform"]:
        # Terraform's arguments are Terraform's: no parser of ours sees them.
        from vtaplib.cli.terraform import run_terraform

        run_terraform(arguments[1:])
    from vtaplib.cli.application import app_for

    app_for(arguments)(prog_name="vtap")


def _give_up(message: str) -> NoReturn:
    sys.stderr.write(f"vtap: {message}\n")
    sys.exit(COULD_NOT_RUN)
