"""Tunnels taken off packets in place: the inner frame stays where it lies, and the packet then starts there.

An inner packet that has no Ethernet header gets one, with the MAC addresses of the outer frame, over what
lay before it. Headers that are cut off are left as they are.
"""

from __future__ import annotations

from array import array

import cython

LAYERS = 16
"""The most layers taken off a packet."""

# The kinds, as bits of `kinds` and places in `layers`.
VLAN, MPLS, VXLAN, GRE, ERSPAN, GENEVE, GTP, IPIP = range(8)

# Why something that was to be taken off was left, as places in `left`.
TRUNCATED, FRAGMENT, UNKNOWN_CONTENT, TOO_DEEP = range(4)


@cython.locals(
    buffer=cython.uchar[::1],
    starts=cython.longlong[::1],
    lengths=cython.longlong[::1],
    original_lengths=cython.longlong[::1],
    count=cython.Py_ssize_t,
    kinds=cython.Py_ssize_t,
    vxlan_ports=cython.const_uchar[::1],
    layers=cython.longlong[::1],
    left=cython.longlong[::1],
    index=cython.Py_ssize_t,
    depth=cython.Py_ssize_t,
    start=cython.Py_ssize_t,
    end=cython.Py_ssize_t,
    original=cython.longlong,
    at=cython.Py_ssize_t,
    ethertype=cython.Py_ssize_t,
    protocol=cython.Py_ssize_t,
    claimed_end=cython.Py_ssize_t,
    fields=cython.Py_ssize_t,
    parted=cython.bint,
    later=cython.bint,
    kind=cython.Py_ssize_t,
    trouble=cython.Py_ssize_t,
    inner=cython.Py_ssize_t,
    body=cython.Py_ssize_t,
    port=cython.Py_ssize_t,
    place=cython.Py_ssize_t,
    packets=cython.Py_ssize_t,
    removed=cython.longlong,
    before=cython.longlong,
)
def strip(
    buffer: bytearray | memoryview,
    starts: array[int],
    lengths: array[int],
    original_lengths: array[int],
    count: int,
    kinds: int,
    vxlan_ports: bytes,
    layers: array[int],
    left: array[int],
) -> tuple[int, int]:
    """Take off the kinds of tunnels whose bits are set, again and again; count each layer in `layers`.

    `vxlan_ports` has a byte other than 0 for each UDP port of VXLAN. What could not be taken off is counted
    in `left`, once a packet. Returns the packets that changed and the octets removed.
    """
    packets = 0
    removed = 0
    for index in range(count):
        start = starts[index]
        end = start + lengths[index]
        original = original_lengths[index]
        before = lengths[index]
        depth = 0
        while end - start >= 14:
            at = start + 12
            ethertype = buffer[at] << 8 | buffer[at + 1]
            # What is found: the kind of layer, what is wrong with it, where its content begins and of which
            # EtherType that is; 0 is a frame.
            kind = -1
            trouble = -1
            body = 0
            inner = 0
            claimed_end = -1
            if (ethertype == 0x8100 or ethertype == 0x88A8 or ethertype == 0x9100) and kinds & 1:
                kind = 0
                if end - at < 6:
                    trouble = 0
                else:
                    body = at + 6
                    inner = buffer[at + 4] << 8 | buffer[at + 5]
            else:
                while (ethertype == 0x8100 or ethertype == 0x88A8 or ethertype == 0x9100) and end - at >= 6:
                    at += 4
                    ethertype = buffer[at] << 8 | buffer[at + 1]
                at += 2
                if ethertype == 0x8847 or ethertype == 0x8848:
                    if kinds & 2:
                        kind = 1
                        body = at
                        while True:
                            if end - body < 5:
                                trouble = 0
                                break
                            body += 4
                            if buffer[body - 2] & 1:
                                break
                        if trouble < 0:
                            if buffer[body] >> 4 == 4:
                                inner = 0x0800
                            elif buffer[body] >> 4 == 6:
                                inner = 0x86DD
                            elif buffer[body] >> 4 == 0:
                                # A control word of a pseudowire, which carries frames (RFC 4448).
                                body += 4
                            else:
                                trouble = 2
                else:
                    protocol = -1
                    parted = False
                    later = False
                    if (
                        ethertype == 0x0800
                        and end - at >= 20
                        and buffer[at] >> 4 == 4
                        and buffer[at] & 15 >= 5
                    ):
                        protocol = buffer[at + 9]
                        fields = (buffer[at + 6] << 8 | buffer[at + 7]) & 0x3FFF
                        parted = fields != 0
                        later = fields & 0x1FFF != 0
                        fields = buffer[at + 2] << 8 | buffer[at + 3]
                        if fields >= (buffer[at] & 15) * 4:
                            claimed_end = at + fields
                        at += (buffer[at] & 15) * 4
                    elif ethertype == 0x86DD and end - at >= 40 and buffer[at] >> 4 == 6:
                        protocol = buffer[at + 6]
                        fields = buffer[at + 4] << 8 | buffer[at + 5]
                        if fields:
                            claimed_end = at + 40 + fields
                        at += 40
                        while (
                            (protocol == 0 or protocol == 43 or protocol == 44 or protocol == 60)
                            and end - at >= 8
                            and not parted
                        ):
                            if protocol == 44:
                                fields = (buffer[at + 2] << 8 | buffer[at + 3]) & 0xFFF9
                                parted = fields != 0
                                later = fields & 0xFFF8 != 0
                                protocol = buffer[at]
                                at += 8
                            else:
                                protocol = buffer[at]
                                at += (buffer[at + 1] + 1) * 8
                    if protocol == 4 or protocol == 41:
                        if kinds & 128:
                            kind = 7
                            body = at
                            inner = 0x0800 if protocol == 4 else 0x86DD
                    elif protocol == 47:
                        if end - at < 4:
                            if kinds & 24:
                                kind = 3
                                trouble = 0
                        elif buffer[at] & 0x40 == 0 and buffer[at + 1] & 7 == 0:
                            # Without routing (RFC 1701) and of version 0; a key and a sequence number may be
                            # there (RFC 2890).
                            inner = buffer[at + 2] << 8 | buffer[at + 3]
                            fields = buffer[at]
                            body = at + 4
                            if fields & 0x80:
                                body += 4
                            if fields & 0x20:
                                body += 4
                            if fields & 0x10:
                                body += 4
                            if inner == 0x88BE or inner == 0x22EB:
                                if kinds & 16:
                                    kind = 4
                                    if inner == 0x22EB:
                                        # Type III: 12 octets, and 8 more where the last bit says so.
                                        if end - body < 12:
                                            trouble = 0
                                        else:
                                            place = buffer[body + 10] >> 2 & 31
                                            body += 20 if buffer[body + 11] & 1 else 12
                                            if place != 0:
                                                trouble = 2
                                    elif fields & 0x10:
                                        # Type II; type I has no sequence number and no header.
                                        body += 8
                                    inner = 0
                            elif kinds & 8:
                                kind = 3
                                if inner == 0x6558:
                                    inner = 0
                                elif (
                                    inner != 0x0800
                                    and inner != 0x86DD
                                    and inner != 0x8847
                                    and inner != 0x8848
                                ):
                                    trouble = 2
                    elif protocol == 17 and not later and end - at >= 4:
                        port = buffer[at + 2] << 8 | buffer[at + 3]
                        at += 8
                        if kinds & 4 and vxlan_ports[port]:
                            kind = 2
                            body = at + 8
                            if end - at < 8:
                                trouble = 0
                            elif not buffer[at] & 8:
                                trouble = 2
                        elif kinds & 32 and port == 6081:
                            kind = 5
                            if end - at < 8:
                                trouble = 0
                            else:
                                body = at + 8 + (buffer[at] & 63) * 4
                                inner = buffer[at + 2] << 8 | buffer[at + 3]
                                if buffer[at] & 0xC0 or buffer[at + 1] & 0x80:
                                    # Another version, or a control packet (RFC 8926, section 3.4).
                                    trouble = 2
                                elif inner == 0x6558:
                                    inner = 0
                                elif inner != 0x0800 and inner != 0x86DD:
                                    trouble = 2
                        elif kinds & 64 and port == 2152:
                            kind = 6
                            if end - at < 8:
                                trouble = 0
                            elif buffer[at] & 0xF0 != 0x30 or buffer[at + 1] != 255:
                                # Not GTPv1-U with a user's packet (3GPP TS 29.281, section 5.1).
                                trouble = 2
                            else:
                                body = at + 8
                                if buffer[at] & 7:
                                    fields = buffer[at] & 4
                                    body += 4
                                    while fields and body <= end and buffer[body - 1]:
                                        if body >= end or buffer[body] == 0:
                                            trouble = 0 if body >= end else 2
                                            break
                                        body += buffer[body] * 4
                                if trouble < 0 and body >= end:
                                    trouble = 0
                                elif trouble < 0 and buffer[body] >> 4 == 4:
                                    inner = 0x0800
                                elif trouble < 0 and buffer[body] >> 4 == 6:
                                    inner = 0x86DD
                                elif trouble < 0:
                                    trouble = 2
                    if kind >= 0 and parted:
                        trouble = 1
            if kind < 0:
                break
            if trouble < 0:
                if claimed_end < 0 or claimed_end > end:
                    claimed_end = end
                # As much as the content's own header takes.
                if inner == 0 and kind != 0:
                    fields = 14
                elif kind == 0:
                    fields = 0
                elif inner == 0x0800:
                    fields = 20
                elif inner == 0x86DD:
                    fields = 40
                else:
                    fields = 4
                if claimed_end - body < fields:
                    trouble = 0
                elif kind != 0 and (
                    (inner == 0x0800 and buffer[body] >> 4 != 4)
                    or (inner == 0x86DD and buffer[body] >> 4 != 6)
                ):
                    trouble = 2
                elif depth == 16:
                    trouble = 3
            if trouble >= 0:
                left[trouble] += 1
                break
            if inner != 0 or kind == 0:
                # From behind: the old place and the new one may overlap.
                body -= 14
                for place in range(11, -1, -1):
                    buffer[body + place] = buffer[start + place]
                buffer[body + 12] = inner >> 8
                buffer[body + 13] = inner & 255
            original -= body - start
            # What pads the outer frame is no part of the inner one.
            if claimed_end < end:
                original = claimed_end - body
                end = claimed_end
            start = body
            layers[kind] += 1
            depth += 1
        if depth:
            packets += 1
            removed += before - (end - start)
            starts[index] = start
            lengths[index] = end - start
            original_lengths[index] = original
    return packets, removed
