"""A check from files to a report: read, lay together, judge, compare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vtaplib.cli.check.azure import Estate, exports, read_exports
from vtaplib.cli.check.document import Document, read_document
from vtaplib.cli.check.reading import Reading, read_resources
from vtaplib.cli.check.report import CheckReport, CoverageEntry, CoveredInterface, FindingEntry, Outside
from vtaplib.cli.check.world import World, make_world
from vtaplib.cli.cloud_file import cloud_files, open_cloud
from vtaplib.cli.input_directory import Input
from vtaplib.control.audit import Finding, audit
from vtaplib.control.coverage import PARTIAL, Coverage, TapStream, coverage, is_silent
from vtaplib.model import ids
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.validation import told_id
from vtaplib.model.violation import ErrorCode, Severity, Violation, dotted
from vtaplib.resources import Subscription

_Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What to check: a plan or state, over a cloud or what Azure has if that is given; or those alone."""

    plan: str | None
    cloud: Path | None
    policy: Policy
    azure: tuple[str, ...] = ()
    strict: bool = False

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What is read."""
        plan = () if self.plan is None else (self.plan,)
        cloud = () if self.cloud is None else cloud_files(self.cloud)
        return *plan, *cloud, *exports(self.azure)


def check(request: CheckRequest, step: _Step = lambda text: None) -> CheckReport:
    """Check. `step` is told what is being done. Raises `VtapError` for what cannot be read."""
    step("reading")
    cloud = _read_cloud(request.cloud, request.policy) if request.cloud else ()
    estate = read_exports(request.azure)
    document = read_document(request.plan) if request.plan is not None else None
    return judged(request, cloud, estate, document, step)


def judged(
    request: CheckRequest,
    cloud: Sequence[Resource],
    estate: Estate,
    document: Document | None,
    step: _Step = lambda text: None,
) -> CheckReport:
    """The report on what was read of a request."""
    strict_ids = request.policy.arm_id_case == "strict"
    reading = read_resources(document, strict_ids=strict_ids) if document else Reading()
    world = make_world((*cloud, *estate.resources), reading, whole=request.cloud is not None)
    step(f"judging {len(world.after):,} resources")
    findings = tuple(audit(world.after, request.policy, world.change))
    entries = (
        *(_entry(one.address, one.resource, one.violation) for one in reading.misfits),
        *(_entry(world.address(one.resource), one.resource, one.violation) for one in findings),
    )
    lacks = world.lacks
    return CheckReport(
        checked=_checked(request, document),
        is_plan=document is not None and document.is_plan,
        policy=request.policy.in_force(),
        strict=request.strict,
        read=_count(world.after),
        not_modelled=dict(sorted((estate.not_modelled + reading.not_modelled).items())),
        not_read=(*estate.unread, *reading.unread),
        outside=Outside(len(lacks), tuple(sorted(set(lacks), key=ids.key))),
        notes=tuple(document.notes) if document else (),
        errors=sum(one.severity == Severity.ERROR.value for one in entries),
        warnings=sum(one.severity == Severity.WARNING.value for one in entries),
        findings=entries,
        coverage=_coverage(world, findings),
    )


def _read_cloud(path: Path, policy: Policy) -> Sequence[Resource]:
    with open_cloud(path, policy) as cloud, cloud.snapshot() as view:
        return tuple(view.list(Resource))


def _checked(request: CheckRequest, document: Document | None) -> str:
    parts = []
    if document is not None:
        parts.append(f"{'plan' if document.is_plan else 'state'} {document.name}")
    if request.azure:
        parts.append(f"what Azure has in {', '.join(request.azure)}")
    if request.cloud is not None:
        parts.append(f"cloud {request.cloud}")
    return " over ".join(parts)


def _count(resources: Iterable[Resource]) -> Mapping[str, int]:
    names = Counter(type(one).__name__ for one in resources if not isinstance(one, Subscription))
    return dict(sorted(names.items()))


def _entry(address: str, resource: Resource, violation: Violation) -> FindingEntry:
    rule = resource.rules().get(violation.rule)
    _, separator, way_out = violation.message.rpartition("; ")
    return FindingEntry(
        address=address,
        resource_id=told_id(resource),
        severity=violation.severity.value,
        code=str(violation.code),
        rule=violation.rule,
        what=rule.what if rule is not None else "",
        field=dotted(violation.path),
        message=violation.message,
        way_out=way_out if separator else "",
        evidence=violation.evidence.value,
        source=rule.source if rule is not None else "",
    )


def _coverage(world: World, findings: Sequence[Finding]) -> CoverageEntry:
    lost = {
        ids.key(one.resource.id)
        for one in findings
        if one.violation.code is ErrorCode.VIRTUAL_NETWORK_TAP_STREAM_LOST
        and one.violation.rule not in PARTIAL
    }
    before = coverage(world.before, whole=world.before.whole)
    after = coverage(world.after, whole=world.after.whole, gone=world.change.gone, lost=lost)
    changes = _Changes(world, before, after)
    return CoverageEntry(
        interfaces=len(after),
        tapped=sum(map(bool, after.values())),
        silent=sum(map(is_silent, after.values())),
        newly_tapped=changes.those(after, lambda was, now: bool(now) and not was),
        no_longer_tapped=changes.those(before, lambda was, now: bool(was) and not now),
        newly_silent=changes.those(after, lambda was, now: is_silent(now) and not is_silent(was)),
    )


@dataclass(frozen=True, slots=True)
class _Changes:
    """What becomes of interfaces, from one coverage to another."""

    world: World
    before: Coverage
    after: Coverage

    def those(
        self, shown: Coverage, picks: Callable[[Sequence[TapStream], Sequence[TapStream]], bool]
    ) -> tuple[CoveredInterface, ...]:
        """The interfaces of which the streams before and after are picked, as one of the two shows them."""
        was = {ids.key(one): streams for one, streams in self.before.items()}
        now = {ids.key(one): streams for one, streams in self.after.items()}
        return tuple(
            self._interface(one, streams)
            for one, streams in shown.items()
            if picks(was.get(ids.key(one), ()), now.get(ids.key(one), ()))
        )

    def _interface(self, interface_id: str, streams: Sequence[TapStream]) -> CoveredInterface:
        reasons = dict.fromkeys(stream.loss.value for stream in streams if stream.loss is not None)
        return CoveredInterface(
            address=self.world.addresses.get(ids.key(interface_id), interface_id),
            interface_id=interface_id,
            taps=tuple(dict.fromkeys(stream.tap_id for stream in streams)),
            collectors=tuple(dict.fromkeys(one for stream in streams for one in stream.collector_ids)),
            silent_because="; ".join(reasons),
        )
