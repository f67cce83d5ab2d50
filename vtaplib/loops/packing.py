"""Packing: datagrams moved out of wide slots to where they lie close together."""

from __future__ import annotations

from array import array

import cython


@cython.locals(
    words=cython.const_ulonglong[::1],
    count=cython.Py_ssize_t,
    slot=cython.Py_ssize_t,
    low=cython.ulonglong,
    total=cython.Py_ssize_t,
    length=cython.Py_ssize_t,
    index=cython.Py_ssize_t,
)
def packed_length(words: array[int], count: int, slot: int) -> int:
    """The octets that `count` datagrams take together; of a longer one a slot holds no more than its own
    length. `words` are those of the vector of messages, 8 each.
    """
    low = 0xFFFFFFFF
    total = 0
    for index in range(count):
        length = words[8 * index + 7] & low
        total += length if length < slot else slot
    return total


@cython.locals(
    buffer=cython.const_uchar[::1],
    words=cython.ulonglong[::1],
    count=cython.Py_ssize_t,
    slot=cython.Py_ssize_t,
    out=cython.uchar[::1],
    offsets=cython.longlong[::1],
    low=cython.ulonglong,
    at=cython.Py_ssize_t,
    start=cython.Py_ssize_t,
    length=cython.Py_ssize_t,
    index=cython.Py_ssize_t,
    place=cython.Py_ssize_t,
)
def pack(
    buffer: bytes | bytearray | memoryview,
    words: array[int],
    count: int,
    slot: int,
    out: bytearray | memoryview,
    offsets: array[int],
) -> int:
    """Copy `count` datagrams from their slots into `out`, one behind the other, and tell where each begins.

    Messages are made ready to be received into again, with room for an address and for control octets.
    Returns the octets that were copied: `packed_length`, which `out` has at least.
    """
    low = 0xFFFFFFFF
    at = 0
    if cython.compiled:
        with cython.nogil:
            for index in range(count):
                length = words[8 * index + 7] & low
                if length > slot:
                    length = slot
                start = index * slot
                offsets[index] = at
                for place in range(length):
                    out[at + place] = buffer[start + place]
                at += length
                words[8 * index + 1] = 32
                words[8 * index + 5] = 64
                words[8 * index + 6] = 0
    else:
        for index in range(count):
            length = min(words[8 * index + 7] & low, slot)
            start = index * slot
            offsets[index] = at
            out[at : at + length] = buffer[start : start + length]
            at += length
            words[8 * index + 1] = 32
            words[8 * index + 5] = 64
            words[8 * index + 6] = 0
    return at
