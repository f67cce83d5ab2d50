"""Values that are made when somebody asks for one: what a process does not need, it does not import."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
C = TypeVar("C")


class Late(Generic[T]):
    """A value that is made once, by the first thread that asks for it; others wait for it."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []

    def get(self) -> T:
        """The value. Raises what making it raises."""
        if not self._made:
            with self._lock:
                if not self._made:
                    self._made.append(_imported(self._make))
        return self._made[0]

    def made(self) -> T | None:
        """The value, if somebody has asked for it."""
        return self._made[0] if self._made else None


def _imported(make: Callable[[], T]) -> T:
    """What is imported stays: to look for garbage in it, now and later, takes a tenth of the start."""
    gc.disable()
    try:
        made = make()
        gc.freeze()
    finally:
        gc.enable()
    return made


def once_for_each_class(make: Callable[[type[C]], T]) -> Callable[[type[C]], T]:
    """Remembers what is made of a class: `functools.cache`, to which mypy gives no class of a model."""
    made: dict[type[C], T] = {}

    def get(cls: type[C]) -> T:
        found = made.get(cls)
        if found is None:
            found = made[cls] = make(cls)
        return found

    return get
