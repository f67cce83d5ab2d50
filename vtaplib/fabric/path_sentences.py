"""The sentences of path traces: what is said of each step, in English.

The fabric names a sentence and gives it values. Here alone are its words; they are put together only where
someone asks for them. In a sentence, {0} is the ID of what decided, and the others are given with it. Each is
shown as what follows the colon: `name` or `label` of an ID, `address` or `mac` of bytes, `places` of the IDs
of interfaces and those of frontends; else as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from string import Formatter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vtaplib.fabric.path_trace import PathStage, PathStep
from vtaplib.model import ids

if TYPE_CHECKING:
    from vtaplib.rules.security_evaluation import SecurityDecision, SecurityStep


class PassedSentence(NamedTuple):
    """What is said where a frame gets past a stage. Where it does not, the stage is that of the drop."""

    stage: PathStage
    text: str


# At the source.

OUTSIDE: Final = PassedSentence(PathStage.SOURCE, "{1:address} is outside: nothing is checked there")
MAY_SEND: Final = PassedSentence(PathStage.SOURCE, "{0:name} may send it")
NOTHING_ELSE_FROM_OUTSIDE: Final = "nothing else comes from outside"
NO_ADDRESSES: Final = "it has no addresses to read"
WRONG_MAC: Final = "it comes from {1:mac}, {0:name} has {2:mac}"
NEITHER_ARP_NOR_IP: Final = "{1:name} sent a frame that is neither ARP nor IP"
NOT_ITS_ADDRESS: Final = "{1:address} is not an address of {0:name}, and ip_forwarding_enabled is false"

FROM_PLATFORM: Final = PassedSentence(PathStage.PLATFORM, "the platform sends it: {1}")
PLATFORM_ANSWERS: Final = PassedSentence(PathStage.PLATFORM, "the platform answers {1} itself")

# At security groups.

NO_GROUP_OUTBOUND: Final = PassedSentence(PathStage.OUTBOUND_SECURITY, "no security group is in force")
NO_GROUP_INBOUND: Final = NO_GROUP_OUTBOUND._replace(stage=PathStage.INBOUND_SECURITY)
ANSWER_OUTBOUND: Final = PassedSentence(
    PathStage.OUTBOUND_SECURITY, "it answers what was let through before, so no rule is asked"
)
ANSWER_INBOUND: Final = ANSWER_OUTBOUND._replace(stage=PathStage.INBOUND_SECURITY)
LET_ALONE: Final = "security groups let traffic of the platform alone"
NOT_ALLOWED: Final = "no security group of {0:name} allows it"

# On the way.

TO_PLATFORM: Final = PassedSentence(PathStage.ROUTE, "{1:address} is the platform's: {2}")
SAME_NETWORK: Final = PassedSentence(PathStage.ROUTE, "it stays in {0:name}")
PEERING: Final = PassedSentence(PathStage.ROUTE, "a peering leads from {1:name} to {0:name}")
PUBLIC_ADDRESS: Final = PassedSentence(PathStage.ROUTE, "{1:address} is a public address of {2:name}")
INTERNET: Final = PassedSentence(
    PathStage.ROUTE, "{1:address} is on the internet: it leaves by the system's default route"
)
COMES_IN: Final = PassedSentence(PathStage.ROUTE, "it comes into {1:name}")
FRONTEND: Final = PassedSentence(PathStage.ROUTE, "{1:address} is the address of {2:label}")
INTERCEPTED: Final = "it does not get to {1:places} at {2:address}"
FOR_MANY: Final = "{1:address} is for many"
SEVERAL_IN_REACH: Final = "{1:address} is the address of several things in reach"
SEVERAL: Final = "{1:address} is the address of several things"
NOT_IN_NETWORK: Final = "nothing in {0:name} has {1:address}"
NO_ROUTE: Final = "no route of {0:name} leads to {1:address}"
NO_ROUTE_TO_OWNER: Final = "no route of {0:name} leads to {1:address}; {2:name} has it, out of reach"
NOT_HERE: Final = "nothing here has {1:address}"

BALANCED: Final = PassedSentence(PathStage.BALANCING, "rule {1} of {0:label} gives it to {2:name}")
TO_NOBODY: Final = "{0:label} gives it to nobody"
TO_ITSELF: Final = "{0:label} gives it back to {1:name}"

# At either end.

DELIVERED: Final = PassedSentence(PathStage.DELIVERY, "{0:name} gets it")
DETACHED: Final = "{0:name} is attached to no machine"
STOPPED: Final = "{0:name} does not run"


def text_of(address: bytes) -> str:
    """An address as people write it."""
    return str(ip_address(address))


def _places(interface_and_frontend_ids: tuple[Sequence[str], Sequence[str]]) -> str:
    interface_ids, frontend_ids = interface_and_frontend_ids
    return " and ".join((*map(ids.name, interface_ids), *map(ids.label, frontend_ids)))


WAYS_TO_SHOW: Final[Mapping[str, Callable[[Any], str]]] = {
    "": str,
    "name": ids.name,
    "label": ids.label,
    "address": text_of,
    "mac": lambda mac: mac.hex(":"),
    "places": _places,
}


class _SentenceFormatter(Formatter):
    """Shows values of sentences."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return WAYS_TO_SHOW[format_spec](value)


format_sentence: Final = _SentenceFormatter().format
"""A sentence with its values put in."""

# Where the rules begin that every group has; ARM has them in another collection.
FIRST_ALWAYS: Final = 65000

RULINGS: Final = {True: "allows it", False: "denies it", None: "cannot be judged here; taken to allow it"}


def security_steps(stage: PathStage, decision: SecurityDecision) -> Iterator[PathStep]:
    """What groups say, one after the other."""
    if not decision.steps:
        yield PathStep(stage, passed=True, text=LET_ALONE)
    for step in decision.steps:
        yield PathStep(stage, step.allows is not False, step_sentence(step), rule_id(step))


def rule_id(step: SecurityStep) -> str:
    """The ID of the rule by which a group decided."""
    collection = "securityRules" if step.priority < FIRST_ALWAYS else "defaultSecurityRules"
    return f"{step.group_id}/{collection}/{step.rule}"


def step_sentence(step: SecurityStep) -> str:
    """What a group says, by which rule."""
    return f"{ids.name(step.group_id)}: {step.rule} (priority {step.priority}) {RULINGS[step.allows]}"
