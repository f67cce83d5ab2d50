"""Records of captures, found in a piece of a file: where each packet lies, and what its header says.

The simple kinds only, which are nearly all of nearly all files: records of a pcap (draft-ietf-opsawg-pcap),
and Enhanced Packet Blocks of a pcapng (draft-ietf-opsawg-pcapng, section 4.3) on interfaces of Ethernet with
a decimal clock. A scan stops where something else stands, or something that is not whole; what that is, the
parsers find out.
"""

from __future__ import annotations

from array import array

import cython

MOST = 262_144
"""The longest packet believed, in bytes."""


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
@cython.returns(cython.ulonglong)
@cython.locals(at=cython.p_uchar, place=cython.Py_ssize_t, is_big=cython.bint, number=cython.ulonglong)
def _number(at: bytearray, place: int, is_big: bool) -> int:
    """The four octets at a place."""
    number: int
    if is_big:
        number = cython.cast(cython.ulonglong, at[place]) << 24
        number |= at[place + 1] << 16 | at[place + 2] << 8 | at[place + 3]
        return number
    number = cython.cast(cython.ulonglong, at[place + 3]) << 24
    number |= at[place + 2] << 16 | at[place + 1] << 8 | at[place]
    return number


@cython.locals(
    buffer=cython.const_uchar[::1],
    position=cython.Py_ssize_t,
    stop=cython.Py_ssize_t,
    is_big=cython.bint,
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
    captured=cython.Py_ssize_t,
)
def scan_pcap(
    buffer: bytes | bytearray | memoryview,
    position: int,
    stop: int,
    is_big: bool,
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
    at = cython.cast(cython.p_uchar, cython.address(buffer[0])) if cython.compiled else buffer
    while count < room and position + 16 <= stop:
        captured = _number(at, position + 8, is_big)
        if captured > 262_144 or position + 16 + captured > stop:
            break
        times_ns[count] = (
            _number(at, position, is_big) * 1_000_000_000 + _number(at, position + 4, is_big) * scale
        )
        starts[count] = position + 16
        lengths[count] = captured
        original_lengths[count] = _number(at, position + 12, is_big)
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
    scales=cython.const_longlong[::1],
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
    total=cython.Py_ssize_t,
    interface=cython.Py_ssize_t,
    captured=cython.Py_ssize_t,
    scale=cython.ulonglong,
    ticks=cython.ulonglong,
    latest=cython.ulonglong,
)
def scan_pcapng(
    buffer: bytes | bytearray | memoryview,
    position: int,
    stop: int,
    is_big: bool,
    scales: array[int],
    base: int,
    times_ns: array[int],
    starts: array[int],
    lengths: array[int],
    original_lengths: array[int],
    interfaces: array[int],
    outputs: array[int],
    count: int,
) -> tuple[int, int]:
    """The same for a pcapng. `scales` are nanoseconds per tick of the section's interfaces, 0 for those that
    are not simple; `base` is the number of its first.
    """
    room = len(starts)
    known = len(scales)
    latest = 0x7FFFFFFFFFFFFFFF
    if stop <= 0:
        return position, count
    at = cython.cast(cython.p_uchar, cython.address(buffer[0])) if cython.compiled else buffer
    while count < room and position + 32 <= stop:
        if _number(at, position, is_big) != 6:
            break
        total = _number(at, position + 4, is_big)
        interface = _number(at, position + 8, is_big)
        captured = _number(at, position + 20, is_big)
        if position + total > stop or captured + 32 > total or interface >= known or captured > 262_144:
            break
        scale = scales[interface]
        if scale == 0 or _number(at, position + total - 4, is_big) != cython.cast(cython.ulonglong, total):
            break
        ticks = _number(at, position + 12, is_big) << 32 | _number(at, position + 16, is_big)
        if ticks > latest // scale:
            break
        times_ns[count] = ticks * scale
        starts[count] = position + 28
        lengths[count] = captured
        original_lengths[count] = _number(at, position + 24, is_big)
        interfaces[count] = base + interface
        outputs[count] = 0
        count += 1
        position += total
    return position, count
