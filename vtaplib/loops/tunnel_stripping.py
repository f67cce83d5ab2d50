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
VLAN, MPLS, VXLAN, GRE, ERSPAN, GENEVE, GTP, IPIP, PPPOE, VNTAG, ETAG = range(11)

# Why something that was to be taken off was left, as places in `left`; and what was not known to be anything.
TRUNCATED, FRAGMENT, UNKNOWN_CONTENT, TOO_DEEP, UNKNOWN_ETHERTYPE, UNKNOWN_PROTOCOL = range(6)


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
    size=cython.Py_ssize_t,
    six=cython.bint,
    stacked=cython.bint,
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
    in `left`, and so is what there is in the end, if it is nothing that is known; once a packet. Returns the
    packets that changed and the octets removed.
    """
    packets = 0
    removed = 0
    for index in range(count):
        start = starts[index]
        end = start + lengths[index]
        original = original_lengths[index]
        before = lengths[index]
        depth = 0
        while True:
            if end - start < 14:
                left[4] += 1
                break
            at = start + 12
            ethertype = buffer[at] << 8 | buffer[at + 1]
            # TCP over IPv4 has nothing to take off, and is most of what there is.
            if ethertype == 0x0800 and end - at >= 22 and buffer[at + 2] == 0x45 and buffer[at + 11] == 6:
                break
            # What is found: the kind of layer, what is wrong with it, where its content begins and of which
            # EtherType that is; 0 is a frame.
            kind = -1
            trouble = -1
            body = 0
            inner = 0
            claimed_end = -1
            protocol = -1
            fields = -1
            parted = False
            # A VLAN tag, a VN-Tag, an E-TAG (IEEE 802.1BR), by the octets until the next EtherType.
            size = 0
            if ethertype == 0x0800:
                pass
            elif ethertype == 0x8100 or ethertype == 0x88A8 or ethertype == 0x9100:
                size = 4
                kind = 0 if kinds & 1 else -1
            elif ethertype == 0x8926:
                size = 6
                kind = 9 if kinds & 512 else -1
            elif ethertype == 0x893F:
                size = 8
                kind = 10 if kinds & 1024 else -1
            if kind >= 0:
                if end - at < size + 2:
                    trouble = 0
                else:
                    body = at + size + 2
                    inner = buffer[at + size] << 8 | buffer[at + size + 1]
            else:
                while size and end - at >= size + 2:
                    at += size
                    ethertype = buffer[at] << 8 | buffer[at + 1]
                    size = 0
                    if ethertype == 0x8100 or ethertype == 0x88A8 or ethertype == 0x9100:
                        size = 4
                    elif ethertype == 0x8926:
                        size = 6
                    elif ethertype == 0x893F:
                        size = 8
                at += 2
                stacked = ethertype == 0x8847 or ethertype == 0x8848
                if ethertype == 0x8864:
                    if kinds & 256:
                        kind = 8
                        if end - at < 8:
                            trouble = 0
                        elif buffer[at] != 0x11 or buffer[at + 1] != 0:
                            # Another version, or not of a session (RFC 2516, section 4).
                            trouble = 2
                        else:
                            body = at + 6
                            claimed_end = body + (buffer[at + 4] << 8 | buffer[at + 5])
                            # PPP's protocol, one octet if that is odd (RFC 1661, section 2; RFC 3032).
                            fields = buffer[body]
                            if not fields & 1:
                                body += 1
                                fields = fields << 8 | buffer[body]
                            body += 1
                            if fields == 0x21:
                                inner = 0x0800
                            elif fields == 0x57:
                                inner = 0x86DD
                            elif fields == 0x281:
                                inner = 0x8847
                            elif fields == 0x283:
                                inner = 0x8848
                            else:
                                trouble = 2
                elif not stacked:
                    six = False
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
                        six = True
                        protocol = buffer[at + 6]
                        fields = buffer[at + 4] << 8 | buffer[at + 5]
                        if fields:
                            claimed_end = at + 40 + fields
                        at += 40
                    elif ethertype != 0x0806:
                        # Neither IP, nor ARP.
                        trouble = 4
                    # Extension headers (RFC 8200, section 4), and AH in both versions (RFC 4302); not UDP.
                    while (
                        protocol != 17
                        and (
                            protocol == 51
                            or (six and (protocol == 0 or protocol == 43 or protocol == 44 or protocol == 60))
                        )
                        and end - at >= 8
                        and not parted
                    ):
                        if protocol == 44:
                            fields = (buffer[at + 2] << 8 | buffer[at + 3]) & 0xFFF9
                            parted = fields != 0
                            later = fields & 0xFFF8 != 0
                            size = 8
                        elif protocol == 51:
                            size = (buffer[at + 1] + 2) * 4
                        else:
                            size = (buffer[at + 1] + 1) * 8
                        protocol = buffer[at]
                        at += size
                    if protocol == 17 and kinds & 126:
                        if later or end - at < 8:
                            # Where it goes is not seen.
                            kind = 2
                            trouble = 0
                        else:
                            port = buffer[at + 2] << 8 | buffer[at + 3]
                            at += 8
                            if kinds & 4 and vxlan_ports[port]:
                                kind = 2
                                body = at + 8
                                if end - at < 8:
                                    trouble = 0
                                elif not buffer[at] & 8:
                                    trouble = 2
                            elif port == 4754:
                                # GRE in UDP (RFC 8086).
                                protocol = 47
                            elif port == 6635:
                                # MPLS in UDP (RFC 7510).
                                protocol = 137
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
                    if protocol == 17:
                        pass
                    elif protocol == 4 or protocol == 41:
                        if kinds & 128:
                            kind = 7
                            body = at
                            inner = 0x0800 if protocol == 4 else 0x86DD
                    elif protocol == 47:
                        if end - at < 4:
                            if kinds & 24:
                                kind = 3
                                trouble = 0
                        elif buffer[at] & 0x40 or buffer[at + 1] & 7:
                            # With routing (RFC 1701), or of another version.
                            if kinds & 24:
                                kind = 3
                                trouble = 2
                        else:
                            # A key and a sequence number may be there (RFC 2890).
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
                                elif inner == 0x883E:
                                    # WCCP: version 2 puts 4 octets before the IPv4 packet.
                                    inner = 0x0800
                                    if body < end and buffer[body] >> 4 != 4:
                                        body += 4
                                elif (
                                    inner != 0x0800
                                    and inner != 0x86DD
                                    and inner != 0x8847
                                    and inner != 0x8848
                                ):
                                    trouble = 2
                    elif protocol == 137:
                        # MPLS in IP (RFC 4023).
                        stacked = True
                    elif (
                        kinds & 254
                        and protocol >= 0
                        and protocol != 1
                        and protocol != 6
                        and protocol != 58
                        and protocol != 132
                    ):
                        trouble = 5
                if stacked and kinds & 2:
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
                if kind >= 0 and parted:
                    trouble = 1
            if kind >= 0 and trouble < 0:
                if claimed_end < 0 or claimed_end > end:
                    claimed_end = end
                # As much as the content's own header takes.
                if kind == 0 or kind >= 9:
                    fields = 0
                elif inner == 0:
                    fields = 14
                elif inner == 0x0800:
                    fields = 20
                elif inner == 0x86DD:
                    fields = 40
                else:
                    fields = 4
                if claimed_end - body < fields:
                    trouble = 0
                elif fields != 0 and (
                    (inner == 0x0800 and buffer[body] >> 4 != 4)
                    or (inner == 0x86DD and buffer[body] >> 4 != 6)
                ):
                    trouble = 2
                elif depth == 16:
                    trouble = 3
            if trouble >= 0:
                left[trouble] += 1
            if kind < 0 or trouble >= 0:
                break
            if inner != 0 or fields == 0:
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
