"""Verdicts: what happened to a frame at a tap point.

There are two, and nothing vanishes: a frame that enters a tap point is `Mirrored`, or `NotMirrored` with a
reason from a closed list. The order of the list is the order in which the reasons are tested: what the frame
is, then where it was seen, then where its copy would go.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum


class Direction(StrEnum):
    """The way a frame passes an interface, as the machine behind it sees it."""

    EGRESS = "egress"
    INGRESS = "ingress"


class Reason(Enum):
    """Why a frame was not mirrored. The value is the sentence that reports show."""

    MALFORMED = "shorter than an Ethernet header"
    IPV6 = "IPv6 is not mirrored"
    ALREADY_MIRRORED = "a copy on its way to a collector is not mirrored again"
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
    OVERSIZE = "the copy is larger than the network carries"


@dataclass(frozen=True, slots=True)
class TapPoint:
    """An interface with a tap configuration, in one direction."""

    tap_configuration_id: str
    tap_id: str
    interface_id: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A copy was made. `copies` are the outer Ethernet frames: one, or the fragments of one in order.

    `collector_id` is the interface that gets it: behind a load balancer, the chosen backend's. `is_cut` says
    that the policy on oversize shortened the inner frame.
    """

    point: TapPoint
    collector_id: str
    vni: int
    source_port: int
    copies: tuple[bytes, ...]
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class NotMirrored:
    """No copy was made, or none that anyone gets."""

    point: TapPoint
    reason: Reason


Verdict = Mirrored | NotMirrored
