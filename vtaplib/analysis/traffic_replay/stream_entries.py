"""What a replay's report says of streams as such: load balancers that part what belongs together, and copies
that are longer than the network likes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vtaplib.analysis.report_parts import WarningEntry
from vtaplib.fabric.balancing import find_rule
from vtaplib.fabric.topology import Topology
from vtaplib.mirror.accounting import Accounts, TapPointAccount
from vtaplib.mirror.flow_split import SplitAccount
from vtaplib.mirror.oversize import MTU
from vtaplib.mirror.verdict import Reason
from vtaplib.model import ids
from vtaplib.model.policy import Policy
from vtaplib.packets import ethernet, vxlan
from vtaplib.packets.flow import UDP, Flow

A_COPY = Flow(4, ethernet.IPV4, bytes(4), bytes(4), UDP, 0, vxlan.PORT)
"""As far as a load balancer's rules look at it."""


@dataclass(frozen=True, slots=True)
class SplitEntry:
    """What a load balancer took apart of the copies of a tap configuration.

    `split_conversations` are those whose two directions went to two collectors; there may be more of them
    where `is_lower_bound`. Of `flows`, as the load balancer sees them, `moved_flows` went to another
    collector because something is down; both are 0 where nothing is.
    """

    tap_configuration_id: str
    split_conversations: int
    is_lower_bound: bool
    flows: int
    moved_flows: int


def split_entries(accounts: Accounts) -> tuple[SplitEntry, ...]:
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


def mirror_warnings(accounts: Accounts, topology: Topology, policy: Policy) -> Iterator[WarningEntry]:
    """What to look at, TAP by TAP."""
    points: dict[str, list[TapPointAccount]] = {}
    splits_of: dict[str, dict[str, SplitAccount]] = {}
    for point, account in accounts.tap_points.items():
        points.setdefault(point.tap_id, []).append(account)
        split = accounts.splits.accounts.get(point.tap_configuration_id)
        if split is not None:
            splits_of.setdefault(point.tap_id, {})[point.tap_configuration_id] = split
    for tap_id, of_tap in points.items():
        yield from _too_long(tap_id, of_tap, policy)
        splits = list(splits_of.get(tap_id, {}).values())
        yield from _split(tap_id, splits, topology, is_complete=accounts.splits.is_complete)
        yield from _moved(tap_id, splits)


def _too_long(tap_id: str, accounts: list[TapPointAccount], policy: Policy) -> Iterator[WarningEntry]:
    """The share of frames whose copies are longer than the guest's MTU."""
    frames = sum(account.entered.frames for account in accounts)
    over = sum(account.over_mtu for account in accounts)
    if not over:
        return
    done = {
        "dropped": sum(
            count.frames
            for account in accounts
            for reason, count in account.not_mirrored.items()
            if reason is Reason.OVERSIZE
        ),
        "cut": sum(account.cut for account in accounts),
        "fragmented": sum(account.fragmented for account in accounts),
    }
    outcome = ", ".join(f"{count:,} were {what}" for what, count in done.items() if count)
    suffix = f"; {outcome} (policy oversize={policy.oversize})" if outcome else ""
    yield WarningEntry(
        "copies_over_mtu",
        tap_id,
        f"{ids.name(tap_id)}: of {frames:,} frames, {over:,} ({over / frames:.1%}) make copies above the MTU "
        f"of {MTU}{suffix}. What the network does with those is not documented; an MTU of 1450 in machines "
        "avoids them",
    )


def _split(
    tap_id: str, accounts: list[SplitAccount], topology: Topology, *, is_complete: bool
) -> Iterator[WarningEntry]:
    """Conversations whose directions reach two collectors, and what keeps them together."""
    count = sum(account.split_conversations for account in accounts)
    if not count:
        return
    tap = topology.tap(tap_id)
    frontend = topology.frontend(tap.destination_id) if tap is not None else None
    rule = find_rule(frontend, A_COPY) if frontend is not None else None
    how_many = f"{count:,}" if is_complete else f"at least {count:,}"
    yield WarningEntry(
        "conversations_split",
        tap_id,
        f"{ids.name(tap_id)}: the two directions of {how_many} conversations "
        "reach two collectors, so that an analyser of sessions sees half of each. Set load_distribution of "
        f"{'the rule' if rule is None else rule.name} to SourceIP or SourceIPProtocol: then all copies of an "
        "interface reach one collector. (Under the policy outer_source_port=symmetric they would stay "
        "together; whether the service's port is, is not known.)",
    )


def _moved(tap_id: str, accounts: list[SplitAccount]) -> Iterator[WarningEntry]:
    """Flows that a failed collector's load balancer gives to others."""
    flows = sum(len(account.ports) for account in accounts)
    moved = sum(len(account.moved_ports) for account in accounts)
    if moved:
        yield WarningEntry(
            "flows_moved",
            tap_id,
            f"{ids.name(tap_id)}: {moved:,} of {flows:,} flows of copies go to another collector, because "
            "theirs is down; that one has not seen how their conversations began",
        )
