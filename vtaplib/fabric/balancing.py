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
from struct import Struct
from typing import NamedTuple

from vtaplib.fabric.topology import Backend, BalancingRule, Distribution, Frontend, RuleProtocol
from vtaplib.packets.flow import TCP, UDP, Flow

# Protocol and ports, and how many bytes of them a mode hashes beside the addresses.
_NUMBERS = Struct(">iii")
NUMBERS_HASHED = {Distribution.SOURCE_IP: 0, Distribution.SOURCE_IP_PROTOCOL: 4, Distribution.DEFAULT: 12}

PROTOCOLS = {UDP: RuleProtocol.UDP, TCP: RuleProtocol.TCP}


class BalancingRefusal(Enum):
    """Why a frontend passes a flow to nobody."""

    NO_RULE = "no rule of the frontend takes this protocol and port"
    NO_HEALTHY_BACKEND = "the rule's pool has no healthy backend"


def find_rule(frontend: Frontend, flow: Flow) -> BalancingRule | None:
    """The rule that takes a flow: one for its very port before one for any port, then the first by name."""
    protocols, ports = (RuleProtocol.ALL, PROTOCOLS.get(flow.protocol)), (0, flow.destination_port)
    matching = [rule for rule in frontend.rules if rule.frontend_port in ports and rule.protocol in protocols]
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
    candidates = Candidates.of(rule, is_healthy)
    return (rule, candidates.choose(flow)) if candidates.backends else BalancingRefusal.NO_HEALTHY_BACKEND


class Candidates(NamedTuple):
    """The backends among which a rule chooses. Of a flow, it hashes the addresses and so many bytes of the
    protocol and the ports; equal bytes go to one backend.
    """

    rule: BalancingRule
    numbers_hashed: int
    backends: tuple[Backend, ...]
    hashed_ids: tuple[bytes, ...]

    @classmethod
    def of(cls, rule: BalancingRule, is_healthy: Callable[[Backend], bool]) -> Candidates:
        """Those that are healthy, or are taken to be."""
        backends = tuple(backend for backend in rule.backends if not rule.has_probe or is_healthy(backend))
        if rule.all_probed_up:
            backends = backends or rule.backends
        hashed_ids = tuple(one.ip_configuration_id.lower().encode() for one in backends)
        return cls(rule, NUMBERS_HASHED[rule.distribution], backends, hashed_ids)

    def choose(self, flow: Flow) -> Backend:
        """The backend that a flow goes to; there must be one."""
        numbers = _NUMBERS.pack(flow.protocol, flow.source_port, flow.destination_port)
        hashed = flow.source + flow.destination + numbers[: self.numbers_hashed]
        # Scores: the flow is the key, the backend the message. No CRC would do, whose scores of two backends
        # differ by the same bits for every flow.
        scores = [blake2b(one, key=hashed, digest_size=8).digest() + one for one in self.hashed_ids]
        return self.backends[scores.index(max(scores))]
