"""The `vtap` command: results on standard output, everything else on standard error, no traceback.

How a command ends is `ExitCode`'s table. What is heavy is imported by the command that needs it, so that
`vtap --help` is quick.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import Final, NoReturn

from vtaplib.cli.exit_code import ExitCode
from vtaplib.cli.signals import EndBySignal
from vtaplib.cli.standard_streams import discard, set_up_streams
from vtaplib.errors import ReaderGoneError, VtapError, words_of

# Objects made before the youngest are looked through for garbage, and how often older ones are. What is
# imported stays, and to look through it again and again is a tenth of the time that a command takes to start.
_COLLECTIONS: Final = (100_000, 50, 100)


def main() -> NoReturn:
    """Run the command that the process's arguments give, and end the process."""
    gc.set_threshold(*_COLLECTIONS)
    set_up_streams()
    signals = EndBySignal()
    signals.begin()
    code: str | int | None
    try:
        code = _run(sys.argv[1:])
    except SystemExit as ended:
        # Whoever wants it to end does not want to wait until its output is read.
        discard(sys.stdout)
        code = ended.code
    signals.finish()
    # The interpreter would look through all objects for garbage as it ends, twice, although their memory goes
    # back to the system anyway; not through these.
    gc.freeze()
    sys.exit(code if signals.code is None else signals.code)


def _run(arguments: list[str]) -> int:
    """Run a command; returns its exit code, its output being written and its failure told."""
    try:
        code = _command(arguments)
    except (VtapError, OSError) as error:
        code = _give_up(error)
    try:
        # Now, while a failure can still be told: the interpreter would do it when nobody listens.
        sys.stdout.flush()
    except VtapError as error:
        return _give_up(error)
    return code


def _give_up(error: VtapError | OSError) -> ExitCode:
    from vtaplib.cli.output import say

    is_gone = _working_directory_is_gone()
    if isinstance(error, VtapError):
        for sentence in error.sentences:
            say(sentence)
    elif not (is_gone and error.filename is None):
        words = words_of(error)
        say(f"{os.fsdecode(error.filename)}: {words}" if error.filename else words)
    if is_gone:
        say("the working directory is gone; change into one that exists")
    return ExitCode.READER_GONE if isinstance(error, ReaderGoneError) else ExitCode.COULD_NOT_RUN


def _working_directory_is_gone() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def _command(arguments: list[str]) -> int:
    if arguments[:1] == ["terraform"]:
        # Terraform's arguments are Terraform's: no parser of ours sees them.
        from vtaplib.cli.terraform.run import run_terraform

        run_terraform(arguments[1:])
    from vtaplib.cli.application import run_command

    return run_command(arguments)
