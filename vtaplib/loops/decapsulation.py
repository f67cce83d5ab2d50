"""Decapsulation: received VXLAN datagrams (RFC 7348) to inner frames in place, and what is said of each.

The octets that recvmmsg(2) filled in are read as 64-bit words of a little-endian machine: of a message 8
(`struct mmsghdr`), of a sender's address 4, of control octets 8. An address is 16 octets in two words, an
IPv4 one in its mapped form (RFC 4291, section 2.5.5.2), so that there is one kind.
"""

from __future__ import annotations

from array import array

import cython

MESSAGE_WORDS = 8
ADDRESS_WORDS = 4
CONTROL_WORDS = 8
ADDRESS_LENGTH = 8 * ADDRESS_WORDS
CONTROL_LENGTH = 8 * CONTROL_WORDS

KEY_WORDS = 3
COUNTERS = 4

TAKEN, WRONG_SOURCE, TOO_SHORT, NO_VNI, WRONG_VNI, RUNT, OVERSIZED, NOT_WANTED = range(8)
REASONS = 8

STREAMS, WANTED = range(2)
"""What the state holds: how many streams are known, and how many frames more are wanted (-1: all)."""


@cython.locals(
    buffer=cython.const_uchar[::1],
    offsets=cython.const_longlong[::1],
    slot=cython.Py_ssize_t,
    count=cython.Py_ssize_t,
    messages=cython.ulonglong[::1],
    addresses=cython.const_ulonglong[::1],
    controls=cython.const_ulonglong[::1],
    now_ns=cython.longlong,
    vnis=cython.const_ulonglong[::1],
    networks=cython.const_ulonglong[::1],
    table=cython.longlong[::1],
    keys=cython.ulonglong[::1],
    counters=cython.longlong[::1],
    state=cython.longlong[::1],
    times_ns=cython.longlong[::1],
    starts=cython.longlong[::1],
    lengths=cython.longlong[::1],
    original_lengths=cython.longlong[::1],
    interfaces=cython.longlong[::1],
    outputs=cython.longlong[::1],
    verdicts=cython.uchar[::1],
    totals=cython.longlong[::1],
    mask=cython.ulonglong,
    low=cython.ulonglong,
    mapped=cython.ulonglong,
    time_stamp=cython.ulonglong,
    room=cython.longlong,
    vni_count=cython.Py_ssize_t,
    network_words=cython.Py_ssize_t,
    packets=cython.Py_ssize_t,
    index=cython.Py_ssize_t,
    at=cython.Py_ssize_t,
    place=cython.Py_ssize_t,
    start=cython.Py_ssize_t,
    size=cython.Py_ssize_t,
    length=cython.Py_ssize_t,
    verdict=cython.Py_ssize_t,
    word=cython.ulonglong,
    upper=cython.ulonglong,
    lower=cython.ulonglong,
    vni=cython.ulonglong,
    hashed=cython.ulonglong,
    entry=cython.ulonglong,
    number=cython.longlong,
    is_known=cython.bint,
    time=cython.longlong,
)
def decapsulate(
    buffer: bytes | bytearray | memoryview,
    offsets: array[int],
    slot: int,
    count: int,
    messages: array[int],
    addresses: array[int],
    controls: array[int],
    now_ns: int,
    vnis: array[int],
    networks: array[int],
    table: array[int],
    keys: array[int],
    counters: array[int],
    state: array[int],
    times_ns: array[int],
    starts: array[int],
    lengths: array[int],
    original_lengths: array[int],
    interfaces: array[int],
    outputs: array[int],
    verdicts: bytearray,
    totals: array[int],
) -> int:
    """Judge `count` received datagrams, and write the columns of those whose frames are taken.

    Datagram i lies in the buffer from `offsets[i]` on. It is judged by its sender first (`networks`: value
    and mask of each, two words each; none: all), then by its header, its VNI (`vnis`; none: all), and its
    frame's length: at least an Ethernet header, at most what a slot holds. The verdict comes into `verdicts`,
    and datagrams and octets are added to two `totals` of it: of those taken the octets of frames, of others
    those of datagrams. `now_ns` is the time of a datagram that the kernel gave none.

    A stream is a sender and a VNI. Its number is found in `table`, whose length is a power of two (-1 where
    free), by its three `keys`; what finds no more room there is counted as the last stream. Its `counters`
    are frames, octets, and the times of the first and the last. Messages are made ready to be received into
    again. Returns how many frames were taken.
    """
    # A control message's level and type: SOL_SOCKET, SO_TIMESTAMPNS (<asm-generic/socket.h>).
    time_stamp = 1
    time_stamp |= 35 * 65536 * 65536
    low = 0xFFFFFFFF
    mapped = 0xFFFF0000
    mask = len(table) - 1
    room = len(counters) // 4 - 1
    vni_count = len(vnis)
    network_words = len(networks)
    size = len(buffer)
    packets = 0
    with cython.nogil:
        for index in range(count):
            at = 8 * index
            length = messages[at + 7] & low
            word = addresses[4 * index]
            if word & 0xFFFF == 2:
                upper = 0
                lower = word >> 32 << 32 | mapped
            else:
                upper = addresses[4 * index + 1]
                lower = addresses[4 * index + 2]
            time = now_ns
            # Seconds and nanoseconds follow.
            if messages[at + 5] >= 32 and controls[at + 1] == time_stamp:
                time = controls[at + 2] * 1_000_000_000 + controls[at + 3]
            # For the next one: room for an address and for control octets, no flags.
            messages[at + 1] = 32
            messages[at + 5] = 64
            messages[at + 6] = 0

            start = offsets[index]
            vni = 0
            verdict = 0
            number = -1
            entry = 0
            is_known = False
            if length < 8 or start < 0 or start > size - 8:
                verdict = 2
            elif not buffer[start] & 8:
                verdict = 3
            else:
                vni = buffer[start + 4] << 16 | buffer[start + 5] << 8 | buffer[start + 6]
                hashed = upper >> 32 ^ upper & low ^ lower >> 32 ^ lower & low
                hashed = hashed * 40503 + vni * 60493 & low
                entry = (hashed ^ hashed >> 15) & mask
                while table[entry] >= 0:
                    number = table[entry]
                    place = 3 * number
                    if keys[place] == upper and keys[place + 1] == lower and keys[place + 2] == vni:
                        is_known = True
                        break
                    entry = entry + 1 & mask
            if not is_known:
                number = -1
                if network_words:
                    place = 0
                    while place < network_words and (
                        upper & networks[place + 2] != networks[place]
                        or lower & networks[place + 3] != networks[place + 1]
                    ):
                        place += 4
                    if place >= network_words:
                        verdict = 1
                if verdict == 0 and vni_count:
                    place = 0
                    while place < vni_count and vnis[place] != vni:
                        place += 1
                    if place >= vni_count:
                        verdict = 4
            if verdict == 0:
                if length < 22:
                    verdict = 5
                elif length > slot or length > size - start:
                    verdict = 6
                elif state[1] == 0:
                    verdict = 7

            verdicts[index] = verdict
            totals[2 * verdict] += 1
            if verdict != 0:
                totals[2 * verdict + 1] += length
                continue
            length -= 8
            totals[1] += length
            if state[1] > 0:
                state[1] -= 1
            if number < 0:
                number = state[0]
                if number < room:
                    state[0] = number + 1
                    table[entry] = number
                    place = 3 * number
                    keys[place] = upper
                    keys[place + 1] = lower
                    keys[place + 2] = vni
            place = 4 * number
            if counters[place] == 0:
                counters[place + 2] = time
            counters[place] += 1
            counters[place + 1] += length
            counters[place + 3] = time
            times_ns[packets] = time
            starts[packets] = start + 8
            lengths[packets] = length
            original_lengths[packets] = length
            interfaces[packets] = number
            outputs[packets] = 0
            packets += 1
    return packets
