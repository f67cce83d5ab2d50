"""Security groups packet by packet, in the plainest way: written from Azure's documentation, to judge vtap's.

It knows single packets only, and the tags `VirtualNetwork`, `Internet` and `AzureLoadBalancer`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from vtaplib.resources import InlineSecurityRule

HOST = ip_address("168.63.129.16")
UNTOUCHED = (HOST, ip_address("169.254.169.254"))
NUMBERS: Mapping[str, int] = {"Icmp": 1, "Tcp": 6, "Udp": 17, "Esp": 50, "Ah": 51}


class Packet(NamedTuple):
    """What a security group looks at."""

    protocol: int
    source: str
    destination: str
    source_port: int
    destination_port: int


def passes(groups: Iterable[Sequence[InlineSecurityRule]], packet: Packet, inward: bool, space: str) -> bool:
    """Whether every group lets a packet through. `space`: the prefix that is the virtual network."""
    return all(_lets_through(rules, packet, inward, space) for rules in groups)


def _lets_through(rules: Sequence[InlineSecurityRule], packet: Packet, inward: bool, space: str) -> bool:
    word = "Inbound" if inward else "Outbound"
    for rule in sorted((one for one in rules if one.direction == word), key=lambda one: one.priority):
        if _is_about(rule, packet, space):
            return rule.access == "Allow"
    here = _is_in("VirtualNetwork", packet.source, space), _is_in("VirtualNetwork", packet.destination, space)
    return _is_untouched(packet) or all(here) or (not inward and not here[1])


def _is_untouched(packet: Packet) -> bool:
    return ip_address(packet.source) in UNTOUCHED or ip_address(packet.destination) in UNTOUCHED


def _is_about(rule: InlineSecurityRule, packet: Packet, space: str) -> bool:
    prefixes = (
        _said(rule.source_address_prefix, rule.source_address_prefixes),
        _said(rule.destination_address_prefix, rule.destination_address_prefixes),
    )
    if _is_untouched(packet) and not any("AzureLoadBalancer" in side for side in prefixes):
        return False
    return (
        rule.protocol in ("*", *(name for name, number in NUMBERS.items() if number == packet.protocol))
        and any(_is_in(one, packet.source, space) for one in prefixes[0])
        and any(_is_in(one, packet.destination, space) for one in prefixes[1])
        and any(
            _has(one, packet.source_port) for one in _said(rule.source_port_range, rule.source_port_ranges)
        )
        and any(
            _has(one, packet.destination_port)
            for one in _said(rule.destination_port_range, rule.destination_port_ranges)
        )
    )


def _said(one: str | None, several: Sequence[str] | None) -> Sequence[str]:
    return [one] if one is not None else list(several or ())


def _is_in(text: str, address: str, space: str) -> bool:
    parsed = ip_address(address)
    if text == "*":
        return True
    if text in ("VirtualNetwork", "Internet"):
        return (parsed in ip_network(space)) == (text == "VirtualNetwork")
    return parsed == HOST if text == "AzureLoadBalancer" else parsed in ip_network(text)


def _has(text: str, port: int) -> bool:
    first, _, last = text.partition("-")
    return text == "*" or int(first) <= port <= int(last or first)
