"""Packets written as a capture has them, or bare, each behind an outer header if it has one.

Records are those of a pcap (draft-ietf-opsawg-pcap), or Enhanced Packet Blocks of a pcapng
(draft-ietf-opsawg-pcapng, section 4.3) without options and with times in nanoseconds; both little-endian. An
outer header is a template of the 50 octets of Ethernet, IPv4, UDP and VXLAN, in which what depends on the
packet is filled in: source port, lengths and the checksum of IPv4.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from functools import lru_cache
from struct import Struct

import cython

if cython.compiled:
    from cython.cimports.libc.string import memcpy

BARE, PCAPNG, PCAP = 0, 1, 2
"""What is written: octets one behind the other, Enhanced Packet Blocks, records of a pcap."""

OVERHEAD = 32
"""What an Enhanced Packet Block has around its packet, whose length is rounded up to a multiple of 4."""

TEMPLATE = 64
"""Octets between the starts of templates, of which 50 are used."""

DONE, FULL, NOT_TO_BE_WRITTEN = 0, 1, 2
"""Why writing ended: all is done; no room; a packet that the format cannot express, or that is longer than
readers believe: 262 144 octets (`vtaplib.capture.record`).
"""

_RECORD = Struct("<4I")


# As many lengths as frames have, about: a packer per length makes a block in one call.
@lru_cache(maxsize=2048)
def _packer(length: int) -> Callable[..., None]:
    """What puts an Enhanced Packet Block with so many octets into a buffer, where this is interpreted."""
    return Struct(f"<7I{length}s{-length % 4}xI").pack_into


def _around(template: bytes | bytearray, words: int, length: int) -> tuple[bytes, bytes]:
    """The octets of an outer header before and behind the source port, where this is interpreted."""
    header = bytearray(template)
    header[16:18] = (length + 36).to_bytes(2, "big")
    header[24:26] = (0xFFFF - ((words + length + 36) % 0xFFFF or 0xFFFF)).to_bytes(2, "big")
    header[38:40] = (length + 16).to_bytes(2, "big")
    return bytes(header[:34]), bytes(header[36:])


@cython.cfunc
@cython.nogil
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


@cython.locals(
    buffer=cython.const_uchar[::1],
    aside=cython.const_uchar[::1],
    times_ns=cython.const_longlong[::1],
    starts=cython.const_longlong[::1],
    lengths=cython.const_longlong[::1],
    original_lengths=cython.const_longlong[::1],
    interfaces=cython.const_longlong[::1],
    outputs=cython.const_longlong[::1],
    headers=cython.const_longlong[::1],
    ports=cython.const_longlong[::1],
    order=cython.const_longlong[::1],
    templates=cython.const_uchar[::1],
    sums=cython.const_longlong[::1],
    first=cython.Py_ssize_t,
    stop=cython.Py_ssize_t,
    output=cython.longlong,
    interface=cython.longlong,
    record_format=cython.int,
    unit=cython.longlong,
    out=cython.uchar[::1],
    bare_times=cython.longlong[::1],
    bare_starts=cython.longlong[::1],
    bare_lengths=cython.longlong[::1],
    bare_outputs=cython.longlong[::1],
    room=cython.Py_ssize_t,
    bare_room=cython.Py_ssize_t,
    at=cython.p_uchar,
    other=cython.p_uchar,
    octets=cython.p_uchar,
    to=cython.p_uchar,
    shapes=cython.p_uchar,
    has_headers=cython.bint,
    is_ordered=cython.bint,
    latest=cython.longlong,
    most=cython.longlong,
    second=cython.longlong,
    begin=cython.longlong,
    number=cython.Py_ssize_t,
    index=cython.Py_ssize_t,
    place=cython.Py_ssize_t,
    data=cython.Py_ssize_t,
    packets=cython.Py_ssize_t,
    reason=cython.int,
    header=cython.longlong,
    front=cython.Py_ssize_t,
    length=cython.longlong,
    whole=cython.longlong,
    original=cython.longlong,
    total=cython.longlong,
    time=cython.longlong,
    seen_on=cython.longlong,
    checksum=cython.longlong,
)
def write(
    buffer: bytes | bytearray | memoryview,
    aside: bytes | bytearray,
    times_ns: array[int],
    starts: array[int],
    lengths: array[int],
    original_lengths: array[int],
    interfaces: array[int],
    outputs: array[int],
    headers: array[int],
    ports: array[int],
    order: array[int],
    templates: bytes | bytearray,
    sums: array[int],
    first: int,
    stop: int,
    output: int,
    interface: int,
    record_format: int,
    unit: int,
    out: bytearray | memoryview,
    bare_times: array[int],
    bare_starts: array[int],
    bare_lengths: array[int],
    bare_outputs: array[int],
) -> tuple[int, int, int, int]:
    """Write the packets from `first` to before `stop` that go to an output (-1: all of them) into `out`; with
    an `order`, the packets that it has at these places.

    `headers` are the numbers of the outer headers: `templates` has their octets and `sums` the sum of the
    words of the IPv4 header without its length; -1 says that a packet lies in `aside` and has none. Without
    `headers` all packets lie in the buffer and have none. Packets are of one `interface`, or (-1) those of
    `interfaces`. `unit` are nanoseconds of a fraction in a pcap. The last four columns tell of bare packets
    in `out`. Returns the number of the first that was not written, the octets and the packets written, and
    why it ended.
    """
    reason = 0
    place = 0
    packets = 0
    room = len(out)
    bare_room = min(len(bare_times), len(bare_starts), len(bare_lengths), len(bare_outputs))
    has_headers = len(headers) > 0
    is_ordered = len(order) > 0
    # Typed, so that no object is made of it for every packet.
    most = 0xFFFFFFFF
    latest = 0x7FFFFFFFFFFFFFFF if record_format != 2 else 4_294_967_296 * 1_000_000_000 - 1
    second = 0
    begin = 0
    number = first
    wrapped: dict[tuple[int, int], tuple[bytes, bytes]] = {}
    if first >= stop:
        return number, place, packets, reason
    if cython.compiled:
        at = cython.cast(cython.p_uchar, cython.address(buffer[0])) if len(buffer) else cython.NULL
        other = cython.cast(cython.p_uchar, cython.address(aside[0])) if len(aside) else cython.NULL
        shapes = cython.cast(cython.p_uchar, cython.address(templates[0])) if len(templates) else cython.NULL
        to = cython.address(out[0]) if room else cython.NULL
    else:
        at, other, shapes, to = buffer, aside, templates, out
    with cython.nogil:
        while number < stop:
            index = order[number] if is_ordered else number
            if output != -1 and outputs[index] != output:
                number += 1
                continue
            header = headers[index] if has_headers else -1
            front = 50 if header >= 0 else 0
            length = lengths[index]
            whole = length + front
            original = whole if has_headers else original_lengths[index]
            time = times_ns[index]
            seen_on = interface if interface != -1 or record_format != 1 else interfaces[index]
            if record_format and not (
                0 <= time <= latest
                and 0 <= whole <= 262_144
                and 0 <= original <= most
                and (record_format == 2 or 0 <= seen_on <= most)
            ):
                reason = 2
                break
            total = (
                32 + (whole + 3 & ~3) if record_format == 1 else whole + 16 if record_format == 2 else whole
            )
            if place + total > room or (record_format == 0 and packets == bare_room):
                reason = 1
                break
            octets = at if header >= 0 or not has_headers else other
            if record_format == 2 and not 0 <= time - begin < 1_000_000_000:
                second = time // 1_000_000_000
                begin = second * 1_000_000_000
            if record_format == 0:
                bare_times[packets] = time
                bare_starts[packets] = place
                bare_lengths[packets] = whole
                bare_outputs[packets] = outputs[index]
            if cython.compiled:
                if record_format == 1:
                    # First what rounds the length up: the rest may lie over it.
                    _put(to, place + total - 8, 0)
                    _put(to, place + total - 4, total)
                    _put(to, place, 6)
                    _put(to, place + 4, total)
                    _put(to, place + 8, seen_on)
                    _put(to, place + 12, time >> 32)
                    _put(to, place + 16, time)
                    _put(to, place + 20, whole)
                    _put(to, place + 24, original)
                    data = place + 28
                elif record_format == 2:
                    _put(to, place, second)
                    _put(to, place + 4, (time - begin) // unit)
                    _put(to, place + 8, whole)
                    _put(to, place + 12, original)
                    data = place + 16
                else:
                    data = place
                memcpy(cython.address(to[data + front]), cython.address(octets[starts[index]]), length)
                if front:
                    memcpy(cython.address(to[data]), cython.address(shapes[header * 64]), 50)
                    checksum = (sums[header] + length + 36) % 0xFFFF
                    checksum = 0xFFFF - (checksum if checksum else 0xFFFF)
                    to[data + 16] = length + 36 >> 8 & 255
                    to[data + 17] = length + 36 & 255
                    to[data + 24] = checksum >> 8
                    to[data + 25] = checksum & 255
                    to[data + 34] = ports[index] >> 8
                    to[data + 35] = ports[index] & 255
                    to[data + 38] = length + 16 >> 8 & 255
                    to[data + 39] = length + 16 & 255
            else:
                packet = bytes(octets[starts[index] : starts[index] + length])
                if front:
                    around = wrapped.get((header, length))
                    if around is None:
                        around = wrapped[header, length] = _around(
                            templates[header * 64 : header * 64 + 50], sums[header], length
                        )
                    packet = b"".join((around[0], ports[index].to_bytes(2, "big"), around[1], packet))
                if record_format == 1:
                    high, low = time >> 32, time & 0xFFFFFFFF
                    _packer(whole)(to, place, 6, total, seen_on, high, low, whole, original, packet, total)
                else:
                    if record_format == 2:
                        _RECORD.pack_into(to, place, second, (time - begin) // unit, whole, original)
                    to[place + total - whole : place + total] = packet
            place += total
            packets += 1
            number += 1
    return number, place, packets, reason
