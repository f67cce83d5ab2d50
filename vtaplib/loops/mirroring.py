"""Mirroring: packets of known flows, counted, and their copies told of: which packet, behind which header.

What is known of a flow (`vtaplib.loops.flow_table`) is a path, with the outer source port in the lowest 16
bits. A path is a load, which counts its frames, and hops, each with a header and an output. Nothing is
copied here: a copy is a row in columns, in the order in which packets come. The loop stops at whatever it
does not know, and says why; it never guesses.
"""

from __future__ import annotations

from array import array

import cython

PATH = 3
"""Numbers of a path: its load, its first hop, how many hops; less than 0 where loops do not carry."""

HOP = 2
"""Numbers of a hop: its header, and its output."""

LOAD = 6
"""Counts of a load: frames, their octets, truncated ones, the octets that these miss, those whose copy is
longer than the MTU; and whether frames are to be looked at one by one.
"""

LIMITS = 4
"""Numbers of what bounds the loop: the first nanosecond of the second, and its last; the longest frame that
is carried as it is, and the longest whose copy is within the MTU.
"""

DONE, TURN, UNKNOWN, ALONE, FULL = 0, 1, 2, 3, 4
"""Why the loop stopped: all is done; another second begins; a flow that is not known; a packet that has to go
the long way; no room in the columns.
"""


@cython.locals(
    lengths=cython.const_longlong[::1],
    original_lengths=cython.const_longlong[::1],
    count=cython.Py_ssize_t,
    longest=cython.longlong,
    whole=cython.longlong[::1],
    index=cython.Py_ssize_t,
    length=cython.longlong,
)
def whole_lengths(
    lengths: array[int], original_lengths: array[int], count: int, longest: int, whole: array[int]
) -> None:
    """Note how long packets were before they were cut, but not longer than `longest` because of that."""
    for index in range(count):
        length = min(original_lengths[index], longest)
        whole[index] = max(length, lengths[index])


@cython.locals(
    times_ns=cython.const_longlong[::1],
    starts=cython.const_longlong[::1],
    lengths=cython.const_longlong[::1],
    captured_lengths=cython.const_longlong[::1],
    original_lengths=cython.const_longlong[::1],
    found=cython.const_longlong[::1],
    first=cython.Py_ssize_t,
    stop=cython.Py_ssize_t,
    paths=cython.const_longlong[::1],
    hops=cython.const_longlong[::1],
    loads=cython.longlong[::1],
    touched=cython.longlong[::1],
    limits=cython.const_longlong[::1],
    copied_times=cython.longlong[::1],
    copied_starts=cython.longlong[::1],
    copied_lengths=cython.longlong[::1],
    copied_headers=cython.longlong[::1],
    copied_ports=cython.longlong[::1],
    copied_outputs=cython.longlong[::1],
    copies=cython.Py_ssize_t,
    room=cython.Py_ssize_t,
    index=cython.Py_ssize_t,
    reason=cython.int,
    touches=cython.Py_ssize_t,
    begin=cython.longlong,
    end=cython.longlong,
    largest=cython.longlong,
    most=cython.longlong,
    within_mtu=cython.longlong,
    value=cython.longlong,
    path=cython.Py_ssize_t,
    load=cython.Py_ssize_t,
    hop=cython.Py_ssize_t,
    first_hop=cython.Py_ssize_t,
    last_hop=cython.Py_ssize_t,
    length=cython.longlong,
    original=cython.longlong,
)
def mirror(
    times_ns: array[int],
    starts: array[int],
    lengths: array[int],
    captured_lengths: array[int],
    original_lengths: array[int],
    found: array[int],
    first: int,
    stop: int,
    paths: array[int],
    hops: array[int],
    loads: array[int],
    touched: array[int],
    limits: array[int],
    copied_times: array[int],
    copied_starts: array[int],
    copied_lengths: array[int],
    copied_headers: array[int],
    copied_ports: array[int],
    copied_outputs: array[int],
    copies: int,
) -> tuple[int, int, int]:
    """Count the packets from `first` to before `stop`, and add their copies to `copies` rows of the columns;
    less than 0 of them are none that anybody wants.

    `lengths` are what packets count as; what is longer than what was captured is counted here, but not
    copied. Returns the number of the first packet that was not done; why; and how many copies there are now.
    The first number of `touched` says how many loads behind it have frames.
    """
    reason = 0
    index = first
    touches = touched[0]
    begin, end, largest, within_mtu = limits[0], limits[1], limits[2], limits[3]
    room = len(copied_times)
    # Typed, so that no object is made of it for every packet.
    most = 0xFFFFFFFF
    with cython.nogil:
        while index < stop:
            if not begin <= times_ns[index] <= end:
                reason = 1
                break
            value = found[index]
            if value < 0:
                reason = 2
                break
            path = (value >> 16) * 3
            load = paths[path] * 6
            first_hop = paths[path + 1]
            last_hop = first_hop + paths[path + 2]
            length = lengths[index]
            original = original_lengths[index]
            # What is missing of longer ones than captures tell of may be too much for a column.
            if (
                original > most
                or last_hop < first_hop
                or loads[load + 5]
                or (length > largest and last_hop > first_hop)
            ):
                reason = 3
                break
            if copies >= 0 and last_hop > first_hop:
                # What is missing cannot be copied.
                if length > captured_lengths[index]:
                    reason = 3
                    break
                if copies + last_hop - first_hop > room:
                    reason = 4
                    break
                for hop in range(first_hop, last_hop):
                    copied_times[copies] = times_ns[index]
                    copied_starts[copies] = starts[index]
                    copied_lengths[copies] = length
                    copied_headers[copies] = hops[hop * 2]
                    copied_ports[copies] = value & 0xFFFF
                    copied_outputs[copies] = hops[hop * 2 + 1]
                    copies += 1
            if length > within_mtu:
                loads[load + 4] += 1
            if loads[load] == 0:
                touches += 1
                touched[touches] = paths[path]
            loads[load] += 1
            loads[load + 1] += length
            if original > length:
                loads[load + 2] += 1
                loads[load + 3] += original - length
            index += 1
    touched[0] = touches
    return index, reason, copies
