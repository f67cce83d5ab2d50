"""Warnings: what to look at in traffic that went through the mirror engine.

Every report makes its warnings here, of the accounts of its traffic and nothing else: so a replay, an
estimate, a diff and an explanation warn alike of the same traffic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from vtaplib.analysis.report_parts import WarningEntry
from vtaplib.fabric.balancing import find_rule
from vtaplib.fabric.path_trace import Drop
from vtaplib.fabric.routing import Unrouted
from vtaplib.fabric.topology import Topology
from vtaplib.mirror.accounting import Accounts, LossAccount, TapPointAccount
from vtaplib.mirror.capacity import MachineAccount
from vtaplib.mirror.flow_split import SplitAccount
from vtaplib.mirror.oversize import MTU
from vtaplib.mirror.policing import BITS_PER_MEGABIT
from vtaplib.mirror.verdict import Reason
from vtaplib.model import ids
from vtaplib.model.policy import Policy
from vtaplib.packets import ethernet, vxlan
from vtaplib.packets.flow import UDP, Flow
from vtaplib.reports.number import counted, share

TOO_MUCH: Final = frozenset(
    {
        "machine_sends_too_much",
        "collector_gets_too_much",
        "collector_gets_too_many_packets",
        "machine_has_too_many_flows",
    }
)
"""The codes of warnings that something is too much for a machine."""

WORTH_A_WARNING: Final = 0.01
"""The share of all frames that gets nowhere from which on a warning says so: ARP, broadcasts and the like are
in every capture, and dropped.
"""

A_COPY: Final = Flow(4, ethernet.IPV4, bytes(4), bytes(4), UDP, 0, vxlan.PORT)
"""As far as a load balancer's rules look at it."""


def traffic_warnings(
    accounts: Accounts,
    topology: Topology,
    policy: Policy,
    machines: Iterable[MachineAccount] = (),
    scale: float = 1,
) -> tuple[WarningEntry, ...]:
    """What to look at: of all traffic, TAP by TAP and then machine by machine. Accounts are those of the
    traffic; `machines` are of `scale` times as much already.
    """
    return (
        *_lost(accounts, scale),
        *_taps(accounts, topology, policy, scale),
        *(one for machine in machines for one in _machine(machine, policy)),
    )


def _lost(accounts: Accounts, scale: float) -> Iterator[WarningEntry]:
    """Frames that the network drops or that are no interface's, if they are more than what always is."""
    kinds: tuple[tuple[str, str, Mapping[Drop, LossAccount] | Mapping[Unrouted, LossAccount]], ...] = (
        ("frames_dropped", "the network drops {}", accounts.dropped),
        ("frames_of_no_interface", "no interface of the cloud sends or receives {}", accounts.unrouted),
    )
    whole = accounts.read.frames
    for code, sentence, lost in kinds:
        frames = sum(account.count.frames for account in lost.values())
        if frames and frames >= WORTH_A_WARNING * whole:
            reason, account = max(lost.items(), key=lambda one: one[1].count.frames)
            part = f"{round(scale * frames):,} of {counted(round(scale * whole), 'frame')}"
            most = f"{round(scale * account.count.frames):,} of them " if len(lost) > 1 else ""
            first = "".join(
                f". vtap explain CAPTURE {position} shows the first of them"
                for position in account.first_positions[:1]
            )
            yield WarningEntry(
                code,
                "",
                f"{sentence.format(part)} ({share(frames, whole)}), {most}for this reason: "
                f"{reason.value}{first}",
            )


def _taps(accounts: Accounts, topology: Topology, policy: Policy, scale: float) -> Iterator[WarningEntry]:
    points: dict[str, list[TapPointAccount]] = {}
    splits_of: dict[str, dict[str, SplitAccount]] = {}
    for point, account in accounts.tap_points.items():
        points.setdefault(point.tap_id, []).append(account)
        split = accounts.splits.accounts.get(point.tap_configuration_id)
        if split is not None:
            splits_of.setdefault(point.tap_id, {})[point.tap_configuration_id] = split
    for tap_id, of_tap in points.items():
        yield from _too_long(tap_id, of_tap, policy, scale)
        splits = list(splits_of.get(tap_id, {}).values())
        yield from _split(tap_id, splits, topology, scale, is_complete=accounts.splits.is_complete)
        yield from _moved(tap_id, splits, scale)


