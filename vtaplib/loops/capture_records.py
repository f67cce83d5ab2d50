"""Records of captures, found in a piece of a file: where each packet lies, and what its header says.

The simple kinds only, which are nearly all of nearly all files: records of a pcap (draft-ietf-opsawg-pcap),
and Enhanced Packet Blocks of a pcapng (draft-ietf-opsawg-pcapng, section 4.3) on interfaces of Ethernet. A
scan stops where something else stands, or something that is not whole; what that is, the parsers find out.
"""

from __future__ import annotations

from array import array
from struct import Struct

import cython

LENGTHS_IN_ORDER, LENGTHS_SWAPPED, LENGTHS_PERHAPS_SWAPPED = 0, 1, 2
"""Which of a pcap record's two lengths is the captured one: the first; the second; the smaller."""


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
@cython.returns(cython.uint)
@cython.locals(
    at=cython.p_uchar,
    place=cython.Py_ssize_t,
    is_big=cython.bint,
    a=cython.uint,
    b=cython.uint,
    c=cython.uint,
    d=cython.uint,
)
def _number(at: bytearray, place: int, is_big: bool) -> int:
    """The four octets at a place: so put that compilers make one load of it."""
    a, b, c, d = at[place], at[place + 1], at[place + 2], at[place + 3]
    return a << 24 | b << 16 | c << 8 | d if is_big else d << 24 | c << 16 | b << 8 | a


@cython.locals(
    buffer=cython.const_uchar[::1],
    position=cython.Py_ssize_t,
    stop=cython.Py_ssize_t,
    is_big=cython.bint,
    lengths_order=cython.int,
    scale=cython.longlong,
    times_ns=cython.longlong[::1],
    starts=cython.longlong[::1],
    lengths=cython.longlong[::1],
    original_lengths=cython.longlong[::1],
    interfaces=cython.longlong[::1],
    outputs=cython.longlong[::1],
    count=cython.Py_ssize_t,
    room=cython.Py_ssize_t,
    at=cython.p_uchar,
    seconds=cython.longlong,
    fraction=cython.longlong,
    captured=cython.longlong,
    original=cython.longlong,
)
def scan_pcap(
    buffer: bytes | bytearray | memoryview,
    position: int,
    stop: int,
    is_big: bool,
    lengths_order: int,
    scale: int,
    times_ns: array[int],
    starts: array[int],
    lengths: array[int],
    original_lengths: array[int],
    interfaces: array[int],
    outputs: array[int],
    count: int,
) -> tuple[int, int]:
    """Append to `count` packets in the columns those that lie between two positions; `scale` are nanoseconds
    per unit of the fraction.

    Returns where the first record starts that is not whole, or no record, and how many packets there are
    now: it also stops when columns are full.
    """
    room = len(starts)
    if stop <= 0:
        return position, count
    at = cython.cast(cython.p_uchar, cython.address(buffer[0])) if cython.compiled else bytearray()
    unpack = Struct(">4I" if is_big else "<4I").unpack_from
    while count < room and position + 16 <= stop:
        if cython.compiled:
            seconds = _number(at, position, is_big)
            fraction = _number(at, position + 4, is_big)
            captured = _number(at, position + 8, is_big)
            original = _number(at, position + 12, is_big)
        else:
            seconds, fraction, captured, original = unpack(buffer, position)
        if lengths_order and (lengths_order == 1 or captured > original):
            captured, original = original, captured
        if captured > 262_144 or position + 16 + captured > stop:
            break
        times_ns[count] = seconds * 1_000_000_000 + fraction * scale
        starts[count] = position + 16
        lengths[count] = captured
        original_lengths[count] = original
        interfaces[count] = 0
        outputs[count] = 0
        count += 1
        position += 16 + captured
    return position, count


