"""What network security groups make of traffic, as Azure evaluates them.

A group's rules are tried in order of priority, and the first that matches decides; six that every group has
come last. Inbound, the group of the subnet is asked and then that of the interface, outbound the other way
round; each that is there must allow. Where none is, all passes.

What depends on something that is not modelled (most service tags, the members of application security
groups) or not known (a port out of a range, an address out of a subnet) is not decided, if it makes a
difference: the answer is None then. Groups are compiled once (`security_guard`) and decide as often as
wanted.

Source: Azure, network security groups. That a flow of which a part is not known may match a rule in part is
ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from vtaplib.model.addresses import maybe_address
from vtaplib.model.spans import EVERY_IPV4, Spans, address_number, edges
from vtaplib.resources.security_rule_text import EVERY_PORT

ICMP, TCP, UDP, ESP, AH = 1, 6, 17, 50, 51
PROTOCOLS: Final[Mapping[str, int]] = {"icmp": ICMP, "tcp": TCP, "udp": UDP, "esp": ESP, "ah": AH}
"""IANA's numbers of the protocols that a rule can name."""
WITH_PORTS: Final = (TCP, UDP)
HIGHEST_PRIORITY: Final = 100
ANY_PORT: Final = Spans((EVERY_PORT,))

VIRTUAL_NETWORK, INTERNET, LOAD_BALANCER = "virtualnetwork", "internet", "azureloadbalancer"
PLATFORM_TAGS: Final = (LOAD_BALANCER, "azureplatformdns", "azureplatformimds", "azureplatformlkm")
"""Tags that aim at the platform's own addresses, which all other rules let alone."""


def _addresses(*texts: str) -> Spans:
    found = (maybe_address(text) for text in texts)
    return Spans.of((number, number) for one in found if one is not None for number in (address_number(one),))


PROBE_SOURCE: Final = _addresses("168.63.129.16")
PLATFORM: Final = _addresses("168.63.129.16", "169.254.169.254")


class RuleDirection(StrEnum):
    """The direction of traffic, seen from the machine."""

    INBOUND = "Inbound"
    OUTBOUND = "Outbound"


@dataclass(frozen=True, slots=True)
class TrafficSet:
    """What a group sees of traffic. Each part is a set: of one where it is known exactly."""

    protocol: int
    """IANA's number."""
    source: Spans
    destination: Spans
    source_port: Spans = ANY_PORT
    destination_port: Spans = ANY_PORT

    @classmethod
    def packet(
        cls, protocol: int, source: str, destination: str, source_port: int = 0, destination_port: int = 0
    ) -> TrafficSet:
        """The flow of one packet. Ports count where the protocol has them."""
        ends = _addresses(source), _addresses(destination)
        if protocol not in WITH_PORTS:
            return cls(protocol, *ends)
        return cls(protocol, *ends, Spans.one(source_port), Spans.one(destination_port))


class TrafficEdges(NamedTuple):
    """Where what groups say can change, for each part of traffic (`spans.edges`). The first edge is the least
    address, and the least port.
    """

    source: tuple[int, ...]
    destination: tuple[int, ...]
    source_port: tuple[int, ...]
    destination_port: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SecurityStep:
    """What one group says of a flow, and by which rule."""

    group_id: str
    rule: str
    priority: int
    allows: bool | None
    """None where it cannot be said; the rule is then the one on which it depends."""


@dataclass(frozen=True, slots=True)
class SecurityDecision:
    """What all groups in force make of a flow."""

    allows: bool | None
    steps: tuple[SecurityStep, ...]
    """What each group that was asked says, in order; one that denies is the last."""

    @property
    def decisive(self) -> SecurityStep | None:
        """The step that denies, or the first that cannot be said, or the last one; None without a group."""
        found = next((step for step in self.steps if step.allows is self.allows), None)
        return self.steps[-1] if self.allows and self.steps else found


class Space(Protocol):
    """The addresses that the tag `VirtualNetwork` stands for."""

    @property
    def spans(self) -> Spans:
        """Those of them that are known: what holds of addresses changes at their edges and nowhere else."""

    def holds(self, addresses: Spans) -> bool | None:
        """Whether addresses are among these; None where that is so for some, or cannot be said."""


