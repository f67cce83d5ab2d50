"""Addressing: what the addresses of a frame say by themselves, before a network is asked."""

from __future__ import annotations

from ipaddress import ip_address

from vtaplib.fabric.path_trace import Drop
from vtaplib.fabric.topology import Interface, IpConfiguration
from vtaplib.packets import ethernet
from vtaplib.packets.flow import Flow

BROADCAST = b"\xff" * 4

# What makes a frame without addresses a broken one, and not one of another protocol.
UNREADABLE = frozenset((-1, ethernet.IPV4, ethernet.IPV6))


def configuration_of(interface: Interface, address: bytes) -> IpConfiguration | None:
    """The IP configuration that has an address; of one that is forwarded, the primary one."""
    found = [
        (
            configuration.address is None or configuration.address.packed != address,
            not configuration.is_primary,
            n,
        )
        for n, configuration in enumerate(interface.ip_configurations)
    ]
    return interface.ip_configurations[min(found)[2]] if found else None


def unreadable(flow: Flow) -> Drop:
    """Why a flow has no IP addresses."""
    return Drop.MALFORMED if flow.ethertype in UNREADABLE else Drop.NOT_IP


def meant_for_many(address: bytes) -> Drop | None:
    """Why an address is that of many."""
    if address == BROADCAST:
        return Drop.BROADCAST
    return Drop.MULTICAST if ip_address(address).is_multicast else None


def text_of(address: bytes) -> str:
    """An address as people write it."""
    return str(ip_address(address))
