"""Masking: what transport headers carry, overwritten; and checksums that follow (RFC 1624)."""

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
    fragmented=cython.const_longlong[::1],
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
)
def overwrite(
    buffer: bytearray | memoryview,
    starts: array[int],
    lengths: array[int],
    networks: array[int],
    transports: array[int],
    payloads: array[int],
    protocols: array[int],
    fragmented: array[int],
    count: int,
    offset: int,
    octet: int,
    chosen: bytes,
    all_ports: bool,
    correct: bool,
) -> tuple[int, int]:
    """Overwrite with `octet` what IP packets carry behind their last known header, from `offset` on.

    Unless `all_ports`, only where a port's byte in `chosen` (65536 of them) is not 0; and fragments that do
    not show their ports. With `correct`, checksums of whole TCP, UDP, ICMP and ICMPv6 packets change with
    what they cover. Places are as `header_places.locate` fills them. Returns the packets and the octets
    overwritten.
    """
    packets = 0
    octets = 0
    for index in range(count):
        if networks[index] < 0:
            continue
        start = starts[index]
        end = start + lengths[index]
        transport = start + transports[index] if transports[index] >= 0 else -1
        protocol = protocols[index]
        if not all_ports:
            if transport >= 0:
                if protocol != 6 and protocol != 17 and protocol != 132:
                    continue
                if end - transport < 4:
                    continue
                if (
                    not chosen[buffer[transport] << 8 | buffer[transport + 1]]
                    and not chosen[buffer[transport + 2] << 8 | buffer[transport + 3]]
                ):
                    continue
            elif not fragmented[index]:
                continue
        at = start + payloads[index] + offset
        if at >= end:
            continue
        packets += 1
        octets += end - at
        field = -1
        if correct and transport >= 0 and not fragmented[index]:
            if protocol == 6:
                field = transport + 16
            elif protocol == 17:
                field = transport + 6
            elif protocol == 1 or protocol == 58:
                field = transport + 2
            # A UDP datagram need not have a checksum (RFC 768).
            if field >= 0 and (
                field + 2 > end or (protocol == 17 and buffer[field] == 0 and buffer[field + 1] == 0)
            ):
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
            change = 0
            for place in range(at, covered):
                if (place - transport) & 1:
                    change += octet - buffer[place]
                else:
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
    return packets, octets
