"""Mirroring: packets of known flows, counted and copied behind their outer headers, as finished records.

A flow is known by what a plain frame is addressed by (`vtaplib.packets.plain_headers`), in a table of open
addressing: three words a slot, which are both addresses; ports and protocol; and the path of its frames with
the outer source port. A path is a load, which counts its frames, and hops, each with a template of the 50
octets before a frame. Packets come out in the order in which they go in. A loop stops at whatever it does not
know, and says why; it never guesses.
"""

from __future__ import annotations

from array import array

import cython

if cython.compiled:
    from cython.cimports.libc.string import memcpy

SLOT = 3
"""Words of a slot of the table; a second word of 0 says that it is free, a third that its flow is not known
any more.
"""

PATH = 3
"""Numbers of a path: its load, its first hop, how many hops; less than 0 where loops do not carry."""

HOP = 2
"""Numbers of a hop: the sum of its header's words without the length, and its output."""

TEMPLATE = 64
"""Octets between the starts of templates, of which 50 are used."""

LOAD = 6
"""Counts of a load: frames, their octets, truncated ones, the octets that these miss, those whose copy is
longer than the MTU; and whether frames are to be looked at one by one.
"""

OUTPUT = 3
"""Numbers of an output: octets and records in its region, and the interface that records have it as."""

LIMITS = 5
"""Numbers of what bounds the loop: the first nanosecond of the second, and its last; the longest frame that
is carried as it is, the longest whose copy is within the MTU; the latest time of a record.
"""

NO_RECORDS, PCAPNG, PCAP = 0, 1, 2
"""What copies become: nothing, Enhanced Packet Blocks, records with nanoseconds. Both little-endian."""

DONE, TURN, UNKNOWN, ALONE, FULL = 0, 1, 2, 3, 4
"""Why a loop stopped: all is done; another second begins; a plain flow that is not in the table; a packet
that has to go the long way; no room in an output's region.
"""

NOT_PLAIN, NOT_FOUND = -2, -1
"""What is found of a packet that is not plain, and of one whose flow is not known."""


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
@cython.returns(cython.ulonglong)
@cython.locals(at=cython.p_uchar, place=cython.Py_ssize_t, word=cython.ulonglong)
def _word(at: bytearray, place: int) -> int:
    """The four octets at a place, in the network's order."""
    word: int = cython.cast(cython.ulonglong, at[place]) << 24
    word |= at[place + 1] << 16 | at[place + 2] << 8 | at[place + 3]
    return word


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
@cython.returns(cython.void)
@cython.locals(at=cython.p_uchar, place=cython.Py_ssize_t, number=cython.ulonglong)
def _put(at: bytearray, place: int, number: int) -> None:
    """Put four octets at a place, the lowest first."""
    at[place] = number & 255
    at[place + 1] = number >> 8 & 255
    at[place + 2] = number >> 16 & 255
    at[place + 3] = number >> 24 & 255


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
@cython.returns(cython.Py_ssize_t)
@cython.locals(
    table=cython.p_ulonglong,
    mask=cython.ulonglong,
    addresses=cython.ulonglong,
    ports=cython.ulonglong,
    factor=cython.ulonglong,
    other_factor=cython.ulonglong,
    mixed=cython.ulonglong,
    at=cython.Py_ssize_t,
)
def _slot(table: array[int], mask: int, addresses: int, ports: int) -> int:
    """Where a flow stands in the table, or would stand; some slots are free."""
    # Put together from small ones: Cython makes an object of a large constant.
    factor = 0x1E3779B9
    factor = factor << 32 | 0x7F4A7C15
    other_factor = 0x42B2AE3D
    other_factor = other_factor << 32 | 0x27D4EB4F
    mixed = addresses * factor ^ ports * other_factor
    if not cython.compiled:
        mixed &= 0xFFFFFFFFFFFFFFFF
    mixed = (mixed ^ mixed >> 32) * factor
    if not cython.compiled:
        mixed &= 0xFFFFFFFFFFFFFFFF
    mixed >>= 32
    while True:
        at = (mixed & mask) * 3
        if table[at + 1] == 0 or (table[at] == addresses and table[at + 1] == ports):
            return at
        mixed += 1


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
@cython.returns(cython.longlong)
@cython.locals(
    at=cython.p_uchar,
    start=cython.Py_ssize_t,
    length=cython.Py_ssize_t,
    table=cython.p_ulonglong,
    mask=cython.ulonglong,
    protocol=cython.uchar,
    slot=cython.Py_ssize_t,
    value=cython.longlong,
)
def _find(at: bytearray, start: int, length: int, table: array[int], mask: int) -> int:
    """What the table says of a packet."""
    if length < 38 or at[start + 12] != 8 or at[start + 13] or at[start + 14] != 0x45:
        return -2
    protocol = at[start + 23]
    if at[start + 20] & 0x3F or at[start + 21] or (protocol not in (6, 17, 132)):
        return -2
    slot = _slot(
        table,
        mask,
        _word(at, start + 26) << 32 | _word(at, start + 30),
        _word(at, start + 34) << 8 | protocol,
    )
    if table[slot + 1] == 0 or table[slot + 2] == 0:
        return -1
    value: int = table[slot + 2]
    return value


