"""The payloads of copies: where the UDP payload of a captured copy lies in its frame."""

from __future__ import annotations

from array import array

import cython

NO_COPY, WHOLE, FRAGMENT, CUT = 0, 1, 2, 3
"""What a frame is: none that carries VXLAN over IPv4, one whose payload was found, a fragment of an IPv4
packet, or one that the capture cut."""


@cython.locals(
    buffer=cython.const_uchar[::1],
    starts=cython.longlong[::1],
    lengths=cython.longlong[::1],
    streams=cython.longlong[::1],
    kinds=cython.uchar[::1],
    count=cython.Py_ssize_t,
    size=cython.Py_ssize_t,
    whole=cython.Py_ssize_t,
    index=cython.Py_ssize_t,
    at=cython.Py_ssize_t,
    end=cython.Py_ssize_t,
    length=cython.Py_ssize_t,
    is_vxlan=cython.bint,
)
def find_payloads(
    buffer: bytes | bytearray | memoryview,
    starts: array[int],
    lengths: array[int],
    streams: array[int],
    kinds: bytearray,
    count: int,
) -> int:
    """Move the starts and lengths of the first `count` packets to their payloads, where they are copies.

    `streams` gets their source ports, `kinds` what each packet is. A copy is a UDP datagram in IPv4, behind
    any VLAN tags, to port 4789, or to another with a VXLAN header whose reserved fields are zero. Returns how
    many are whole.
    """
    size = len(buffer)
    whole = 0
    for index in range(count):
        kinds[index] = 0
        at = starts[index]
        if at < 0 or lengths[index] < 14 or at > size - lengths[index]:
            continue
        end = at + lengths[index]
        at += 12
        while at + 6 <= end and (
            (buffer[at] == 0x81 and buffer[at + 1] == 0)
            or (buffer[at] == 0x88 and buffer[at + 1] == 0xA8)
            or (buffer[at] == 0x91 and buffer[at + 1] == 0)
        ):
            at += 4
        if at + 2 > end or buffer[at] != 0x08 or buffer[at + 1] != 0:
            continue
        at += 2
        if at + 20 > end or buffer[at] >> 4 != 4 or buffer[at] & 15 < 5 or buffer[at + 9] != 17:
            continue
        if buffer[at + 6] & 0x3F or buffer[at + 7]:
            kinds[index] = 2
            continue
        at += (buffer[at] & 15) * 4
        if at + 8 > end:
            kinds[index] = 3
            continue
        length = (buffer[at + 4] << 8 | buffer[at + 5]) - 8
        if length < 0:
            continue
        is_vxlan = buffer[at + 2] == 0x12 and buffer[at + 3] == 0xB5
        if not is_vxlan and length >= 8 and at + 16 <= end:
            is_vxlan = (
                buffer[at + 8] == 8
                and buffer[at + 9] == 0
                and buffer[at + 10] == 0
                and buffer[at + 11] == 0
                and buffer[at + 15] == 0
            )
        if not is_vxlan:
            continue
        if at + 8 + length > end:
            kinds[index] = 3
            continue
        kinds[index] = 1
        streams[index] = buffer[at] << 8 | buffer[at + 1]
        starts[index] = at + 8
        lengths[index] = length
        whole += 1
    return whole
