"""Who in a scope is tapped and heard, who could be tapped, who cannot, and why."""

from __future__ import annotations

from collections.abc import Sequence

from provider_shim.data_source import DataSource, Session
from vtaplib.analysis.coverage_audit import (
    CoverageAudit,
    CoverageScope,
    InterfaceCoverage,
    Standing,
    audit_coverage,
)
from vtaplib.model import ids
from vtaplib.model.arguments import Location, NonEmpty, Tags
from vtaplib.model.base import Block, Values
from vtaplib.model.marks import SERVICE, Assigned, Unordered
from vtaplib.model.resource import Resource


class CoveredInterface(Block):
    """An interface in scope."""

    id: Assigned[str] = SERVICE
    """The ID of the interface."""
    virtual_machine_id: Assigned[str] = SERVICE
    """The ID of its machine; empty if it has none."""
    standing: Assigned[str] = SERVICE
    """`tapped`; `silent`: tapped, and nobody hears it; `collector`: a TAP sends to it, and it is not tapped;
    `eligible`: it could be tapped; `ineligible`: it cannot."""
    reasons: Assigned[Sequence[str]] = SERVICE
    """Why it is silent, or cannot be tapped."""
    virtual_network_tap_ids: Assigned[Sequence[str]] = SERVICE
    """The IDs of the TAPs that it sends to."""
    destination_ids: Assigned[Sequence[str]] = SERVICE
    """The IDs of what these send to: IP configurations of interfaces, frontends of load balancers."""
    collector_interface_ids: Assigned[Sequence[str]] = SERVICE
    """The IDs of the interfaces that copies arrive at; behind a load balancer any of its backends."""


class CoverageDataSource(DataSource):
    """Audits which interfaces are tapped and reach a collector. Each criterion narrows the scope."""

    attached_only: bool | None = None
    """Whether only interfaces of machines are in scope."""
    location: Location | None = None
    """The Azure region of the interfaces in scope."""
    name_pattern: NonEmpty | None = None
    """The names of the interfaces in scope, as files are named: `*` for any text, `?` for any character."""
    scope_ids: Unordered[Sequence[str]] | None = None
    """IDs of subscriptions, resource groups, virtual networks, subnets, virtual machines and network
    interfaces to look at; by default the provider's subscription."""
    tags: Tags | None = None
    """Tags that an interface in scope, or its machine, has with these values."""
    complete: Assigned[bool] = SERVICE
    """Whether every interface in scope is tapped and heard, or is a collector. A scope without interfaces is
    complete: look at the counts."""
    collector_count: Assigned[int] = SERVICE
    """How many are where a TAP sends, and not tapped."""
    eligible_count: Assigned[int] = SERVICE
    """How many are not tapped, and could be."""
    gap_interface_ids: Assigned[Sequence[str]] = SERVICE
    """The IDs of the interfaces whose traffic nobody sees: silent, eligible and ineligible ones."""
    ineligible_count: Assigned[int] = SERVICE
    """How many are not tapped, and cannot be."""
    interface_count: Assigned[int] = SERVICE
    """How many interfaces are in scope."""
    interfaces: Assigned[Sequence[CoveredInterface]] = SERVICE
    """The interfaces in scope, in order of their IDs."""
    silent_count: Assigned[int] = SERVICE
    """How many are tapped, and nobody hears them."""
    tapped_count: Assigned[int] = SERVICE
    """How many are tapped and heard."""
    virtual_machine_count: Assigned[int] = SERVICE
    """How many machines have an interface in scope."""

    def read(self, session: Session) -> Values:
        audit = self._audit(session)
        return {
            "id": f"coverage-{ids.guid(session.subscription, repr(self))}",
            "complete": audit.complete,
            "gap_interface_ids": [one.interface_id for one in audit.gaps],
            "interface_count": len(audit.interfaces),
            "virtual_machine_count": len(audit.machine_ids),
            "interfaces": [_shown(one) for one in audit.interfaces],
            **{f"{standing}_count": len(audit.those(standing)) for standing in Standing},
        }

    def _audit(self, session: Session) -> CoverageAudit:
        scope_ids = list(self.scope_ids or ())
        for position, one in enumerate(scope_ids):
            session.get(Resource, one, ("scope_ids", position))
        if not scope_ids:
            # The provider's own is made with the first resource in it.
            own = session.cloud.find(f"/subscriptions/{session.subscription}")
            if own is None:
                return CoverageAudit(())
            scope_ids = [own.id]
        scope = CoverageScope(
            ids=scope_ids,
            name_pattern=self.name_pattern or "*",
            location=self.location or "",
            tags=self.tags or {},
            attached_only=bool(self.attached_only),
        )
        with session.cloud.snapshot() as view:
            return audit_coverage(view, session.cloud.policy, scope)


def _shown(one: InterfaceCoverage) -> Values:
    streams = one.streams
    return {
        "id": one.interface_id,
        "virtual_machine_id": one.machine_id,
        "standing": str(one.standing),
        "reasons": list(one.reasons),
        "virtual_network_tap_ids": list(dict.fromkeys(each.tap_id for each in streams)),
        "destination_ids": list(
            dict.fromkeys(each.destination_id for each in streams if each.destination_id)
        ),
        "collector_interface_ids": list(
            dict.fromkeys(collector for each in streams for collector in each.collector_ids)
        ),
    }
