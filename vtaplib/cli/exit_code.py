"""The exit codes of every command: one table, which the help and the docs print.

Those above 128 are what a shell reports of a program that a signal ended: 128 and the signal's number.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """How a command ended; `meaning` says it in words."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Self:
        """A code with its meaning."""
        made = int.__new__(cls, code)
        made._value_ = code
        made.meaning = meaning
        return made

    DONE = 0, "the command ran"
    FOUND_SOMETHING = 1, "the command ran and found something; its help says what"
    COULD_NOT_RUN = 2, "the command could not run, or did not finish"
    HUNG_UP = 129, "its terminal was closed (SIGHUP)"
    INTERRUPTED = 130, "you pressed Ctrl-C (SIGINT)"
    READER_GONE = 141, "the program that read its output has ended, as head does"
    TERMINATED = 143, "it was terminated (SIGTERM)"

    @classmethod
    def of(cls, found_something: bool) -> ExitCode:
        """The code of a command that ran to its end."""
        return cls.FOUND_SOMETHING if found_something else cls.DONE
