"""Frames put together from headers, so that where each begins is known without reading them."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

from vtaplib.packets import ethernet

MACS = bytes.fromhex("020000000002 020000000001")
ADDRESSES4 = bytes.fromhex("c0000201 c0000202")
ADDRESSES6 = bytes.fromhex("20010db8" + "00" * 11 + "01" + "20010db8" + "00" * 11 + "02")
# RFC 826: Ethernet, IPv4, a request.
ARP = bytes.fromhex("0001 0800 06 04 0001") + MACS[6:] + ADDRESSES4[:4] + bytes(6) + ADDRESSES4[4:]
ICMP, TCP, UDP, AH, ICMPV6, SCTP = 1, 6, 17, 51, 58, 132
HOP_BY_HOP, ROUTING, FRAGMENT, OPTIONS = 0, 43, 44, 60
# Neither transport nor extension headers: IPv4 in IP, IGMP, GRE, ESP, no next header, OSPF.
OTHER_PROTOCOLS = (4, 2, 47, 50, 59, 89)
# PPPoE, MPLS, VN-Tag, LLDP, IPX in 802.3.
OTHER_ETHERTYPES = (0x8864, 0x8847, 0x8926, 0x88CC, 0x0026)


class HeaderChain(NamedTuple):
    """Headers, what is behind them, and what that is. Of a cut frame, some headers are still whole."""

    headers: tuple[bytes, ...]
    """Each is understood if all of it is there: Ethernet, tags, IP, its options, …"""
    payload: bytes
    is_known: bool
    """Whether nothing behind the headers is another header."""
    transport: int = -1
    """Of the last headers: the protocol, if there is one with a known header."""
    ports: tuple[int, int] | None = None

    @property
    def frame(self) -> bytes:
        """All of it."""
        return b"".join(self.headers) + self.payload

    def whole_headers(self, length: int) -> int:
        """How many of the first octets are headers that are whole; addresses of what has no EtherType."""
        kept = 0
        for header in self.headers:
            if kept + len(header) > length:
                break
            kept += len(header)
        return kept or min(length, len(MACS))


PORTS = st.sampled_from([80, 443, 5000])


@st.composite
def _transports(draw: st.DrawFn, protocol: int) -> tuple[list[bytes], tuple[int, int] | None]:
    """The headers of a transport protocol: RFC 9293, RFC 768, RFC 9260, RFC 792, RFC 4443."""
    ports = (draw(PORTS), draw(PORTS))
    both = ports[0].to_bytes(2, "big") + ports[1].to_bytes(2, "big")
    if protocol == TCP:
        options = draw(st.integers(0, 10)) * 4
        fixed = both + bytes(8) + bytes([5 + options // 4 << 4, 0x10]) + bytes(6)
        return [fixed, bytes([1] * options)], ports
    if protocol == UDP:
        return [both + bytes(4)], ports
    if protocol == SCTP:
        return [both + bytes(8)], ports
    # Echo requests: errors quote packets.
    return [bytes([8 if protocol == ICMP else 128]) + bytes(7)], None


@st.composite
def _extensions(draw: st.DrawFn, version: int) -> tuple[list[tuple[int, bytes]], bool]:
    """Extension headers as protocol and what follows its next header; whether the last is of a later
    fragment (RFC 8200, section 4; RFC 4302, section 2).
    """
    found = []
    kinds = (AH,) if version == 4 else (AH, HOP_BY_HOP, ROUTING, FRAGMENT, OPTIONS)
    for protocol in draw(st.lists(st.sampled_from(kinds), max_size=3)):
        if protocol == AH:
            words = draw(st.integers(1, 4))
            found.append((AH, bytes([words]) + bytes(words * 4 + 6)))
        elif protocol == FRAGMENT:
            # Offset and M: a whole packet, a first fragment, a later one.
            place = draw(st.sampled_from([0, 1, 8]))
            found.append((FRAGMENT, b"\0" + place.to_bytes(2, "big") + bytes(4)))
            if place == 8:
                return found, True
        else:
            units = draw(st.integers(0, 2))
            found.append((protocol, bytes([units]) + bytes(units * 8 + 6)))
    return found, False


@st.composite
def header_chains(draw: st.DrawFn) -> HeaderChain:
    """Such frames: lengths in them are right, or none where hardware is to put them in."""
    headers = [MACS]
    payload = draw(st.binary(max_size=30))
    for tag in draw(st.lists(st.sampled_from(sorted(ethernet.TAGS)), max_size=2)):
        headers[-1] += tag.to_bytes(2, "big")
        headers.append(b"\0\7")
    kind = draw(st.sampled_from([4, 4, 6, 6, 0, 1]))
    if kind < 2:
        ethertype = draw(st.sampled_from(OTHER_ETHERTYPES)) if kind else ethernet.ARP
        headers[-1] += ethertype.to_bytes(2, "big")
        return HeaderChain((*headers, *([] if kind else [ARP])), payload, is_known=not kind)
    extensions, is_later = draw(_extensions(kind))
    known = (TCP, UDP, SCTP, ICMP, ICMPV6)
    last = draw(st.sampled_from([*known, *known, *OTHER_PROTOCOLS]))
    place = draw(st.sampled_from([0, 0, 0, 0x2000, 8])) if kind == 4 else 0
    is_later = is_later or place == 8
    inner: list[bytes] = []
    ports = None
    if last in known and not is_later:
        inner, ports = draw(_transports(last))
    if place == 8:
        # What is in a later fragment is no header, whatever it was in the first.
        last, extensions = extensions[0][0] if extensions else last, []
    following = [*(protocol for protocol, _ in extensions[1:]), last]
    inner = [
        *(bytes([after]) + rest for after, (_, rest) in zip(following, extensions, strict=False)),
        *inner,
    ]
    first = extensions[0][0] if extensions else last
    length = sum(map(len, inner)) + len(payload)
    if kind == 4:
        options = draw(st.integers(0, 3)) * 4
        total = draw(st.sampled_from([length + 20 + options, 0]))
        headers[-1] += b"\x08\0"
        headers.append(
            bytes([0x45 + options // 4, 0])
            + total.to_bytes(2, "big")
            + b"\0\1"
            + place.to_bytes(2, "big")
            + bytes([64, first, 0, 0])
            + ADDRESSES4
        )
        headers.append(bytes([1] * options))
    else:
        total = draw(st.sampled_from([length, 0]))
        headers[-1] += b"\x86\xdd"
        headers.append(b"\x60\0\0\0" + total.to_bytes(2, "big") + bytes([first, 64]) + ADDRESSES6)
    trailer = draw(st.binary(max_size=5))
    return HeaderChain(
        (*headers, *inner),
        payload + trailer,
        is_known=is_later or last in known,
        transport=last if last in known and not is_later else -1,
        ports=ports,
    )
