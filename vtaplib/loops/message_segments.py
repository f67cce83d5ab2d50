"""Messages of several datagrams: the kernel cuts a message into segments, which saves it most of its work.

The segments of a message are of one length, which a control message (UDP_SEGMENT, udp(7)) tells; the last may
be shorter. A message is eight numbers (`struct mmsghdr` of 64-bit machines), a control message three.
"""

from __future__ import annotations

from array import array

import cython


@cython.locals(
    vectors=cython.const_longlong[::1],
    first=cython.Py_ssize_t,
    stop=cython.Py_ssize_t,
    most=cython.Py_ssize_t,
    largest_segment=cython.longlong,
    largest_message=cython.longlong,
    vectors_address=cython.longlong,
    controls_address=cython.longlong,
    controls=cython.longlong[::1],
    messages=cython.longlong[::1],
    ends=cython.longlong[::1],
    at=cython.Py_ssize_t,
    end=cython.Py_ssize_t,
    count=cython.Py_ssize_t,
    size=cython.longlong,
    length=cython.longlong,
    total=cython.longlong,
)
def group(
    vectors: array[int],
    first: int,
    stop: int,
    most: int,
    largest_segment: int,
    largest_message: int,
    vectors_address: int,
    controls_address: int,
    controls: array[int],
    messages: array[int],
    ends: array[int],
) -> int:
    """Write messages of the packets from `first` to before `stop`, of which `vectors` has two pieces each.

    A message has at most `most` segments, none longer than `largest_segment`, and `largest_message` octets;
    what is longer, or empty, is a message by itself. `ends` gets for each message the number of the packet
    after its last. Returns how many messages there are.
    """
    count = 0
    at = first
    while at < stop:
        size = vectors[4 * at + 1] + vectors[4 * at + 3]
        total = size
        end = at + 1
        if 0 < size <= largest_segment:
            while end < stop and end - at < most:
                length = vectors[4 * end + 1] + vectors[4 * end + 3]
                if length <= 0 or length > size or total + length > largest_message:
                    break
                total += length
                end += 1
                if length < size:
                    break
        messages[8 * count] = 0
        messages[8 * count + 1] = 0
        messages[8 * count + 2] = vectors_address + 32 * at
        messages[8 * count + 3] = 2 * (end - at)
        messages[8 * count + 4] = 0
        messages[8 * count + 5] = 0
        messages[8 * count + 6] = 0
        messages[8 * count + 7] = 0
        if end - at > 1:
            # struct cmsghdr: its length with two octets behind it, SOL_UDP and UDP_SEGMENT; then the size.
            controls[3 * count] = 18
            controls[3 * count + 1] = 17 | 103 << 32
            controls[3 * count + 2] = size
            messages[8 * count + 4] = controls_address + 24 * count
            messages[8 * count + 5] = 24
        ends[count] = end
        count += 1
        at = end
    return count
