"""The rounds of a run: a capture read once and kept where it is small, read again where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from vtaplib.collector.payloads import Payloads
from vtaplib.errors import CollectorError

MOST_KEPT: Final = 1 << 27
"""Octets of a capture that is kept for further rounds."""


def rounds(
    read: Callable[[], Iterator[Payloads]],
    how_many: int,
    start_anew: Callable[[], None],
    *,
    name: str,
    can_be_read_again: bool,
) -> Iterator[Payloads]:
    """The payloads of `how_many` rounds (0: without end); `read` reads a capture from its beginning, and
    `start_anew` is called before each round but the first. It ends after a round without payloads.

    Raises `CollectorError`, which names the capture, if it cannot be read again and is too large to be kept.
    """
    kept: list[Payloads] | None = [] if how_many != 1 else None
    size = 0
    is_empty = True
    for payloads in read():
        is_empty = is_empty and not payloads.block.count
        if kept is not None:
            size += len(payloads.block.buffer)
            kept = None if size > MOST_KEPT else [*kept, payloads.copied()]
            if kept is None and not can_be_read_again:
                raise CollectorError(
                    f"{name} cannot be read a second time, and is too large to keep in memory; write it to a "
                    "file first"
                )
        yield payloads
    done = 1
    while done != how_many and not is_empty:
        start_anew()
        # Blocks that are kept are the same in every round, for nobody changes what is sent.
        yield from read() if kept is None else kept
        done += 1
