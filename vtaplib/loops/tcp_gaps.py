"""Gaps in the sequence numbers of TCP (RFC 9293, section 3.4): octets that were sent and not seen here.

What the network lost comes again, and fills the gap; what only the copies lost does not. So what stays open
is about what is missing from a stream of copies. It is an estimate: flows that fall on one row of the table
push each other out, a flow remembers four gaps, and what stands before its first frame is unknown.
"""

from __future__ import annotations

from array import array

import cython

ROW_WORDS = 12
"""Of a row: its flow's key (0: none), the next sequence number, the number of the gap to give up next, one
unused, and four gaps, each by its first sequence number and its length.
"""

GAP_WORDS = 2
"""Of a stream: gaps that were seen, and octets that are missing now."""


@cython.locals(
    buffer=cython.const_uchar[::1],
    starts=cython.const_longlong[::1],
    lengths=cython.const_longlong[::1],
    interfaces=cython.const_longlong[::1],
    count=cython.Py_ssize_t,
    rows=cython.longlong[::1],
    gaps=cython.longlong[::1],
    row_count=cython.ulonglong,
    octets=cython.longlong,
    streams=cython.longlong,
    low=cython.ulonglong,
    word=cython.longlong,
    quarter=cython.longlong,
    index=cython.Py_ssize_t,
    at=cython.Py_ssize_t,
    end=cython.Py_ssize_t,
    kind=cython.Py_ssize_t,
    place=cython.Py_ssize_t,
    last=cython.Py_ssize_t,
    row=cython.Py_ssize_t,
    hole=cython.Py_ssize_t,
    size=cython.longlong,
    stream=cython.longlong,
    first=cython.ulonglong,
    second=cython.ulonglong,
    key=cython.longlong,
    octet=cython.ulonglong,
    flags=cython.uint,
    sequence=cython.longlong,
    ahead=cython.longlong,
    begin=cython.longlong,
    opened=cython.longlong,
    opened_at=cython.longlong,
    finish=cython.longlong,
)
def look(
    buffer: bytes | bytearray | memoryview,
    starts: array[int],
    lengths: array[int],
    interfaces: array[int],
    count: int,
    rows: array[int],
    gaps: array[int],
) -> None:
    """Follow the TCP flows among the first `count` frames; count in `gaps` what is missing of each stream.

    `rows` has 12 words for each of as many flows as can be told apart. Fragments and IPv6 extension headers
    are not looked into.
    """
    row_count = len(rows) // 12
    if row_count == 0:
        return
    streams = len(gaps) // 2
    octets = len(buffer)
    low = 0xFFFFFFFF
    word = 0xFFFFFFFF
    # Of the space of sequence numbers, which is a circle.
    quarter = 0x40000000
    with cython.nogil:
        for index in range(count):
            at = starts[index]
            if lengths[index] < 54 or at < 0 or at > octets - lengths[index]:
                continue
            end = at + lengths[index]
            stream = interfaces[index]
            if stream < 0 or stream >= streams:
                continue
            kind = buffer[at + 12] << 8 | buffer[at + 13]
            at += 14
            while (kind == 0x8100 or kind == 0x88A8 or kind == 0x9100) and end - at >= 44:
                kind = buffer[at + 2] << 8 | buffer[at + 3]
                at += 4
            if kind == 0x0800 and end - at >= 40 and buffer[at] >> 4 == 4 and buffer[at + 9] == 6:
                if buffer[at + 6] & 0x3F or buffer[at + 7]:
                    continue
                size = buffer[at + 2] << 8 | buffer[at + 3]
                place = at + 12
                last = at + 20
                size -= (buffer[at] & 15) * 4
                at += (buffer[at] & 15) * 4
            elif kind == 0x86DD and end - at >= 60 and buffer[at + 6] == 6:
                size = buffer[at + 4] << 8 | buffer[at + 5]
                place = at + 8
                last = at + 40
                at += 40
            else:
                continue
            if end - at < 20 or at < last:
                continue
            size -= (buffer[at + 12] >> 4) * 4
            flags = buffer[at + 13]
            # A reset's number may be anything; so may a size that does not hold its headers.
            if flags & 4 or size < 0:
                continue
            size += (flags & 1) + (flags >> 1 & 1)

            # Which flow: addresses, ports and stream, hashed twice (FNV-1a, 32 bits).
            first = 0x11C9DC5 ^ stream & word
            second = 0x1000193 + stream & word
            while place < last:
                octet = buffer[place]
                first = (first ^ octet) * 16777619 & low
                second = (second ^ octet) * 709607 & low
                place += 1
            for place in range(at, at + 4):
                octet = buffer[place]
                first = (first ^ octet) * 16777619 & low
                second = (second ^ octet) * 709607 & low
            key = (first << 30 ^ second) | 1
            row = (first ^ first >> 15) % row_count * 12

            sequence = buffer[at + 4]
            sequence = sequence << 24 | buffer[at + 5] << 16 | buffer[at + 6] << 8 | buffer[at + 7]
            ahead = sequence - rows[row + 1] & word
            if rows[row] != key or flags & 2 or quarter <= ahead < 3 * quarter:
                # A flow, or a connection, that begins here.
                rows[row] = key
                rows[row + 1] = sequence + size & word
                for hole in range(row + 2, row + 12):
                    rows[hole] = 0
                continue
            opened = 0
            opened_at = 0
            if ahead < quarter:
                if ahead:
                    gaps[2 * stream] += 1
                    gaps[2 * stream + 1] += ahead
                    opened = ahead
                    opened_at = rows[row + 1]
                rows[row + 1] = sequence + size & word
            else:
                # From before: what it fills of each gap. One that it fills in the middle becomes two.
                for hole in range(row + 4, row + 12, 2):
                    begin = sequence - rows[hole] & word
                    if begin >= 2 * quarter:
                        begin -= 4 * quarter
                    finish = begin + size
                    if begin < 0:
                        begin = 0
                    if finish > rows[hole + 1]:
                        finish = rows[hole + 1]
                    if finish <= begin:
                        continue
                    gaps[2 * stream + 1] -= finish - begin
                    if begin == 0:
                        rows[hole] = rows[hole] + finish & word
                        rows[hole + 1] -= finish
                    else:
                        opened = rows[hole + 1] - finish
                        opened_at = rows[hole] + finish & word
                        rows[hole + 1] = begin
                if ahead - 4 * quarter + size > 0:
                    rows[row + 1] = sequence + size & word
            if opened:
                # Where none is free, the one that was written longest ago is given up, and stays missing.
                hole = row + 4
                while hole < row + 12 and rows[hole + 1]:
                    hole += 2
                if hole == row + 12:
                    hole = row + 4 + rows[row + 2] * 2
                    rows[row + 2] = rows[row + 2] + 1 & 3
                rows[hole] = opened_at
                rows[hole + 1] = opened
