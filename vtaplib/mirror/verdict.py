"""Verdicts: what happened to a frame at a tap point.

There are two, and nothing vanishes: a frame that enters a tap point is `Mirrored`, or `NotMirrored` with a
reason from a closed list. The order of the list is the order in which the reasons are tested: what the frame
is, then where it was seen, then where its copy would go.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from ipaddress import IPv4Address
from typing import NamedTuple

from vtaplib.mirror.outer_header import FRAGMENT_OVERHEAD, WIRE_OVERHEAD, Encapsulation


class Direction(StrEnum):
    """The way a frame passes an interface, as the machine behind it sees it."""

    EGRESS = "egress"
    INGRESS = "ingress"


class Reason(Enum):
    """Why a frame was not mirrored. The value is the sentence that reports show."""

    MALFORMED = "shorter than an Ethernet header"
    IPV6 = "IPv6 is not mirrored"
    PRIVATE_LINK = "traffic that comes in through a Private Link service is not mirrored"
    ALREADY_MIRRORED = "a copy on its way to a collector is not mirrored again"
    DENIED = "a security group of the interface drops the frame"
    SNAT_RETURN = "answers from the internet to a public address are not mirrored"
    TAP_MISSING = "the TAP of the tap configuration does not exist"
    SOURCE_DETACHED = "the interface is attached to no machine"
    SOURCE_WITHOUT_IPV4 = "the interface has no IPv4 address for copies to come from"
    DESTINATION_MISSING = "the TAP's destination does not exist or has no IPv4 address"
    COLLECTOR_UNREACHABLE = "no network or connected peering leads from the interface to the collector"
    NO_BALANCING_RULE = "no rule of the load balancer takes UDP port 4789"
    NO_HEALTHY_BACKEND = "the load balancer has no healthy backend"
    SELF_MIRROR = "the interface is its own collector"
    COLLECTOR_DETACHED = "the collector's interface is attached to no machine"
    COLLECTOR_DOWN = "the collector is down"
    COLLECTOR_SECURITY = "a security group of the collector denies UDP 4789 from the interface"
    OVERSIZE = "the copy is larger than the network carries"


@dataclass(frozen=True, slots=True)
class TapPoint:
    """An interface with a tap configuration, in one direction."""

    tap_configuration_id: str
    tap_id: str
    interface_id: str
    direction: Direction


class Mirrored(NamedTuple):
    """A copy was made. `copies` are the outer Ethernet frames: one, or the fragments of one in order.

    `order` is the number of the copy among all that an engine has made, from 1 on. `frame_octets` is how long
    the frame was at the tap point, `carried_octets` how much of it the copy has: less where `is_cut`, by
    the policy's `snaplen` or `oversize`.
    """

    point: TapPoint
    encapsulation: Encapsulation
    copies: tuple[bytes, ...]
    frame_octets: int
    order: int
    is_cut: bool = False

    @property
    def tap_id(self) -> str:
        """The TAP."""
        return self.point.tap_id

    @property
    def collector_id(self) -> str:
        """The interface that gets the copy: behind a load balancer, the chosen backend's."""
        return self.encapsulation.collector_id

    @property
    def vni(self) -> int:
        """The VXLAN Network Identifier."""
        return self.encapsulation.header.vni

    @property
    def source_mac(self) -> bytes:
        """The outer source MAC address, 6 bytes: the tapped interface's."""
        return self.encapsulation.header.source_mac

    @property
    def destination_mac(self) -> bytes:
        """The outer destination MAC address, 6 bytes: the collector's."""
        return self.encapsulation.header.destination_mac

    @property
    def source(self) -> IPv4Address:
        """The outer source address: the tapped interface's primary one."""
        return self.encapsulation.header.source

    @property
    def destination(self) -> IPv4Address:
        """The outer destination address: the collector's, or under floating IP the frontend's."""
        return self.encapsulation.header.destination

    @property
    def source_port(self) -> int:
        """The outer UDP source port."""
        return self.encapsulation.source_port

    @property
    def destination_port(self) -> int:
        """The outer UDP destination port: 4789, unless a load balancer's rule rewrites it."""
        return self.encapsulation.header.destination_port

    @property
    def copy_octets(self) -> int:
        """The bytes of the outer frames together."""
        return sum(map(len, self.copies))

    @property
    def carried_octets(self) -> int:
        """The bytes of the inner frame that are in the copy."""
        first, *others = map(len, self.copies)
        return first - WIRE_OVERHEAD + sum(others) - len(others) * FRAGMENT_OVERHEAD


class NotMirrored(NamedTuple):
    """No copy was made, or none that anyone gets."""

    point: TapPoint
    reason: Reason


Verdict = Mirrored | NotMirrored
