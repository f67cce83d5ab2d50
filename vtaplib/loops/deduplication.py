"""Deduplication: packets that are equal but for what a way through networks changes, within a window of time.

Equality is that of 128 bits of hash. A table in sets of eight remembers the packets that were kept; in a full
set, the one with the earliest time is forgotten. The hash is quick, and no defence against an adversary.
"""

from __future__ import annotations

from array import array

import cython

SET = 8
"""Packets that a set remembers."""


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
@cython.returns(cython.ulonglong)
@cython.locals(
    number=cython.ulonglong, mask=cython.ulonglong, first=cython.ulonglong, second=cython.ulonglong
)
def mixed(number: int) -> int:
    """64 bits, each of which depends on all of the number's (SplitMix64's finish)."""
    mask = 0xFFFFFFFFFFFFFFFF
    first = 0xBF58476D1CE4E5B9
    second = 0x94D049BB133111EB
    number = (number ^ number >> 30) * first & mask
    number = (number ^ number >> 27) * second & mask
    return number ^ number >> 31


@cython.locals(
    buffer=cython.uchar[::1],
    starts=cython.const_longlong[::1],
    lengths=cython.const_longlong[::1],
    original_lengths=cython.const_longlong[::1],
    links=cython.const_longlong[::1],
    networks=cython.const_longlong[::1],
    transports=cython.const_longlong[::1],
    protocols=cython.const_longlong[::1],
    count=cython.Py_ssize_t,
    without_dscp=cython.bint,
    without_checksums=cython.bint,
    hashes=cython.ulonglong[::1],
    others=cython.ulonglong[::1],
    index=cython.Py_ssize_t,
    at=cython.Py_ssize_t,
    stop=cython.Py_ssize_t,
    end=cython.Py_ssize_t,
    claimed=cython.Py_ssize_t,
    number=cython.Py_ssize_t,
    place=cython.Py_ssize_t,
    checksum=cython.Py_ssize_t,
    word=cython.ulonglong,
    one=cython.ulonglong,
    two=cython.ulonglong,
    rest=cython.ulonglong,
    mask=cython.ulonglong,
    first=cython.ulonglong,
    second=cython.ulonglong,
    places=cython.Py_ssize_t[8],
    values=cython.uchar[8],
)
def hash_content(
    buffer: bytearray | memoryview,
    starts: array[int],
    lengths: array[int],
    original_lengths: array[int],
    links: array[int],
    networks: array[int],
    transports: array[int],
    protocols: array[int],
    count: int,
    without_dscp: bool,
    without_checksums: bool,
    hashes: array[int],
    others: array[int],
) -> None:
    """Fill `hashes` and `others`, 64 bits each of what is compared of a packet.

    That is the IP packet, without what pads its frame, and without TTL or hop limit and the IPv4 header's
    checksum; of what is not IP, the EtherType that follows any tags, and all behind it; of what is too short
    for one, everything. How long that was comes first, and which of the three it is. The octets that do not
    count are zero in the buffer while they are hashed.
    """
    # Compiled, the same are arrays of C.
    places = [0] * 8
    values = [0] * 8
    mask = 0xFFFFFFFFFFFFFFFF
    first = 0x9E3779B97F4A7C15
    second = 0xC2B2AE3D27D4EB4F
    for index in range(count):
        end = starts[index] + lengths[index]
        number = 0
        # Of an IP packet that claims its length, only what two octets hold beside what does not count.
        rest = 0
        if networks[index] >= 0:
            at = starts[index] + networks[index]
            if buffer[at] >> 4 == 4:
                claimed = buffer[at + 2] << 8 | buffer[at + 3]
                places[0] = at + 8
                places[1] = at + 10
                places[2] = at + 11
                number = 3
                if without_dscp:
                    places[3] = at + 1
                    number = 4
            else:
                claimed = buffer[at + 4] << 8 | buffer[at + 5]
                claimed = claimed + 40 if claimed else 0
                places[0] = at + 7
                number = 1
                if without_dscp:
                    # The traffic class lies across two octets; what else they hold is hashed by `rest`.
                    places[1] = at
                    places[2] = at + 1
                    number = 3
                    rest = 0x600 | buffer[at + 1] & 15
            if without_checksums and transports[index] >= 0:
                checksum = 0
                if protocols[index] == 6:
                    checksum = 16
                elif protocols[index] == 17:
                    checksum = 6
                elif protocols[index] == 1 or protocols[index] == 58:
                    checksum = 2
                checksum += starts[index] + transports[index]
                if checksum != starts[index] + transports[index] and checksum + 2 <= end:
                    places[number] = checksum
                    places[number + 1] = checksum + 1
                    number += 2
            # Segments that hardware is to cut may claim no length at all.
            if claimed < 20:
                rest = (original_lengths[index] - networks[index] << 16 | rest | 0x1000) & mask
            elif claimed < end - at:
                end = at + claimed
        elif lengths[index] >= 14:
            at = starts[index] + links[index] - 2
            rest = (original_lengths[index] - links[index] << 16 | 0x2000) & mask
        else:
            at = starts[index]
            rest = (original_lengths[index] << 16 | 0x3000) & mask
        for place in range(number):
            values[place] = buffer[places[place]]
            buffer[places[place]] = 0
        one = mixed((end - at) ^ mixed(rest))
        two = mixed(one ^ first)
        stop = end - 7
        while at < stop:
            if cython.compiled:
                word = buffer[at]
                word |= cython.cast(cython.ulonglong, buffer[at + 1]) << 8
                word |= cython.cast(cython.ulonglong, buffer[at + 2]) << 16
                word |= cython.cast(cython.ulonglong, buffer[at + 3]) << 24
                word |= cython.cast(cython.ulonglong, buffer[at + 4]) << 32
                word |= cython.cast(cython.ulonglong, buffer[at + 5]) << 40
                word |= cython.cast(cython.ulonglong, buffer[at + 6]) << 48
                word |= cython.cast(cython.ulonglong, buffer[at + 7]) << 56
            else:
                word = int.from_bytes(buffer[at : at + 8], "little")
            one = (one ^ word) * first & mask
            one ^= one >> 32
            two = (two + word & mask) * second & mask
            two ^= two >> 29
            at += 8
        word = 0
        while at < end:
            word = word << 8 | buffer[at]
            at += 1
        hashes[index] = mixed((one ^ word) * first & mask)
        others[index] = mixed((two + word & mask) * second & mask)
        for place in range(number):
            buffer[places[place]] = values[place]


