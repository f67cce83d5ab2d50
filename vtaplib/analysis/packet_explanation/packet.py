"""A packet in words: what kind it is, who sends it to whom, and what of it matters on its path."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from vtaplib.analysis.packet_explanation.building import ECHO_REQUESTS, ICMP, ICMPV6, PROTOCOLS
from vtaplib.packets import ethernet, ipv6, tcp
from vtaplib.packets.dissection import TCP_FLAGS
from vtaplib.packets.flow import NO_PORT, NO_PROTOCOL, TCP, Flow, read_flow

_PROTOCOL_NAMES: Final = {number: name.upper() for name, number in PROTOCOLS.items()} | {ICMPV6: "ICMPv6"}
_ETHERTYPE_NAMES: Final = {ethernet.IPV4: "IPv4", ethernet.IPV6: "IPv6", ethernet.ARP: "ARP"}
_ICMP_TYPES: Final = {
    (ICMP, 0): "echo reply",
    (ICMP, 3): "destination unreachable",
    (ICMP, 8): "echo request",
    (ICMP, 11): "time exceeded",
    (ICMPV6, 128): "echo request",
    (ICMPV6, 129): "echo reply",
    (ICMPV6, 135): "neighbor solicitation",
    (ICMPV6, 136): "neighbor advertisement",
}
"""From IANA's "ICMP Parameters" and "ICMPv6 Parameters"."""


@dataclass(frozen=True, slots=True)
class PacketEntry:
    """The packet. `number` is that in the capture, counted from 1 over its Ethernet packets; None for one
    that was made to order. Bytes are those of the Ethernet frame without FCS, `original_bytes` what it had
    before the capture cut it. What the frame does not have is None.
    """

    capture: str | None
    number: int | None
    timestamp_ns: int | None
    bytes: int
    original_bytes: int
    source_mac: str | None
    destination_mac: str | None
    vlans: tuple[int, ...]
    ethertype: str | None
    source: str | None
    destination: str | None
    protocol: str | None
    source_port: int | None
    destination_port: int | None
    is_fragment: bool
    sentence: str
    """The packet in one line."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A frame and where it comes from."""

    frame: bytes
    original_length: int
    timestamp_ns: int = 0
    capture: str | None = None
    number: int | None = None

    @property
    def flow(self) -> Flow:
        """What the frame is addressed by."""
        return read_flow(self.frame)


def packet_entry(packet: Packet) -> PacketEntry:
    """A packet as the report has it; any bytes have one."""
    frame, flow = packet.frame, packet.flow
    source, destination = (
        str(ip_address(one)) if flow.version else None for one in (flow.source, flow.destination)
    )
    source_mac, destination_mac = (
        ethernet.mac_to_text(one) if flow.source else None for one in (frame[6:12], frame[0:6])
    )
    return PacketEntry(
        capture=packet.capture,
        number=packet.number,
        timestamp_ns=None if packet.capture is None else packet.timestamp_ns,
        bytes=len(frame),
        original_bytes=packet.original_length,
        source_mac=source_mac,
        destination_mac=destination_mac,
        vlans=_vlans(frame),
        ethertype=None if flow.ethertype < 0 else _ethertype_name(flow.ethertype),
        source=source,
        destination=destination,
        protocol=None if flow.protocol == NO_PROTOCOL else protocol_name(flow.protocol),
        source_port=None if flow.source_port == NO_PORT else flow.source_port,
        destination_port=None if flow.destination_port == NO_PORT else flow.destination_port,
        is_fragment=flow.is_fragment,
        sentence=sentence(packet),
    )


def _ethertype_name(number: int) -> str:
    return _ETHERTYPE_NAMES.get(number, f"EtherType 0x{number:04x}")


def protocol_name(number: int) -> str:
    """An IP protocol's name, or its number."""
    return _PROTOCOL_NAMES.get(number, f"protocol {number}")


def sentence(packet: Packet) -> str:
    """A packet in one line."""
    frame, flow = packet.frame, packet.flow
    parts = [f"{len(frame)} bytes"]
    if packet.original_length > len(frame):
        parts[0] += f" of {packet.original_length}"
    parts += [f"VLAN {one}" for one in _vlans(frame)]
    if not flow.source:
        return f"{parts[0]}, shorter than an Ethernet header"
    if not flow.version:
        kind = "cut off" if flow.ethertype < 0 else _ethertype_name(flow.ethertype)
        whole = "broken " if flow.ethertype in (ethernet.IPV4, ethernet.IPV6) else ""
        ends = f"{flow.source.hex(':')} → {flow.destination.hex(':')}"
        return ", ".join([f"{whole}{kind} {ends}", *parts])
    ends = " → ".join(
        _end(address, port, flow.version)
        for address, port in (
            (flow.source, flow.source_port),
            (flow.destination, flow.destination_port),
        )
    )
    return ", ".join([f"{protocol_name(flow.protocol)} {ends}", *_details(frame, flow), *parts])


def _end(address: bytes, port: int, version: int) -> str:
    text = str(ip_address(address))
    if port == NO_PORT:
        return text
    return f"{text}:{port}" if version == 4 else f"[{text}]:{port}"


def _details(frame: bytes, flow: Flow) -> list[str]:
    """What else is worth telling of an IP packet."""
    if flow.is_fragment:
        return ["a fragment: its ports cannot be seen"]
    inner = _innermost(frame, flow)
    if flow.protocol == TCP and len(inner) >= tcp.HEADER_LENGTH:
        flags = [name for bit, name in enumerate(TCP_FLAGS) if inner[13] >> bit & 1]
        return [" ".join(flags) or "no flags"]
    if flow.protocol in ECHO_REQUESTS and inner:
        return [_ICMP_TYPES.get((flow.protocol, inner[0]), f"type {inner[0]}")]
    return []


def _innermost(frame: bytes, flow: Flow) -> bytes:
    """What a whole IPv4 packet carries, or an IPv6 packet without extension headers; else nothing."""
    at = ethernet.HEADER_LENGTH + 4 * len(_vlans(frame))
    if flow.version == 4:
        return frame[at + (frame[at] & 0x0F) * 4 :]
    return frame[at + ipv6.HEADER_LENGTH :] if frame[at + 6] == flow.protocol else b""


def _vlans(frame: bytes) -> tuple[int, ...]:
    """The VLAN identifiers of a frame, the outermost first."""
    found: list[int] = []
    at = 12
    while int.from_bytes(frame[at : at + 2], "big") in ethernet.TAGS and len(frame) >= at + 6:
        found.append(int.from_bytes(frame[at + 2 : at + 4], "big") & 0x0FFF)
        at += 4
    return tuple(found)
