"""A call that is made once nothing has happened for a while."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable


class IdleCall:
    """Calls a method when it was not postponed for some seconds, and then again until that returns True.

    It runs in a thread of its own, which there is only while a call is due, and keeps neither the method's
    object nor the process alive. A forked process has no such thread: it needs an `IdleCall` of its own.
    """

    def __init__(self, method: Callable[[], bool], seconds: float) -> None:
        self._method = weakref.WeakMethod(method)
        self._seconds = seconds
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._due = 0.0

    def postpone(self) -> None:
        """Makes the call due in some seconds from now."""
        self._due = time.monotonic() + self._seconds
        # Without the lock, for this is called often: a timer that is seen here looks at `_due` later.
        if self._timer is None:
            with self._lock:
                if self._timer is None:
                    self._wait(self._seconds)

    def cancel(self) -> None:
        """Makes no call until the next `postpone`."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _wait(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def _expire(self) -> None:
        method = self._method()
        done = time.monotonic() >= self._due and (method is None or method())
        del method
        with self._lock:
            if self._timer is not threading.current_thread():
                return  # It was cancelled meanwhile.
            self._timer = None
            left = self._due - time.monotonic()
            if left > 0 or not done:
                self._wait(left if left > 0 else self._seconds)
