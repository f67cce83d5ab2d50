"""What a frame is addressed by: the key that routing and hashing go by, read from any bytes.

Nothing here raises: hardware that hashes headers does not argue with them either. Lengths and checksums
inside the headers are not looked at, only whether the bytes are there. Fragments have no ports, the first one
included: its ports would part it from the others, which have none to read. AH (RFC 4302) is a protocol here,
as security rules have it: the ports behind it are not read.
"""

from __future__ import annotations

import struct
from functools import partial
from typing import NamedTuple
from zlib import crc32

from vtaplib.packets import ethernet, ipv4, ipv6

TCP = 6
UDP = 17
SCTP = 132

# Protocols whose first four bytes are source and destination port.
PORTED = frozenset((TCP, UDP, SCTP))

NO_PROTOCOL = -1
NO_PORT = -1

# An untagged IPv4 packet without options, from the EtherType to the ports: EtherType, version and header
# length, fragmentation, protocol, addresses, ports.
_PLAIN = struct.Struct(">HB5xHxB2x4s4sHH")
_PLAIN_AT = 12
_PLAIN_END = _PLAIN_AT + _PLAIN.size

# Protocol and ports as they are hashed.
_HASHED = struct.Struct(">hii")

EXTENSION_HEADERS = frozenset((ipv6.HOP_BY_HOP, ipv6.ROUTING, ipv6.FRAGMENT, ipv6.DESTINATION_OPTIONS))


class Flow(NamedTuple):
    """The addresses, protocol and ports of a frame.

    `version` is 4 or 6, or 0 for what is not IP or is too broken to read as such; then the addresses are MAC
    addresses, empty where the frame is shorter than an Ethernet header, and there is no protocol. `ethertype`
    is what follows any VLAN tags, -1 if it is cut off. Ports are -1 where there are none to read.
    """

    version: int
    ethertype: int
    source: bytes
    destination: bytes
    protocol: int = NO_PROTOCOL
    source_port: int = NO_PORT
    destination_port: int = NO_PORT
    is_fragment: bool = False

    def reversed(self) -> Flow:
        """The flow of the answers."""
        version, ethertype, source, destination, protocol, source_port, destination_port, is_fragment = self
        return _flow(
            (version, ethertype, destination, source, protocol, destination_port, source_port, is_fragment)
        )

    def with_source(self, address: bytes, port: int) -> Flow:
        """The flow, coming from elsewhere."""
        version, ethertype, _, destination, protocol, _, destination_port, is_fragment = self
        return _flow(
            (version, ethertype, address, destination, protocol, port, destination_port, is_fragment)
        )

    def with_destination(self, address: bytes, port: int) -> Flow:
        """The flow, going elsewhere."""
        version, ethertype, source, _, protocol, source_port, _, is_fragment = self
        return _flow((version, ethertype, source, address, protocol, source_port, port, is_fragment))


# What a named tuple does for itself takes twice as long.
_flow = partial(tuple.__new__, Flow)


def read_flow(frame: bytes) -> Flow:
    """The flow of an Ethernet frame; any bytes have one."""
    # Nearly all frames are of this one shape; what follows says the same of them, and takes longer.
    if len(frame) >= _PLAIN_END:
        ethertype, version_and_length, fragmentation, protocol, source, destination, here, there = (
            _PLAIN.unpack_from(frame, _PLAIN_AT)
        )
        if (
            ethertype == ethernet.IPV4
            and version_and_length == 0x45
            and protocol in PORTED
            and not fragmentation & (ipv4.MORE_FRAGMENTS | ipv4.OFFSET_MASK)
        ):
            return Flow(4, ethernet.IPV4, source, destination, protocol, here, there)
    if len(frame) < ethernet.HEADER_LENGTH:
        return Flow(0, -1, b"", b"")
    at, ethertype = ethernet.skip_tags(frame)
    flow = None
    if ethertype == ethernet.IPV4:
        flow = maybe_ipv4_flow(frame, at)
    elif ethertype == ethernet.IPV6:
        flow = maybe_ipv6_flow(frame, at)
    return flow or Flow(0, ethertype, frame[6:12], frame[0:6])


def maybe_ipv4_flow(frame: bytes, at: int) -> Flow | None:
    """The flow of the IPv4 packet that starts at `at`, or None if it has no readable header."""
    if len(frame) < at + ipv4.HEADER_LENGTH or frame[at] >> 4 != 4 or frame[at] & 0x0F < 5:
        return None
    fragmentation = int.from_bytes(frame[at + 6 : at + 8], "big")
    is_fragment = bool(fragmentation & (ipv4.MORE_FRAGMENTS | ipv4.OFFSET_MASK))
    source, destination, protocol = frame[at + 12 : at + 16], frame[at + 16 : at + 20], frame[at + 9]
    ports = read_ports(frame, at + (frame[at] & 0x0F) * 4, protocol, is_fragment)
    return Flow(4, ethernet.IPV4, source, destination, protocol, *ports, is_fragment)


def maybe_ipv6_flow(frame: bytes, at: int) -> Flow | None:
    """The flow of the IPv6 packet that starts at `at`, or None if it has no readable header."""
    if len(frame) < at + ipv6.HEADER_LENGTH or frame[at] >> 4 != 6:
        return None
    source, destination = frame[at + 8 : at + 24], frame[at + 24 : at + 40]
    protocol = frame[at + 6]
    is_fragment = False
    at += ipv6.HEADER_LENGTH
    while protocol in EXTENSION_HEADERS and len(frame) >= at + 8 and not is_fragment:
        if protocol == ipv6.FRAGMENT:
            # Offset and M flag; both zero is an "atomic fragment", a whole packet (RFC 6946).
            is_fragment = bool(int.from_bytes(frame[at + 2 : at + 4], "big") & 0xFFF9)
            length = 8
        else:
            length = (frame[at + 1] + 1) * 8
        protocol = frame[at]
        at += length
    ports = read_ports(frame, at, protocol, is_fragment)
    return Flow(6, ethernet.IPV6, source, destination, protocol, *ports, is_fragment)


def read_ports(frame: bytes, at: int, protocol: int, is_fragment: bool) -> tuple[int, int]:
    """Source and destination port that stand at `at`, if the protocol has ports and they are there."""
    if is_fragment or protocol not in PORTED or len(frame) < at + 4:
        return NO_PORT, NO_PORT
    return frame[at] << 8 | frame[at + 1], frame[at + 2] << 8 | frame[at + 3]


def directional_hash(flow: Flow) -> int:
    """32 bits that are the same for all frames of a flow in one direction, in every run."""
    numbers = _HASHED.pack(flow.protocol, flow.source_port, flow.destination_port)
    return crc32(flow.source + flow.destination + numbers)


def symmetric_hash(flow: Flow) -> int:
    """32 bits that are the same for both directions of a conversation, in every run."""
    here, there = (flow.source, flow.source_port), (flow.destination, flow.destination_port)
    return directional_hash(flow if here <= there else flow.reversed())
