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
from vtaplib.packets import ethernet, ipv4, ipv6
from vtaplib.resources import NetworkInterface
from vtaplib.testing.segments import segments
from vtaplib.testing.segments import tunnels as in_tunnels

OTHER_ETHERTYPES = (0x88CC, 0x88B5, 0x0600)
"""LLDP's, one for experiments (IEEE 802), and the lowest there is."""
ARP_OVER_ETHERNET = bytes.fromhex("0001 0800 06 04")
"""How ARP begins between Ethernet and IPv4 (RFC 826)."""


class FrameEnd(NamedTuple):
    """One end of a frame's way."""

    mac: bytes
    address: Address


STRANGERS = (
    FrameEnd(bytes.fromhex("020000000001"), IPv4Address("192.0.2.1")),
    FrameEnd(bytes.fromhex("020000000002"), IPv4Address("198.51.100.2")),
    FrameEnd(bytes.fromhex("020000000001"), IPv6Address("2001:db8::1")),
    FrameEnd(bytes.fromhex("020000000002"), IPv6Address("2001:db8::2")),
)
"""Ends that are no cloud's: addresses for documentation (RFC 5737, RFC 3849)."""


def frames(
    between: Iterable[NetworkInterface] = (),
    *,
    strangers: bool = True,
    ipv6: bool = True,
    fragments: bool = True,
    tagged: bool = True,
    tunnels: bool = True,
    non_ip: bool = True,
    malformed: bool = True,
    max_payload: int = 9000,
) -> st.SearchStrategy[bytes]:
    """Ethernet frames without FCS: UDP, TCP and ICMP over IPv4.

    `between`: the interfaces that the frames pass, as a cloud gives them back. An option that is False
    narrows: `strangers`, both ends are addresses of interfaces (if one has any); `ipv6`, no IPv6 frames;
    `fragments`, no IPv4 fragments; `tagged`, no VLAN tags; `tunnels`, no packets inside packets (VXLAN, GRE,
    IP in IP); `non_ip`, no ARP and no other protocols beside IP; `malformed`, no frames with bytes changed or
    cut off, and no bytes that never were a frame. `max_payload` is in bytes, after the innermost header.
    Shrinks to an empty UDP datagram from the first interface to the second. Raises ValueError if no IP packet
    has room for `max_payload`.

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
    four = four or [*STRANGERS[:2]]
    plain = _packets(four, max_payload, fragments=fragments)
    others = [_packets(six, max_payload, fragments=False)] if ipv6 and six else []
    if tunnels:
        others.append(_tunnelled(four, st.one_of(plain, *others), fragments=fragments))
    if non_ip:
        others.append(_beside_ip(four))
    sound = st.one_of(plain, *others)
    if tagged:
        others.append(_tagged(sound))
    if malformed:
        others += [_altered(sound), st.binary(max_size=100)]
    # As many plain ones as all others: they are what most of the world sends.
    return st.one_of(*[plain] * max(1, len(others)), *others)


def _ends_of(interface: NetworkInterface) -> Iterable[FrameEnd]:
    """The addresses of an interface; without a machine it has no MAC address."""
    mac = ethernet.mac_from_text(interface.mac_address) if interface.mac_address else bytes(6)
    for configuration in interface.ip_configuration:
        address = maybe_address(configuration.private_ip_address or "")
        if address is not None:
            yield FrameEnd(mac, address)


@st.composite
def _packets(draw: st.DrawFn, ends: Sequence[FrameEnd], max_payload: int, *, fragments: bool) -> bytes:
    """Frames with one packet between two of the ends, which are of one version of IP."""
    here, there = draw(_pairs(ends))
    protocol, segment = draw(segments(here.address, there.address, max_payload))
    return draw(_packet(here, there, protocol, segment, fragments=fragments))


@st.composite
def _tunnelled(
    draw: st.DrawFn, ends: Sequence[FrameEnd], frames_inside: st.SearchStrategy[bytes], *, fragments: bool
) -> bytes:
    """Frames between two of the ends, which have IPv4, with a frame or a packet inside."""
    here, there = draw(_pairs(ends))
    protocol, segment = draw(in_tunnels(draw(frames_inside)))
    return draw(_packet(here, there, protocol, segment, fragments=fragments))


@st.composite
def _beside_ip(draw: st.DrawFn, ends: Sequence[FrameEnd]) -> bytes:
    """Frames between two of the ends that are ARP, or of a protocol that nobody knows."""
    here, there = draw(_pairs(ends))
    if draw(st.booleans()):
        ethertype = draw(st.sampled_from(OTHER_ETHERTYPES))
        return ethernet.emit(
            ethernet.EthernetFrame(there.mac, here.mac, ethertype, draw(st.binary(max_size=46)))
        )
    operation = draw(st.sampled_from([1, 2]))
    asked = ARP_OVER_ETHERNET + operation.to_bytes(2, "big") + here.mac + here.address.packed
    body = asked + (bytes(6) if operation == 1 else there.mac) + there.address.packed
    target = b"\xff" * 6 if operation == 1 else there.mac
    return ethernet.emit(ethernet.EthernetFrame(target, here.mac, ethernet.ARP, body))


def _pairs(ends: Sequence[FrameEnd]) -> st.SearchStrategy[tuple[FrameEnd, FrameEnd]]:
    """Two of the ends; of the simplest pair, the second is another than the first."""
    return st.tuples(st.sampled_from(ends), st.sampled_from([*ends[1:], ends[0]]))


@st.composite
def _packet(
    draw: st.DrawFn, here: FrameEnd, there: FrameEnd, protocol: int, segment: bytes, *, fragments: bool
) -> bytes:
    """Frames with one packet, or a fragment of one."""
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
    """Frames with an IEEE 802.1Q tag, or with two: 802.1ad, or as switches did before."""
    frame = draw(untagged)
    outer = st.sampled_from([(), (ethernet.PROVIDER_VLAN,), (ethernet.OLD_PROVIDER_VLAN,)])
    for ethertype in (ethernet.VLAN, *draw(outer)):
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
