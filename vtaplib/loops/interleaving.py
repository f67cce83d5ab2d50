"""Interleaving: the records of several outputs in the order of time.

Records are Enhanced Packet Blocks as `mirroring` writes them. One that is earlier than a record before it, of
the same output, stays behind that; of records of one time those of the output with the lower number come
first.
"""

from __future__ import annotations

from array import array

import cython

if cython.compiled:
    from cython.cimports.libc.string import memcpy


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
@cython.returns(cython.ulonglong)
@cython.locals(at=cython.p_uchar, place=cython.Py_ssize_t, word=cython.ulonglong)
def _number(at: bytearray, place: int) -> int:
    """The four octets at a place, the lowest first."""
    word: int = cython.cast(cython.ulonglong, at[place + 3]) << 24
    word |= at[place + 2] << 16 | at[place + 1] << 8 | at[place]
    return word


@cython.locals(
    out=cython.uchar[::1],
    region=cython.Py_ssize_t,
    outputs=cython.const_longlong[::1],
    heads_column=cython.longlong[::1],
    times_column=cython.ulonglong[::1],
    merged=cython.uchar[::1],
    at=cython.p_uchar,
    to=cython.p_uchar,
    heads=cython.p_longlong,
    times=cython.p_ulonglong,
    count=cython.Py_ssize_t,
    output=cython.Py_ssize_t,
    chosen=cython.Py_ssize_t,
    place=cython.Py_ssize_t,
    total=cython.Py_ssize_t,
    head=cython.Py_ssize_t,
    left=cython.Py_ssize_t,
    time=cython.ulonglong,
)
def interleave(out: bytearray, region: int, outputs: array[int], merged: bytearray) -> None:
    """Put the records that lie in the regions of `out` into `merged`, which is as long as all of them.

    `outputs` has three numbers for each region, the first of which says how many octets are there. Ends early
    at what is no record.
    """
    left = len(merged)
    if left == 0:
        return
    count = len(outputs) // 3
    heads_column = array("q", bytes(8 * count))
    times_column = array("Q", bytes(8 * count))
    at = cython.address(out[0]) if cython.compiled else out
    to = cython.address(merged[0]) if cython.compiled else merged
    heads = cython.address(heads_column[0]) if cython.compiled else heads_column
    times = cython.address(times_column[0]) if cython.compiled else times_column
    for output in range(count):
        if outputs[output * 3]:
            head = output * region
            times[output] = _number(at, head + 12) << 32 | _number(at, head + 16)
    place = 0
    while place < left:
        chosen = -1
        for output in range(count):
            if heads[output] < outputs[output * 3] and (chosen < 0 or times[output] < times[chosen]):
                chosen = output
        if chosen < 0:
            break
        head = chosen * region + heads[chosen]
        total = _number(at, head + 4)
        if total < 32 or total > left - place or total > outputs[chosen * 3] - heads[chosen]:
            break
        if cython.compiled:
            memcpy(cython.address(to[place]), cython.address(at[head]), total)
        else:
            to[place : place + total] = at[head : head + total]
        place += total
        heads[chosen] += total
        if heads[chosen] < outputs[chosen * 3]:
            head += total
            time = _number(at, head + 12) << 32 | _number(at, head + 16)
            if time > times[chosen]:
                times[chosen] = time
