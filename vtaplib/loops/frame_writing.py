"""Frames written to a network device, one write(2) each: a TAP interface takes no more at a time."""

from __future__ import annotations

import os
from array import array

import cython

if cython.compiled:
    from cython.cimports.libc.errno import errno
    from cython.cimports.posix.unistd import write

TOO_SHORT = -1
TOO_LONG = -2


@cython.locals(
    descriptor=cython.int,
    buffer=cython.const_uchar[::1],
    starts=cython.const_longlong[::1],
    lengths=cython.const_longlong[::1],
    outputs=cython.const_longlong[::1],
    first=cython.Py_ssize_t,
    stop=cython.Py_ssize_t,
    output=cython.longlong,
    shortest=cython.Py_ssize_t,
    longest=cython.Py_ssize_t,
    index=cython.Py_ssize_t,
    length=cython.Py_ssize_t,
    start=cython.Py_ssize_t,
    went=cython.Py_ssize_t,
    frames=cython.Py_ssize_t,
    octets=cython.Py_ssize_t,
    trouble=cython.int,
)
def write_frames(
    descriptor: int,
    buffer: bytes | bytearray | memoryview,
    starts: array[int],
    lengths: array[int],
    outputs: array[int],
    first: int,
    stop: int,
    output: int,
    shortest: int,
    longest: int,
) -> tuple[int, int, int, int]:
    """Write the frames from `first` to before `stop` that go to an output (-1: all of them).

    Returns the number of the first frame that could not be written, `stop` if all were; why: an error's
    number, or that the frame is shorter or longer than allowed, or 0; and the frames and octets written.
    """
    frames = 0
    octets = 0
    trouble = 0
    index = first
    if cython.compiled:
        with cython.nogil:
            while index < stop:
                if output == -1 or outputs[index] == output:
                    length = lengths[index]
                    if length < shortest:
                        trouble = -1
                        break
                    if length > longest:
                        trouble = -2
                        break
                    went = write(descriptor, cython.address(buffer[starts[index]]), length)
                    if went < 0:
                        trouble = errno
                        break
                    frames += 1
                    octets += length
                index += 1
    else:
        view = memoryview(buffer)
        while index < stop:
            if output in (-1, outputs[index]):
                start = starts[index]
                length = lengths[index]
                if length < shortest:
                    trouble = TOO_SHORT
                    break
                if length > longest:
                    trouble = TOO_LONG
                    break
                try:
                    os.write(descriptor, view[start : start + length])
                except OSError as error:
                    trouble = error.errno or 0
                    break
                frames += 1
                octets += length
            index += 1
    return index, trouble, frames, octets
