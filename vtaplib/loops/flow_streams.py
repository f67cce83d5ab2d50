"""Streams of frames: a hash of the headers, for frames whose headers are plain.

The hash is that of `vtaplib.packets.flow.directional_hash`: CRC-32 over the addresses, the protocol and the
ports, as sixteen and twice thirty-two bits. Plain is an untagged IPv4 packet without options, no fragment,
with ports.
"""

from __future__ import annotations

from array import array

import cython


@cython.locals(
    buffer=cython.const_uchar[::1],
    starts=cython.const_longlong[::1],
    lengths=cython.const_longlong[::1],
    count=cython.Py_ssize_t,
    table=cython.const_longlong[::1],
    streams=cython.longlong[::1],
    others=cython.Py_ssize_t,
    index=cython.Py_ssize_t,
    at=cython.Py_ssize_t,
    place=cython.Py_ssize_t,
    size=cython.Py_ssize_t,
    protocol=cython.uchar,
    crc=cython.ulonglong,
)
def plain_streams(
    buffer: bytes | bytearray | memoryview,
    starts: array[int],
    lengths: array[int],
    count: int,
    table: array[int],
    streams: array[int],
) -> int:
    """Write the hash of each of the first `count` packets into `streams`, -1 for those that are not plain.

    `table` is that of CRC-32, 256 numbers. Returns how many are not plain.
    """
    size = len(buffer)
    others = 0
    for index in range(count):
        at = starts[index]
        streams[index] = -1
        if lengths[index] < 38 or at < 0 or at > size - lengths[index]:
            others += 1
            continue
        protocol = buffer[at + 23]
        if (
            buffer[at + 12] != 0x08
            or buffer[at + 13] != 0
            or buffer[at + 14] != 0x45
            or buffer[at + 20] & 0x3F
            or buffer[at + 21]
            or (protocol != 6 and protocol != 17 and protocol != 132)
        ):
            others += 1
            continue
        crc = 0xFFFFFFFF
        for place in range(26, 34):
            crc = table[(crc ^ buffer[at + place]) & 255] ^ crc >> 8
        crc = table[crc & 255] ^ crc >> 8
        crc = table[(crc ^ protocol) & 255] ^ crc >> 8
        crc = table[crc & 255] ^ crc >> 8
        crc = table[crc & 255] ^ crc >> 8
        crc = table[(crc ^ buffer[at + 34]) & 255] ^ crc >> 8
        crc = table[(crc ^ buffer[at + 35]) & 255] ^ crc >> 8
        crc = table[crc & 255] ^ crc >> 8
        crc = table[crc & 255] ^ crc >> 8
        crc = table[(crc ^ buffer[at + 36]) & 255] ^ crc >> 8
        crc = table[(crc ^ buffer[at + 37]) & 255] ^ crc >> 8
        streams[index] = crc ^ 0xFFFFFFFF
    return others
