"""Places of headers: where the IP header, the transport header and what it carries begin in each packet.

What counts as IP, as a fragment and as a tag is what `vtaplib.packets.flow` says, for any octets.
"""

from __future__ import annotations

from array import array

import cython


@cython.locals(
    buffer=cython.const_uchar[::1],
    starts=cython.const_longlong[::1],
    lengths=cython.const_longlong[::1],
    count=cython.Py_ssize_t,
    links=cython.longlong[::1],
    networks=cython.longlong[::1],
    transports=cython.longlong[::1],
    payloads=cython.longlong[::1],
    protocols=cython.longlong[::1],
    fragmented=cython.longlong[::1],
    index=cython.Py_ssize_t,
    at=cython.Py_ssize_t,
    start=cython.Py_ssize_t,
    end=cython.Py_ssize_t,
    ethertype=cython.Py_ssize_t,
    network=cython.Py_ssize_t,
    transport=cython.Py_ssize_t,
    protocol=cython.Py_ssize_t,
    fields=cython.Py_ssize_t,
    parted=cython.bint,
    later=cython.bint,
)
def locate(
    buffer: bytes | bytearray | memoryview,
    starts: array[int],
    lengths: array[int],
    count: int,
    links: array[int],
    networks: array[int],
    transports: array[int],
    payloads: array[int],
    protocols: array[int],
    fragmented: array[int],
) -> None:
    """Fill the last six columns. Places are octets from the packet's own first one.

    `links`: behind the EtherType that follows any VLAN tags, or the length of what is too short for one;
    `networks`: the IP header, -1 if there is none to read; `transports`: the header of the IP packet's
    protocol, -1 in fragments but the first; `payloads`: behind the last header that is known, at most the
    length; `protocols`: -1 where there is no IP header; `fragmented`: 1 in fragments, the first included.
    """
    for index in range(count):
        start = starts[index]
        end = start + lengths[index]
        network = -1
        transport = -1
        protocol = -1
        parted = False
        later = False
        if end - start < 14:
            at = end
        else:
            at = start + 12
            ethertype = buffer[at] << 8 | buffer[at + 1]
            while (ethertype == 0x8100 or ethertype == 0x88A8 or ethertype == 0x9100) and end - at >= 6:
                at += 4
                ethertype = buffer[at] << 8 | buffer[at + 1]
            at += 2
            if ethertype == 0x0800 and end - at >= 20 and buffer[at] >> 4 == 4 and buffer[at] & 15 >= 5:
                network = at
                protocol = buffer[at + 9]
                fields = (buffer[at + 6] << 8 | buffer[at + 7]) & 0x3FFF
                parted = fields != 0
                later = fields & 0x1FFF != 0
                transport = at + (buffer[at] & 15) * 4
            elif ethertype == 0x86DD and end - at >= 40 and buffer[at] >> 4 == 6:
                network = at
                protocol = buffer[at + 6]
                transport = at + 40
                # Hop-by-hop options, routing, fragment and destination options (RFC 8200, section 4).
                while (
                    (protocol == 0 or protocol == 43 or protocol == 44 or protocol == 60)
                    and end - transport >= 8
                    and not parted
                ):
                    if protocol == 44:
                        fields = (buffer[transport + 2] << 8 | buffer[transport + 3]) & 0xFFF9
                        parted = fields != 0
                        later = fields & 0xFFF8 != 0
                        protocol = buffer[transport]
                        transport += 8
                    else:
                        protocol = buffer[transport]
                        transport += (buffer[transport + 1] + 1) * 8
        links[index] = at - start
        networks[index] = network - start if network >= 0 else -1
        protocols[index] = protocol
        fragmented[index] = parted
        if network >= 0:
            at = transport
            if not later:
                if protocol == 6:
                    fields = (buffer[at + 12] >> 4) * 4 if end - at > 12 else 20
                    at += fields if fields > 20 else 20
                elif protocol == 17 or protocol == 1 or protocol == 58:
                    at += 8
                elif protocol == 132:
                    at += 12
        transports[index] = transport - start if network >= 0 and not later and transport < end else -1
        payloads[index] = (at if at < end else end) - start
