"""Capacity: what machines send and collect, beside what their sizes can do.

A size's rate bounds what a machine sends, not what it gets (Azure's pages on sizes). For a collector the same
figure is a yardstick, no limit: what came in at more than that, no network card of the size was made for.
Azure publishes no packet rate for any size; a policy may say how many packets a vCPU takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from vtaplib.fabric.topology import Interface, Topology
from vtaplib.mirror.accounting import Accounts
from vtaplib.mirror.flow_count import FlowCount
from vtaplib.mirror.policing import BITS_PER_MEGABIT, Excess, police
from vtaplib.mirror.series import Series, total
from vtaplib.mirror.verdict import Direction
from vtaplib.model.policy import Policy
from vtaplib.resources.machine_size import size_named, smallest_size

NO_FLOWS = FlowCount()


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of a machine's size: 10^6 bits per second, or None where Azure publishes no rate, and its
    vCPUs, or None for a size that is not known. `packets_per_vcpu` is what the policy says of each, or 0.
    """

    size: str | None
    megabits_per_second: int | None
    interfaces: int
    vcpus: int | None = None
    packets_per_vcpu: int = 0

    @property
    def packets_per_second(self) -> int | None:
        """How many packets the size takes; None where the policy or the size does not say."""
        return self.packets_per_vcpu * self.vcpus if self.packets_per_vcpu and self.vcpus else None

    def headroom(self, peak_bits_per_second: float) -> float | None:
        """How much of the rate, in 10^6 bits per second, a peak leaves; negative where it is above."""
        if self.megabits_per_second is None:
            return None
        return self.megabits_per_second - peak_bits_per_second / BITS_PER_MEGABIT

    def packet_headroom(self, peak_packets_per_second: float) -> float | None:
        """How many packets a second a peak leaves; negative where it is above."""
        rate = self.packets_per_second
        return None if rate is None else rate - peak_packets_per_second

    def smallest(self, peak_bits_per_second: float, peak_packets_per_second: float) -> str | None:
        """The smallest size that carries a peak, one of the same family where there is one."""
        per_vcpu = self.packets_per_vcpu
        vcpus = ceil(peak_packets_per_second / per_vcpu) if per_vcpu else 1
        return smallest_size(peak_bits_per_second / BITS_PER_MEGABIT, self.size, self.interfaces, vcpus)


@dataclass(frozen=True, slots=True)
class MachineAccount:
    """A machine: what it sends, of its own and, if the policy has them count, the copies of it; what copies
    it collects; how many flows it has at once at most; and what is above its rate, if that is known.
    """

    machine_id: str
    figures: Figures
    sent: Series
    collected: Series
    flows_out: int
    flows_in: int
    excess: Excess | None

    @property
    def has_traffic(self) -> bool:
        """Whether it sent, received or collected something."""
        return bool(self.sent.frames or self.collected.frames or self.flows_in)


def machine_accounts(
    topology: Topology, accounts: Accounts, policy: Policy, scale: float = 1
) -> Iterator[MachineAccount]:
    """The machines that have traffic, in the topology's order, for so many times the
    traffic.
    """
    machines: dict[str, list[Interface]] = {}
    for interface in topology.interfaces:
        if interface.machine_id is not None:
            machines.setdefault(interface.machine_id.lower(), []).append(interface)
    copies: dict[str, list[Series]] = {}
    if policy.count_mirror_in_egress:
        for point, account in accounts.tap_points.items():
            copies.setdefault(point.interface_id.lower(), []).append(account.copies)
    for interfaces in machines.values():
        sent = total(
            series
            for one in interfaces
            for series in (accounts.sent.get(one.id, Series()), *copies.get(one.id.lower(), ()))
        )
        collected = total(accounts.collectors.get(one.id, Series()) for one in interfaces)
        if scale != 1:
            sent, collected = sent.scaled(scale), collected.scaled(scale)
        machine = _account(interfaces, sent, collected, accounts, policy, scale)
        if machine.has_traffic:
            yield machine


def figures_of(topology: Topology, interface: Interface, policy: Policy) -> Figures:
    """What is known of the size of an interface's machine."""
    return _figures(_on_the_machine_of(topology, interface), policy)


def collected_beside(topology: Topology, accounts: Accounts, interface: Interface) -> Series:
    """What the machine of an interface collects, over all its interfaces."""
    beside = _on_the_machine_of(topology, interface)
    return total(accounts.collectors[one.id] for one in beside if one.id in accounts.collectors)


def _on_the_machine_of(topology: Topology, interface: Interface) -> list[Interface]:
    if interface.machine_id is None:
        return [interface]
    machine = interface.machine_id.lower()
    return [one for one in topology.interfaces if (one.machine_id or "").lower() == machine]


def _account(
    interfaces: list[Interface],
    sent: Series,
    collected: Series,
    accounts: Accounts,
    policy: Policy,
    scale: float,
) -> MachineAccount:
    figures = _figures(interfaces, policy)
    out, into = (
        round(scale * sum(accounts.flows.get((one.id, direction), NO_FLOWS).most for one in interfaces))
        for direction in (Direction.EGRESS, Direction.INGRESS)
    )
    rate = figures.megabits_per_second
    return MachineAccount(
        machine_id=interfaces[0].machine_id or "",
        figures=figures,
        sent=sent,
        collected=collected,
        flows_out=out,
        flows_in=into,
        excess=None if rate is None else police(sent, rate),
    )


def _figures(interfaces: list[Interface], policy: Policy) -> Figures:
    name = interfaces[0].machine_size
    size = size_named(name) if name is not None else None
    return Figures(
        name,
        None if size is None else size.megabits_per_second,
        len(interfaces),
        None if size is None else size.vcpus,
        policy.packets_per_second_per_vcpu,
    )
