"""Path traces: what becomes of a frame between two interfaces, step by step.

A frame is delivered, or dropped for a reason from a closed list; nothing vanishes. The stages stand in the
order in which they are passed. Security groups are asked before the route, at the machine's own port: what
they drop was never on the wire, wherever it would have gone.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import NamedTuple, Self

from vtaplib.fabric.topology import Interface
from vtaplib.packets.flow import NO_PORT, PORTED, Flow


class PathStage(StrEnum):
    """What a frame passes, in order."""

    SOURCE = "source checks"
    PLATFORM = "platform"
    OUTBOUND_SECURITY = "outbound security"
    ROUTE = "route"
    BALANCING = "balancing"
    INBOUND_SECURITY = "inbound security"
    DELIVERY = "delivery"


class Drop(Enum):
    """Why a frame is not delivered. The value is the sentence that reports show."""

    stage: PathStage

    def __new__(cls, sentence: str, stage: PathStage) -> Self:
        member = object.__new__(cls)
        member._value_ = sentence
        member.stage = stage
        return member

    MALFORMED = "too short or too broken to read addresses from", PathStage.SOURCE
    SOURCE_DETACHED = "the source is attached to no machine", PathStage.SOURCE
    SOURCE_STOPPED = "the source's machine does not run", PathStage.SOURCE
    WRONG_SOURCE_MAC = "the source MAC address is not the interface's", PathStage.SOURCE
    WRONG_SOURCE_ADDRESS = (
        "the source address is none of the interface's, and it does not forward",
        PathStage.SOURCE,
    )
    NOT_IP = "neither ARP nor IP: the network carries nothing else", PathStage.PLATFORM
    OUTBOUND_SECURITY = "a security group of the source denies it", PathStage.OUTBOUND_SECURITY
    INTERCEPTED = "the platform answers it: what has the address does not get it", PathStage.ROUTE
    BROADCAST = "broadcast is carried nowhere", PathStage.ROUTE
    MULTICAST = "multicast is carried nowhere", PathStage.ROUTE
    NO_ROUTE = "no route leads to the address: it is private, and in no network in reach", PathStage.ROUTE
    NO_SUCH_ADDRESS = (
        "a network in reach has the address in its space, and nothing has the address",
        PathStage.ROUTE,
    )
    AMBIGUOUS = "several things in reach have the address", PathStage.ROUTE
    NO_BALANCING_RULE = "no rule of the load balancer takes this protocol and port", PathStage.BALANCING
    NO_HEALTHY_BACKEND = "the load balancer has no healthy backend", PathStage.BALANCING
    BACKEND_MISSING = "the chosen backend has no address, or is in another network", PathStage.BALANCING
    HAIRPIN = "a machine does not reach itself through its own load balancer", PathStage.BALANCING
    INBOUND_SECURITY = "a security group of the destination denies it", PathStage.INBOUND_SECURITY
    SHIELDED = (
        "a public address of SKU Standard lets in what a security group allows, and there is none",
        PathStage.INBOUND_SECURITY,
    )
    DESTINATION_DETACHED = "the destination is attached to no machine", PathStage.DELIVERY
    DESTINATION_STOPPED = "the destination's machine does not run", PathStage.DELIVERY


class PathStep(NamedTuple):
    """A step: `decided_by` is the ID of the rule, network, frontend or other resource that decided, if one
    did.
    """

    stage: PathStage
    passed: bool
    text: str
    decided_by: str | None = None


class Link(NamedTuple):
    """A flow as it passes an interface: what the state of connections is kept by."""

    interface_id: str
    flow: Flow

    @property
    def has_all_ports(self) -> bool:
        """Whether it has the ports that its protocol has: fragments do not."""
        return self.flow.protocol not in PORTED or self.flow.source_port != NO_PORT


class PathTrace(NamedTuple):
    """The way of a frame. `source` is None where it comes from outside, `destination` where it goes to none
    of the interfaces, or did not get as far as to have one.

    `departure` is the flow as it leaves the source, `arrival` as it gets to the destination: they differ from
    what a frame shows where a load balancer or a public address is between. `opens` are the links whose
    answers pass from now on; `awaits` are the links any of which, once opened, would make another path trace
    of this: then it is the answer to something. `is_answer` says that the destination's side began the
    conversation. `is_general` says that all of this would be so for other ports, at any time. `steps` are the
    evidence; there are none unless they are asked for.
    """

    source: Interface | None
    destination: Interface | None
    departure: Flow
    arrival: Flow
    drop: Drop | None = None
    opens: tuple[Link, ...] = ()
    awaits: tuple[Link, ...] = ()
    is_answer: bool = False
    is_general: bool = False
    steps: tuple[PathStep, ...] = ()

    def of_flow(self, flow: Flow) -> PathTrace:
        """The same of another flow, of a path trace that is general."""
        # What a named tuple does for itself takes twice as long.
        return tuple.__new__(
            PathTrace, (self.source, self.destination, flow, flow, self.drop, (), (), False, True, ())
        )

    @property
    def delivered(self) -> bool:
        """Whether it gets to where it goes: an interface, the platform, or the internet."""
        return self.drop is None

    @property
    def leaves(self) -> bool:
        """Whether it passes the source's interface, or is dropped there by a security group."""
        return self.source is not None and (self.drop is None or self.drop.stage not in BEFORE_LEAVING)

    @property
    def arrives(self) -> bool:
        """Whether it passes the destination's interface, or is dropped there by a security group."""
        return self.destination is not None and (
            self.drop is None or self.drop.stage is PathStage.INBOUND_SECURITY
        )


BEFORE_LEAVING = frozenset((PathStage.SOURCE, PathStage.PLATFORM))
