"""Security groups and packets: what the groups in force at an address make of a flow.

The resources are loaded when a group is first asked: who has none need not pay for them.
"""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address
from typing import TYPE_CHECKING

from vtaplib.fabric import platform
from vtaplib.fabric.topology import Address
from vtaplib.model import ids
from vtaplib.packets import ethernet
from vtaplib.packets import flow as packets

if TYPE_CHECKING:
    from vtaplib.rules.security_evaluation import (
        EffectiveSecurityRules,
        SecurityDecision,
        SecurityStep,
        TrafficSet,
    )

# Where the rules begin that every group has; ARM has them in another collection.
FIRST_ALWAYS = 65000

WORDS = {True: "allows it", False: "denies it", None: "cannot be judged here; taken to allow it"}


# Narrowed rules that are kept for a pair of addresses: memory must not grow with their number.
NARROWED_KEPT = 1 << 12


class Security:
    """Decides, and remembers which rules there are to try between two addresses: the ports alone are new."""

    def __init__(self) -> None:
        self._narrowed: dict[
            tuple[int, bool, bytes, bytes, int], tuple[EffectiveSecurityRules, TrafficSet]
        ] = {}

    def decide(
        self, effective_rules: EffectiveSecurityRules, flow: packets.Flow, *, is_inbound: bool
    ) -> SecurityDecision:
        """What the groups make of an IP flow that leaves, or comes in. Rules are known by their identity."""
        from vtaplib.rules.security_evaluation import RuleDirection

        direction = RuleDirection.INBOUND if is_inbound else RuleDirection.OUTBOUND
        key = id(effective_rules), is_inbound, flow.source, flow.destination, flow.protocol
        known = self._narrowed.get(key)
        if known is None:
            if len(self._narrowed) >= NARROWED_KEPT:
                self._narrowed.clear()
            of_any_port = _seen(flow._replace(source_port=packets.NO_PORT, destination_port=packets.NO_PORT))
            known = self._narrowed[key] = effective_rules.narrowed(direction, of_any_port), of_any_port
        narrowed, of_any_port = known
        return narrowed.decide(direction, _with_ports(of_any_port, flow))


def inbound(effective_rules: EffectiveSecurityRules, flow: packets.Flow) -> SecurityDecision:
    """What the groups make of an IP flow that comes in."""
    return Security().decide(effective_rules, flow, is_inbound=True)


def lets_probes_in(effective_rules: EffectiveSecurityRules, address: Address, port: int | None) -> bool:
    """Whether a load balancer's probe gets to an address; None is a port that is not known."""
    if not isinstance(address, IPv4Address):
        return True
    probe = packets.Flow(
        4,
        ethernet.IPV4,
        platform.HOST,
        address.packed,
        packets.TCP,
        destination_port=packets.NO_PORT if port is None else port,
    )
    return inbound(effective_rules, probe).allows is not False


def rule_id(step: SecurityStep) -> str:
    """The ID of the rule by which a group decided."""
    collection = "securityRules" if step.priority < FIRST_ALWAYS else "defaultSecurityRules"
    return f"{step.group_id}/{collection}/{step.rule}"


def step_sentence(step: SecurityStep) -> str:
    """What a group says, by which rule."""
    return f"{ids.name(step.group_id)}: {step.rule} (priority {step.priority}) {WORDS[step.allows]}"


def _seen(flow: packets.Flow) -> TrafficSet:
    """What a group sees of a flow, whatever its ports."""
    from vtaplib.model.spans import Spans, address_number
    from vtaplib.rules.security_evaluation import TrafficSet

    ends = (Spans.one(address_number(ip_address(packed))) for packed in (flow.source, flow.destination))
    return TrafficSet(flow.protocol, *ends)


def _with_ports(seen: TrafficSet, flow: packets.Flow) -> TrafficSet:
    """The same with a flow's ports, where they can be read, and its protocol has any."""
    from vtaplib.model.spans import Spans
    from vtaplib.rules.security_evaluation import TrafficSet

    if flow.protocol not in packets.PORTED:
        return seen
    source, destination = (
        any_port if port == packets.NO_PORT else Spans.one(port)
        for any_port, port in (
            (seen.source_port, flow.source_port),
            (seen.destination_port, flow.destination_port),
        )
    )
    return TrafficSet(seen.protocol, seen.source, seen.destination, source, destination)
