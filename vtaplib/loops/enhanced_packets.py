"""Enhanced Packet Blocks of a pcapng, written in one go (draft-ietf-opsawg-pcapng, section 4.3).

Little-endian, without options, times in nanoseconds.
"""

from __future__ import annotations

from array import array

import cython

OVERHEAD = 32
"""What a block has around its packet, whose length is rounded up to a multiple of 4."""


@cython.locals(
    buffer=cython.const_uchar[::1],
    times_ns=cython.const_longlong[::1],
    starts=cython.const_longlong[::1],
    lengths=cython.const_longlong[::1],
    original_lengths=cython.const_longlong[::1],
    interfaces=cython.const_longlong[::1],
    outputs=cython.const_longlong[::1],
    first=cython.Py_ssize_t,
    stop=cython.Py_ssize_t,
    output=cython.longlong,
    out=cython.uchar[::1],
    room=cython.Py_ssize_t,
    index=cython.Py_ssize_t,
    at=cython.Py_ssize_t,
    start=cython.Py_ssize_t,
    length=cython.Py_ssize_t,
    total=cython.Py_ssize_t,
    place=cython.Py_ssize_t,
    time=cython.ulonglong,
    fields=cython.ulonglong[7],
    field=cython.ulonglong,
    packets=cython.Py_ssize_t,
)
def emit(
    buffer: bytes | bytearray | memoryview,
    times_ns: array[int],
    starts: array[int],
    lengths: array[int],
    original_lengths: array[int],
    interfaces: array[int],
    outputs: array[int],
    first: int,
    stop: int,
    output: int,
    out: bytearray | memoryview,
) -> tuple[int, int, int]:
    """Write the packets from `first` to before `stop` that go to an output (-1: all of them) into `out`.

    Returns the number of the first packet that found no room, `stop` if all did; the octets and the packets
    written.
    """
    # Compiled, the same is an array of C.
    fields = [0, 0, 0, 0, 0, 0, 0]
    room = len(out)
    at = 0
    packets = 0
    index = first
    while index < stop:
        if output != -1 and outputs[index] != output:
            index += 1
            continue
        start = starts[index]
        length = lengths[index]
        total = 32 + (length + 3 & ~3)
        if at + total > room:
            break
        time = times_ns[index]
        fields[0] = 6
        fields[1] = total
        fields[2] = interfaces[index]
        fields[3] = time >> 32
        fields[4] = time & 0xFFFFFFFF
        fields[5] = length
        fields[6] = original_lengths[index]
        for place in range(7):
            field = fields[place]
            out[at] = field & 255
            out[at + 1] = field >> 8 & 255
            out[at + 2] = field >> 16 & 255
            out[at + 3] = field >> 24 & 255
            at += 4
        if cython.compiled:
            for place in range(length):
                out[at + place] = buffer[start + place]
        else:
            out[at : at + length] = buffer[start : start + length]
        at += length
        while at & 3:
            out[at] = 0
            at += 1
        out[at] = total & 255
        out[at + 1] = total >> 8 & 255
        out[at + 2] = total >> 16 & 255
        out[at + 3] = total >> 24 & 255
        at += 4
        packets += 1
        index += 1
    return index, at, packets