def _too_long(
    tap_id: str, accounts: list[TapPointAccount], policy: Policy, scale: float
) -> Iterator[WarningEntry]:
    """Frames whose copies are longer than the guest's MTU, and copies that do not go in one piece."""
    frames = sum(account.entered.frames for account in accounts)
    over = sum(account.over_mtu for account in accounts)
    if over:
        done = {
            "dropped": sum(
                account.not_mirrored[Reason.OVERSIZE].frames
                for account in accounts
                if Reason.OVERSIZE in account.not_mirrored
            ),
            "cut": sum(account.cut for account in accounts),
        }
        outcome = ", ".join(f"{round(scale * count):,} were {what}" for what, count in done.items() if count)
        snaplen = "" if policy.snaplen == "off" else f", snaplen={policy.snaplen}"
        yield WarningEntry(
            "copies_over_mtu",
            tap_id,
            f"{ids.name(tap_id)}: copies of {_part(over, frames, scale)} are above the MTU of {MTU}"
            + (f"; {outcome} (policy oversize={policy.oversize}{snaplen})" if outcome else "")
            + ". What the network does with those is not documented; an MTU of 1450 in machines avoids them",
        )
    fragmented = sum(account.fragmented for account in accounts)
    if fragmented:
        yield WarningEntry(
            "copies_fragmented",
            tap_id,
            f"{ids.name(tap_id)}: copies of {_part(fragmented, frames, scale)} were fragmented (policy "
            f"oversize={policy.oversize}): the collector must reassemble them, and loses the whole copy with "
            "any fragment",
        )


def _part(frames: int, whole: int, scale: float) -> str:
    """So many of the frames that entered the tap points of a TAP."""
    of = counted(round(scale * whole), "frame")
    return f"{round(scale * frames):,} of {of} at its tap points ({share(frames, whole)})"


def _split(
    tap_id: str, accounts: list[SplitAccount], topology: Topology, scale: float, *, is_complete: bool
) -> Iterator[WarningEntry]:
    """Conversations whose directions reach two collectors, and what keeps them together."""
    count = round(scale * sum(account.split_conversations for account in accounts))
    if not count:
        return
    tap = topology.tap(tap_id)
    frontend = topology.frontend(tap.destination_id) if tap is not None else None
    rule = find_rule(frontend, A_COPY) if frontend is not None else None
    how_many = ("" if is_complete else "at least ") + counted(count, "conversation")
    yield WarningEntry(
        "conversations_split",
        tap_id,
        f"{ids.name(tap_id)}: the two directions of {how_many} "
        "reach two collectors, so that an analyser of sessions sees half of each. Set load_distribution of "
        f"{'the rule' if rule is None else rule.name} to SourceIP or SourceIPProtocol: then all copies of an "
        "interface reach one collector. (Under the policy outer_source_port=symmetric they would stay "
        "together; whether the service's port is, is not known.)",
    )


def _moved(tap_id: str, accounts: list[SplitAccount], scale: float) -> Iterator[WarningEntry]:
    """Flows that a failed collector's load balancer gives to others."""
    flows = round(scale * sum(len(account.ports) for account in accounts))
    moved = round(scale * sum(len(account.moved_ports) for account in accounts))
    if moved:
        yield WarningEntry(
            "flows_moved",
            tap_id,
            f"{ids.name(tap_id)}: {moved:,} of {flows:,} flows of copies go to another collector, because "
            "theirs is down; that one has not seen how their conversations began",
        )


def _machine(machine: MachineAccount, policy: Policy) -> Iterator[WarningEntry]:
    """What is too much for a machine."""
    name, figures = ids.name(machine.machine_id), machine.figures
    rate = figures.megabits_per_second
    if machine.excess is not None and machine.excess.seconds:
        excess = machine.excess
        yield WarningEntry(
            "machine_sends_too_much",
            machine.machine_id,
            f"{name} sends more than {figures.size} may, {rate:,} Mbit/s, in {excess.seconds:,} s: about "
            f"{excess.frames:,} frames, {excess.octets:,} bytes, would be dropped",
        )
    peak, packets = 8 * machine.collected.peak_octets, machine.collected.peak_frames
    headroom, packet_headroom = figures.headroom(peak), figures.packet_headroom(packets)
    smallest = figures.smallest(peak, packets)
    way_out = (
        f"{smallest} has enough" if smallest else "no size has enough: spread it over several collectors"
    )
    if headroom is not None and headroom < 0:
        yield WarningEntry(
            "collector_gets_too_much",
            machine.machine_id,
            f"{name} gets {peak / BITS_PER_MEGABIT:,.1f} Mbit/s of copies at its peak, more than the "
            f"{rate:,} Mbit/s of {figures.size}; {way_out}",
        )
    if packet_headroom is not None and packet_headroom < 0:
        yield WarningEntry(
            "collector_gets_too_many_packets",
            machine.machine_id,
            f"{name} gets {packets:,} packets/s of copies at its peak, more than the "
            f"{figures.packets_per_second:,} of {figures.size}, at "
            f"{figures.packets_per_vcpu:,} for each vCPU (packets_per_second_per_vcpu); {way_out}",
        )
    for flows, way in ((machine.flows_out, "outbound"), (machine.flows_in, "inbound")):
        if flows > policy.flows_per_machine:
            yield WarningEntry(
                "machine_has_too_many_flows",
                machine.machine_id,
                f"{name} has about {flows:,} {way} flows in four minutes; Azure allows "
                f"{policy.flows_per_machine:,} at once (flows_per_machine)",
            )
