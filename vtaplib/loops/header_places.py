"""Places of headers: where the IP header, the transport header and what it carries begin in each packet.

What counts as IP, as a fragment and as a tag is what `vtaplib.packets.flow` says, for any octets. Beyond that
headers are followed as far as they are known and all there, within the length that the IP header claims.
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
    flow_protocols=cython.longlong[::1],
    fragmented=cython.uchar[::1],
    known=cython.uchar[::1],
    index=cython.Py_ssize_t,
    at=cython.Py_ssize_t,
    start=cython.Py_ssize_t,
    end=cython.Py_ssize_t,
    limit=cython.Py_ssize_t,
    ethertype=cython.Py_ssize_t,
    network=cython.Py_ssize_t,
    transport=cython.Py_ssize_t,
    payload=cython.Py_ssize_t,
    protocol=cython.Py_ssize_t,
    fields=cython.Py_ssize_t,
    size=cython.Py_ssize_t,
    six=cython.bint,
    parted=cython.bint,
    later=cython.bint,
    is_known=cython.bint,
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
    flow_protocols: array[int],
    fragmented: bytearray,
    known: bytearray,
) -> None:
    """Fill the last eight columns. Places are octets from the packet's own first one.

    `links`: behind the EtherType that follows any VLAN tags, or the length of what is too short for one;
    `networks`: the IP header, -1 if there is none to read; `transports`: the header behind that, options,
    extension headers and AH (RFC 4302), -1 in fragments but the first; `protocols`: of that header, -1 where
    there is no IP header; `flow_protocols`: that of the packet's flow, for which no header behind AH or that
    of a fragment counts; `fragmented`: 1 in fragments, the first included.

    `payloads`: behind the last header that is known and all there, at most the length; behind the MAC
    addresses of what is too short for an Ethernet header. `known`: 1 where the payload of a transport header
    begins there, the rest of a fragmented packet, or what pads ARP; 0 where something is that cannot be read.
    """
    for index in range(count):
        start = starts[index]
        end = start + lengths[index]
        # Nearly all packets are of this one shape; what follows says the same of them, and takes longer.
        if (
            end - start >= 54
            and buffer[start + 12] == 8
            and buffer[start + 13] == 0
            and buffer[start + 14] == 0x45
            and not buffer[start + 20] & 0x3F
            and buffer[start + 21] == 0
        ):
            protocol = buffer[start + 23]
            size = 0
            if protocol == 17:
                size = 8
            elif protocol == 6 and buffer[start + 46] >= 0x50:
                size = (buffer[start + 46] >> 4) * 4
            fields = (buffer[start + 16] << 8 | buffer[start + 17]) - 20
            if 0 < size <= fields and size <= end - start - 34:
                links[index] = 14
                networks[index] = 14
                transports[index] = 34
                payloads[index] = 34 + size
                protocols[index] = protocol
                flow_protocols[index] = protocol
                fragmented[index] = 0
                known[index] = 1
                continue
        network = -1
        transport = -1
        protocol = -1
        fields = -1
        six = False
        parted = False
        later = False
        is_known = False
        limit = end
        if end - start < 14:
            at = end
            payload = end if end - start < 12 else start + 12
        else:
            at = start + 12
            ethertype = buffer[at] << 8 | buffer[at + 1]
            while (ethertype == 0x8100 or ethertype == 0x88A8 or ethertype == 0x9100) and end - at >= 6:
                at += 4
                ethertype = buffer[at] << 8 | buffer[at + 1]
            at += 2
            payload = at
            if ethertype == 0x0800 and end - at >= 20 and buffer[at] >> 4 == 4 and buffer[at] & 15 >= 5:
                network = at
                protocol = buffer[at + 9]
                fields = (buffer[at + 6] << 8 | buffer[at + 7]) & 0x3FFF
                parted = fields != 0
                later = fields & 0x1FFF != 0
                # What hardware is to cut may claim no length.
                fields = buffer[at + 2] << 8 | buffer[at + 3]
                transport = at + (buffer[at] & 15) * 4
                payload = at + 20
            elif ethertype == 0x86DD and end - at >= 40 and buffer[at] >> 4 == 6:
                network = at
                six = True
                protocol = buffer[at + 6]
                fields = buffer[at + 4] << 8 | buffer[at + 5]
                fields = fields + 40 if fields else 0
                transport = at + 40
                payload = transport
            elif (
                ethertype == 0x0806
                and end - at >= 28
                and buffer[at] == 0
                and buffer[at + 1] == 1
                and buffer[at + 2] == 8
                and buffer[at + 3] == 0
                and buffer[at + 4] == 6
                and buffer[at + 5] == 4
            ):
                # ARP between Ethernet and IPv4 (RFC 826).
                payload = at + 28
                is_known = True
        links[index] = at - start
        networks[index] = network - start if network >= 0 else -1
        if network < 0:
            flow_protocols[index] = -1
        else:
            if fields and network + fields < end:
                limit = network + fields
            if not six and transport <= limit:
                payload = transport
            # Hop-by-hop options, routing, fragment and destination options (RFC 8200, section 4).
            while (
                six
                and (protocol == 0 or protocol == 43 or protocol == 44 or protocol == 60)
                and end - transport >= 8
                and not parted
            ):
                if protocol == 44:
                    size = 8
                    fields = (buffer[transport + 2] << 8 | buffer[transport + 3]) & 0xFFF9
                    parted = fields != 0
                    later = fields & 0xFFF8 != 0
                else:
                    size = (buffer[transport + 1] + 1) * 8
                if payload == transport and limit - transport >= size:
                    payload += size
                protocol = buffer[transport]
                transport += size
            flow_protocols[index] = protocol
            # What follows in the first fragment, and behind AH, whose length is in words of 4 beyond 2.
            while (
                (
                    protocol == 51
                    or (six and (protocol == 0 or protocol == 43 or protocol == 44 or protocol == 60))
                )
                and payload == transport
                and limit - transport >= 8
                and not later
            ):
                if protocol == 44:
                    size = 8
                    fields = (buffer[transport + 2] << 8 | buffer[transport + 3]) & 0xFFF9
                    parted = parted or fields != 0
                    later = fields & 0xFFF8 != 0
                elif protocol == 51:
                    size = (buffer[transport + 1] + 2) * 4
                else:
                    size = (buffer[transport + 1] + 1) * 8
                if (size < 12 and protocol == 51) or limit - transport < size:
                    break
                payload += size
                protocol = buffer[transport]
                transport += size
            if payload == transport:
                size = limit - transport
                if later:
                    is_known = True
                elif protocol == 6:
                    if size >= 20:
                        payload += 20
                        fields = (buffer[transport + 12] >> 4) * 4
                        if 20 <= fields <= size:
                            payload = transport + fields
                            is_known = True
                elif protocol == 17 or protocol == 1 or protocol == 58:
                    if size >= 8:
                        payload += 8
                        is_known = True
                elif protocol == 132 and size >= 12:
                    payload += 12
                    is_known = True
        protocols[index] = protocol
        fragmented[index] = parted
        known[index] = is_known
        transports[index] = transport - start if network >= 0 and not later and transport < end else -1
        payloads[index] = payload - start
