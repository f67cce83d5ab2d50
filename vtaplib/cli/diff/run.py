"""A diff from files to a report: read two designs, send one capture through both, sum up."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from vtaplib.cli.check.progress import Steps
from vtaplib.cli.cloud_file import cloud_files, find_cloud_file
from vtaplib.cli.collector_captures import collectors_of
from vtaplib.cli.diff.designs import Side, read_sides
from vtaplib.cli.diff.entries import (
    AFTER,
    BEFORE,
    LISTED,
    Describer,
    collector_changes,
    count_split,
    fate_entries,
    seen_sum,
)
from vtaplib.cli.diff.report import AssumedAddress, DesignEntry, DiffReport
from vtaplib.cli.feed import Feed
from vtaplib.cli.naming import one_named
from vtaplib.cli.replay_report import amount
from vtaplib.errors import VtapError
from vtaplib.mirror.comparison import Comparison, Group
from vtaplib.mirror.count import Count
from vtaplib.mirror.visibility import Design
from vtaplib.model.policy import Policy


@dataclass(frozen=True, slots=True)
class DiffRequest:
    """What to compare: `before` with `after`, or what is before and after a `plan`. `down_after` are names or
    IDs of interfaces. Of each fate at most `limit` conversations are listed; 0 lists all.
    """

    capture: str
    before: str | None
    after: str | None
    plan: str | None
    policy_before: Policy
    policy_after: Policy
    down_after: tuple[str, ...] = ()
    limit: int = 20

    @property
    def is_of_one_world(self) -> bool:
        """Whether both designs have the same resources."""
        return self.after is None and self.plan is None

    @property
    def inputs(self) -> tuple[str | Path, ...]:
        """The files that are read. Raises `VtapError` where none is named and the default is not there."""
        named = [one for one in (self.before, self.after, self.plan) if one is not None]
        if self.before is None and self.plan is None:
            named.append(str(find_cloud_file(None)))
        # A file that is no cloud's has none beside it, and it does no harm to ask.
        return self.capture, *chain.from_iterable(cloud_files(Path(one)) for one in named)


def diff(request: DiffRequest) -> DiffReport:
    """Compare. Raises `VtapError` for what cannot be read at all."""
    if request.is_of_one_world and request.policy_before == request.policy_after and not request.down_after:
        raise VtapError("nothing to compare with: give --after CLOUD, --after PLAN or --plan PLAN")
    if [request.capture, request.before, request.after, request.plan].count("-") > 1:
        raise VtapError("-: standard input can be only one of CAPTURE, --before, --after and --plan")
    with Steps() as steps:
        steps.begin("reading the designs")
        sides = read_sides(request.before, request.after, request.plan, request.policy_after)
    interfaces = [one.id for one in sides[AFTER].topology.interfaces]
    down = tuple(one_named(interfaces, one, "interface", "--down-after ") for one in request.down_after)
    designs = (
        Design(sides[BEFORE].topology, request.policy_before),
        Design(sides[AFTER].topology, request.policy_after, down=down),
    )
    comparison = Comparison(*designs)
    with Feed(request.capture, "comparing") as feed:
        for batch in feed:
            comparison.batch(batch.data)
        summary = comparison.summary(LISTED, request.limit or None)
        groups = summary.groups
        return DiffReport(
            capture=feed.name,
            format=feed.format,
            before=_design_entry(sides[BEFORE], groups, BEFORE, request.policy_before, ()),
            after=_design_entry(sides[AFTER], groups, AFTER, request.policy_after, down),
            read=amount(_total(groups)),
            coverage_lost=any(group.fate.is_loss for group in groups),
            fates=fate_entries(groups),
            collectors=collector_changes(
                groups, comparison.observers, [one for side in sides for one in collectors_of(side.topology)]
            ),
            conversations=tuple(Describer.of(comparison.observers).entries(summary.largest)),
            further=amount(comparison.further),
            skipped=feed.skipped,
            ended_early=feed.ended_early,
        )


def _design_entry(
    side: Side, groups: list[Group], design: int, policy: Policy, down: tuple[str, ...]
) -> DesignEntry:
    return DesignEntry(
        name=side.name,
        policy=policy.in_force(),
        down=down,
        seen=seen_sum(groups, design),
        split=count_split(groups, design),
        assumed=tuple(AssumedAddress(one.resource_id, one.address) for one in side.assumed),
        notes=side.notes,
        not_read=side.not_read,
    )


def _total(groups: list[Group]) -> Count:
    total = Count()
    for group in groups:
        for half in group.halves:
            total.add(half.count.frames, half.count.octets)
    return total
