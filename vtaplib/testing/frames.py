"""Ethernet frames as they pass the interfaces of a cloud, and as they should not.

A frame is drawn from the inside out: what is said, by which protocol, between which two ends. Its lengths and
checksums are right; what comes after that (a tag, a change of some bytes) may make them wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from hypothesis import strategies as st

from vtaplib.model.addresses import Address, maybe_address
from vtaplib.packets import ethernet, ipv4, ipv6, tcp, udp
from vtaplib.packets.checksum import internet_checksum, transport_checksum
from vtaplib.resources import NetworkInterface

ICMPV6 = 58
"""RFC 4443, section 1."""
ECHO_REQUEST = {4: (ipv4.ICMP, 8), 6: (ICMPV6, 128)}
"""Protocol and type of an echo request, by IP version (RFC 792; RFC 4443, section 4.1)."""
WELL_KNOWN_PORTS = (53, 80, 443, 4789)
"""DNS, HTTP, HTTPS and VXLAN: the last may be taken for a copy."""
LARGE_PAYLOADS = (1322, 1323, 1422, 1423, 1928, 1929, 8958)
"""Lengths of UDP payloads at which a policy on oversize changes its mind, and that of a jumbo frame."""


class End(NamedTuple):
    """One end of a frame's way."""

    mac: bytes
    address: Address


STRANGERS = (
    End(bytes.fromhex("020000000001"), IPv4Address("192.0.2.1")),
    End(bytes.fromhex("020000000002"), IPv4Address("198.51.100.2")),
    End(bytes.fromhex("020000000001"), IPv6Address("2001:db8::1")),
    End(bytes.fromhex("020000000002"), IPv6Address("2001:db8::2")),
)
"""Ends that are no cloud's: addresses for documentation (RFC 5737, RFC 3849)."""


def frames(
    between: Iterable[NetworkInterface] = (),
    *,
    strangers: bool = True,
    ipv6: bool = True,
    fragments: bool = True,
    tagged: bool = True,
    malformed: bool = True,
    max_payload: int = 9000,
) -> st.SearchStrategy[bytes]:
    """Ethernet frames without FCS: UDP, TCP and ICMP over IPv4.

    `between`: the interfaces that the frames pass, as a cloud gives them back. An option that is False
    narrows: `strangers`, both ends are addresses of interfaces (if one has any); `ipv6`, no IPv6 frames;
    `fragments`, no IPv4 fragments; `tagged`, no VLAN tags; `malformed`, no frames with bytes changed or cut
    off, and no bytes that never were a frame. `max_payload` is in bytes, after the innermost header. Shrinks
    to an empty UDP datagram from the first interface to the second. Raises ValueError if no IP packet has
    room for `max_payload`.

    >>> frames(cloud.list(NetworkInterface), malformed=False).example()  # doctest: +SKIP
    b'\\x02\\x03\\x82ZN\\xb8\\x02\\xb5\\xc3\\xc0\\x84\\x92\\x08\\x00E\\x00…'
    """
    if not 0 <= max_payload <= 65_000:
        raise ValueError(f"frames: max_payload is {max_payload}; an IP packet has room for 0 to 65000")
    ends = [end for interface in between for end in _ends_of(interface)]
    # Often enough, so that most frames are of the interfaces.
    four, six = (3 * [end for end in ends if end.address.version == version] for version in (4, 6))
    if strangers or not ends:
        four += STRANGERS[:2]
        six += STRANGERS[2:]
    plain = _packets(four or STRANGERS[:2], max_payload, fragments=fragments)
    others = [_packets(six, max_payload, fragments=False)] if ipv6 and six else []
    sound = st.one_of(plain, *others)
    if tagged:
        others.append(_tagged(sound))
    if malformed:
        others += [_altered(sound), st.binary(max_size=100)]
    # As many plain ones as all others: they are what most of the world sends.
    return st.one_of(*[plain] * max(1, len(others)), *others)


def _ends_of(interface: NetworkInterface) -> Iterable[End]:
    """The addresses of an interface; without a machine it has no MAC address."""
    mac = ethernet.mac_from_text(interface.mac_address) if interface.mac_address else bytes(6)
    for configuration in interface.ip_configuration:
        address = maybe_address(configuration.private_ip_address or "")
        if address is not None:
            yield End(mac, address)


@st.composite
def _packets(draw: st.DrawFn, ends: Sequence[End], max_payload: int, *, fragments: bool) -> bytes:
    """Frames with one packet between two of the ends, which are of one version of IP."""
    here, there = draw(st.sampled_from(ends)), draw(st.sampled_from([*ends[1:], ends[0]]))
    protocol, segment = draw(_segments(here.address, there.address, max_payload))
    source, destination = here.address, there.address
    if isinstance(source, IPv4Address) and isinstance(destination, IPv4Address):
        packet = ipv4.Ipv4Packet(source, destination, protocol, segment)
        if fragments and draw(st.sampled_from([False, False, False, True])):
            packet = draw(_fragments(packet))
        octets, ethertype = ipv4.emit(packet), ethernet.IPV4
    else:
        assert isinstance(source, IPv6Address)
        assert isinstance(destination, IPv6Address)
        octets, ethertype = ipv6.emit(ipv6.Ipv6Packet(source, destination, protocol, segment)), ethernet.IPV6
    return ethernet.emit(ethernet.EthernetFrame(there.mac, here.mac, ethertype, octets))


@st.composite
def _segments(draw: st.DrawFn, source: Address, destination: Address, max_payload: int) -> tuple[int, bytes]:
    """A protocol number, and what an IP packet of that protocol carries, its checksum right."""
    payload = draw(_payloads(max_payload))
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


def _payloads(max_payload: int) -> st.SearchStrategy[bytes]:
    """Some bytes, or many zeros."""
    short = st.binary(max_size=min(30, max_payload))
    large = [size for size in LARGE_PAYLOADS if size <= max_payload]
    return short | st.sampled_from(large).map(bytes) if large else short


@st.composite
def _fragments(draw: st.DrawFn, packet: ipv4.Ipv4Packet) -> ipv4.Ipv4Packet:
    """A fragment of a packet: one of two, cut at a multiple of 8 (RFC 791, section 3.2)."""
    identification = draw(st.integers(1, 0xFFFF))
    cut = draw(st.integers(1, max(1, (len(packet.payload) - 1) // 8))) * 8
    if draw(st.booleans()):
        return replace(
            packet, identification=identification, fragment_offset=cut, payload=packet.payload[cut:]
        )
    return replace(
        packet,
        identification=identification,
        more_fragments=True,
        payload=packet.payload[:cut],
    )


@st.composite
def _tagged(draw: st.DrawFn, untagged: st.SearchStrategy[bytes]) -> bytes:
    """Frames with an IEEE 802.1Q tag, or with two (802.1ad)."""
    frame = draw(untagged)
    for ethertype in draw(st.sampled_from([(ethernet.VLAN,), (ethernet.VLAN, ethernet.PROVIDER_VLAN)])):
        identifier = draw(st.integers(1, 4094))
        frame = frame[:12] + ethertype.to_bytes(2, "big") + identifier.to_bytes(2, "big") + frame[12:]
    return frame


@st.composite
def _altered(draw: st.DrawFn, sound: st.SearchStrategy[bytes]) -> bytes:
    """Frames with some bytes of their headers changed, or cut off somewhere."""
    frame = bytearray(draw(sound))
    for _ in range(draw(st.integers(0, 3))):
        frame[draw(st.integers(0, min(len(frame), 54) - 1))] = draw(st.integers(0, 255))
    return bytes(frame[: draw(st.just(len(frame)) | st.integers(0, 60))])
