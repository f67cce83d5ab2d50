"""Slicing: the ends of packets that are let go. What a packet's length was stays known elsewhere."""

from __future__ import annotations

from array import array

import cython


@cython.locals(
    lengths=cython.longlong[::1],
    count=cython.Py_ssize_t,
    heads=cython.const_longlong[::1],
    most=cython.longlong,
    index=cython.Py_ssize_t,
    limit=cython.longlong,
    cut=cython.Py_ssize_t,
    removed=cython.longlong,
)
def cut_behind(lengths: array[int], count: int, heads: array[int], most: int) -> tuple[int, int]:
    """Let `lengths` be at most the packet's value in `heads` and `most`; returns the packets cut and the
    octets removed.
    """
    cut = 0
    removed = 0
    for index in range(count):
        limit = heads[index] + most
        if lengths[index] > limit:
            cut += 1
            removed += lengths[index] - limit
            lengths[index] = limit
    return cut, removed
