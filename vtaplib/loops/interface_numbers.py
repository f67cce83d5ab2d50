"""Interface numbers: those of a run turned into those of one file, which describes only what it holds."""

from __future__ import annotations

from array import array

import cython


@cython.locals(
    interfaces=cython.const_longlong[::1],
    outputs=cython.const_longlong[::1],
    first=cython.Py_ssize_t,
    stop=cython.Py_ssize_t,
    output=cython.longlong,
    numbers=cython.const_longlong[::1],
    known=cython.longlong,
    into=cython.longlong[::1],
    index=cython.Py_ssize_t,
    interface=cython.longlong,
)
def translate(
    interfaces: array[int],
    outputs: array[int],
    first: int,
    stop: int,
    output: int,
    numbers: array[int],
    into: array[int],
) -> int:
    """Put each interface's number in the file, `numbers[interface]`, into the same place of another column.

    From `first` to before `stop`, for the packets that go to an output (-1: all of them). Ends at the first
    packet whose interface has none (it is beyond the table, or -1 stands there) and returns its number;
    `stop` if there is none.
    """
    known = len(numbers)
    for index in range(first, stop):
        if output != -1 and outputs[index] != output:
            continue
        interface = interfaces[index]
        if interface < 0 or interface >= known or numbers[interface] < 0:
            return index
        into[index] = numbers[interface]
    return stop
