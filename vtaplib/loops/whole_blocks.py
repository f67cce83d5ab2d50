"""Whole blocks of a pcapng: how far octets that may have been cut anywhere can be read
(draft-ietf-opsawg-pcapng, section 3.1).

Little-endian, as they are written here.
"""

from __future__ import annotations

import cython


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
@cython.returns(cython.longlong)
@cython.locals(octets=cython.const_uchar[::1], place=cython.Py_ssize_t, number=cython.longlong)
def _number(octets: bytes | bytearray | memoryview, place: int) -> int:
    """The four octets at a place, the lowest first."""
    # Shifted in an int, the highest bit would become a sign.
    number = octets[place + 3]
    return number << 24 | octets[place + 2] << 16 | octets[place + 1] << 8 | octets[place]


@cython.locals(
    octets=cython.const_uchar[::1],
    stop=cython.Py_ssize_t,
    at=cython.Py_ssize_t,
    total=cython.Py_ssize_t,
    packets=cython.Py_ssize_t,
    packet_octets=cython.Py_ssize_t,
)
def measure(octets: bytes | bytearray | memoryview, stop: int) -> tuple[int, int, int]:
    """Go through the blocks that begin at 0 and are whole before `stop`.

    Returns where the first that is not begins; how many of the others are Enhanced Packet Blocks; and the
    octets of the packets in them.
    """
    at = 0
    packets = 0
    packet_octets = 0
    while at + 12 <= stop:
        total = _number(octets, at + 4)
        if total < 12 or total & 3 or total > stop - at:
            break
        if _number(octets, at + total - 4) != total:
            break
        if total >= 32 and octets[at] == 6 and octets[at + 1] == 0 and octets[at + 2] == 0:
            packets += 1
            packet_octets += _number(octets, at + 20)
        at += total
    return at, packets, packet_octets
