"""Security groups and packets: what the groups in force at an address make of a flow.

Rules name ranges of addresses and of ports. Flows that differ within these fare alike, and the rules are
tried once for all of them. The resources are loaded when a group is first asked: who has none does not pay
for them.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from vtaplib.fabric import platform
from vtaplib.fabric.topology import Address
from vtaplib.model.spans import Spans, packed_number
from vtaplib.packets import ethernet
from vtaplib.packets.flow import NO_PORT, PORTED, TCP, Flow

if TYPE_CHECKING:
    from vtaplib.rules.security_evaluation import EffectiveSecurityRules, SecurityDecision, TrafficSet

# Answers that are kept, of either kind: memory must not grow with the number of flows.
ANSWERS_KEPT = 1 << 12


class DirectedRules:
    """The groups in force at an address, in one direction."""

    def __init__(self, effective_rules: EffectiveSecurityRules, *, is_inbound: bool) -> None:
        from vtaplib.rules.security_evaluation import RuleDirection

        self.effective_rules = effective_rules
        self.direction = RuleDirection.INBOUND if is_inbound else RuleDirection.OUTBOUND
        self.sources, self.destinations, *_ = effective_rules.edges(self.direction)


class NarrowedRules:
    """Those of the rules that are about a protocol and two addresses, given as in `model/spans`."""

    def __init__(self, directed: DirectedRules, protocol: int, source: int, destination: int) -> None:
        self.about = protocol, source, destination
        self.direction = directed.direction
        self.effective_rules = directed.effective_rules.narrowed(self.direction, _traffic(*self.about))
        *_, self.source_ports, self.destination_ports = self.effective_rules.edges(self.direction)


class Security:
    """Decides, and remembers what it decided for flows that no rule tells apart."""

    def __init__(self) -> None:
        self._directed: dict[tuple[int, bool], DirectedRules] = {}
        self._narrow = lru_cache(ANSWERS_KEPT)(_narrow)
        self._decide = lru_cache(ANSWERS_KEPT)(_decide)

    def decide(
        self, effective_rules: EffectiveSecurityRules, flow: Flow, *, is_inbound: bool
    ) -> SecurityDecision:
        """What the groups make of an IP flow that leaves, or comes in. Rules are known by their identity."""
        key = id(effective_rules), is_inbound
        directed = self._directed.get(key)
        if directed is None:
            directed = self._directed[key] = DirectedRules(effective_rules, is_inbound=is_inbound)
        _, _, source, destination, protocol, source_port, destination_port, _ = flow
        rules = self._narrow(
            directed,
            bisect_right(directed.sources, packed_number(source)),
            bisect_right(directed.destinations, packed_number(destination)),
            protocol,
        )
        if protocol not in PORTED:
            return self._decide(rules, 0, 0)
        return self._decide(
            rules,
            bisect_right(rules.source_ports, source_port),
            bisect_right(rules.destination_ports, destination_port),
        )


def _narrow(directed: DirectedRules, source: int, destination: int, protocol: int) -> NarrowedRules:
    """The rules about addresses before these edges. Those at the edges before stand for all."""
    return NarrowedRules(
        directed, protocol, directed.sources[source - 1], directed.destinations[destination - 1]
    )


def _decide(rules: NarrowedRules, source_port: int, destination_port: int) -> SecurityDecision:
    """What becomes of traffic between ports before these edges. Before the first one there is no port."""
    ports = (
        edges[position - 1] if position else NO_PORT
        for edges, position in (
            (rules.source_ports, source_port),
            (rules.destination_ports, destination_port),
        )
    )
    return rules.effective_rules.decide(rules.direction, _traffic(*rules.about, *ports))


def _traffic(protocol: int, source: int, destination: int, *ports: int) -> TrafficSet:
    """What a group sees of traffic between two addresses; ports where they can be read, and there are any."""
    from vtaplib.rules.security_evaluation import ANY_PORT, TrafficSet

    seen = (ANY_PORT if port == NO_PORT or protocol not in PORTED else Spans.one(port) for port in ports)
    return TrafficSet(protocol, Spans.one(source), Spans.one(destination), *seen)


def inbound(effective_rules: EffectiveSecurityRules, flow: Flow) -> SecurityDecision:
    """What the groups make of an IP flow that comes in."""
    from vtaplib.rules.security_evaluation import RuleDirection

    ends = map(packed_number, (flow.source, flow.destination))
    traffic = _traffic(flow.protocol, *ends, flow.source_port, flow.destination_port)
    return effective_rules.decide(RuleDirection.INBOUND, traffic)


def lets_probes_in(effective_rules: EffectiveSecurityRules, address: Address, port: int | None) -> bool:
    """Whether a load balancer's probe gets to an address; None is a port that is not known."""
    if not isinstance(address, IPv4Address):
        return True
    probe = Flow(
        4,
        ethernet.IPV4,
        platform.HOST,
        address.packed,
        TCP,
        destination_port=NO_PORT if port is None else port,
    )
    return inbound(effective_rules, probe).allows is not False
