"""The rounds of a run: a capture read once and kept where it is small, read again where it is not."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterator
from typing import Final

from vtaplib.collector.payloads import Payloads
from vtaplib.errors import VtapError
from vtaplib.packets.block import COLUMNS, PacketBlock

MOST_KEPT: Final = 1 << 27
"""Octets of a capture that is kept for further rounds."""


def rounds(
    read: Callable[[], Iterator[Payloads]], how_many: int, start_anew: Callable[[], None], capture: str
) -> Iterator[Payloads]:
    """The payloads of `how_many` rounds (0: without end); `read` reads a capture from its beginning, and
    `start_anew` is called before each round but the first. Raises `VtapError` if what cannot be read again is
    too large to be kept. It ends after a round without payloads.
    """
    kept: list[Payloads] | None = [] if how_many != 1 else None
    size = 0
    is_empty = True
    for payloads in read():
        is_empty = is_empty and not payloads.block.count
        if kept is not None:
            size += len(payloads.block.buffer)
            kept = None if size > MOST_KEPT else [*kept, copied(payloads)]
            if kept is None and (capture == "-" or not os.path.isfile(capture)):
                raise VtapError(
                    f"--loop: {capture} cannot be read a second time, and is too large to keep in memory; "
                    "write it to a file first"
                )
        yield payloads
    done = 1
    while done != how_many and not is_empty:
        start_anew()
        # Blocks that are kept are the same in every round, for nobody changes what is sent.
        yield from read() if kept is None else kept
        done += 1


def copied(payloads: Payloads) -> Payloads:
    """The same in memory of its own."""
    source, count = payloads.block, payloads.block.count
    block = PacketBlock(bytearray(source.buffer), 0)
    for name in COLUMNS:
        setattr(block, name, getattr(source, name)[:count])
    block.count = count
    return Payloads(block, array("q", payloads.streams[:count]))
