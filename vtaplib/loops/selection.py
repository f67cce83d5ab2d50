"""Selection: the packets of a block that stay, moved together."""

from __future__ import annotations

from array import array

import cython


@cython.locals(
    column=cython.const_longlong[::1],
    count=cython.Py_ssize_t,
    most=cython.longlong,
    kept=cython.uchar[::1],
    index=cython.Py_ssize_t,
    more=cython.Py_ssize_t,
)
def mark_at_most(column: array[int], count: int, most: int, kept: bytearray) -> int:
    """Mark with 1 in `kept` what of a column of `count` is at most `most`, all else with 0; returns how much
    is more.
    """
    more = 0
    for index in range(count):
        kept[index] = column[index] <= most
        more += column[index] > most
    return more


@cython.locals(
    kept=cython.const_uchar[::1],
    column=cython.longlong[::1],
    count=cython.Py_ssize_t,
    here=cython.Py_ssize_t,
    there=cython.Py_ssize_t,
)
def retain(kept: bytes | bytearray, column: array[int], count: int) -> int:
    """Move the values whose byte in `kept` is not 0 to the front of a column of `count`; returns how many."""
    there = 0
    for here in range(count):
        if kept[here]:
            column[there] = column[here]
            there += 1
    return there
