"""Eligibility: whether an interface can be tapped, and what each rule says of it.

The rules judge a tap configuration that is not there, staged over the view; nothing is written. Without a TAP
those speak that look at the source only. An interface that is tapped already is judged as it is: its own
tap configuration is not held against it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from vtaplib.control.overlay import Overlay
from vtaplib.errors import require_type
from vtaplib.model.ids import label
from vtaplib.model.policy import POLICY_WAY_OUT, Policy
from vtaplib.model.resource import Resource
from vtaplib.model.rule import Rule
from vtaplib.model.unknown import UNKNOWN, Undecided
from vtaplib.model.view import VIEW_WAY_OUT, Missing, View
from vtaplib.model.violation import ArmError, ErrorCode, Severity, Violation
from vtaplib.resources import NetworkInterface, NetworkInterfaceTapConfiguration, VirtualNetworkTap

T = TypeVar("T", bound=Resource)

NAME = "eligibility"
"""The name of the tap configuration that is thought of."""


class Outcome(StrEnum):
    """What a rule says."""

    HOLDS = "holds"
    VIOLATED = "violated"
    NEEDS_TAP = "needs a TAP"
    """It looks at the TAP, and none was given."""
    UNDECIDED = "undecided"
    """It needs something that the view does not know."""
    NOT_JUDGED = "not judged"
    """The policy switches it off."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one rule says."""

    rule: Rule
    resource_id: str
    """Whose rule it is: the tap configuration's, or the TAP's."""
    outcome: Outcome
    violations: Sequence[Violation] = ()
    """How it is broken."""


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What the rules say of tapping an interface."""

    interface_id: str
    tap_id: str
    """The TAP to send to; "" if it is left open."""
    judgements: Sequence[Judgement]

    @property
    def eligible(self) -> bool:
        """Whether no error stands against it."""
        return not self.errors

    @property
    def errors(self) -> Sequence[Violation]:
        """What it would be refused for."""
        return self._of(Severity.ERROR)

    @property
    def warnings(self) -> Sequence[Violation]:
        """What it would be warned of."""
        return self._of(Severity.WARNING)

    def _of(self, severity: Severity) -> Sequence[Violation]:
        broken = (violation for one in self.judgements for violation in one.violations)
        return tuple(one for one in broken if one.severity is severity)


def judge_eligibility(view: View, policy: Policy, interface_id: str, tap_id: str = "") -> Eligibility:
    """What the rules say of tapping an interface, and of sending to a TAP if one is given. Raises ArmError
    (ResourceNotFound) if either is not there.
    """
    require_type("the view", view, View, VIEW_WAY_OUT)
    require_type("the policy", policy, Policy, POLICY_WAY_OUT)
    for resource_id in (interface_id, tap_id):
        require_type("a resource ID", resource_id, str, "give a text: the id of a resource")
    interface = _found(view, NetworkInterface, interface_id, "network_interface_id")
    tap = _found(view, VirtualNetworkTap, tap_id, "virtual_network_tap_id") if tap_id else None
    overlay = Overlay(view, policy, complete=view.complete)
    before = _standing(view, interface, tap)
    configuration = before or NetworkInterfaceTapConfiguration(
        name=NAME,
        network_interface_id=interface.id,
        virtual_network_tap_id=tap_id,
    )
    if tap is None:
        configuration = configuration.replace(virtual_network_tap_id=UNKNOWN)
    overlay.stage(configuration)
    judgements = list(_judgements(configuration, overlay, policy, before, open_=tap is None))
    if tap is not None:
        judgements += _judgements(tap, overlay, policy, tap)
    return Eligibility(interface.id, "" if tap is None else tap.id, tuple(judgements))


def _found(view: View, kind: type[T], resource_id: str, field: str) -> T:
    found = view.find(resource_id)
    if not isinstance(found, kind):
        message = f"{label(resource_id)}: there is no {kind.__name__} {resource_id}; check the ID"
        raise ArmError([Violation(ErrorCode.RESOURCE_NOT_FOUND, message, (field,))])
    return found


def _standing(
    view: View, interface: NetworkInterface, tap: VirtualNetworkTap | None
) -> NetworkInterfaceTapConfiguration | None:
    """The interface's tap configuration, to the TAP if one is given."""
    for one in view.referrers(interface.id, NetworkInterfaceTapConfiguration):
        if one.network_interface_id.lower() != interface.id.lower():
            continue
        if tap is None or one.virtual_network_tap_id.lower() == tap.id.lower():
            return one
    return None


def _judgements(
    subject: T, view: View, policy: Policy, before: T | None, *, open_: bool = False
) -> Iterator[Judgement]:
    for rule in subject.rules().values():
        if rule.compares and not rule.judges_new:
            continue  # it speaks of changes, and this is none
        violations: list[Violation] = []
        outcome = Outcome.HOLDS
        if rule.severity_under(policy) is None:
            outcome = Outcome.NOT_JUDGED
        try:
            violations += subject.judge(rule, view, policy, before)
        except Missing:
            outcome = Outcome.UNDECIDED
        except Undecided:
            outcome = Outcome.NEEDS_TAP if open_ else Outcome.UNDECIDED
        if violations:
            outcome = Outcome.VIOLATED
        yield Judgement(rule, subject.id, outcome, tuple(violations))
