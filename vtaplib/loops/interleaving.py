"""Interleaving: the packets of several outputs in the order of time.

A packet that is earlier than one before it, of the same output, stays behind that; of packets of one time
those of the output with the lower number come first.
"""

from __future__ import annotations

from array import array

import cython


@cython.locals(
    times_ns=cython.const_longlong[::1],
    outputs=cython.const_longlong[::1],
    count=cython.Py_ssize_t,
    number=cython.Py_ssize_t,
    order=cython.longlong[::1],
    following=cython.longlong[::1],
    heads=cython.longlong[::1],
    tails=cython.longlong[::1],
    latest=cython.longlong[::1],
    index=cython.Py_ssize_t,
    output=cython.Py_ssize_t,
    chosen=cython.Py_ssize_t,
    place=cython.Py_ssize_t,
    is_ordered=cython.bint,
    time=cython.longlong,
)
def interleave(times_ns: array[int], outputs: array[int], count: int, number: int, order: array[int]) -> bool:
    """Put into `order` which of `count` packets comes first, second and so on; `number` is that of outputs.
    Returns whether they stood in this order; then `order` is left as it was. Raises `ValueError` for an
    output that is none of these.
    """
    is_ordered = True
    for index in range(1, count):
        if times_ns[index] < times_ns[index - 1] or (
            times_ns[index] == times_ns[index - 1] and outputs[index] < outputs[index - 1]
        ):
            is_ordered = False
            break
    if is_ordered:
        return True
    following = array("q", bytes(8 * count))
    heads = array("q", [-1]) * number
    tails = array("q", [-1]) * number
    latest = array("q", bytes(8 * number))
    for index in range(count):
        output = outputs[index]
        if not 0 <= output < number:
            raise ValueError(f"output {output} is none of {number}, which are numbered from 0")
        following[index] = -1
        if tails[output] < 0:
            heads[output] = index
            latest[output] = times_ns[index]
        else:
            following[tails[output]] = index
        tails[output] = index
    for place in range(count):
        chosen = -1
        for output in range(number):
            if heads[output] >= 0 and (chosen < 0 or latest[output] < latest[chosen]):
                chosen = output
        index = heads[chosen]
        order[place] = index
        heads[chosen] = following[index]
        if heads[chosen] >= 0:
            time = times_ns[heads[chosen]]
            if time > latest[chosen]:
                latest[chosen] = time
    return False


@cython.locals(
    outputs=cython.const_longlong[::1],
    count=cython.Py_ssize_t,
    counts=cython.longlong[::1],
    number=cython.Py_ssize_t,
    index=cython.Py_ssize_t,
    output=cython.Py_ssize_t,
)
def count_outputs(outputs: array[int], count: int, counts: array[int]) -> None:
    """Add to the `counts` of outputs how many of `count` packets go to each. Raises `ValueError` for an
    output that has none.
    """
    number = len(counts)
    for index in range(count):
        output = outputs[index]
        if not 0 <= output < number:
            raise ValueError(f"output {output} is none of {number}, which are numbered from 0")
        counts[output] += 1
