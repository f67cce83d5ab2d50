"""Bounds: whether packets lie in their buffer, which the loops that read packets take for granted."""

from __future__ import annotations

from array import array

import cython


@cython.locals(
    starts=cython.const_longlong[::1],
    lengths=cython.const_longlong[::1],
    count=cython.Py_ssize_t,
    size=cython.longlong,
    index=cython.Py_ssize_t,
)
def first_outside(starts: array[int], lengths: array[int], count: int, size: int) -> int:
    """The number of the first of `count` packets that is not all in a buffer of `size` octets; `count` if
    there is none. A packet without octets lies anywhere.
    """
    if (
        not cython.compiled
        and count
        and min(starts[:count]) >= 0 <= min(lengths[:count])
        and max(map(int.__add__, starts[:count], lengths[:count])) <= size
    ):
        return count
    for index in range(count):
        if lengths[index] < 0:
            return index
        # So put that no number is too large for C.
        if lengths[index] > 0 and (starts[index] < 0 or starts[index] > size - lengths[index]):
            return index
    return count
