"""A check: everything that is wrong with a world, and what a plan does to its coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from vtaplib.analysis.azure_export import AzureExport
from vtaplib.analysis.coverage import PARTIAL, Coverage, TapStream, coverage_of, is_silent
from vtaplib.analysis.design_check.report import (
    CheckReport,
    CoverageEntry,
    FindingEntry,
    InterfaceCoverageEntry,
    Outside,
)
from vtaplib.analysis.terraform_plan.document import DOCUMENT_WAY_OUT, TerraformDocument
from vtaplib.analysis.terraform_plan.planned_cloud import PlannedCloud, plan_over
from vtaplib.analysis.terraform_plan.resources import TerraformResources, read_resources
from vtaplib.control.audit import Finding, audit
from vtaplib.errors import require_type
from vtaplib.model import ids
from vtaplib.model.policy import POLICY_WAY_OUT, Policy
from vtaplib.model.resource import Resource
from vtaplib.model.validation import id_if_known
from vtaplib.model.violation import ErrorCode, Severity, Violation, dotted
from vtaplib.resources import Subscription

CLOUD_WAY_OUT: Final = "give all its resources: cloud.list(Resource)"


def check(
    document: TerraformDocument | None = None,
    *,
    cloud: Iterable[Resource] | None = None,
    azure: AzureExport | None = None,
    policy: Policy | None = None,
    strict: bool = False,
    name: str = "",
    begin: Callable[[str], None] | None = None,
) -> CheckReport:
    """Check a plan or state, over what is in a cloud or what Azure has if that is given; or those alone.

    `cloud`: everything in a cloud; without it, what was read is a part of a world only. `strict`: a warning
    is enough to have found something. `name`: what the report calls it, by default what the document is
    called. `begin` is told each step.
    """
    if document is not None:
        require_type("the document", document, TerraformDocument, DOCUMENT_WAY_OUT)
    if cloud is not None:
        require_type("the cloud", cloud, Iterable, CLOUD_WAY_OUT)
        cloud = tuple(cloud)
        for resource in cloud:
            require_type("one of the cloud", resource, Resource, CLOUD_WAY_OUT)
    if azure is not None:
        require_type("the export", azure, AzureExport, 'load it first: load_azure_export(["az.json"])')
    if policy is not None:
        require_type("the policy", policy, Policy, POLICY_WAY_OUT)
    policy, azure = policy or Policy(), azure or AzureExport()
    read = TerraformResources()
    if document is not None:
        read = read_resources(document, strict_ids=policy.arm_id_case == "strict")
    planned = plan_over((*(cloud or ()), *azure.resources), read, whole=cloud is not None)
    if begin is not None:
        begin(f"judging {len(planned.after):,} resources")
    findings = tuple(audit(planned.after, policy, planned.change))
    entries = (
        *(_entry(one.address, one.resource, one.violation) for one in read.violations),
        *(_entry(planned.address(one.resource), one.resource, one.violation) for one in findings),
    )
    lacks = planned.lacks
    return CheckReport(
        checked=name or (document.title if document is not None else ""),
        is_plan=document is not None and document.is_plan,
        policy=policy.in_force(),
        strict=strict,
        read=_count(planned.after),
        not_modelled=dict(sorted((azure.not_modelled + read.not_modelled).items())),
        not_read=(*azure.unread, *read.unread),
        outside=Outside(len(lacks), tuple(sorted(set(lacks), key=ids.key))),
        notes=tuple(document.notes) if document is not None else (),
        errors=sum(one.severity == Severity.ERROR.value for one in entries),
        warnings=sum(one.severity == Severity.WARNING.value for one in entries),
        findings=entries,
        coverage=_coverage(planned, findings),
    )


def _count(resources: Iterable[Resource]) -> Mapping[str, int]:
    names = Counter(type(one).__name__ for one in resources if not isinstance(one, Subscription))
    return dict(sorted(names.items()))


def _entry(address: str, resource: Resource, violation: Violation) -> FindingEntry:
    rule = resource.rules().get(violation.rule)
    return FindingEntry(
        address=address,
        resource_id=id_if_known(resource),
        severity=violation.severity.value,
        code=str(violation.code),
        rule=violation.rule,
        what=rule.what if rule is not None else "",
        field=dotted(violation.path),
        message=violation.message,
        way_out=violation.way_out,
        evidence=violation.evidence.value,
        source=rule.source if rule is not None else "",
    )


def _coverage(planned: PlannedCloud, findings: Sequence[Finding]) -> CoverageEntry:
    lost = {
        ids.key(one.resource.id)
        for one in findings
        if one.violation.code is ErrorCode.VIRTUAL_NETWORK_TAP_STREAM_LOST
        and one.violation.rule not in PARTIAL
    }
    before = coverage_of(planned.before, whole=planned.before.whole)
    after = coverage_of(planned.after, whole=planned.after.whole, gone=planned.change.gone, lost=lost)
    changes = _CoverageChanges(planned, before, after)
    return CoverageEntry(
        interfaces=len(after),
        tapped=sum(map(bool, after.values())),
        silent=sum(map(is_silent, after.values())),
        newly_tapped=changes.those(after, lambda was, now: bool(now) and not was),
        no_longer_tapped=changes.those(before, lambda was, now: bool(was) and not now),
        newly_silent=changes.those(after, lambda was, now: is_silent(now) and not is_silent(was)),
    )


@dataclass(frozen=True, slots=True)
class _CoverageChanges:
    """What becomes of interfaces, from one coverage to another."""

    planned: PlannedCloud
    before: Coverage
    after: Coverage

    def those(
        self, shown: Coverage, picks: Callable[[Sequence[TapStream], Sequence[TapStream]], bool]
    ) -> tuple[InterfaceCoverageEntry, ...]:
        """The interfaces of which the streams before and after are picked, as one of the two shows them."""
        was = {ids.key(one): streams for one, streams in self.before.items()}
        now = {ids.key(one): streams for one, streams in self.after.items()}
        return tuple(
            self._interface(one, streams)
            for one, streams in shown.items()
            if picks(was.get(ids.key(one), ()), now.get(ids.key(one), ()))
        )

    def _interface(self, interface_id: str, streams: Sequence[TapStream]) -> InterfaceCoverageEntry:
        reasons = dict.fromkeys(stream.loss.value for stream in streams if stream.loss is not None)
        return InterfaceCoverageEntry(
            address=self.planned.addresses.get(ids.key(interface_id), interface_id),
            interface_id=interface_id,
            taps=tuple(dict.fromkeys(stream.tap_id for stream in streams)),
            collectors=tuple(dict.fromkeys(one for stream in streams for one in stream.collector_ids)),
            silent_because="; ".join(reasons),
        )
