"""When packets are due: nanoseconds after the first, as recorded or at a rate."""

from __future__ import annotations

from array import array

import cython


@cython.locals(
    times_ns=cython.const_longlong[::1],
    count=cython.Py_ssize_t,
    per_recorded=cython.double,
    largest_gap=cython.longlong,
    step_back=cython.longlong,
    state=cython.longlong[::1],
    due=cython.longlong[::1],
    index=cython.Py_ssize_t,
    latest=cython.longlong,
    elapsed=cython.longlong,
    time=cython.longlong,
    gap=cython.longlong,
    when=cython.double,
)
def as_recorded(
    times_ns: array[int],
    count: int,
    per_recorded: float,
    largest_gap: int,
    step_back: int,
    state: array[int],
    due: array[int],
) -> None:
    """Write when each of the first `count` packets is due, given that a recorded nanosecond takes
    `per_recorded`.

    `state` is kept from call to call: whether there was a packet, the latest time, and what elapsed up to it;
    begin with zeros. A packet whose time is before the latest is due with it; one that is more than
    `step_back` before it begins a new count there. No gap is longer than `largest_gap`, which is below
    2^62. Nothing is due later than after 4·10^18 ns.
    """
    latest = state[1]
    elapsed = state[2]
    for index in range(count):
        # Recorded times may be anything; from 0 on, the difference of two is a number that there is room for.
        time = times_ns[index] if times_ns[index] > 0 else 0
        if not state[0]:
            state[0] = 1
            latest = time
        gap = time - latest
        if gap > 0 or gap < -step_back:
            latest = time
        if gap > 0:
            elapsed += gap if gap < largest_gap else largest_gap
        if elapsed > 0x3FFFFFFFFFFFFFFF:
            elapsed = 0x3FFFFFFFFFFFFFFF
        when = elapsed * per_recorded
        due[index] = cython.cast(cython.longlong, when if when < 4e18 else 4e18)
    state[1] = latest
    state[2] = elapsed


@cython.locals(
    lengths=cython.const_longlong[::1],
    count=cython.Py_ssize_t,
    overhead=cython.longlong,
    ns_per_packet=cython.double,
    ns_per_octet=cython.double,
    state=cython.longlong[::1],
    due=cython.longlong[::1],
    index=cython.Py_ssize_t,
    packets=cython.longlong,
    octets=cython.longlong,
    when=cython.double,
)
def at_rate(
    lengths: array[int],
    count: int,
    overhead: int,
    ns_per_packet: float,
    ns_per_octet: float,
    state: array[int],
    due: array[int],
) -> None:
    """Write when each of the first `count` packets is due, given what a packet and an octet take.

    A packet has `overhead` octets more than its length. `state` is kept from call to call: packets and octets
    so far; begin with zeros. Nothing is due later than after 4·10^18 ns.
    """
    packets = state[0]
    octets = state[1]
    for index in range(count):
        when = packets * ns_per_packet + octets * ns_per_octet
        due[index] = cython.cast(cython.longlong, when if when < 4e18 else 4e18)
        packets += 1
        octets += lengths[index] + overhead
    state[0] = packets
    state[1] = octets
