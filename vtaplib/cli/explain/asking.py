"""The packet that is asked about on a command line: one of a capture, or one made to order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vtaplib.analysis.packet_explanation.made_packet import PacketOrder
from vtaplib.analysis.packet_explanation.packet import Packet
from vtaplib.capture.feed import CaptureFeed
from vtaplib.cli.progress import reading
from vtaplib.errors import VtapError

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


def question_of(
    capture: str | None, number: int | None, ordered: PacketOrder
) -> PacketOrder | Iterator[Packet]:
    """What is asked about: the order, or the packets of a capture up to a number. Raises `VtapError` for too
    little, and for two packets at once.
    """
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
    return read_up_to(capture, number)


def read_up_to(capture: str, last: int) -> Iterator[Packet]:
    """The Ethernet packets of a capture, counted from 1, up to the last that is asked for.

    Raises `VtapError` if there are not so many, and `CaptureError` for what cannot be read at all.
    """
    number = 0
    with reading(capture, "reading") as reader:
        feed = CaptureFeed(reader)
        for block in feed.blocks():
            for at, frame, original_length in block:
                number += 1
                yield Packet(frame, original_length, at, feed.name, number)
                if number == last:
                    return
    end = feed.ended_early
    trouble = "" if end is None else f"; what follows is unreadable: {end.trouble}"
    packets = f"{number} Ethernet packet" + ("" if number == 1 else "s")
    raise VtapError(f"{feed.name}: has no packet {last}; it has {packets}{trouble}")