@cython.locals(
    times_ns=cython.const_longlong[::1],
    hashes=cython.const_ulonglong[::1],
    others=cython.const_ulonglong[::1],
    count=cython.Py_ssize_t,
    window_ns=cython.longlong,
    known=cython.ulonglong[::1],
    known_others=cython.ulonglong[::1],
    known_times=cython.longlong[::1],
    sets=cython.ulonglong,
    kept=cython.uchar[::1],
    newest=cython.longlong,
    index=cython.Py_ssize_t,
    slot=cython.Py_ssize_t,
    base=cython.Py_ssize_t,
    chosen=cython.Py_ssize_t,
    forgotten=cython.Py_ssize_t,
    time=cython.longlong,
    lowest=cython.longlong,
    highest=cython.longlong,
    earliest=cython.longlong,
    latest=cython.longlong,
    key=cython.ulonglong,
    other=cython.ulonglong,
    found=cython.bint,
)
def keep_first(
    times_ns: array[int],
    hashes: array[int],
    others: array[int],
    count: int,
    window_ns: int,
    known: array[int],
    known_others: array[int],
    known_times: array[int],
    sets: int,
    kept: bytearray,
    newest: int,
) -> tuple[int, int]:
    """Mark with 1 in `kept` what equals nothing kept before that is at most `window_ns` away, either way.

    `sets` is the number of sets, a power of 2, in the table of three columns; a slot whose `known_others` is
    0 is free. `newest` is the latest time so far. Returns it as it is now, and how many packets were
    forgotten that a duplicate might still have come for.
    """
    forgotten = 0
    highest = 0x7FFFFFFFFFFFFFFF
    lowest = -highest - 1
    for index in range(count):
        time = times_ns[index]
        if time > newest:
            newest = time
        # Of times that may be anything, the difference may be more than there is room for.
        earliest = time - window_ns if time >= lowest + window_ns else lowest
        latest = time + window_ns if time <= highest - window_ns else highest
        key = hashes[index]
        # Never 0: that is a free slot.
        other = others[index] | 1
        base = (key & sets - 1) * 8
        found = False
        chosen = base
        for slot in range(base, base + 8):
            if known_others[slot] == 0:
                chosen = slot
                break
            if (
                known[slot] == key
                and known_others[slot] == other
                and earliest <= known_times[slot]
                and known_times[slot] <= latest
            ):
                found = True
                break
            if known_times[slot] < known_times[chosen]:
                chosen = slot
        kept[index] = not found
        if found:
            continue
        earliest = newest - window_ns if newest >= lowest + window_ns else lowest
        if known_others[chosen] != 0 and known_times[chosen] >= earliest:
            forgotten += 1
        known[chosen] = key
        known_others[chosen] = other
        known_times[chosen] = time
    return newest, forgotten
