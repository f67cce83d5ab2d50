"""The packet that is asked about: one of a capture, or one made to order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from vtaplib.cli.explain.building import (
    ECHO_REQUESTS,
    EPHEMERAL_PORT,
    ICMP,
    ICMPV6,
    PROTOCOLS,
    Blueprint,
    build,
)
from vtaplib.cli.explain.end import End, find_end
from vtaplib.cli.explain.packet import Packet, protocol_name
from vtaplib.cli.progress import reading
from vtaplib.errors import CaptureError, VtapError
from vtaplib.fabric.topology import Topology
from vtaplib.packets.flow import PORTED


@dataclass(frozen=True, slots=True)
class Captured:
    """A packet of a capture, by its number, counted from 1 over the Ethernet packets."""

    capture: str
    number: int


@dataclass(frozen=True, slots=True)
class Ordered:
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


OPTIONS: Final = {
    "source": "--src",
    "destination": "--dst",
    "protocol": "--proto",
    "source_port": "--sport",
    "destination_port": "--dport",
    "icmp_type": "--icmp-type",
    "length": "--length",
    "vlan": "--vlan",
    "ipv6": "--ipv6",
}
"""What says each field of an order."""


def question_of(capture: str | None, number: int | None, ordered: Ordered) -> Captured | Ordered:
    """What is asked. Raises `VtapError` for too little, and for two packets at once."""
    said = [option for name, option in OPTIONS.items() if getattr(ordered, name) is not None]
    if capture is None:
        missing = [OPTIONS[name] for name in ("source", "destination") if getattr(ordered, name) is None]
        if missing:
            raise VtapError(
                f"{' and '.join(missing)} missing: say who sends the packet to whom, or give CAPTURE and "
                "NUMBER, such as: vtap explain traffic.pcap 17"
            )
        return ordered
    if number is None:
        raise VtapError(f"{capture}: which packet? Give its number, such as: vtap explain {capture} 1")
    if said:
        raise VtapError(f"{', '.join(said)}: a packet of a capture is what it is; leave out one or the other")
    return Captured(capture, number)


@dataclass(frozen=True, slots=True)
class Made:
    """A packet that was made, its plan, and the ends that it was made for."""

    packet: Packet
    blueprint: Blueprint
    source: End
    destination: End


def make(topology: Topology, ordered: Ordered) -> Made:
    """Make a packet. Raises `VtapError` for ends, and numbers, that do not make one."""
    source = find_end(topology, ordered.source or "", OPTIONS["source"])
    destination = find_end(topology, ordered.destination or "", OPTIONS["destination"])
    version = _version(source, destination, ordered)
    here, there = source.address(version), destination.address(version)
    if here is None or there is None:
        option, wanted = ("--src", ordered.source) if here is None else ("--dst", ordered.destination)
        raise VtapError(f"{option} {wanted}: has no IPv{version} address, which the other end has")
    protocol = _protocol(ordered.protocol or "tcp", version)
    _demand_ports_that_fit(ordered, protocol)
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
    return Made(made(blueprint), blueprint, source, destination)


def made(blueprint: Blueprint) -> Packet:
    """The packet of a plan."""
    frame = build(blueprint)
    return Packet(frame, len(frame))


def _version(source: End, destination: End, ordered: Ordered) -> int:
    """The IP version that both ends have: IPv4, where they have both and IPv6 is not asked for."""
    shared = {one.version for one in source.addresses} & {one.version for one in destination.addresses}
    if ordered.ipv6:
        return 6
    if not shared:
        return destination.addresses[0].version
    return min(shared)


def _protocol(text: str, version: int) -> int:
    if text.isascii() and text.isdigit() and int(text) <= 255:
        return int(text)
    number = PROTOCOLS.get(text.lower())
    if number is None:
        raise VtapError(f"--proto {text}: is neither of {', '.join(PROTOCOLS)} nor a number from 0 to 255")
    return ICMPV6 if number == ICMP and version == 6 else number


def _demand_ports_that_fit(ordered: Ordered, protocol: int) -> None:
    name = protocol_name(protocol)
    if protocol in PORTED and ordered.destination_port is None:
        raise VtapError(f"--dport is missing: {name} goes to a port, such as --dport 443")
    for option, given in (("--sport", ordered.source_port), ("--dport", ordered.destination_port)):
        if given is not None and protocol not in PORTED:
            raise VtapError(
                f"{option} {given}: {name} has no ports; leave it out, or give --proto tcp or udp"
            )
    if ordered.icmp_type is not None and protocol not in ECHO_REQUESTS:
        raise VtapError(f"--icmp-type {ordered.icmp_type}: {name} has no such type; add --proto icmp")


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


def read_up_to(captured: Captured) -> Iterator[Packet]:
    """The packets of a capture up to the one that is asked about, which is the last.

    Raises `VtapError` if there are not so many, and `CaptureError` for what comes before it and cannot be
    read.
    """
    number = 0
    with (
        reading(captured.capture, "reading") as reader,
    ):
        name = reader.name
        trouble = ""
        try:
            for batch in reader.batches():
                for at, frame, original_length in batch:
                    number += 1
                    yield Packet(frame, original_length, at, name, number)
                    if number == captured.number:
                        return
        except CaptureError as error:
            if not number:
                raise
            trouble = f"; what follows is unreadable: {error.trouble}"
    packets = f"{number} Ethernet packet" + ("" if number == 1 else "s")
    raise VtapError(f"{name}: has no packet {captured.number}; it has {packets}{trouble}")
