"""Reading ahead: what is to be sent made in a thread of its own, so that nothing is late because of it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Generator, Iterator
from queue import Full, Queue
from typing import Final

from vtaplib.cli.send.rounds import copied
from vtaplib.collector.payloads import Payloads
from vtaplib.errors import VtapError

_PIECES: Final = 8
"""Pieces of a capture that are ready at most: a quarter of a mebibyte each, or their copies."""

_SWITCH_SECONDS: Final = 0.0005
"""How long the reader may keep the interpreter from the sender."""

_PATIENCE_SECONDS: Final = 0.1


class _End:
    """What comes after the last piece: what reading ended with, if it was an error."""

    def __init__(self, error: VtapError | OSError | None) -> None:
        self.error = error


def read_ahead(pieces: Iterator[Payloads]) -> Generator[Payloads, None, None]:
    """The same pieces, read by another thread as far as there is room for them. Raises what they raise."""
    ready: Queue[Payloads | _End] = Queue(_PIECES)
    is_over = threading.Event()

    def put(piece: Payloads | _End) -> None:
        while not is_over.is_set():
            try:
                ready.put(piece, timeout=_PATIENCE_SECONDS)
            except Full:
                continue
            return

    def read() -> None:
        error: VtapError | OSError | None = None
        try:
            for piece in pieces:
                put(copied(piece))
                if is_over.is_set():
                    break
        except (VtapError, OSError) as raised:
            error = raised
        finally:
            # Whatever happens here, nobody waits for more.
            put(_End(error))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    reader = threading.Thread(target=read, name="reader")
    reader.start()
    try:
        while not isinstance(piece := ready.get(), _End):
            yield piece
        if piece.error is not None:
            raise piece.error
    finally:
        is_over.set()
        reader.join()
        sys.setswitchinterval(interval)
