"""SIGHUP, and what it means to a collector: its terminal went away, or somebody rotates files.

A terminal that hangs up wants what runs on it to end. A service has no terminal; there SIGHUP is how it is
told to begin its files anew. Who starts something under nohup wants neither.
"""

from __future__ import annotations

import os
import signal
from enum import StrEnum


class OnHangup(StrEnum):
    """What to do on SIGHUP."""

    END = "end"
    """End with the report, as on SIGTERM."""
    REOPEN = "reopen"
    """Finish the files that are being written, and begin new ones."""
    IGNORE = "ignore"
    """Nothing."""


def usual_on_hangup() -> OnHangup:
    """What to do where nobody said. Ask it at the start: when a terminal has hung up, there is none any
    more.
    """
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return OnHangup.IGNORE
    return OnHangup.END if _has_terminal() else OnHangup.REOPEN


def _has_terminal() -> bool:
    """Whether there is a controlling terminal (POSIX.1-2017, 11.1.3)."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
