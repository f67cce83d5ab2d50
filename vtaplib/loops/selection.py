"""Selection: the packets of a block that stay, moved together."""

from __future__ import annotations

from array import array

import cython


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
