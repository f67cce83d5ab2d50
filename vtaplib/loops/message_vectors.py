"""Vectors of messages to send: which packets, in what order, and where their pieces lie (sendmmsg(2)).

A message has two pieces: a header, which several may share, and a packet in its block. A piece is two
numbers, an address and a length (`struct iovec` of 64-bit machines), so a message is four.
"""

from __future__ import annotations

from array import array

import cython


@cython.locals(
    outputs=cython.const_longlong[::1],
    streams=cython.const_longlong[::1],
    first=cython.Py_ssize_t,
    stop=cython.Py_ssize_t,
    output=cython.longlong,
    sockets=cython.longlong,
    by_socket=cython.bint,
    places=cython.longlong[::1],
    order=cython.longlong[::1],
    chosen=cython.longlong[::1],
    index=cython.Py_ssize_t,
    count=cython.Py_ssize_t,
    number=cython.longlong,
    place=cython.longlong,
    here=cython.longlong,
)
def arrange(
    outputs: array[int],
    streams: array[int],
    first: int,
    stop: int,
    output: int,
    sockets: int,
    by_socket: bool,
    places: array[int],
    order: array[int],
    chosen: array[int],
) -> int:
    """Choose the packets from `first` to before `stop` that go to an output (-1: all of them).

    Their numbers come into `order`, and the socket of each, its stream modulo `sockets`, into `chosen`: in
    the order of the block or, `by_socket`, those of one socket together and in order among themselves.
    `places` has room for a number per socket and one more. Returns how many there are.
    """
    count = 0
    if not by_socket:
        for index in range(first, stop):
            if output == -1 or outputs[index] == output:
                order[count] = index
                chosen[count] = (streams[index] & 0xFFFFFFFF) % sockets
                count += 1
        return count
    for index in range(sockets + 1):
        places[index] = 0
    for index in range(first, stop):
        if output == -1 or outputs[index] == output:
            number = (streams[index] & 0xFFFFFFFF) % sockets
            places[number + 1] += 1
            count += 1
    for index in range(sockets):
        places[index + 1] += places[index]
    for index in range(first, stop):
        if output == -1 or outputs[index] == output:
            number = (streams[index] & 0xFFFFFFFF) % sockets
            place = places[number]
            order[place] = index
            chosen[place] = number
            places[number] = place + 1
    return count


@cython.locals(
    starts=cython.const_longlong[::1],
    lengths=cython.const_longlong[::1],
    order=cython.const_longlong[::1],
    count=cython.Py_ssize_t,
    address=cython.longlong,
    size=cython.longlong,
    headers=cython.const_longlong[::1],
    header_address=cython.longlong,
    header_length=cython.longlong,
    header_room=cython.longlong,
    vectors=cython.longlong[::1],
    at=cython.Py_ssize_t,
    index=cython.longlong,
    header=cython.longlong,
    place=cython.Py_ssize_t,
)
def fill(
    starts: array[int],
    lengths: array[int],
    order: array[int],
    count: int,
    address: int,
    size: int,
    headers: array[int],
    header_address: int,
    header_length: int,
    header_room: int,
    vectors: array[int],
) -> int:
    """Write the pieces of the first `count` packets of `order` into `vectors`, four numbers each.

    `address` and `size` tell of the block's buffer; `headers` are the numbers of the packets' headers, each
    of `header_length` octets, of which `header_room` lie from `header_address` on. Returns how many were
    written: it ends before a packet or a header that does not lie where there is memory.
    """
    for at in range(count):
        index = order[at]
        header = headers[index]
        if starts[index] < 0 or lengths[index] < 0 or starts[index] > size - lengths[index]:
            return at
        if header < 0 or header >= header_room:
            return at
        place = 4 * at
        vectors[place] = header_address + header * header_length
        vectors[place + 1] = header_length
        vectors[place + 2] = address + starts[index]
        vectors[place + 3] = lengths[index]
    return count


@cython.locals(
    chosen=cython.const_longlong[::1],
    at=cython.Py_ssize_t,
    count=cython.Py_ssize_t,
    socket=cython.longlong,
    stop=cython.Py_ssize_t,
)
def end_of_run(chosen: array[int], at: int, count: int) -> int:
    """The place, at most `count`, up to which all from `at` on have the socket of that at `at`."""
    socket = chosen[at]
    stop = at
    while stop < count and chosen[stop] == socket:
        stop += 1
    return stop


@cython.locals(
    lengths=cython.const_longlong[::1],
    order=cython.const_longlong[::1],
    first=cython.Py_ssize_t,
    stop=cython.Py_ssize_t,
    total=cython.longlong,
    at=cython.Py_ssize_t,
)
def octets(lengths: array[int], order: array[int], first: int, stop: int) -> int:
    """The lengths of the packets that stand in `order` from `first` to before `stop`, together."""
    total = 0
    for at in range(first, stop):
        total += lengths[order[at]]
    return total
