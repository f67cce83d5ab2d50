"""Addressing: what the addresses of a frame say by themselves, before a network is asked."""

from __future__ import annotations

from vtaplib.fabric.path_trace import Drop
from vtaplib.packets import ethernet
from vtaplib.packets.flow import Flow

BROADCAST = b"\xff" * 4

# What makes a frame without addresses a broken one, and not one of another protocol.
UNREADABLE = frozenset((-1, ethernet.IPV4, ethernet.IPV6))


def unreadable(flow: Flow) -> Drop:
    """Why a flow has no IP addresses."""
    return Drop.MALFORMED if flow.ethertype in UNREADABLE else Drop.NOT_IP


def meant_for_many(address: bytes) -> Drop | None:
    """Why an address is that of many."""
    if address == BROADCAST:
        return Drop.BROADCAST
    # 224.0.0.0/4 (RFC 5771), ff00::/8 (RFC 4291).
    is_multicast = address[0] >> 4 == 0xE if len(address) == 4 else address[0] == 0xFF
    return Drop.MULTICAST if is_multicast else None
