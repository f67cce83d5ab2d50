"""What an IP packet carries: a UDP datagram, a TCP segment, an echo request, or another packet."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from vtaplib.model.addresses import Address
from vtaplib.packets import ethernet, ipv4, tcp, udp, vxlan
from vtaplib.packets.checksum import internet_checksum, transport_checksum

ICMPV6 = 58
"""RFC 4443, section 1."""
ECHO_REQUEST = {4: (ipv4.ICMP, 8), 6: (ICMPV6, 128)}
"""Protocol and type of an echo request, by IP version (RFC 792; RFC 4443, section 4.1)."""
WELL_KNOWN_PORTS = (53, 80, 443, 4789)
"""DNS, HTTP, HTTPS and VXLAN: the last may be taken for a copy."""
LARGE_PAYLOADS = (1322, 1323, 1422, 1423, 1928, 1929, 8958)
"""Lengths of UDP payloads at which a policy on oversize changes its mind, and that of a jumbo frame."""
IN_IP = {ethernet.IPV4: 4, ethernet.IPV6: 41}
"""Protocols of an IP packet in an IP packet, by its EtherType (RFC 2003, RFC 2473)."""
GRE = 47
GRE_ETHERNET = 0x6558
"""Transparent Ethernet bridging: a frame in GRE (RFC 2784, section 2.4 and IANA's numbers)."""


@st.composite
def segments(draw: st.DrawFn, source: Address, destination: Address, max_payload: int) -> tuple[int, bytes]:
    """A protocol number, and what an IP packet of that protocol carries, its checksum right."""
    payload = draw(payloads(max_payload))
    ports = st.sampled_from(WELL_KNOWN_PORTS) | st.integers(0, 0xFFFF)
    here, there = draw(ports), draw(ports)
    protocol = draw(st.sampled_from([ipv4.UDP, ipv4.TCP, ipv4.ICMP]))
    if protocol == ipv4.UDP:
        datagram = udp.UdpDatagram(here, there, payload)
        checksum = transport_checksum(source, destination, protocol, udp.emit(datagram))
        made = udp.emit(replace(datagram, checksum=checksum))
    elif protocol == ipv4.TCP:
        flags = draw(st.sampled_from([tcp.SYN, tcp.SYN | tcp.ACK, tcp.ACK, tcp.FIN | tcp.ACK, tcp.RST]))
        segment = tcp.TcpSegment(here, there, draw(st.integers(0, 0xFFFFFFFF)), flags=flags, payload=payload)
        checksum = transport_checksum(source, destination, protocol, tcp.emit(segment))
        made = tcp.emit(replace(segment, checksum=checksum))
    else:
        protocol, kind = ECHO_REQUEST[source.version]
        # Identifier and sequence number, where the others have ports.
        rest = here.to_bytes(2, "big") + there.to_bytes(2, "big") + payload
        bare = bytes([kind, 0, 0, 0]) + rest
        # ICMPv6 sums over a pseudo-header (RFC 4443, section 2.3), ICMP does not.
        checksum = (
            internet_checksum(bare)
            if source.version == 4
            else transport_checksum(source, destination, protocol, bare)
        )
        made = bytes([kind, 0]) + checksum.to_bytes(2, "big") + rest
    return protocol, made


def payloads(max_payload: int) -> st.SearchStrategy[bytes]:
    """Some bytes, or many zeros."""
    short = st.binary(max_size=min(30, max_payload))
    large = [size for size in LARGE_PAYLOADS if size <= max_payload]
    return short | st.sampled_from(large).map(bytes) if large else short


@st.composite
def tunnels(draw: st.DrawFn, frame: bytes) -> tuple[int, bytes]:
    """A protocol number, and what an IP packet of that protocol carries: the frame, which holds an IP packet,
    in VXLAN or GRE, or its packet alone in GRE or in IP.
    """
    ethertype = int.from_bytes(frame[12:14], "big")
    packet = frame[ethernet.HEADER_LENGTH :]
    in_vxlan = vxlan.emit(vxlan.VxlanPacket(draw(st.integers(0, (1 << 24) - 1)), frame))
    return draw(
        st.sampled_from(
            [
                (IN_IP[ethertype], packet),
                (GRE, bytes(2) + ethertype.to_bytes(2, "big") + packet),
                (GRE, bytes(2) + GRE_ETHERNET.to_bytes(2, "big") + frame),
                (ipv4.UDP, udp.emit(udp.UdpDatagram(draw(st.integers(49152, 65535)), vxlan.PORT, in_vxlan))),
            ]
        )
    )
