"""A diff: one capture through two designs, and what becomes of the coverage of its conversations."""

from __future__ import annotations

from collections.abc import Sequence

from vtaplib.analysis.coverage_diff.design import ComparedDesign
from vtaplib.analysis.coverage_diff.entries import (
    AFTER,
    BEFORE,
    LISTED,
    change_entries,
    collector_changes,
    conversation_entries,
    count_split,
    seen_sum,
)
from vtaplib.analysis.coverage_diff.report import DesignEntry, DiffReport
from vtaplib.analysis.report_parts import Amount, Received
from vtaplib.analysis.traffic_warnings import traffic_warnings
from vtaplib.capture import CaptureReader
from vtaplib.capture.feed import CaptureFeed
from vtaplib.errors import require_type
from vtaplib.mirror.accounting import Accounts
from vtaplib.mirror.capacity import machine_accounts
from vtaplib.mirror.comparison import Comparison, Group
from vtaplib.mirror.replay import Replay


def diff(
    capture: CaptureReader, before: ComparedDesign, after: ComparedDesign, *, limit: int | None = 20
) -> DiffReport:
    """What collectors see of a capture under two designs. Of each change of coverage at most `limit`
    conversations are listed, those with the most bytes; None lists all. Raises `CaptureError` for a capture
    that cannot be read at all.
    """
    for design in (before, after):
        require_type("a design", design, ComparedDesign, "give ComparedDesign(Topology.of(cloud))")
    feed = CaptureFeed(capture)
    comparison = Comparison(before, after)
    runs = [Replay(one.topology, one.policy, down=one.down) for one in (before, after)]
    for block in feed.blocks():
        comparison.batch([frame for _, frame, _ in block])
        for run in runs:
            run.block(block)
    accounts = runs[BEFORE].accounts, runs[AFTER].accounts
    summary = comparison.summary(LISTED, limit)
    groups, designs = summary.groups, comparison.designs
    changes = change_entries(groups)
    collectors = (*before.topology.collectors, *after.topology.collectors)
    return DiffReport(
        capture=feed.name,
        format=feed.format,
        before=_design_entry(before, groups, accounts, BEFORE),
        after=_design_entry(after, groups, accounts, AFTER),
        read=Amount(sum(one.frames for one in changes), sum(one.bytes for one in changes)),
        coverage_lost=any(group.change.is_loss for group in groups),
        fates=changes,
        collectors=collector_changes(groups, designs, collectors, accounts),
        conversations=conversation_entries(designs, summary.largest),
        further=Amount.of(comparison.further),
        skipped=feed.skipped,
        ended_early=feed.ended_early,
    )


def _design_entry(
    design: ComparedDesign, groups: Sequence[Group], accounts: Sequence[Accounts], position: int
) -> DesignEntry:
    topology, policy, of_design = design.topology, design.policy, accounts[position]
    return DesignEntry(
        name=design.name,
        policy=design.policy.in_force(),
        down=design.down,
        seen=seen_sum(groups, position),
        split=count_split(groups, position),
        received=sum(map(Received.of, of_design.collectors.values()), Received()),
        warnings=traffic_warnings(of_design, topology, policy, machine_accounts(topology, of_design, policy)),
        assumed=design.assumed,
        notes=design.notes,
        not_read=design.not_read,
    )