@cython.locals(
    table=cython.ulonglong[::1],
    addresses=cython.ulonglong,
    ports=cython.ulonglong,
    value=cython.ulonglong,
    words=cython.p_ulonglong,
    slot=cython.Py_ssize_t,
    mask=cython.ulonglong,
    is_new=cython.bint,
)
def set_flow(table: array[int], addresses: int, ports: int, value: int) -> bool:
    """Note what is known of a flow, 0 for nothing; returns whether the flow is new to the table."""
    words = cython.address(table[0]) if cython.compiled else table
    mask = len(table) // 3 - 1
    slot = _slot(words, mask, addresses, ports)
    is_new: bool = words[slot + 1] == 0
    words[slot] = addresses
    words[slot + 1] = ports
    words[slot + 2] = value
    return is_new


@cython.locals(
    table=cython.ulonglong[::1],
    larger=cython.ulonglong[::1],
    old=cython.p_ulonglong,
    new=cython.p_ulonglong,
    mask=cython.ulonglong,
    at=cython.Py_ssize_t,
    slot=cython.Py_ssize_t,
)
def move_flows(table: array[int], larger: array[int]) -> None:
    """Put all flows of a table into a larger one, which is empty."""
    old = cython.address(table[0]) if cython.compiled else table
    new = cython.address(larger[0]) if cython.compiled else larger
    mask = len(larger) // 3 - 1
    for at in range(0, len(table), 3):
        if old[at + 1]:
            slot = _slot(new, mask, old[at], old[at + 1])
            new[slot] = old[at]
            new[slot + 1] = old[at + 1]
            new[slot + 2] = old[at + 2]


