"""A packet made to order, between two ends of a network; and the answer to a packet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_address
from typing import Final

from vtaplib.analysis.packet_explanation.building import (
    ECHO_REQUESTS,
    EPHEMERAL_PORT,
    ICMP,
    ICMPV6,
    PROTOCOLS,
    Blueprint,
    build,
)
from vtaplib.analysis.packet_explanation.packet import Packet, protocol_name
from vtaplib.analysis.packet_explanation.packet_end import PacketEnd, find_end
from vtaplib.errors import VtapError
from vtaplib.fabric.topology import Topology
from vtaplib.packets.flow import PORTED


@dataclass(frozen=True, slots=True)
class PacketOrder:
    """A packet made to order. Ends are names, IDs or addresses, the protocol a name or a number; None is what
    is not said.
    """

    source: str | None = None
    destination: str | None = None
    protocol: str | None = None
    source_port: int | None = None
    destination_port: int | None = None
    icmp_type: int | None = None
    length: int | None = None
    vlan: int | None = None
    ipv6: bool | None = None


FIELDS: Final[Mapping[str, str]] = {one.name: one.name for one in fields(PacketOrder)}


@dataclass(frozen=True, slots=True)
class MadePacket:
    """A packet that was made, its plan, and the ends that it was made for."""

    packet: Packet
    blueprint: Blueprint
    source: PacketEnd
    destination: PacketEnd


def make(topology: Topology, ordered: PacketOrder, words: Mapping[str, str] = FIELDS) -> MadePacket:
    """Make a packet. Raises `VtapError` for ends, and numbers, that do not make one. `words`: what messages
    call the fields of an order.
    """
    source = find_end(topology, ordered.source or "", words["source"])
    destination = find_end(topology, ordered.destination or "", words["destination"])
    version = _version(source, destination, ordered)
    here, there = source.address(version), destination.address(version)
    if here is None or there is None:
        name = "source" if here is None else "destination"
        raise VtapError(
            f"{words[name]} {getattr(ordered, name)}: has no IPv{version} address, which the other end has"
        )
    protocol = _protocol(ordered.protocol or "tcp", version, words)
    _demand_ports_that_fit(ordered, protocol, words)
    icmp_type = ECHO_REQUESTS.get(protocol, 0) if ordered.icmp_type is None else ordered.icmp_type
    blueprint = Blueprint(
        source_mac=source.mac,
        destination_mac=destination.mac,
        source=here,
        destination=there,
        protocol=protocol,
        source_port=EPHEMERAL_PORT if ordered.source_port is None else ordered.source_port,
        destination_port=ordered.destination_port or 0,
        icmp_type=icmp_type,
        vlan=ordered.vlan,
        length=ordered.length,
    )
    return MadePacket(made(blueprint), blueprint, source, destination)


def made(blueprint: Blueprint) -> Packet:
    """The packet of a plan."""
    frame = build(blueprint)
    return Packet(frame, len(frame))


def _version(source: PacketEnd, destination: PacketEnd, ordered: PacketOrder) -> int:
    """The IP version that both ends have: IPv4, where they have both and IPv6 is not asked for."""
    shared = {one.version for one in source.addresses} & {one.version for one in destination.addresses}
    if ordered.ipv6:
        return 6
    if not shared:
        return destination.addresses[0].version
    return min(shared)


def _protocol(text: str, version: int, words: Mapping[str, str]) -> int:
    if text.isascii() and text.isdigit() and int(text) <= 255:
        return int(text)
    number = PROTOCOLS.get(text.lower())
    if number is None:
        known = ", ".join(PROTOCOLS)
        raise VtapError(f"{words['protocol']} {text}: is neither of {known} nor a number from 0 to 255")
    return ICMPV6 if number == ICMP and version == 6 else number


def _demand_ports_that_fit(ordered: PacketOrder, protocol: int, words: Mapping[str, str]) -> None:
    name, say_so = protocol_name(protocol), words["protocol"]
    if protocol in PORTED and ordered.destination_port is None:
        port = words["destination_port"]
        raise VtapError(f"{port} is missing: {name} goes to a port, such as {port} 443")
    for field in ("source_port", "destination_port"):
        given = getattr(ordered, field)
        if given is not None and protocol not in PORTED:
            raise VtapError(
                f"{words[field]} {given}: {name} has no ports; leave it out, or give {say_so} tcp or udp"
            )
    if ordered.icmp_type is not None and protocol not in ECHO_REQUESTS:
        raise VtapError(
            f"{words['icmp_type']} {ordered.icmp_type}: {name} has no such type; add {say_so} icmp"
        )


def answer_to(packet: Packet) -> Packet | None:
    """What an answer to a packet looks like; None if nobody answers such a thing: it is not IP, or one
    fragment of something.
    """
    flow = packet.flow
    if not flow.version or flow.is_fragment:
        return None
    frame = packet.frame
    blueprint = Blueprint(
        source_mac=frame[6:12],
        destination_mac=frame[0:6],
        source=ip_address(flow.source),
        destination=ip_address(flow.destination),
        protocol=flow.protocol,
        source_port=max(flow.source_port, 0),
        destination_port=max(flow.destination_port, 0),
        icmp_type=ECHO_REQUESTS.get(flow.protocol, 0),
    )
    return made(blueprint.answer())
