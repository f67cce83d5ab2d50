"""A replay: every packet of a capture through the mirror engine, and its accounts as a report.

A capture that ends early is replayed up to there, and the report says where that is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address
from pathlib import Path

from vtaplib.analysis.load_entries import RatesEntry, load_entries, machine_entry
from vtaplib.analysis.lost_frames import loss_entries
from vtaplib.analysis.naming import distinct_names
from vtaplib.analysis.report_parts import Amount, NotMirroredEntry, Received
from vtaplib.analysis.traffic_replay.copies import Commentator, CommentedCopiesOut, CopiesOut
from vtaplib.analysis.traffic_replay.decoded_copies import FirstCopies
from vtaplib.analysis.traffic_replay.report import CollectorEntry, ReplayReport, SplitEntry, TapPointEntry
from vtaplib.analysis.traffic_replay.staged_copies import StagedCopies
from vtaplib.analysis.traffic_warnings import traffic_warnings
from vtaplib.capture import CaptureReader
from vtaplib.capture.feed import CaptureFeed
from vtaplib.fabric.topology import Topology
from vtaplib.mirror.accounting import Accounts, CollectorAccount, TapPointAccount
from vtaplib.mirror.capacity import machine_accounts
from vtaplib.mirror.replay import Replay
from vtaplib.mirror.verdict import TapPoint
from vtaplib.model.policy import Policy


def replay(
    capture: CaptureReader,
    topology: Topology,
    policy: Policy | None = None,
    *,
    down: Sequence[str] = (),
    private_link: Sequence[IPv4Address] = (),
    out: CopiesOut | StagedCopies | None = None,
    comments: bool = False,
    decode: int = 0,
    decoder: str = "vtap",
    cloud: str = "",
) -> ReplayReport:
    """What the TAPs of a topology make of a capture: where every frame goes, and what each collector gets.

    `down` are the IDs of interfaces whose machine is taken for failed, `private_link` addresses of Private
    Link services. `out` takes the copies, with `comments` if it is not for staged ones. `decode` copies are
    dissected, by `decoder`, which is `vtap` or `scapy`. `cloud` is what the report calls the topology. Raises
    `CaptureError` for what cannot be read at all, or not written.
    """
    policy = policy or Policy()
    run = Replay(topology, policy, down=down, private_link=private_link)
    feed = CaptureFeed(capture)
    first = FirstCopies(decode, decoder, out)
    commentator = Commentator(run, out, first) if comments and isinstance(out, CommentedCopiesOut) else None
    run.deliver_to(first if decode else out)
    for block in feed.blocks():
        if commentator is None:
            run.block(block)
        else:
            commentator.replay(block)
    accounts = run.accounts
    machines = tuple(machine_accounts(topology, accounts, policy))
    return ReplayReport(
        capture=feed.name,
        format=feed.format,
        cloud=cloud,
        policy=policy.in_force(),
        down=tuple(down),
        read=Amount.of(accounts.read),
        tapped=Amount.of(accounts.tapped),
        untapped=Amount.of(accounts.untapped),
        truncated=accounts.truncated,
        nowhere=loss_entries(accounts.unrouted),
        dropped=loss_entries(accounts.dropped),
        skipped=feed.skipped,
        ended_early=feed.ended_early,
        tap_points=_tap_points(accounts),
        collectors=_collectors(topology, accounts, {} if out is None else out.paths),
        partings=_splits(accounts),
        machines=tuple(map(machine_entry, machines)),
        loads=tuple(load_entries(accounts, machines)),
        warnings=traffic_warnings(accounts, topology, policy, machines),
        decoded=first.dissect(),
        staged=tuple(out.entries()) if isinstance(out, StagedCopies) else (),
    )


def _tap_points(accounts: Accounts) -> tuple[TapPointEntry, ...]:
    """The tap points in the order of the topology."""
    interfaces = distinct_names(point.interface_id for point in accounts.tap_points)
    taps = distinct_names(point.tap_id for point in accounts.tap_points)
    return tuple(
        _tap_point(point, account, interfaces[point.interface_id], taps[point.tap_id])
        for point, account in accounts.tap_points.items()
    )


def _tap_point(point: TapPoint, account: TapPointAccount, interface: str, tap: str) -> TapPointEntry:
    return TapPointEntry(
        interface_id=point.interface_id,
        interface=interface,
        direction=point.direction.value,
        tap_id=point.tap_id,
        tap=tap,
        tap_configuration_id=point.tap_configuration_id,
        entered=Amount.of(account.entered),
        mirrored=Amount.of(account.mirrored),
        not_mirrored=tuple(NotMirroredEntry.of(*one) for one in account.not_mirrored.items()),
        truncated=account.truncated,
        over_mtu=account.over_mtu,
        clamped=account.clamped,
        cut=account.cut,
        fragmented=account.fragmented,
    )


def _collectors(
    topology: Topology, accounts: Accounts, captures: Mapping[str, Path]
) -> tuple[CollectorEntry, ...]:
    """The collectors in the order of the topology, those that got nothing too."""
    names = distinct_names(one.id for one in topology.collectors)
    entries = []
    for one in topology.collectors:
        account = accounts.collectors.get(one.id, CollectorAccount())
        received = Received.of(account)
        rates = RatesEntry.of(account, accounts.by_second.span)
        path = captures.get(one.id)
        entries.append(
            CollectorEntry(
                interface_id=one.id,
                interface=names[one.id],
                frames=received.frames,
                bytes=received.bytes,
                copies=received.copies,
                cut=received.cut,
                fragmented=received.fragmented,
                fragments=received.fragments,
                over_mtu=received.over_mtu,
                average_mbit_per_second=rates.average_mbit_per_second,
                peak_mbit_per_second=rates.peak_mbit_per_second,
                capture=None if path is None else str(path),
            )
        )
    return tuple(entries)


def _splits(accounts: Accounts) -> tuple[SplitEntry, ...]:
    """What load balancers took apart, by tap configuration; those whose copies meet none are left out."""
    splits = accounts.splits
    return tuple(
        SplitEntry(
            tap_configuration_id,
            account.split_conversations,
            not splits.is_complete,
            len(account.ports),
            len(account.moved_ports),
        )
        for tap_configuration_id, account in splits.accounts.items()
    )
