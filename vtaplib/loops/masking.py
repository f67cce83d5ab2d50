"""Masking: what headers carry, overwritten, and what cannot be read; and checksums that follow (RFC 1624)."""

from __future__ import annotations

from array import array

import cython


@cython.locals(
    buffer=cython.uchar[::1],
    starts=cython.const_longlong[::1],
    lengths=cython.const_longlong[::1],
    networks=cython.const_longlong[::1],
    transports=cython.const_longlong[::1],
    payloads=cython.const_longlong[::1],
    protocols=cython.const_longlong[::1],
    fragmented=cython.const_uchar[::1],
    known=cython.const_uchar[::1],
    count=cython.Py_ssize_t,
    offset=cython.Py_ssize_t,
    octet=cython.uchar,
    chosen=cython.const_uchar[::1],
    all_ports=cython.bint,
    correct=cython.bint,
    index=cython.Py_ssize_t,
    start=cython.Py_ssize_t,
    at=cython.Py_ssize_t,
    end=cython.Py_ssize_t,
    covered=cython.Py_ssize_t,
    network=cython.Py_ssize_t,
    transport=cython.Py_ssize_t,
    field=cython.Py_ssize_t,
    claimed=cython.Py_ssize_t,
    protocol=cython.longlong,
    place=cython.Py_ssize_t,
    change=cython.longlong,
    total=cython.longlong,
    packets=cython.Py_ssize_t,
    octets=cython.longlong,
    unknown_packets=cython.Py_ssize_t,
    unknown_octets=cython.longlong,
)
def overwrite(
    buffer: bytearray | memoryview,
    starts: array[int],
    lengths: array[int],
    networks: array[int],
    transports: array[int],
    payloads: array[int],
    protocols: array[int],
    fragmented: bytes | bytearray,
    known: bytes | bytearray,
    count: int,
    offset: int,
    octet: int,
    chosen: bytes,
    all_ports: bool,
    correct: bool,
) -> tuple[int, int, int, int]:
    """Overwrite with `octet` what stands behind the last known header, to the packet's end.

    The payload of a transport header is overwritten from `offset` on. Unless `all_ports`, it is left where
    neither port's byte in `chosen` (65536 of them) is 1, and so is what ARP and ICMP carry, but for ICMP's
    errors, which quote packets; everything else is overwritten all the same. With `correct`, checksums of
    whole TCP, UDP, ICMP and ICMPv6 packets change with what they cover. Places are as `header_places.locate`
    fills them. Returns the packets and the octets overwritten where all headers were known, and where not.
    """
    packets = 0
    octets = 0
    unknown_packets = 0
    unknown_octets = 0
    for index in range(count):
        start = starts[index]
        end = start + lengths[index]
        at = start + payloads[index]
        protocol = protocols[index]
        transport = -1
        if known[index] and transports[index] >= 0:
            transport = start + transports[index]
            at += offset
            if all_ports:
                pass
            elif protocol == 1:
                # The types that quote a packet (RFC 792).
                if buffer[transport] not in (3, 4, 5, 11, 12):
                    continue
            elif protocol == 58:
                # Types below 128 are errors (RFC 4443, section 2.1).
                if buffer[transport] >= 128:
                    continue
            elif (
                not chosen[buffer[transport] << 8 | buffer[transport + 1]]
                and not chosen[buffer[transport + 2] << 8 | buffer[transport + 3]]
            ):
                continue
        elif known[index] and networks[index] < 0 and not all_ports:
            continue
        if at >= end:
            continue
        if known[index]:
            packets += 1
            octets += end - at
        else:
            unknown_packets += 1
            unknown_octets += end - at
        field = -1
        if correct and transport >= 0 and not fragmented[index]:
            if protocol == 6:
                field = transport + 16
            elif protocol == 17:
                field = transport + 6
            elif protocol == 1 or protocol == 58:
                field = transport + 2
            # A UDP datagram need not have a checksum (RFC 768).
            if protocol == 17 and buffer[field] == 0 and buffer[field + 1] == 0:
                field = -1
        if field >= 0:
            # What pads a frame is not covered.
            covered = end
            network = start + networks[index]
            if buffer[network] >> 4 == 4:
                claimed = buffer[network + 2] << 8 | buffer[network + 3]
            else:
                claimed = buffer[network + 4] << 8 | buffer[network + 5]
                claimed = claimed + 40 if claimed else 0
            if claimed >= 20 and network + claimed < end:
                covered = network + claimed
            # What is an odd number of octets behind the transport header's start is the lower half of a word.
            change = 0
            place = at
            if place < covered and (place - transport) & 1:
                change = octet - buffer[place]
                place += 1
            while place < covered - 1:
                change += (octet - buffer[place]) * 256 + octet - buffer[place + 1]
                place += 2
            if place < covered:
                change += (octet - buffer[place]) * 256
            total = (buffer[field] << 8 | buffer[field + 1]) ^ 0xFFFF
            # Below 0, C's remainder may be; with a divisor more, it comes to Python's.
            total = (total + change % 65535 + 65535) % 65535
            total = total ^ 0xFFFF if total else 0
            if total == 0 and protocol != 6:
                total = 0xFFFF
            buffer[field] = total >> 8
            buffer[field + 1] = total & 255
        if cython.compiled:
            for place in range(at, end):
                buffer[place] = octet
        else:
            buffer[at:end] = bytes([octet]) * (end - at)
    return packets, octets, unknown_packets, unknown_octets