@dataclass(frozen=True, slots=True)
class FixedSpace:
    """Addresses that are read. Unless they are final, there may be more."""

    spans: Spans
    is_final: bool = True

    def holds(self, addresses: Spans) -> bool | None:
        """Whether addresses are among these; None where that is so for some, or may yet be."""
        held = self.spans.holds(addresses)
        return None if held is False and not self.is_final else held


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A security rule with its texts read."""

    name: str
    priority: int
    allows: bool
    protocol: int | None
    """None for all."""
    ends: tuple[Spans | str, Spans | str]
    """Source and destination: addresses, or a service tag in lower case ("" for what is not modelled)."""
    ports: tuple[Spans, Spans]
    """Source and destination."""

    @property
    def aims_at_the_platform(self) -> bool:
        """Whether the rule is about the platform's own addresses."""
        return any(end in PLATFORM_TAGS for end in self.ends)

    def matches(self, flow: TrafficSet, space: Space) -> bool | None:
        """Whether the rule is about a flow; None where that cannot be said."""
        if self.protocol is not None and self.protocol != flow.protocol:
            return False
        doubt = False
        for rule_ports, ports in zip(self.ports, (flow.source_port, flow.destination_port), strict=True):
            held = rule_ports.holds(ports)
            if held is False:
                return False
            doubt |= held is None
        for end, addresses in zip(self.ends, (flow.source, flow.destination), strict=True):
            held = _within(end, addresses, space)
            if held is False:
                return False
            doubt |= held is None
        return None if doubt else True


def _within(end: Spans | str, addresses: Spans, space: Space) -> bool | None:
    if isinstance(end, Spans):
        return end.holds(addresses)
    if end == LOAD_BALANCER:
        return PROBE_SOURCE.holds(addresses)
    if end in (VIRTUAL_NETWORK, INTERNET):
        held = space.holds(addresses)
        return held if held is None or end == VIRTUAL_NETWORK else not held
    return None


@dataclass(frozen=True, slots=True)
class CompiledGroup:
    """A security group that is ready to decide."""

    id: str
    rules: Mapping[RuleDirection, Sequence[CompiledRule]]
    """In order of priority, with those that every group has."""
    is_whole: bool = True
    """Whether no rule can still be planned that the group does not have here."""

    def says(self, direction: RuleDirection, flow: TrafficSet, space: Space) -> SecurityStep | None:
        """What becomes of a flow; None where the group lets it alone: traffic of the platform."""
        is_platform = any(PLATFORM.holds(end) for end in (flow.source, flow.destination))
        doubtful: list[CompiledRule] = []
        for rule in self.rules[direction]:
            if is_platform and not rule.aims_at_the_platform:
                continue
            matches = rule.matches(flow, space)
            if matches is None:
                doubtful.append(rule)
            elif matches:
                return self._step(rule, doubtful)
        denying = next((rule for rule in doubtful if not rule.allows), None)
        return None if denying is None else SecurityStep(self.id, denying.name, denying.priority, None)

    def narrowed(self, direction: RuleDirection, flow: TrafficSet, space: Space) -> CompiledGroup:
        """The group without the rules that are about no part of a flow."""
        rules = [rule for rule in self.rules[direction] if rule.matches(flow, space) is not False]
        return replace(self, rules={direction: rules})

    def _step(self, rule: CompiledRule, doubtful: Sequence[CompiledRule]) -> SecurityStep:
        contrary = next((one for one in doubtful if one.allows != rule.allows), None)
        if contrary is not None:
            return SecurityStep(self.id, contrary.name, contrary.priority, None)
        may_be_preceded = not self.is_whole and rule.priority > HIGHEST_PRIORITY
        return SecurityStep(self.id, rule.name, rule.priority, None if may_be_preceded else rule.allows)


@dataclass(frozen=True, slots=True)
class EffectiveSecurityRules:
    """The security groups in force where an interface is in a subnet."""

    interface: CompiledGroup | None
    subnet: CompiledGroup | None
    space: Space

    def narrowed(self, direction: RuleDirection, flow: TrafficSet) -> EffectiveSecurityRules:
        """The same for all parts of a flow, such as those of single ports, with fewer rules to try."""
        interface, subnet = (
            None if group is None else group.narrowed(direction, flow, self.space)
            for group in (self.interface, self.subnet)
        )
        return EffectiveSecurityRules(interface, subnet, self.space)

    def edges(self, direction: RuleDirection) -> TrafficEdges:
        """Where what they say of traffic can change."""
        groups = (group for group in (self.interface, self.subnet) if group is not None)
        rules = [rule for group in groups for rule in group.rules[direction]]
        by_tag = EVERY_IPV4, PLATFORM, self.space.spans
        ends = (
            edges((*by_tag, *(end for rule in rules if isinstance(end := rule.ends[side], Spans))))
            for side in (0, 1)
        )
        ports = (edges((ANY_PORT, *(rule.ports[side] for rule in rules))) for side in (0, 1))
        return TrafficEdges(*ends, *ports)

    def decide(self, direction: RuleDirection, flow: TrafficSet) -> SecurityDecision:
        """Whether a flow passes."""
        steps: list[SecurityStep] = []
        inward = (self.subnet, self.interface)
        for group in inward if direction is RuleDirection.INBOUND else reversed(inward):
            step = group.says(direction, flow, self.space) if group is not None else None
            if step is not None:
                steps.append(step)
                if step.allows is False:
                    return SecurityDecision(allows=False, steps=tuple(steps))
        is_decided = all(step.allows for step in steps)
        return SecurityDecision(allows=True if is_decided else None, steps=tuple(steps))
