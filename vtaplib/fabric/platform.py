"""The platform: what a machine's network answers by itself, and the addresses that it does so from.

Azure, virtual IP 168.63.129.16: DNS, DHCP, health probes and the agent; 169.254.169.254: instance metadata.
Security groups let both alone, except where a rule has a tag that aims at them. What a DHCP client sends does
not get to any machine, unicast or not (Azure Virtual Network FAQ: "unicast is supported within virtual
networks, with the exception of DHCP via unicast, source port UDP/68, destination port UDP/67").
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Network, ip_address

from vtaplib.packets import ethernet
from vtaplib.packets.flow import UDP, Flow

HOST = IPv4Address("168.63.129.16").packed
METADATA = IPv4Address("169.254.169.254").packed
ADDRESSES = {HOST: "DNS, health probes and the agent", METADATA: "instance metadata"}

ICMPV6 = 58
LINK_LOCAL = IPv6Network("fe80::/10")
LINK_LOCAL_GROUPS = IPv6Network("ff02::/16")

# From the port of a client to that of a server: DHCP (RFC 2131) and DHCPv6 (RFC 8415).
DHCP = {68: 67, 546: 547}


def service_of(flow: Flow) -> str | None:
    """What the platform answers itself, at the machine's port, before anything is asked: by name."""
    if flow.ethertype == ethernet.ARP:
        return "ARP"
    if flow.protocol == UDP and DHCP.get(flow.source_port) == flow.destination_port:
        return "DHCP"
    if flow.version == 6 and flow.protocol == ICMPV6 and _is_on_link(flow.destination):
        return "neighbour discovery"
    return None


def _is_on_link(packed: bytes) -> bool:
    address = ip_address(packed)
    return address in LINK_LOCAL or address in LINK_LOCAL_GROUPS
