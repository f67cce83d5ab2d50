"""What a capture holds: packets, and the interfaces that they were seen on.

A packet has two shapes: `Packet` is a bare tuple, `Record` the same with names and the interface. Code that
moves millions of them takes a `PacketBlock`. Time is an integer of nanoseconds since 1970: a float would lose
the last digits of every timestamp.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

Packet: TypeAlias = tuple[int, bytes, int]
"""`(timestamp_ns, data, original_length)`; the names are those of `Record`."""

ETHERNET = 1
"""The link type of Ethernet frames (LINKTYPE_ETHERNET), the only one that a network tap knows."""

MAX_PACKET_LENGTH = 262_144
"""The longest packet believed or written, in bytes: libpcap's and Wireshark's limit for Ethernet."""

# From the tcpdump project's list of link types: the ones that people do meet.
_LINK_TYPE_NAMES = {
    0: "NULL",
    1: "ETHERNET",
    9: "PPP",
    12: "RAW",
    101: "RAW",
    105: "IEEE802_11",
    108: "LOOP",
    113: "LINUX_SLL",
    127: "IEEE802_11_RADIOTAP",
    147: "USER0",
    187: "BLUETOOTH_HCI_H4",
    189: "USB_LINUX",
    220: "USB_LINUX_MMAPPED",
    228: "IPV4",
    229: "IPV6",
    239: "NFLOG",
    249: "USBPCAP",
    253: "NETLINK",
    276: "LINUX_SLL2",
}


class Record(NamedTuple):
    """One captured packet."""

    timestamp_ns: int
    """Nanoseconds since 1970-01-01 UTC."""

    data: bytes
    """The frame from its first byte, as far as it was captured."""

    original_length: int
    """Bytes that the frame had on the wire: more than `len(data)` where the capture cut it."""

    interface: int = 0
    """Index into the reader's `interfaces`."""


@dataclass(frozen=True, slots=True)
class CaptureInterface:
    """What a capture says about an interface; a pcap file has one, without a name."""

    link_type: int
    snap_length: int
    """The most bytes that were kept of a packet; 0 means all."""

    name: str = ""
    description: str = ""


def name_of_link_type(link_type: int) -> str:
    """Return the number and, where it is a known one, the name: `113 (LINUX_SLL)`."""
    name = _LINK_TYPE_NAMES.get(link_type)
    return f"{link_type} ({name})" if name else str(link_type)
