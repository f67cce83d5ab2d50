"""Symmetric hashes of flows: 64 bits that both directions of a conversation share; and what is decided by
them.

Addresses, protocol and ports are hashed; of fragments, which have no ports to read in all but the first, the
addresses and the protocol, and so of AH; of what is not IP, the MAC addresses. Mixing is that of SplitMix64
(Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
"""

from __future__ import annotations

from array import array

import cython


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
@cython.returns(cython.ulonglong)
@cython.locals(
    number=cython.ulonglong, mask=cython.ulonglong, first=cython.ulonglong, second=cython.ulonglong
)
def mixed(number: int) -> int:
    """64 bits, each of which depends on all of the number's."""
    # Typed, so that C has them as they are; the mask keeps Python's numbers to 64 bits too.
    mask = 0xFFFFFFFFFFFFFFFF
    first = 0xBF58476D1CE4E5B9
    second = 0x94D049BB133111EB
    number = (number ^ number >> 30) * first & mask
    number = (number ^ number >> 27) * second & mask
    return number ^ number >> 31


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
@cython.returns(cython.ulonglong)
@cython.locals(
    buffer=cython.const_uchar[::1],
    at=cython.Py_ssize_t,
    octets=cython.Py_ssize_t,
    place=cython.Py_ssize_t,
    number=cython.ulonglong,
)
def spelt(buffer: bytes | bytearray | memoryview, at: int, octets: int) -> int:
    """The number that up to eight octets spell."""
    number = 0
    for place in range(at, at + octets):
        number = number << 8 | buffer[place]
    return number


@cython.locals(
    buffer=cython.const_uchar[::1],
    starts=cython.const_longlong[::1],
    lengths=cython.const_longlong[::1],
    networks=cython.const_longlong[::1],
    transports=cython.const_longlong[::1],
    flow_protocols=cython.const_longlong[::1],
    fragmented=cython.const_uchar[::1],
    count=cython.Py_ssize_t,
    seed=cython.ulonglong,
    hashes=cython.ulonglong[::1],
    index=cython.Py_ssize_t,
    start=cython.Py_ssize_t,
    at=cython.Py_ssize_t,
    here=cython.ulonglong,
    there=cython.ulonglong,
    kind=cython.ulonglong,
    mask=cython.ulonglong,
    protocol=cython.longlong,
    source=cython.ulonglong,
    destination=cython.ulonglong,
)
def hash_symmetrically(
    buffer: bytes | bytearray | memoryview,
    starts: array[int],
    lengths: array[int],
    networks: array[int],
    transports: array[int],
    flow_protocols: array[int],
    fragmented: bytes | bytearray,
    count: int,
    seed: int,
    hashes: array[int],
) -> None:
    """Fill `hashes` (unsigned 64 bits); what precedes it is as `header_places.locate` fills it."""
    mask = 0xFFFFFFFFFFFFFFFF
    for index in range(count):
        start = starts[index]
        protocol = flow_protocols[index]
        kind = 0
        here = 0
        there = 0
        if networks[index] >= 0:
            at = start + networks[index]
            # Further than any port, where there is none to read.
            source = 0x10000
            destination = 0x10000
            if (
                (protocol == 6 or protocol == 17 or protocol == 132)
                and not fragmented[index]
                and transports[index] >= 0
                and lengths[index] - transports[index] >= 4
            ):
                source = spelt(buffer, start + transports[index], 2)
                destination = spelt(buffer, start + transports[index] + 2, 2)
            kind = protocol + 1 << 8
            if buffer[at] >> 4 == 4:
                kind |= 4
                here = mixed(spelt(buffer, at + 12, 4) << 17 | source)
                there = mixed(spelt(buffer, at + 16, 4) << 17 | destination)
            else:
                kind |= 6
                here = mixed(spelt(buffer, at + 8, 8)) + spelt(buffer, at + 16, 8) & mask
                there = mixed(spelt(buffer, at + 24, 8)) + spelt(buffer, at + 32, 8) & mask
                here = mixed(mixed(here) + source & mask)
                there = mixed(mixed(there) + destination & mask)
        elif lengths[index] >= 14:
            kind = 1
            here = mixed(spelt(buffer, start + 6, 6))
            there = mixed(spelt(buffer, start, 6))
        if there < here:
            here, there = there, here
        hashes[index] = mixed((mixed((here ^ seed) + kind & mask) + there & mask) ^ mask)


@cython.locals(
    hashes=cython.const_ulonglong[::1],
    count=cython.Py_ssize_t,
    highest=cython.ulonglong,
    kept=cython.uchar[::1],
    index=cython.Py_ssize_t,
)
def keep_lowest(hashes: array[int], count: int, highest: int, kept: bytearray) -> None:
    """Mark with 1 in `kept` what has a hash up to `highest`, all else with 0."""
    for index in range(count):
        kept[index] = hashes[index] <= highest


@cython.locals(
    hashes=cython.const_ulonglong[::1],
    count=cython.Py_ssize_t,
    tickets=cython.const_ulonglong[::1],
    owners=cython.const_longlong[::1],
    outputs=cython.longlong[::1],
    index=cython.Py_ssize_t,
    ticket=cython.Py_ssize_t,
    number=cython.Py_ssize_t,
    score=cython.ulonglong,
    best=cython.ulonglong,
    chosen=cython.longlong,
)
def draw(
    hashes: array[int], count: int, tickets: array[int], owners: array[int], outputs: array[int]
) -> None:
    """Fill `outputs` with the owner of the ticket that scores highest with each hash, the first of equals."""
    number = len(tickets)
    for index in range(count):
        best = 0
        chosen = owners[0]
        for ticket in range(number):
            score = mixed(hashes[index] ^ tickets[ticket])
            if score > best:
                best = score
                chosen = owners[ticket]
        outputs[index] = chosen