@cython.locals(
    buffer=cython.const_uchar[::1],
    position=cython.Py_ssize_t,
    stop=cython.Py_ssize_t,
    is_big=cython.bint,
    clocks=cython.const_longlong[::1],
    base=cython.longlong,
    times_ns=cython.longlong[::1],
    starts=cython.longlong[::1],
    lengths=cython.longlong[::1],
    original_lengths=cython.longlong[::1],
    interfaces=cython.longlong[::1],
    outputs=cython.longlong[::1],
    count=cython.Py_ssize_t,
    room=cython.Py_ssize_t,
    at=cython.p_uchar,
    known=cython.Py_ssize_t,
    kind=cython.longlong,
    total=cython.longlong,
    total_again=cython.longlong,
    interface=cython.longlong,
    captured=cython.longlong,
    original=cython.longlong,
    scale=cython.ulonglong,
    multiplier=cython.ulonglong,
    divisor=cython.ulonglong,
    time=cython.ulonglong,
    high=cython.ulonglong,
    low=cython.ulonglong,
    ticks=cython.ulonglong,
    latest=cython.ulonglong,
)
def scan_pcapng(
    buffer: bytes | bytearray | memoryview,
    position: int,
    stop: int,
    is_big: bool,
    clocks: array[int],
    base: int,
    times_ns: array[int],
    starts: array[int],
    lengths: array[int],
    original_lengths: array[int],
    interfaces: array[int],
    outputs: array[int],
    count: int,
) -> tuple[int, int]:
    """The same for a pcapng. `base` is the number of the section's first interface.

    `clocks` has four numbers for each of them: nanoseconds per tick where the product is the time since 1970,
    or 0, a multiplier, a divisor and an offset: `ticks * multiplier // divisor + offset`. Multiplier times
    divisor must be within signed 64 bits. If all are 0, the packets of the interface are left to others, and
    so are those whose time may not be between 0 and what signed 64 bits can hold.
    """
    room = len(starts)
    known = len(clocks) // 4
    latest = 0x7FFFFFFFFFFFFFFF
    if stop <= 0:
        return position, count
    at = cython.cast(cython.p_uchar, cython.address(buffer[0])) if cython.compiled else bytearray()
    unpack = Struct(">7I" if is_big else "<7I").unpack_from
    unpack_length = Struct(">I" if is_big else "<I").unpack_from
    while count < room and position + 32 <= stop:
        if cython.compiled:
            kind = _number(at, position, is_big)
            total = _number(at, position + 4, is_big)
            interface = _number(at, position + 8, is_big)
            high = _number(at, position + 12, is_big)
            low = _number(at, position + 16, is_big)
            captured = _number(at, position + 20, is_big)
            original = _number(at, position + 24, is_big)
        else:
            kind, total, interface, high, low, captured, original = unpack(buffer, position)
        if (
            kind != 6
            or total & 3
            or position + total > stop
            or captured + 32 > total
            or captured > 262_144
            or interface >= known
        ):
            break
        if cython.compiled:
            total_again = _number(at, position + total - 4, is_big)
        else:
            (total_again,) = unpack_length(buffer, position + total - 4)
        scale = clocks[4 * interface]
        ticks = high << 32 | low
        if total_again != total:
            break
        if scale != 0:
            if ticks > latest // scale:
                break
            time = ticks * scale
        else:
            multiplier = clocks[4 * interface + 1]
            divisor = clocks[4 * interface + 2]
            # What there is of the rest is less than the multiplier.
            if multiplier == 0 or ticks // divisor >= latest // multiplier:
                break
            time = ticks // divisor * multiplier + ticks % divisor * multiplier // divisor
            time += clocks[4 * interface + 3]
            # In C a time below 0 is one above all others.
            if time < 0 or time > latest:
                break
        times_ns[count] = time
        starts[count] = position + 28
        lengths[count] = captured
        original_lengths[count] = original
        interfaces[count] = base + interface
        outputs[count] = 0
        count += 1
        position += total
    return position, count