@cython.locals(
    buffer=cython.const_uchar[::1],
    starts=cython.const_longlong[::1],
    lengths=cython.const_longlong[::1],
    first=cython.Py_ssize_t,
    stop=cython.Py_ssize_t,
    table=cython.ulonglong[::1],
    found=cython.longlong[::1],
    at=cython.p_uchar,
    words=cython.p_ulonglong,
    mask=cython.ulonglong,
    index=cython.Py_ssize_t,
)
def look_up(
    buffer: bytes | bytearray | memoryview,
    starts: array[int],
    lengths: array[int],
    first: int,
    stop: int,
    table: array[int],
    found: array[int],
) -> None:
    """Note in `found` what the table says of packets.

    One after the other and nothing else, so that the processor waits for many places of a large table at
    once.
    """
    if first >= stop:
        return
    at = cython.cast(cython.p_uchar, cython.address(buffer[0])) if cython.compiled else buffer
    words = cython.address(table[0]) if cython.compiled else table
    mask = len(table) // 3 - 1
    for index in range(first, stop):
        found[index] = _find(at, starts[index], lengths[index], words, mask)


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
    buffer=cython.const_uchar[::1],
    times_ns=cython.const_longlong[::1],
    starts=cython.const_longlong[::1],
    lengths=cython.const_longlong[::1],
    captured_lengths=cython.const_longlong[::1],
    original_lengths=cython.const_longlong[::1],
    found=cython.const_longlong[::1],
    first=cython.Py_ssize_t,
    stop=cython.Py_ssize_t,
    table=cython.ulonglong[::1],
    paths=cython.const_longlong[::1],
    hops=cython.const_longlong[::1],
    templates=cython.const_uchar[::1],
    loads=cython.longlong[::1],
    touched=cython.longlong[::1],
    limits=cython.const_longlong[::1],
    record_format=cython.int,
    out=cython.uchar[::1],
    region=cython.Py_ssize_t,
    outputs=cython.longlong[::1],
    at=cython.p_uchar,
    to=cython.p_uchar,
    shapes=cython.p_uchar,
    words=cython.p_ulonglong,
    mask=cython.ulonglong,
    index=cython.Py_ssize_t,
    reason=cython.int,
    detail=cython.Py_ssize_t,
    touches=cython.Py_ssize_t,
    begin=cython.longlong,
    end=cython.longlong,
    second=cython.longlong,
    largest=cython.longlong,
    within_mtu=cython.longlong,
    small=cython.longlong,
    latest=cython.longlong,
    time=cython.longlong,
    value=cython.longlong,
    path=cython.Py_ssize_t,
    load=cython.Py_ssize_t,
    hop=cython.Py_ssize_t,
    first_hop=cython.Py_ssize_t,
    last_hop=cython.Py_ssize_t,
    length=cython.longlong,
    missing=cython.longlong,
    overhead=cython.Py_ssize_t,
    record=cython.Py_ssize_t,
    output=cython.Py_ssize_t,
    place=cython.Py_ssize_t,
    checksum=cython.longlong,
    port=cython.longlong,
)
def mirror(
    buffer: bytes | bytearray | memoryview,
    times_ns: array[int],
    starts: array[int],
    lengths: array[int],
    captured_lengths: array[int],
    original_lengths: array[int],
    found: array[int],
    first: int,
    stop: int,
    table: array[int],
    paths: array[int],
    hops: array[int],
    templates: bytearray,
    loads: array[int],
    touched: array[int],
    limits: array[int],
    record_format: int,
    out: bytearray,
    region: int,
    outputs: array[int],
) -> tuple[int, int, int, int]:
    """Count the packets from `first` to before `stop` and write their copies into the regions of `out`, of
    `region` octets each.

    `lengths` are what packets count as; what is longer than what was captured is counted here, but not
    copied. Returns the number of the first packet that was not done; why; the output, where that has no room;
    and how many loads are in `touched`, whose first number says how many there were before.
    """
    reason = 0
    detail = 0
    touches = touched[0]
    index = first
    if first >= stop:
        return index, reason, detail, touches
    at = cython.cast(cython.p_uchar, cython.address(buffer[0])) if cython.compiled else buffer
    to = cython.address(out[0]) if cython.compiled else out
    shapes = cython.cast(cython.p_uchar, cython.address(templates[0])) if cython.compiled else templates
    words = cython.address(table[0]) if cython.compiled else table
    mask = len(table) // 3 - 1
    begin = limits[0]
    end = limits[1]
    second = begin // 1_000_000_000
    largest = limits[2]
    within_mtu = limits[3]
    latest = limits[4]
    small = min(largest, within_mtu)
    overhead = 32 if record_format == 1 else 16
    while index < stop:
        time = times_ns[index]
        if not begin <= time <= end:
            reason = 1
            break
        value = found[index]
        if value < 0:
            if value == -2:
                reason = 3
                break
            # The flow may have become known behind the packets that were looked up.
            value = _find(at, starts[index], captured_lengths[index], words, mask)
            if value < 0:
                reason = 2
                break
        path = (value >> 16) * 3
        load = paths[path] * 6
        first_hop = paths[path + 1]
        last_hop = first_hop + paths[path + 2]
        length = lengths[index]
        if last_hop < first_hop or loads[load + 5]:
            reason = 3
            break
        if length > small and length > largest and last_hop > first_hop:
            reason = 3
            break
        if record_format and last_hop > first_hop:
            # What is missing cannot be copied.
            if time < 0 or time > latest or length > captured_lengths[index]:
                reason = 3
                break
            record = overhead + 50 + length
            if record_format == 1:
                record = record + 3 & ~3
            for hop in range(first_hop, last_hop):
                detail = hops[hop * 2 + 1]
                if outputs[detail * 3] + record * (last_hop - first_hop) > region:
                    reason = 4
                    break
            if reason:
                break
            port = value & 0xFFFF
            for hop in range(first_hop, last_hop):
                output = hops[hop * 2 + 1]
                place = output * region + outputs[output * 3]
                outputs[output * 3] += record
                outputs[output * 3 + 1] += 1
                if record_format == 1:
                    _put(to, place, 6)
                    _put(to, place + 4, record)
                    _put(to, place + 8, outputs[output * 3 + 2])
                    _put(to, place + 12, time >> 32)
                    _put(to, place + 16, time)
                    _put(to, place + 20, length + 50)
                    _put(to, place + 24, length + 50)
                    # What rounds the length up is overwritten by the frame, but for its end.
                    _put(to, place + record - 8, 0)
                    _put(to, place + record - 4, record)
                    place += 28
                else:
                    _put(to, place, second)
                    _put(to, place + 4, time - begin)
                    _put(to, place + 8, length + 50)
                    _put(to, place + 12, length + 50)
                    place += 16
                if cython.compiled:
                    memcpy(cython.address(to[place]), cython.address(shapes[hop * 64]), 50)
                    memcpy(cython.address(to[place + 50]), cython.address(at[starts[index]]), length)
                else:
                    to[place : place + 50] = shapes[hop * 64 : hop * 64 + 50]
                    to[place + 50 : place + 50 + length] = at[starts[index] : starts[index] + length]
                # Total length, checksum, source port, UDP length.
                checksum = (hops[hop * 2] + length + 36) % 0xFFFF
                if checksum == 0:
                    checksum = 0xFFFF
                checksum = 0xFFFF - checksum
                to[place + 16] = length + 36 >> 8 & 255
                to[place + 17] = length + 36 & 255
                to[place + 24] = checksum >> 8
                to[place + 25] = checksum & 255
                to[place + 34] = port >> 8
                to[place + 35] = port & 255
                to[place + 38] = length + 16 >> 8 & 255
                to[place + 39] = length + 16 & 255
        if length > within_mtu:
            loads[load + 4] += 1
        if loads[load] == 0:
            touches += 1
            touched[touches] = paths[path]
        loads[load] += 1
        loads[load + 1] += length
        missing = original_lengths[index] - length
        if missing > 0:
            loads[load + 2] += 1
            loads[load + 3] += missing
        index += 1
    touched[0] = touches
    return index, reason, detail, touches
