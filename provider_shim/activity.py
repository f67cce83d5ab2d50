"""Calls that are being answered, and the quiet when Terraform has nothing left to ask.

Nothing in the protocol says that Terraform waits for an answer. But it does nothing else then: no call comes,
and no thread of it runs, or would if it had a processor. Linux tells the latter in /proc. Where it does not,
that no call comes has to do.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Final

_LOOKS: Final = 4
"""How often it must be quiet in a row."""


class Activity:
    """Counts calls: one is a `with` block. Safe to use from several threads. `client`: the number of the
    process that calls, where it is known.
    """

    def __init__(self, client: int | None = None) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._calls = 0
        self._waiting = 0
        self._last = time.monotonic()
        """When something was going on last."""

    def __enter__(self) -> None:
        self._changed(calls=1)

    def __exit__(self, *_: object) -> None:
        self._changed(calls=-1)

    def wait_until_quiet(self, seconds: float, at_most: float) -> None:
        """Wait, in a call, until for so long nothing else goes on than calls that wait here too."""
        self._changed(waiting=1)
        end = time.monotonic() + at_most
        try:
            while (now := time.monotonic()) < end and now - self._last_seen() < seconds:
                time.sleep(seconds / _LOOKS)
        finally:
            self._changed(waiting=-1)

    def _last_seen(self) -> float:
        is_busy = self._client is not None and (_runs(self._client) or _runs(os.getpid()))
        with self._lock:
            if is_busy or self._calls > self._waiting:
                self._last = time.monotonic()
            return self._last

    def _changed(self, *, calls: int = 0, waiting: int = 0) -> None:
        with self._lock:
            self._calls += calls
            self._waiting += waiting
            if calls:
                self._last = time.monotonic()


def _runs(process: int) -> bool:
    """Whether a thread of a process runs, this one aside, or waits for a processor or a disk: proc(5)."""
    try:
        threads = os.listdir(f"/proc/{process}/task")
    except OSError:
        return False
    return any(_state(process, one) in "RD" for one in threads if int(one) != threading.get_native_id())


def _state(process: int, thread: str) -> str:
    try:
        with open(f"/proc/{process}/task/{thread}/stat", "rb") as file:
            return file.read().rpartition(b") ")[2][:1].decode()
    except OSError:  # it has just ended
        return "X"
