"""SIGINT, SIGTERM and SIGHUP: they end a command as an exception does, so that whatever was begun is undone.

The exception may not arrive: Python drops what is raised in a finalizer or in a callback from C. So it is
raised again where Python says that it dropped it; where it does not, the command goes on, and ends with the
exit code of the signal all the same.
"""

from __future__ import annotations

import signal
import sys
import time
from types import FrameType
from typing import Final, NoReturn

from vtaplib.cli.exit_code import ExitCode

CODES: Final = {
    signal.SIGHUP: ExitCode.HUNG_UP,
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
}
"""How a command ends by each."""

ECHO_SECONDS: Final = 0.5
"""Signals so close together are one: `timeout` sends its own to a process and to the group that it is in, and
a program that starts another passes on the Ctrl-C which the terminal sends to both."""

# Long enough that whatever dropped the exception is over.
_AGAIN_SECONDS: Final = 0.01


class FirstSignal:
    """Tells a signal to end from its echo, and lets one that follows later end the process at once."""

    def __init__(self) -> None:
        self._came_at: float | None = None

    def is_this(self, number: int) -> bool:
        """Whether a signal that came is the first. Does not return where it is a later one."""
        now = time.monotonic()
        if self._came_at is None:
            self._came_at = now
            return True
        if now - self._came_at > ECHO_SECONDS:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        return False


class EndBySignal:
    """Ends the command by the first signal: with `SystemExit`, wherever it is. `code` is how it is to end,
    None while no signal came.
    """

    def __init__(self) -> None:
        self.code: ExitCode | None = None
        self._first = FirstSignal()

    def begin(self) -> None:
        """Take the signals, but for those that the parent has ignored, as nohup has SIGHUP."""
        for one in CODES:
            if signal.getsignal(one) is not signal.SIG_IGN:
                signal.signal(one, self._end)
        signal.signal(signal.SIGALRM, self._raise)
        sys.unraisablehook = self._look_at_dropped

    def finish(self) -> None:
        """Let no signal come in between any more: the command is over."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        for one in (*CODES, signal.SIGALRM):
            # Not SIG_IGN: Python grumbles about a signal that is on its way when it is set to be ignored.
            signal.signal(one, lambda number, frame: None)

    def _end(self, number: int, frame: FrameType | None) -> None:
        if self._first.is_this(number):
            self.code = CODES[signal.Signals(number)]
            self._raise(number, frame)

    def _raise(self, number: int, frame: FrameType | None) -> NoReturn:
        sys.exit(self.code)

    def _look_at_dropped(self, dropped: sys.UnraisableHookArgs) -> None:
        if self.code is not None and isinstance(dropped.exc_value, SystemExit):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)
        else:
            sys.__unraisablehook__(dropped)
