"""Dissection: the layers of a frame, outermost first, each with its fields in words.

Nothing here raises. Where a layer cannot be parsed, or carries what has no module here, the bytes that are
left are one last layer, `Data`, which says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from vtaplib.errors import PacketError
from vtaplib.packets import ethernet, ipv4, ipv6, tcp, udp, vxlan

SHOWN_BYTES: Final = 16
"""How much of `Data` is shown."""
TCP_FLAGS: Final = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
"""From the lowest bit on (RFC 9293, section 3.1)."""
CARRIED: Final = ("payload", "frame")
"""The fields that hold the next layer."""


@dataclass(frozen=True, slots=True)
class VlanTag:
    """A VLAN tag (IEEE 802.1Q) behind the EtherType that announces it."""

    priority: int
    drop_eligible: bool
    vlan: int
    ethertype: int
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Layer:
    """A protocol's name, and name and value of each of its fields that says something."""

    protocol: str
    fields: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.protocol:<9}" + ", ".join(f"{name} {value}".strip() for name, value in self.fields)


def dissect(frame: bytes) -> Iterator[Layer]:
    """The layers of an Ethernet frame."""
    parse: Callable[[bytes], Any] | None = ethernet.parse
    octets, reason = frame, ""
    while parse is not None:
        try:
            value = parse(octets)
        except PacketError as error:
            reason = str(error)
            break
        yield Layer(_PROTOCOLS[type(value)], tuple(_worded(value)))
        octets = getattr(value, "frame" if isinstance(value, vxlan.VxlanPacket) else "payload")
        parse = _next_layer(value)
    if octets or reason:
        shown = octets[:SHOWN_BYTES].hex(" ") + (" …" if len(octets) > SHOWN_BYTES else "")
        told = [(f"{len(octets)} bytes", f"({shown})" if shown else "")]
        yield Layer("Data", (*told, *([("unread:", reason)] if reason else [])))


def _parse_tag(octets: bytes) -> VlanTag:
    if len(octets) < 4:
        raise PacketError(f"VLAN: {len(octets)} bytes, a tag and the EtherType behind it need 4")
    control = int.from_bytes(octets[:2], "big")
    ethertype = int.from_bytes(octets[2:4], "big")
    return VlanTag(control >> 13, bool(control & 0x1000), control & 0x0FFF, ethertype, octets[4:])


def _next_layer(value: Any) -> Callable[[bytes], Any] | None:
    """What parses the payload of a layer, if something does. A fragment's is a part of something."""
    match value:
        case ethernet.EthernetFrame() | VlanTag():
            return _BY_ETHERTYPE.get(value.ethertype)
        case ipv4.Ipv4Packet(more_fragments=False, fragment_offset=0):
            return _BY_PROTOCOL.get(value.protocol)
        case ipv6.Ipv6Packet():
            return _BY_PROTOCOL.get(value.next_header)
        case udp.UdpDatagram(destination_port=vxlan.PORT):
            return vxlan.parse
        case vxlan.VxlanPacket():
            return ethernet.parse
    return None


def _worded(value: Any) -> Iterator[tuple[str, str]]:
    """Names and values of the fields that say something: no payload, no flag that is off, nothing empty."""
    for field in fields(value):
        content = getattr(value, field.name)
        if field.name in CARRIED or content is False or content == b"":
            continue
        name = field.name.replace("_", " ")
        if content is True:
            yield name, ""
        elif isinstance(content, bytes):
            yield name, content.hex(":")
        else:
            yield name, _FORMS.get(field.name, str)(content)


def _tcp_flags(flags: int) -> str:
    return " ".join(name for bit, name in enumerate(TCP_FLAGS) if flags >> bit & 1) or "none"


def _four_digits(number: int) -> str:
    return f"0x{number:04x}"


_PROTOCOLS: Final[Mapping[type, str]] = {
    ethernet.EthernetFrame: "Ethernet",
    VlanTag: "VLAN",
    ipv4.Ipv4Packet: "IPv4",
    ipv6.Ipv6Packet: "IPv6",
    udp.UdpDatagram: "UDP",
    tcp.TcpSegment: "TCP",
    vxlan.VxlanPacket: "VXLAN",
}
_BY_ETHERTYPE: Final[Mapping[int, Callable[[bytes], Any]]] = {
    ethernet.IPV4: ipv4.parse,
    ethernet.IPV6: ipv6.parse,
    **dict.fromkeys(ethernet.TAGS, _parse_tag),
}
_BY_PROTOCOL: Final[Mapping[int, Callable[[bytes], Any]]] = {ipv4.UDP: udp.parse, ipv4.TCP: tcp.parse}
_FORMS: Final[Mapping[str, Callable[[int], str]]] = {
    "ethertype": _four_digits,
    "identification": _four_digits,
    "checksum": _four_digits,
    "flags": _tcp_flags,
}
"""By field: how its number is written, where that is not in decimals."""
