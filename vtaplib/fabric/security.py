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
from vtaplib.packets.flow import NO_PORT, PORTED, TCP, Flow

if TYPE_CHECKING:
    from vtaplib.model.spans import Spans
    from vtaplib.resources.security_evaluation import Decision, Guard, Step

# Where the rules begin that every group has; ARM has them in another collection.
FIRST_ALWAYS = 65000

WORDS = {True: "allows it", False: "denies it", None: "cannot be judged here; taken to allow it"}


def outbound(guard: Guard, flow: Flow) -> Decision:
    """What the groups make of an IP flow that leaves."""
    return _decide(guard, flow, is_inbound=False)


def inbound(guard: Guard, flow: Flow) -> Decision:
    """What the groups make of an IP flow that comes in."""
    return _decide(guard, flow, is_inbound=True)


def lets_probes_in(guard: Guard, address: Address, port: int | None) -> bool:
    """Whether a load balancer's probe gets to an address; None is a port that is not known."""
    if not isinstance(address, IPv4Address):
        return True
    probe = Flow(
        4,
        ethernet.IPV4,
        platform.HOST,
        address.packed,
        TCP,
        NO_PORT,
        NO_PORT if port is None else port,
    )
    return inbound(guard, probe).allows is not False


def rule_id(step: Step) -> str:
    """The ID of the rule by which a group decided."""
    collection = "securityRules" if step.priority < FIRST_ALWAYS else "defaultSecurityRules"
    return f"{step.group_id}/{collection}/{step.rule}"


def step_sentence(step: Step) -> str:
    """What a group says, by which rule."""
    return f"{ids.name(step.group_id)}: {step.rule} (priority {step.priority}) {WORDS[step.allows]}"


def _decide(guard: Guard, flow: Flow, *, is_inbound: bool) -> Decision:
    from vtaplib.model.spans import Spans, address_number
    from vtaplib.resources import security_evaluation as evaluation

    source, destination = (
        Spans.one(address_number(ip_address(packed))) for packed in (flow.source, flow.destination)
    )
    direction = evaluation.Direction.INBOUND if is_inbound else evaluation.Direction.OUTBOUND
    ports = [_ports(port, flow, evaluation.ANY_PORT) for port in (flow.source_port, flow.destination_port)]
    return guard.decide(direction, evaluation.Flow(flow.protocol, source, destination, *ports))


def _ports(port: int, flow: Flow, any_port: Spans) -> Spans:
    """The port that a group sees: any, where it cannot be read, or there is none."""
    from vtaplib.model.spans import Spans

    return any_port if port == NO_PORT or flow.protocol not in PORTED else Spans.one(port)
