"""Reading ahead: what is to be sent made in a thread of its own, so that nothing is late because of it."""

from __future__ import annotations

import sys
import threading
from array import array
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Full, Queue
from typing import Final

from vtaplib.collector.payloads import Payloads
from vtaplib.packets.block import PacketBlock

_PIECES: Final = 8
"""Pieces of a capture that are ready at most: a quarter of a mebibyte each, or their copies."""

_SWITCH_SECONDS: Final = 0.0005
"""How long the reader may keep the interpreter from the sender."""

_PATIENCE_SECONDS: Final = 0.1


_END: Final = Payloads(PacketBlock(bytearray(), 0), array("q"))
"""What comes after the last piece, whatever reading ended with."""


def read_ahead(pieces: Iterator[Payloads]) -> Generator[Payloads, None, None]:
    """The same pieces, read by another thread as far as there is room for them. Raises what they raise."""
    ready: Queue[Payloads] = Queue(_PIECES)
    is_over = threading.Event()

    def put(piece: Payloads) -> None:
        while not is_over.is_set():
            try:
                ready.put(piece, timeout=_PATIENCE_SECONDS)
            except Full:
                continue
            return

    def read() -> None:
        try:
            for piece in pieces:
                put(piece.copied())
                if is_over.is_set():
                    break
        finally:
            # Whatever happens here, nobody waits for more.
            put(_END)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        # Leaving it waits for the reader.
        with ThreadPoolExecutor(1, "vtap-reader") as threads:
            reading = threads.submit(read)
            try:
                while (piece := ready.get()) is not _END:
                    yield piece
                reading.result()
            finally:
                is_over.set()
    finally:
        sys.setswitchinterval(interval)
