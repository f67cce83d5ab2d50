"""Whether an interface can be tapped, and what each rule says of it."""

from __future__ import annotations

from collections.abc import Sequence

from provider_shim.data_source import DataSource, Session
from vtaplib.analysis.eligibility import Judgement, judge_eligibility
from vtaplib.model import ids
from vtaplib.model.base import Block, Values
from vtaplib.model.marks import SERVICE, Assigned, Ref
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.virtual_network_tap import VirtualNetworkTap


class JudgedRule(Block):
    """What one rule says."""

    name: Assigned[str] = SERVICE
    """The name of the rule."""
    description: Assigned[str] = SERVICE
    """The rule in a sentence."""
    outcome: Assigned[str] = SERVICE
    """`holds`, `violated`, `needs a TAP` (none was given), `undecided`, or `not judged` (the policy switches
    it off)."""
    code: Assigned[str] = SERVICE
    """The error code of the rule."""
    severity: Assigned[str] = SERVICE
    """What breaking it is under the policy: `error`, `warning`, or empty where it is not judged."""
    evidence: Assigned[str] = SERVICE
    """How sure it is that Azure behaves so: `documented`, `observed`, `inferred` or `ours`."""
    source: Assigned[str] = SERVICE
    """Whose documentation the rule is in."""
    messages: Assigned[Sequence[str]] = SERVICE
    """How the rule is broken, and what to do."""


class EligibilityDataSource(DataSource):
    """Says whether an interface can be tapped. Nothing is written."""

    network_interface_id: Ref[NetworkInterface]
    """The ID of the interface to tap."""
    virtual_network_tap_id: Ref[VirtualNetworkTap] | None = None
    """The ID of the TAP to send to. Without one, the rules speak that look at the interface only."""
    eligible: Assigned[bool] = SERVICE
    """Whether no error stands against it. An interface that is tapped already is judged as it is."""
    reasons: Assigned[Sequence[str]] = SERVICE
    """The errors that stand against it."""
    warnings: Assigned[Sequence[str]] = SERVICE
    """What there would be warnings of."""
    rules: Assigned[Sequence[JudgedRule]] = SERVICE
    """What each rule says."""

    def read(self, session: Session) -> Values:
        interface = session.get(NetworkInterface, self.network_interface_id, ("network_interface_id",))
        tap_id = self.virtual_network_tap_id or ""
        if tap_id:
            session.get(VirtualNetworkTap, tap_id, ("virtual_network_tap_id",))
        policy = session.cloud.policy
        with session.cloud.snapshot() as view:
            found = judge_eligibility(view, policy, interface.id, tap_id)

        def shown(one: Judgement) -> Values:
            severity = one.rule.severity_under(policy)
            return {
                "name": one.rule.name,
                "description": one.rule.what,
                "outcome": str(one.outcome),
                "code": str(one.rule.code),
                "severity": severity.value if severity is not None else "",
                "evidence": one.rule.evidence.value,
                "source": one.rule.source,
                "messages": [violation.message for violation in one.violations],
            }

        return {
            "id": f"eligibility-{ids.guid(interface.id, ids.key(tap_id))}",
            "eligible": found.eligible,
            "reasons": [one.message for one in found.errors],
            "warnings": [one.message for one in found.warnings],
            "rules": [shown(one) for one in found.judgements],
        }
