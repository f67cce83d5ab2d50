"""Load balancing: which backend of a frontend a flow goes to.

Rendezvous hashing: every backend gets a score from the flow and its own ID, the highest wins. A backend that
fails moves its own flows and no others, because the others' scores do not change; nothing has to be
remembered. Azure promises the fields that are hashed, not the function.

Health is known through a probe only: a rule without one takes every backend for healthy, also one that is
down. So does, while none is healthy, a rule whose probe says AllProbedUp.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from hashlib import blake2b

from vtaplib.fabric.topology import Backend, BalancingRule, Distribution, Frontend, RuleProtocol
from vtaplib.packets.flow import TCP, UDP, Flow

PROTOCOLS = {UDP: RuleProtocol.UDP, TCP: RuleProtocol.TCP}


class BalancingRefusal(Enum):
    """Why a frontend passes a flow to nobody."""

    NO_RULE = "no rule of the frontend takes this protocol and port"
    NO_HEALTHY_BACKEND = "the rule's pool has no healthy backend"


def find_rule(frontend: Frontend, flow: Flow) -> BalancingRule | None:
    """The rule that takes a flow: one for its very port before one for any port, then the first by name."""
    matching = [
        rule
        for rule in frontend.rules
        if rule.protocol in (RuleProtocol.ALL, PROTOCOLS.get(flow.protocol))
        and rule.frontend_port in (0, flow.destination_port)
    ]
    return min(matching, key=lambda rule: (rule.frontend_port == 0, rule.name.lower()), default=None)


def choose_backend(
    frontend: Frontend, flow: Flow, is_healthy: Callable[[Backend], bool]
) -> tuple[BalancingRule, Backend] | BalancingRefusal:
    """The rule that takes a flow to a frontend and the backend it gives it to, or why none.

    `flow` is that of the packet as it arrives at the frontend: of a copy, the outer header. `is_healthy`
    answers as a probe would; it is asked only where the rule has one.
    """
    rule = find_rule(frontend, flow)
    if rule is None:
        return BalancingRefusal.NO_RULE
    candidates = [backend for backend in rule.backends if not rule.has_probe or is_healthy(backend)]
    if rule.all_probed_up:
        candidates = candidates or list(rule.backends)
    if not candidates:
        return BalancingRefusal.NO_HEALTHY_BACKEND
    hashed = hashed_fields(flow, rule.distribution)
    return rule, max(
        candidates, key=lambda backend: (score(hashed, backend), backend.ip_configuration_id.lower())
    )


def hashed_fields(flow: Flow, distribution: Distribution) -> bytes:
    """The bytes of a header that a distribution mode looks at; equal bytes go to one backend."""
    hashed = flow.source + flow.destination
    if distribution is Distribution.SOURCE_IP:
        return hashed
    hashed += flow.protocol.to_bytes(4, "big", signed=True)
    if distribution is Distribution.SOURCE_IP_PROTOCOL:
        return hashed
    return hashed + b"".join(
        port.to_bytes(4, "big", signed=True) for port in (flow.source_port, flow.destination_port)
    )


def score(hashed: bytes, backend: Backend) -> bytes:
    """How much a backend wants a flow. The flow is the key, the backend the message: no CRC would do, whose
    scores of two backends differ by the same bits for every flow.
    """
    return blake2b(backend.ip_configuration_id.lower().encode(), key=hashed, digest_size=8).digest()
